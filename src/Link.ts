/**
 * The worker's way to its sink: opened when it is needed, and opened anew when the sink asks for it. Nothing here waits
 * for a sink without a limit: what hangs is interrupted, and what cannot be interrupted is left behind.
 */
import * as Cause from "effect/Cause"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as Scope from "effect/Scope"
import type { Connection } from "./Connection.ts"
import * as Connections from "./Connection.ts"
import * as Detached from "./Detached.ts"
import type { Outlet } from "./Outlet.ts"
import type { LogRecord } from "./Record.ts"
import { withNote } from "./Record.ts"
import type { Patience } from "./Sinks/Patience.ts"
import * as Sink from "./Sinks/Sink.ts"

/**
 * The way to one sink.
 */
export interface Link {
  readonly outlet: Outlet
  /** Around all that the sink opens. */
  readonly scope: Scope.Closeable
  connection: Connection | undefined
  /** Writes (and what opens) that were interrupted, and have not come back yet: two at most. */
  readonly leftWrites: LeftBehind
  readonly leftFlushes: LeftBehind
  readonly leftCloses: LeftBehind
}

type LeftBehind = Set<Fiber.Fiber<unknown, unknown>>

/**
 * One write. `exit` is known before its fiber ends: a worker that is interrupted in between must still get to know it.
 */
export interface Attempt {
  exit: Exit.Exit<unknown, unknown> | undefined
}

/**
 * A link that is not open yet.
 */
export const make = (outlet: Outlet, scope: Scope.Closeable): Link => ({
  outlet,
  scope,
  connection: undefined,
  leftWrites: new Set(),
  leftFlushes: new Set(),
  leftCloses: new Set()
})

/**
 * A write that has not started.
 */
export const makeAttempt = (): Attempt => ({ exit: undefined })

// -----------------------------------------------------------------------------
// write
// -----------------------------------------------------------------------------

/**
 * Writes records, and answers what the sink did. Opens the sink first where that is needed.
 */
export const write = Effect.fnUntraced(function*(self: Link, records: ReadonlyArray<LogRecord>, attempt: Attempt) {
  if (yield* isStuck(self)) return stuck
  const written = Effect.onExit(
    Effect.flatMap(connect(self), ({ format, handle }) => handle.write(records, format)),
    (exit) =>
      Effect.sync(() => {
        attempt.exit = exit
      })
  )
  return yield* bounded(self, written, self.leftWrites)
})

/**
 * How many of these records, from the first on, are known to have arrived by writes that have not said so.
 */
export const outUnsafe = ({ connection }: Link, records: ReadonlyArray<LogRecord>): number =>
  connection?.handle.outUnsafe?.(records) ?? 0

// A write that cannot be interrupted may be gone for good, so one more is tried beside it. When that does not come
// back either, there are no more until one has: a dead sink must not collect writes.
const isStuck = Effect.fnUntraced(function*({ leftWrites, outlet }: Link) {
  if (leftWrites.size < mostLeftBehind) return false
  yield* Effect.timeoutOption(Effect.raceAllFirst([...leftWrites].map(Fiber.await)), outlet.settings.timeout)
  return leftWrites.size >= mostLeftBehind
})

const mostLeftBehind = 2

const stuck = Exit.fail(Sink.unavailable({ cause: "earlier operations have not come back yet" }))

/**
 * Writes records in the caller's own step, to a sink that can do that.
 */
export const writeSyncUnsafe = (
  { format, handle }: Connection,
  records: ReadonlyArray<LogRecord>
): Exit.Exit<void, unknown> => {
  try {
    handle.writeSync!(records, format)
    return Exit.void
  } catch (error) {
    return Exit.fail(error)
  }
}

/**
 * Writes records as the last thing that the process does. `open`: a write of theirs is under way.
 */
export const writeLastUnsafe = (
  connection: Connection,
  records: ReadonlyArray<LogRecord>,
  open: boolean,
  patience: Patience
): Exit.Exit<void, unknown> => {
  const { format, handle } = connection
  if (handle.writeLast === undefined) {
    return writeSyncUnsafe(connection, open ? records.map((record) => withNote(record, "repeated")) : records)
  }
  try {
    handle.writeLast(records, format, patience)
    return Exit.void
  } catch (error) {
    return Exit.fail(error)
  }
}

