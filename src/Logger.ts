/**
 * This library's own log calls: Effects that can do what a synchronous logger cannot, wait for room and wait for
 * delivery. Without an AsyncLogging layer they fall back to `Effect.log*`.
 */
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import { dual } from "effect/Function"
import * as LogLevel from "effect/LogLevel"
import type { Backend } from "./Backend.ts"
import * as Backends from "./Backend.ts"
import type { Method } from "./Call.ts"
import * as Calls from "./Call.ts"
import type { ContextInput } from "./ContextInput.ts"
import { copyContext, copyFields } from "./ContextInput.ts"
import * as Current from "./Current.ts"
import type { DropReason, End, FailReason } from "./Ledger.ts"
import type { Run } from "./LogEffect.ts"
import { LogEffect } from "./LogEffect.ts"
import type { LogFields } from "./Record.ts"
import * as Record from "./Record.ts"

/**
 * Logs. Strings and primitives make the message, plain objects the fields, Errors and Causes the error. A function is
 * called for its result, once, and only if the level is enabled at some sink.
 *
 * Under `backpressure` it waits while a sink that takes the record is full, and can be interrupted there: the record
 * is then dropped at that sink, and counted. In an uninterruptible region it does not wait.
 */
export interface Log {
  (...message: ReadonlyArray<unknown>): Effect.Effect<void>
}

/**
 * How a record ended at every sink that took it: `delivered`, or `diverted`, when the sink's fallback or dead-letter sink
 * has delivered it.
 */
export interface Receipt {
  readonly sinks: { readonly [name: string]: "delivered" | "diverted" }
}

/**
 * Why a record was not acknowledged.
 *
 * - `disabled`: no sink takes this level. `filtered`, `held`: a stage ended it, or keeps it.
 * - `unwanted`: no sink wanted it. `no_layer`: there is no AsyncLogging layer.
 * - otherwise the reason of a sink that dropped it or failed to deliver it.
 */
export type NotAcceptedReason =
  | "disabled"
  | "filtered"
  | "held"
  | "unwanted"
  | "no_layer"
  | DropReason
  | FailReason

/**
 * A record was not delivered by every sink that should take it. `sinks` says how it ended at each.
 */
export class NotAccepted extends Data.TaggedError("NotAccepted")<{
  readonly reason: NotAcceptedReason
  readonly sinks: { readonly [name: string]: "delivered" | "diverted" | DropReason | FailReason }
}> {
  override get message(): string {
    return `the record was not accepted: ${this.reason}`
  }
}

/**
 * Log calls under one name, with fields of their own.
 */
export interface NamedLogger {
  readonly trace: Log
  readonly debug: Log
  readonly info: Log
  readonly warn: Log
  readonly error: Log
  readonly fatal: Log
  /** Logs at a level. */
  readonly log: (level: LogLevel.Severity) => Log
  /** Whether some sink takes records of this level. */
  readonly isEnabled: (level: LogLevel.Severity) => Effect.Effect<boolean>
  /** Logs, and waits until every sink that takes the record has delivered it. */
  readonly acknowledged: (
    level: LogLevel.Severity,
    ...message: ReadonlyArray<unknown>
  ) => Effect.Effect<Receipt, NotAccepted>
}

const make = (name: string | undefined, bound: LogFields): NamedLogger => {
  const log = (level: LogLevel.Severity): Log => {
    const method = Calls.method(level, name, bound)
    const run: Run = (args, fiber) => logIn(fiber, method, args)
    return (...args) => new LogEffect(run, args)
  }
  return {
    trace: log("Trace"),
    debug: log("Debug"),
    info: log("Info"),
    warn: log("Warn"),
    error: log("Error"),
    fatal: log("Fatal"),
    log,
    isEnabled: (level) => isEnabledBy(Calls.method(level, name, bound)),
    acknowledged: (level, ...args) =>
      Effect.withFiber((fiber) => acknowledgeIn(fiber, Calls.method(level, name, bound), args))
  }
}

/**
 * Logs, in a fiber.
 *
 * @internal
 */
export const logIn = (
  fiber: Fiber.Fiber<unknown, unknown>,
  method: Method,
  args: ReadonlyArray<unknown>
): Effect.Effect<void> => {
  const backend = Current.backendOf(fiber)
  return backend === undefined ? fallback(method, args, fiber) : Backends.log(backend, method, args, fiber)
}

// `Effect.log*` itself, once it is sure that somebody will look at lazy arguments.
const fallback = (
  method: Method,
  args: ReadonlyArray<unknown>,
  fiber: Fiber.Fiber<unknown, unknown>
): Effect.Effect<void> =>
  LogLevel.isGreaterThanOrEqualTo(method.level, fiber.cache.minimumLogLevel)
    ? Effect.logWithLevel(method.level)(...Calls.forced(args), ...Calls.ofMethod(method))
    : Effect.void

/**
 * Whether a log function logs in the running fiber.
 *
 * @internal
 */
export const isEnabledBy = (method: Method): Effect.Effect<boolean> =>
  Effect.withFiber((fiber) => Effect.succeed(isEnabledIn(fiber, method)))

/**
 * Whether a log function logs in a fiber.
 *
 * @internal
 */
