/**
 * Nanoseconds per log call on the caller's fiber, with two fields: bursts below the capacity of the queue, which is
 * drained between them, outside of the measurement. The fiber does not yield within a burst, so that no worker runs
 * in it. The median of the bursts counts.
 */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as EffectLogger from "effect/Logger"
import { MaxOpsBeforeYield } from "effect/Scheduler"
import { join } from "node:path"
import { AsyncLogging, Logger } from "../../src/index.ts"
import type { Log } from "../programs.ts"
import { effectFileLayer, libraryLayer, logAll } from "../programs.ts"
import * as Statistics from "../Statistics.ts"
import * as Subject from "../Subject.ts"
import type { Contender, Job, Sample } from "../Workload.ts"
import type { Workload } from "../Workload.ts"

const burst = 1000

const measure = <R>(log: Log, drain: Effect.Effect<unknown, never, R>, records: number) =>
  Effect.gen(function*() {
    const bursts: Array<number> = []
    // the first half warms up
    for (let i = 0; i < 2 * records / burst; i++) {
      const start = performance.now()
      yield* logAll(log, burst)
      bursts.push((performance.now() - start) * 1e6 / burst)
      yield* drain
    }
    return Statistics.summary(bursts.slice(bursts.length / 2)).median
  }).pipe(Effect.provideService(MaxOpsBeforeYield, Number.MAX_SAFE_INTEGER))

const contender = <R>(
  title: string,
  log: Log,
  layer: (path: string) => Layer.Layer<R, unknown>,
  drain: Effect.Effect<unknown, never, NoInfer<R>>
): Contender => ({
  title,
  run: async ({ directory, records }: Job): Promise<Sample> => ({
    figures: {
      time: await Effect.runPromise(
        Effect.provide(measure(log, drain, records), layer(join(directory, "calls.log")))
      )
    }
  })
})

const info: Log = (i) => Logger.info(Subject.message, Subject.fields(i))
const effectInfo: Log = (i) => Effect.logInfo(Subject.message, Subject.fields(i))
const effectFileWindow = "1 milli"

/**
 * The workload.
 */
export const call: Workload = {
  title: "a log call with two fields",
  figures: { time: "ns/call" },
  contenders: {
    bare: contender("a bare yield*", () => Effect.void, () => Layer.empty, Effect.yieldNow),
    loggerInfo: contender("Logger.info", info, libraryLayer, AsyncLogging.flush),
    effectLog: contender("Effect.logInfo, this library", effectInfo, libraryLayer, AsyncLogging.flush),
    effectNull: contender(
      "Effect.logInfo, null logger",
      effectInfo,
      () => EffectLogger.layer([EffectLogger.make(() => {})]),
      Effect.yieldNow
    ),
    effectToFile: contender(
      "Effect.logInfo, toFile(formatJson)",
      effectInfo,
      (path) => effectFileLayer(path, effectFileWindow),
      Effect.sleep(effectFileWindow)
    ),
    disabled: contender(
      "Logger.debug, disabled",
      (i) => Logger.debug(Subject.message, Subject.fields(i)),
      libraryLayer,
      Effect.yieldNow
    )
  }
}
