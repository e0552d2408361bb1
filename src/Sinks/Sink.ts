/**
 * A `Sink` takes batches of records, as an Effect, and owns its handle through a `Scope`.
 */
import * as Data from "effect/Data"
import type * as Duration from "effect/Duration"
import type * as Effect from "effect/Effect"
import type * as LogLevel from "effect/LogLevel"
import type * as Scope from "effect/Scope"
import type { WrongOption } from "../Check.ts"
import type { Filter, Formatter } from "../Pipeline.ts"
import type { LogRecord } from "../Record.ts"
import type { Patience } from "./Patience.ts"

/**
 * The destination's trouble: the records are tried again, without limit unless `retry.maxAttempts` says otherwise, or the
 * sink has a `fallback`.
 *
 * - `retryAfter`: wait this long before the next attempt, instead of the backoff. Capped at five minutes.
 * - `delivered`: so many records from the head of the batch did arrive. Default 0. Only the rest is tried again.
 * - `reopen`: close the sink's scope and open it anew before the next attempt.
 * - `cause`: what happened, for `stats` and notices.
 */
export class Unavailable extends Data.TaggedError("Unavailable")<{
  readonly retryAfter?: Duration.Input | undefined
  readonly delivered?: number | undefined
  readonly reopen?: boolean | undefined
  readonly cause?: unknown
}> {}

/**
 * These records are refused for good, and never tried again. They are lost, or go to the sink's `deadLetter`.
 *
 * - `indexes`: which ones, as they are numbered in the batch that was written; the others are tried again at once.
 *   Default: one of them, nobody knows which. The batch is then written in halves, again and again, until it is found.
 * - `cause`: what happened, for `stats` and notices.
 */
export class Rejected extends Data.TaggedError("Rejected")<{
  readonly indexes?: ReadonlyArray<number> | undefined
  readonly cause?: unknown
}> {}

/**
 * This sink is finished: nothing is written to it any more. Its records go to its `fallback`; without one they are lost,
 * and further ones are counted `sink_ended`. `cause` is what happened, for `stats` and notices.
 */
export class Fatal extends Data.TaggedError("Fatal")<{
  readonly cause?: unknown
}> {}

/**
 * What a sink fails with. The reason says what happens to the records. Anything else that a sink fails or dies with
 * counts as `Unavailable`.
 */
export class SinkError extends Data.TaggedError("SinkError")<{
  readonly reason: Unavailable | Rejected | Fatal
}> {
  override get message(): string {
    const { cause } = this.reason
    const detail = cause instanceof Error ? `: ${cause.message}` : typeof cause === "string" ? `: ${cause}` : ""
    return this.reason._tag + detail
  }
}

/**
 * Says that the destination is in trouble, and the records are to be tried again. See `Unavailable`.
 */
export const unavailable = (options: ConstructorParameters<typeof Unavailable>[0] = {}): SinkError =>
  new SinkError({ reason: new Unavailable(options) })

/**
 * Says that records are refused for good. See `Rejected`.
 */
export const rejected = (options: ConstructorParameters<typeof Rejected>[0] = {}): SinkError =>
  new SinkError({ reason: new Rejected(options) })

/**
 * Says that the sink is finished. See `Fatal`.
 */
export const fatal = (options: ConstructorParameters<typeof Fatal>[0] = {}): SinkError =>
  new SinkError({ reason: new Fatal(options) })

/**
 * What became of each record of a batch, in the order of the batch. A list that is too short says nothing of the
 * records behind its end: they are tried again.
 */
export type Outcomes = ReadonlyArray<"delivered" | "rejected" | "retry">

/**
 * What the queue of a sink does when it is full.
 *
 * - `sliding`: the oldest ordinary record is evicted.
 * - `dropping`: the new record is refused; a protected one evicts the oldest ordinary one instead.
 * - `backpressure`: `Logger.*` waits for room; `Effect.log*`, which cannot wait, goes into the overdraft and yields.
 */
export type Strategy = "sliding" | "dropping" | "backpressure"

/**
 * The queue in front of a sink.
 */
