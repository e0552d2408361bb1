/**
 * Records in an array.
 */
import * as Effect from "effect/Effect"
import * as Check from "../Check.ts"
import type { LogRecord } from "../Record.ts"
import type { SinkHandle, SinkOptions } from "./Sink.ts"
import * as Sink from "./Sink.ts"

/**
 * Options of `Sinks.memory`.
 */
export interface MemoryOptions extends SinkOptions {
  /** Records that it keeps; the oldest go first. A positive integer, default 100,000. */
  readonly limit?: number | undefined
}

/**
 * A sink that keeps its records.
 */
export interface MemorySink extends Sink.Sink<never, never, true> {
  /** The records that it keeps at this moment, oldest first. */
  readonly records: Effect.Effect<ReadonlyArray<LogRecord>>
  /** Forgets them. */
  readonly clear: Effect.Effect<void>
}

/**
 * A sink that keeps the last `limit` records, for tests and for pages that show the latest lines.
 *
 * The records belong to the value: two layers with one value share them, and they are still there when the layer has
 * closed. Nothing is formatted.
 *
 * ```ts
 * const memory = Sinks.memory()
 * // after a program with AsyncLogging.layer({ sinks: [memory] })
 * const records = yield* memory.records
 * ```
 */
export const make = (options: MemoryOptions = {}): MemorySink => {
  const { limit = 100_000, ...sinkOptions } = options
  const records: Array<LogRecord> = []
  const writeSync = (batch: ReadonlyArray<LogRecord>) => {
    for (const record of batch) records.push(record)
    if (records.length > limit) records.splice(0, records.length - limit)
  }
  const handle: SinkHandle<unknown> = { write: (batch) => Effect.sync(() => writeSync(batch)), writeSync }
  const isAllowed = Number.isSafeInteger(limit) && limit > 0
  const wrong = Check.option("limit", limit, isAllowed, "a positive integer")
  return {
    ...Sink.make<never, never, true>("memory", sinkOptions, Effect.succeed(handle), wrong),
    records: Effect.sync(() => records.slice()),
    clear: Effect.sync(() => {
      records.length = 0
    })
  }
}
