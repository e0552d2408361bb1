/**
 * Nanoseconds per log call on the caller's fiber: bursts below the capacity of the queue, which is drained between them,
 * outside of the measurement. The fiber does not yield within a burst, so that no worker runs in it.
 *
 * `time` is that of a burst, divided by its calls; the median of the bursts counts. The quantiles are of calls that were
 * timed one by one, in bursts of their own: looking at the clock disturbs. The first half of all bursts warms up.
 */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as EffectLogger from "effect/Logger"
import { MaxOpsBeforeYield } from "effect/Scheduler"
import { join } from "node:path"
import { AsyncLogging, Logger } from "../../src/index.ts"
import * as pino from "../contenders/pino.ts"
import * as Latency from "../Latency.ts"
import type { Log } from "../programs.ts"
import { effectFileLayer, effectInfo, info, libraryLayer, logAll, logEachTimed } from "../programs.ts"
import * as Statistics from "../Statistics.ts"
import * as Subject from "../Subject.ts"
import type { Contender, Job, Sample } from "../Workload.ts"
import type { Workload } from "../Workload.ts"

const burst = 1000

const measure = <R>(log: Log, drain: Effect.Effect<unknown, never, R>, records: number) =>
  Effect.gen(function*() {
    const bursts = Math.ceil(records / burst)
    const times = new Array<number>(bursts)
    const singles = new Float64Array(bursts * burst)
    for (let i = 0; i < 2 * bursts; i++) {
      const start = performance.now()
      yield* logAll(log, burst)
      times[i % bursts] = (performance.now() - start) * 1e6 / burst
      yield* drain
      yield* logEachTimed(log, singles.subarray((i % bursts) * burst, (i % bursts + 1) * burst))
      yield* drain
    }
    const { figures, series } = Latency.sample(singles)
    return { figures: { time: Statistics.summary(times).median, ...figures }, series }
  }).pipe(Effect.provideService(MaxOpsBeforeYield, Number.MAX_SAFE_INTEGER))

// those of both kinds of bursts, and of the warm-up
const calls = (records: number): number => 4 * Math.ceil(records / burst) * burst

const fileOf = ({ directory }: Job): string => join(directory, "calls.log")

/**
 * A contender that logs like this under a layer.
 *
 * - `lines`: in the file in the end, for each call. `undefined`: there is no file.
 */
export const contender = <R>(
  title: string,
  log: Log,
  layer: (path: string) => Layer.Layer<R, unknown>,
  drain: Effect.Effect<unknown, never, NoInfer<R>>,
  lines: 0 | 1 | undefined
): Contender => ({
  title,
  run: async (job: Job): Promise<Sample> => {
    const sample = await Effect.runPromise(Effect.provide(measure(log, drain, job.records), layer(fileOf(job))))
    if (lines === undefined) return sample
    return { ...sample, wrong: await Subject.checkCount(fileOf(job), lines * calls(job.records)) }
  }
})

const library = (title: string, log: Log): Contender => contender(title, log, libraryLayer, AsyncLogging.flush, 1)

const disabled = (title: string, log: Log): Contender => contender(title, log, libraryLayer, Effect.yieldNow, 0)

const pinoAsync = async (job: Job): Promise<Sample> => {
  const logger = await pino.openAsync(fileOf(job))
  const log: Log = (i) => Effect.sync(() => logger.log(i))
  const sample = await Effect.runPromise(measure(log, Effect.promise(logger.flush), job.records))
  await logger.close()
  return { ...sample, wrong: await Subject.checkCount(fileOf(job), calls(job.records)) }
}

const effectFileWindow = "1 milli"

/**
 * The workload.
 */
export const call: Workload = {
  title: "a log call",
  figures: { time: "ns/call", ...Latency.figures },
  contenders: {
    bare: contender("a bare yield*", () => Effect.void, () => Layer.empty, Effect.yieldNow, undefined),
    loggerInfo0: library("Logger.info, no fields", () => Logger.info(Subject.message)),
    loggerInfo: library("Logger.info, 2 fields", info),
    loggerInfo10: library("Logger.info, 10 fields", (i) => Logger.info(Subject.message, Subject.tenFields(i))),
    lazy: library("Logger.info, 2 fields, lazy", (i) => Logger.info(Subject.message, () => Subject.fields(i))),
    effectLog: library("Effect.logInfo, 2 fields", effectInfo),
    effectNull: contender(
      "Effect.logInfo, null logger",
      effectInfo,
      () => EffectLogger.layer([EffectLogger.make(() => {})]),
      Effect.yieldNow,
      undefined
    ),
    effectToFile: contender(
      "Effect.logInfo, toFile(formatJson)",
      effectInfo,
      (path) => effectFileLayer(path, effectFileWindow),
      Effect.sleep(effectFileWindow),
      1
    ),
    pinoAsync: { title: "pino, async, called from Effect", run: pinoAsync },
    disabled: disabled("Logger.debug, disabled", (i) => Logger.debug(Subject.message, Subject.fields(i))),
    disabledLazy: disabled(
      "Logger.debug, disabled, lazy",
      (i) => Logger.debug(Subject.message, () => Subject.fields(i))
    )
  }
}