export interface QueueOptions {
  /** Records that it holds. A positive integer, default 16,384. */
  readonly capacity?: number | undefined
  /**
   * Estimated bytes that it holds. A positive integer, default 64 MiB. One larger record fits into an empty queue. A
   * character counts one byte, although those above U+00FF take two.
   */
  readonly maxBytes?: number | undefined
  /** What happens when it is full. Default `"sliding"`. */
  readonly strategy?: Strategy | undefined
  /** Records from this level on, or those that the filter picks, are lost last. `"None"` for none. Default `"Error"`. */
  readonly protect?: LogLevel.LogLevel | Filter | undefined
  /**
   * `backpressure` only: records above the capacity that it takes from callers that cannot wait; `maxBytes` is
   * exceeded in proportion. A non-negative integer, default the capacity.
   */
  readonly overdraft?: number | undefined
  /** `backpressure` only: a caller waits at most this long, then the record is dropped. Default: without limit. */
  readonly maxWait?: Duration.Input | undefined
}

/**
 * How records are grouped for one write.
 */
export interface BatchOptions {
  /**
   * Records in a batch at most. A positive integer. Default 512; 4,096 for `Sinks.file` and
   * `Sinks.console`.
   */
  readonly size?: number | undefined
  /**
   * How long the oldest record waits for a batch to fill. Default: not at all, what is there is taken. A full queue, a
   * flush and the close end the wait.
   */
  readonly linger?: Duration.Input | undefined
}

/**
 * How a failed write is repeated: exponentially, with jitter.
 */
export interface RetryOptions {
  /** Wait after the first failure. Default 200 ms. */
  readonly initial?: Duration.Input | undefined
  /** Longest wait. Default 30 s. */
  readonly max?: Duration.Input | undefined
  /**
   * Failed writes of a batch, or of the part of it that is written alone, before its records are given up as
   * `retry_exhausted`. A positive integer. Default: without limit.
   */
  readonly maxAttempts?: number | undefined
}

/**
 * When a sink with a fallback is given up for a while.
 */
export interface BreakerOptions {
  /** Failed writes in a row, after which records go to the fallback at once. A positive integer, default 5. */
  readonly failures?: number | undefined
  /** How long that lasts. Then one write is tried: if it fails too, it begins again. Default 30 s. */
  readonly probeAfter?: Duration.Input | undefined
}

/**
 * What every sink takes. What is left out comes from the layer, or is the default.
 */
export interface SinkOptions {
  /** Name in `stats`, notices and `setLevel`. Default: the kind of the sink; a second one of a kind gets `-2`. */
  readonly name?: string | undefined
  /** Least level that this sink takes. Default: the layer's, which `setLevel` changes. */
  readonly minimumLevel?: LogLevel.LogLevel | undefined
  /** Records that this sink takes. Default: all. */
  readonly filter?: Filter | undefined
  /** Text of a record. Default JSON, version 1; on a terminal the console sink's default is `pretty`. */
  readonly format?: Formatter | undefined
  /** The queue in front of it. Default: the layer's, field by field. */
  readonly queue?: QueueOptions | undefined
  /** How records are grouped. Default: the layer's, field by field. */
  readonly batch?: BatchOptions | undefined
  /** Longest time of one write, then it counts as failed. Default 30 s. */
  readonly timeout?: Duration.Input | undefined
  /** How a failed write is repeated. */
  readonly retry?: RetryOptions | undefined
  /**
   * Name of the sink of this layer that gets what this one cannot deliver: when its breaker is open, when its attempts
   * are exhausted, when it has ended, and at the close. A sink that is named here takes diverted records only, those
   * that its own `filter` and `minimumLevel` let pass. Default: none, records are retried or lost.
   */
  readonly fallback?: string | undefined
  /** When records go to the fallback at once. */
  readonly breaker?: BreakerOptions | undefined
  /**
   * Name of the sink of this layer that gets the records that this one has refused for good, and, without a `fallback`,
   * those whose attempts are exhausted. It takes diverted records only. Default: none, they are lost.
   */
  readonly deadLetter?: string | undefined
  /** When it cannot be opened: fail the layer (default), or go on and try again with the first batch. */
  readonly onOpenFailure?: "fail" | "retry" | undefined
}

/**
 * An open sink, as its worker sees it: what its effects need is provided, whatever opened it. Not public: what users
 * open is a `Handle`.
 *
 * `format` is the sink's formatter, made total: it never throws.
 */
