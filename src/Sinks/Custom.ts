/**
 * Sinks from functions of the user's.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Scope from "effect/Scope"
import * as Check from "../Check.ts"
import type { Formatter } from "../Pipeline.ts"
import type { LogRecord } from "../Record.ts"
import type { Outcomes, SinkHandle, SinkOptions } from "./Sink.ts"
import * as Sink from "./Sink.ts"

/**
 * Writes a batch, never an empty one. Succeeds with nothing when all of it arrived, or with the outcome of each
 * record. A failure that is not a `SinkError`, and a defect, are `Unavailable`: the batch is tried again. `format` is
 * the sink's formatter, made total: it never throws.
 *
 * Write it as a generator with `Effect.fn` or `Effect.fnUntraced`, made once. `Effect.gen` within it makes a generator
 * function for each batch, and what that refers to stays in the heap until the next full garbage collection.
 */
export type Write<R = never> = (
  batch: ReadonlyArray<LogRecord>,
  format: Formatter
) => Effect.Effect<void | Outcomes, unknown, R>

/**
 * Writes a batch, never an empty one, at once. Throws when that cannot be done, a `SinkError` or anything else: what
 * did not arrive is failed, or diverted, and not tried again.
 *
 * It is also called when the process ends before the layer has closed, for what is left. Records whose `write` was under
 * way then have the note `repeated`.
 */
export type WriteSync = (batch: ReadonlyArray<LogRecord>, format: Formatter) => void

/**
 * What `Sinks.scoped` opens. What its effects need is inferred, see `HandleServices`.
 */
export interface Handle {
  /**
   * One at a time; interrupted when it exceeds `timeout`. One that does not let itself be interrupted is left behind, and
   * the next one may run beside it.
   */
  // oxlint-disable-next-line typescript/no-explicit-any -- what it needs is inferred from each handle
  readonly write: Write<any>
  /** Makes durable what was written. Called by `AsyncLogging.flush`, between two writes. */
  // oxlint-disable-next-line typescript/no-explicit-any -- as above
  readonly flush?: Effect.Effect<void, unknown, any> | undefined
  /** Needed for `AsyncLogging.layerSync`, and to write what is left when the process ends. */
  readonly writeSync?: WriteSync | undefined
}

/**
 * Options of `Sinks.make`.
 */
export interface MakeOptions<R, RF> extends SinkOptions {
  /**
   * One at a time; interrupted when it exceeds `timeout`. One that does not let itself be interrupted is left behind, and
   * the next one may run beside it.
   */
  readonly write: Write<R>
  /** Makes durable what was written. Called by `AsyncLogging.flush`, between two writes. */
  readonly flush?: Effect.Effect<void, unknown, RF> | undefined
}

/**
 * Options of `Sinks.make`, for a sink that can also write at once: `AsyncLogging.layerSync` needs that, and the end of the
 * process.
 */
export interface MakeSyncOptions<R, RF> extends MakeOptions<R, RF> {
  /** Needed for `AsyncLogging.layerSync`, and to write what is left when the process ends. */
  readonly writeSync: WriteSync
}

/**
 * Options of `Sinks.scoped`.
 */
export interface ScopedOptions<H extends Handle, E, R> extends SinkOptions {
  /** Acquires what the sink needs, for the life of the sink. */
  readonly open: Effect.Effect<H, E, R>
}

/**
 * What the effects of a handle need.
 */
export type HandleServices<H extends Handle> =
  | Effect.Services<ReturnType<H["write"]>>
  | (H extends { readonly flush: infer F } ? Effect.Services<Exclude<F, undefined>> : never)

/**
 * Whether a handle has a `writeSync`, as far as its type says.
 */
export type HasSync<H extends Handle> = H extends { readonly writeSync: WriteSync } ? true
  : H extends { readonly writeSync: undefined } ? false
  : "writeSync" extends keyof H ? boolean
  : false

/**
 * A sink from a function that takes a batch. What it needs comes from where the layer is built.
 *
 * ```ts
 * Sinks.make({ name: "audit", write: (batch) => sendSomewhere(batch) })
 * ```
 */
export const make: {
  // nothing is inferred from where the sink goes: a list of any sinks would make the requirements `any`
  <R = never, RF = never>(
    options: MakeSyncOptions<R, RF>
  ): Sink.Sink<never, NoInfer<Exclude<R | RF, Scope.Scope>>, true>
  <R = never, RF = never>(options: MakeOptions<R, RF>): Sink.Sink<never, NoInfer<Exclude<R | RF, Scope.Scope>>, false>
} = <R, RF, Sync extends boolean>(
  options: MakeOptions<R, RF> & Partial<MakeSyncOptions<R, RF>>
): Sink.Sink<never, Exclude<R | RF, Scope.Scope>, Sync> => {
  const { flush, write, writeSync, ...sinkOptions } = options
  return Sink.make("custom", sinkOptions, Effect.map(Effect.context<R | RF | Scope.Scope>(), provided(options)), [
    ...Check.option("write", write, typeof write === "function", "a function"),
    ...Check.option("flush", flush, flush === undefined || Effect.isEffect(flush), "an Effect"),
    ...Check.option("writeSync", writeSync, writeSync === undefined || typeof writeSync === "function", "a function")
  ])
}

/**
 * A sink that has something to open, and to close after its last batch.
 *
 * ```ts
 * Sinks.scoped({
 *   name: "db",
 *   open: Effect.map(connect, (db) => ({ write: (batch, format) => db.insert(batch.map(format)) }))
 * })
 * ```
 */
export const scoped = <H extends Handle, E, R>(
  options: ScopedOptions<H, E, R>
): Sink.Sink<E, Exclude<R | HandleServices<H>, Scope.Scope>, HasSync<H>> => {
  const { open, ...sinkOptions } = options
  const opened = Effect.flatMap(
    open,
    (handle) => Effect.map(Effect.context<HandleServices<H> | Scope.Scope>(), provided(handle))
  )
  return Sink.make("custom", sinkOptions, opened, Check.option("open", open, Effect.isEffect(open), "an Effect"))
}

// Gives the effects of a handle the services, and the scope, that it was opened with. What the worker has set around
// a write, such as no tracing, holds.
const provided = (handle: Handle) => (services: Context.Context<Scope.Scope>): SinkHandle<unknown> => {
  // oxlint-disable-next-line typescript/no-explicit-any -- `services` has it, by the type of `scoped`
  const provide = <A, E>(effect: Effect.Effect<A, E, any>): Effect.Effect<A, E> =>
    Effect.updateContext(
      effect,
      (current: Context.Context<never>) =>
        Context.add(Context.merge(services, current), Scope.Scope, Context.get(services, Scope.Scope))
    )
  return {
    write: (batch, format) => provide(Effect.suspend(() => checked("write", handle.write(batch, format)))),
    flush: handle.flush && provide(checked("flush", handle.flush)),
    writeSync: handle.writeSync && ((batch, format) => handle.writeSync?.(batch, format))
  }
}

// what is no Effect would end the fiber that runs it, past every handler
const checked = <A, E, R>(name: string, effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.isEffect(effect) ? effect : Effect.die(new TypeError(`${name}: expected an Effect, got ${typeof effect}`))