export const isEnabledIn = (fiber: Fiber.Fiber<unknown, unknown>, method: Method): boolean => {
  const backend = Current.backendOf(fiber)
  return backend === undefined
    ? LogLevel.isGreaterThanOrEqualTo(method.level, fiber.cache.minimumLogLevel)
    : Backends.isEnabled(backend, method, fiber)
}

/**
 * Logs, in a fiber, and waits until every sink that takes the record has settled it.
 *
 * @internal
 */
export const acknowledgeIn = (
  fiber: Fiber.Fiber<unknown, unknown>,
  method: Method,
  args: ReadonlyArray<unknown>
): Effect.Effect<Receipt, NotAccepted> => {
  const backend = Current.backendOf(fiber)
  return backend === undefined
    ? Effect.fail(new NotAccepted({ reason: "no_layer", sinks: {} }))
    : logAndAwait(backend, method, args, fiber)
}

const logAndAwait = Effect.fnUntraced(function*(
  backend: Backend,
  method: Method,
  args: ReadonlyArray<unknown>,
  fiber: Fiber.Fiber<unknown, unknown>
) {
  const ends = new Map<string, End | undefined>()
  let resume: (() => void) | undefined
  const isPending = () => [...ends.values()].includes(undefined)
  const watch = (sink: string) => {
    ends.set(sink, undefined)
    return (end: End) => {
      ends.set(sink, end)
      // the record ends inside a step of a worker or of another caller: this fiber goes on in a step of its own
      if (resume !== undefined && !isPending()) fiber.currentDispatcher.scheduleTask(resume, 0)
    }
  }
  const acceptance = yield* Backends.logWatched(backend, method, args, fiber, watch)
  if (acceptance !== "accepted") return yield* new NotAccepted({ reason: acceptance, sinks: {} })
  if (ends.size === 0) return yield* new NotAccepted({ reason: "unwanted", sinks: {} })
  yield* Effect.callback<void>((done) => {
    if (isPending()) resume = () => done(Effect.void)
    else done(Effect.void)
  })
  const sinks = Object.fromEntries([...ends].map(([name, end]) => [name, reasonOf(end!)]))
  const lost = Object.values(sinks).find((reason) => reason !== "delivered" && reason !== "diverted")
  if (lost !== undefined) return yield* new NotAccepted({ reason: lost, sinks })
  const receipt: Receipt = { sinks: sinks as Receipt["sinks"] }
  return receipt
})

const reasonOf = (end: End): "delivered" | "diverted" | DropReason | FailReason =>
  end._tag === "delivered" || end._tag === "diverted" ? end._tag : end.reason

const unnamed = make(undefined, Record.noFields)

/** Logs at level Trace. */
export const trace: Log = unnamed.trace
/** Logs at level Debug. */
export const debug: Log = unnamed.debug
/** Logs at level Info. */
export const info: Log = unnamed.info
/** Logs at level Warn. */
export const warn: Log = unnamed.warn
/** Logs at level Error. */
export const error: Log = unnamed.error
/** Logs at level Fatal. */
export const fatal: Log = unnamed.fatal

/**
 * Logs at a level: `Logger.log("Info")("paid", { orderId })`.
 */
export const log: (level: LogLevel.Severity) => Log = unnamed.log

/**
 * Whether some sink takes records of this level here. `LogLevel.isEnabled` cannot tell: it sees the level floor.
 */
export const isEnabled: (level: LogLevel.Severity) => Effect.Effect<boolean> = unnamed.isEnabled

/**
 * Logs, and waits, without limit, until every sink that takes the record has settled it. Succeeds when all of them
 * delivered or diverted it; fails with `NotAccepted` when one lost it, when the level is disabled, when a stage filters or holds
 * it, or when there is no layer. Interrupting it takes nothing back.
 */
export const acknowledged: (
  level: LogLevel.Severity,
  ...message: ReadonlyArray<unknown>
) => Effect.Effect<Receipt, NotAccepted> = unnamed.acknowledged

/**
 * Log calls under a name, with fields that are part of each record. The fields are copied once, here; a call's own
 * fields of the same name win.
 */
export const named = (name: string, fields: { readonly [key: string]: unknown } = {}): NamedLogger =>
  make(name, Object.keys(fields).length === 0 ? Record.noFields : copyFields(fields))

/**
 * Names the logger of everything that an effect logs: `Effect.log*` and the unnamed calls of this module.
 */
export const withName: {
  (name: string): <A, E, R>(self: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
  <A, E, R>(self: Effect.Effect<A, E, R>, name: string): Effect.Effect<A, E, R>
} = dual(
  2,
  <A, E, R>(self: Effect.Effect<A, E, R>, name: string): Effect.Effect<A, E, R> =>
    Effect.provideService(self, Current.CurrentLoggerName, name)
)

/**
 * Adds to the `LogContext` of everything that an effect logs, fibers that it forks included. What is given here wins
 * over what is around it, `custom` key by key.
 */
export const withContext: {
  (context: ContextInput): <A, E, R>(self: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
  <A, E, R>(self: Effect.Effect<A, E, R>, context: ContextInput): Effect.Effect<A, E, R>
} = dual(
  2,
  <A, E, R>(self: Effect.Effect<A, E, R>, context: ContextInput): Effect.Effect<A, E, R> =>
    Effect.withFiber((fiber) => {
      const copy = copyContext(context, fiber.context)
      return Effect.updateService(self, Current.CurrentLogContext, (current) => Record.mergeContext(current, copy))
    })
)
