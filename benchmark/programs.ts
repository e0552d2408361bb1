/**
 * The programs that the Effect contenders share.
 */
import * as NodeFileSystem from "@effect/platform-node/NodeFileSystem"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as EffectLogger from "effect/Logger"
import type * as PlatformError from "effect/PlatformError"
import type { Redaction } from "../src/index.ts"
import { AsyncLogging, Logger, Sinks } from "../src/index.ts"
import * as Subject from "./Subject.ts"

/**
 * Makes one log call, or what stands for it.
 */
export type Log = (orderId: number) => Effect.Effect<void>

/**
 * The call of this library, with two fields.
 */
export const info: Log = (orderId) => Logger.info(Subject.message, Subject.fields(orderId))

/**
 * Effect's own call, with two fields.
 */
export const effectInfo: Log = (orderId) => Effect.logInfo(Subject.message, Subject.fields(orderId))

/**
 * Logs `records` records, one after the other, in one fiber.
 */
export const logAll = (log: Log, records: number): Effect.Effect<void> =>
  Effect.gen(function*() {
    for (let i = 0; i < records; i++) yield* log(i)
  })

/**
 * Logs `records` records at a steady rate, so many per second, in bursts every 2 ms. What came too late is made up for.
 */
export const logSteadily = Effect.fnUntraced(function*(log: Log, rate: number, records: number) {
  const burst = rate * period / 1000
  const start = performance.now()
  for (let i = 0; i < records; i++) {
    if (i % burst === 0) yield* Effect.sleep(Math.max(1, start + (i / burst) * period - performance.now()))
    yield* log(i)
  }
})

// milliseconds
const period = 2

/**
 * Logs as many records as `times` is long, and writes there how long each call took, in milliseconds.
 */
export const logEachTimed = (log: Log, times: Float64Array): Effect.Effect<void> =>
  Effect.gen(function*() {
    for (let i = 0; i < times.length; i++) {
      const before = performance.now()
      yield* log(i)
      times[i] = performance.now() - before
    }
  })

/**
 * This library with all its defaults, and the one strategy that loses nothing.
 *
 * - `redact`: what it redacts. Default: nothing.
 */
export const libraryLayer = (path: string, redact?: Redaction.Input) =>
  AsyncLogging.layer({ queue: { strategy: "backpressure" }, redact, sinks: [Sinks.file({ path })] })

/**
 * Effect's own logger into a file.
 */
export const effectFileLayer = (
  path: string,
  batchWindow?: Duration.Input
): Layer.Layer<never, PlatformError.PlatformError> =>
  EffectLogger.layer([EffectLogger.toFile(EffectLogger.formatJson, path, { batchWindow })]).pipe(
    Layer.provide(NodeFileSystem.layer)
  )