export interface SinkHandle<in out E = never, in out R = never> {
  /**
   * Writes a batch, never an empty one. Succeeds with nothing when all of it arrived, or with the outcome of each
   * record. One write at a time; interrupted when it exceeds the timeout. One that does not let itself be interrupted is
   * left behind, and the next one may run beside it.
   */
  readonly write: (batch: ReadonlyArray<LogRecord>, format: Formatter) => Effect.Effect<void | Outcomes, E, R>
  /**
   * How many of these records, from the first on, are known to have arrived, although the write did not say so: it was
   * interrupted, or has failed. They are not written again.
   */
  readonly outUnsafe?: ((records: ReadonlyArray<LogRecord>) => number) | undefined
  /** The formatter that suits the destination, where `SinkOptions.format` is not given. Default JSON, version 1. */
  readonly format?: Formatter | undefined
  /** Makes durable what was written. Called by `AsyncLogging.flush`, between two writes. */
  readonly flush?: Effect.Effect<void, E, R> | undefined
  /** Begins a new file, or whatever it is that it writes to, when there is something in the one before. */
  readonly rotate?: Effect.Effect<void, E, R> | undefined
  /** Writes at once. Throws when that cannot be done. Needed for `AsyncLogging.layerSync`, and when the process ends. */
  readonly writeSync?: ((batch: ReadonlyArray<LogRecord>, format: Formatter) => void) | undefined
  /**
   * Writes at once, as the last thing that the process does: beside a `write` that is under way, and that will not be
   * heard of again. An empty batch: all is written. Throws when that cannot be done. Of a sink without it, `writeSync` is called, and the records that may
   * have been written already have the note `repeated`.
   */
  readonly writeLast?:
    | ((batch: ReadonlyArray<LogRecord>, format: Formatter, patience: Patience) => void)
    | undefined
}

const TypeId = "~effect-async-logging/Sink"

/**
 * Where records go. `E` is what opening can fail with, `R` what it needs, `Sync` whether it has a `writeSync`.
 */
export interface Sink<out E = never, out R = never, out Sync extends boolean = boolean> {
  readonly [TypeId]: Sink.Variance<E, R, Sync>
  /** What it is: `"file"`, `"console"`, … The default of its name. */
  readonly kind: string
  /** What it was given, without the options that only this kind of sink has. */
  readonly options: SinkOptions
  /** @internal Records in a batch at most, where no option says so. */
  readonly batchSize: number
  /** @internal What is wrong with the options that only this kind of sink has. */
  readonly wrong: ReadonlyArray<WrongOption>
  /** @internal Opens it. Its scope closes after the last write. */
  readonly open: Effect.Effect<SinkHandle<unknown, never>, E, R | Scope.Scope>
}

/**
 * Types of `Sink`.
 */
export declare namespace Sink {
  /** Carries the type parameters. */
  export interface Variance<out E, out R, out Sync extends boolean> {
    readonly _E: E
    readonly _R: R
    readonly _Sync: Sync
  }
}

/**
 * Any sink: what the list of a layer takes.
 */
// oxlint-disable-next-line typescript/no-explicit-any -- E and R are inferred from each element of the list
export type AnySink = Sink<any, any, boolean>

/**
 * A sink from its parts. `Sinks.make` and `Sinks.scoped` are the ways for users.
 *
 * @internal
 */
export const make = <E, R, Sync extends boolean>(
  kind: string,
  options: SinkOptions,
  open: Effect.Effect<SinkHandle<unknown, never>, E, R>,
  wrong: ReadonlyArray<WrongOption> = [],
  batchSize = 512
): Sink<E, Exclude<R, Scope.Scope>, Sync> =>
  // oxlint-disable-next-line typescript/no-explicit-any -- the variance exists in types only
  ({ [TypeId]: variance, kind, options, open, wrong, batchSize }) as any

const variance = {}

/**
 * Records in a batch of a sink that writes lines: there is one write for each turn of the event loop, and a fiber logs a
 * thousand records in one. With fewer the queue of a busy program fills up, whatever the destination takes.
 *
 * @internal
 */
export const linesBatchSize = 4096

/**
 * Says whether a value is a sink.
 */
export const isSink = (u: unknown): u is AnySink => typeof u === "object" && u !== null && TypeId in u