/**
 * Has a sink end that has nothing to write when the process ends.
 */
export const endUnsafe = ({ format, handle }: Connection, patience: Patience): void => {
  try {
    handle.writeLast?.([], format, patience)
  } catch {
    // no record is concerned
  }
}

// -----------------------------------------------------------------------------
// open, flush, close
// -----------------------------------------------------------------------------

/**
 * Opens the sink, and answers how that went.
 */
export const open = (self: Link): Effect.Effect<Exit.Exit<unknown, unknown>> =>
  bounded(self, openUnbounded(self), self.leftWrites)

const connect = (self: Link): Effect.Effect<Connection, unknown> =>
  Effect.suspend(() => self.connection === undefined ? openUnbounded(self) : Effect.succeed(self.connection))

const openUnbounded = (self: Link): Effect.Effect<Connection, unknown> => {
  const { notices, settings, sink } = self.outlet
  return Effect.tap(Connections.open(sink, settings, notices, self.scope), (connection) =>
    Effect.sync(() => {
      self.connection = connection
    }))
}

/**
 * Makes durable what was written, and answers how that went: `undefined` for a sink that cannot, or takes no more.
 */
export const flush = (self: Link): Effect.Effect<Exit.Exit<unknown, unknown> | undefined> =>
  Effect.suspend(() => {
    const flush = self.outlet.ended ? undefined : self.connection?.handle.flush
    if (flush === undefined) return Effect.undefined
    return self.leftFlushes.size < mostLeftBehind ? bounded(self, flush, self.leftFlushes) : Effect.succeed(stuck)
  })

/**
 * Begins a new file, or whatever it is that the sink writes to. Nothing happens at a sink that cannot, or takes no more.
 */
export const rotate = (self: Link): Effect.Effect<void, Sink.SinkError> =>
  Effect.suspend(() => {
    const rotate = self.outlet.ended ? undefined : self.connection?.handle.rotate
    if (rotate === undefined) return Effect.void
    return Effect.flatMap(bounded(self, rotate, self.leftFlushes), (exit) => {
      if (Exit.isSuccess(exit)) return Effect.void
      const error = Cause.squash(exit.cause)
      return Effect.fail(error instanceof Sink.SinkError ? error : Sink.unavailable({ cause: error }))
    })
  })

/**
 * Closes what the sink has open: the next write opens it anew. When two of its closes have not come back yet, it stays
 * open, and the next write tries what there is.
 */
export const close = (self: Link): Effect.Effect<unknown> =>
  Effect.suspend(() => {
    const { connection, leftCloses } = self
    if (connection === undefined || leftCloses.size >= mostLeftBehind) return Effect.void
    self.connection = undefined
    return bounded(self, Scope.close(connection.scope, Exit.void), leftCloses)
  })

// An interrupted write gets a moment for its own finalizers, then it is left behind.
const bounded = (
  self: Link,
  effect: Effect.Effect<unknown, unknown>,
  leftBehind: LeftBehind
): Effect.Effect<Exit.Exit<unknown, unknown>> => {
  const { timeout } = self.outlet.settings
  let started: Fiber.Fiber<unknown, unknown> | undefined
  const start = (fiber: Fiber.Fiber<unknown, unknown>) => {
    started = fiber
  }
  return Effect.map(Detached.within(effect, timeout, "1 second", start), (exit) => {
    // one that did not let itself be interrupted is remembered until it comes back
    if (started !== undefined && started.pollUnsafe() === undefined) {
      const fiber = started
      leftBehind.add(fiber)
      fiber.addObserver(() => leftBehind.delete(fiber))
    }
    return Option.getOrElse(exit, () => Exit.fail(unanswered(timeout)))
  })
}

const unanswered = (timeout: Duration.Duration): Sink.SinkError =>
  Sink.unavailable({ cause: `no answer within ${Duration.format(timeout)}` })
