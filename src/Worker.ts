/**
 * The one fiber behind a sink: wait for records, take a batch, write it, settle each record; until the queue is closed
 * and empty.
 *
 * It is the only one that touches the open sink. Who wants something of it (a flush, the close) leaves a note and
 * rings the queue's bell. Interrupting it is safe at every point: what it holds is settled by `finish`.
 */
import * as Cause from "effect/Cause"
import type * as Clock from "effect/Clock"
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as Pull from "effect/Pull"
import * as Schedule from "effect/Schedule"
import * as Scope from "effect/Scope"
import type { Barrier } from "./Barriers.ts"
import * as Barriers from "./Barriers.ts"
import type { Connection } from "./Connection.ts"
import * as Connections from "./Connection.ts"
import type { Answer } from "./Delivery.ts"
import * as Delivery from "./Delivery.ts"
import * as Detached from "./Detached.ts"
import * as Ledger from "./Ledger.ts"
import * as Notice from "./Notices.ts"
import type { Outlet } from "./Outlet.ts"
import * as Outlets from "./Outlet.ts"
import type { Entry } from "./Queue/BoundedQueue.ts"
import * as Queue from "./Queue/BoundedQueue.ts"
import * as Rate from "./Rate.ts"
import type { LogContext, LogRecord } from "./Record.ts"
import * as Record from "./Record.ts"
import * as Sink from "./Sinks/Sink.ts"

/**
 * What a worker works on. `batch` is what it took and has not settled; `writing` the attempt at it that is
 * under way, or has an answer that is not settled yet.
 */
export interface Worker {
  readonly outlet: Outlet
  readonly clock: Clock.Clock
  /** The context of the lines that the library writes by itself. */
  readonly context: LogContext
  /** Around all that the sink opens. */
  readonly scope: Scope.Closeable
  readonly flushes: Set<FlushRequest>
  readonly delivered: Rate.Rate
  connection: Connection | undefined
  batch: ReadonlyArray<Entry<LogRecord>>
  /** The record that lingers longest, and till when, by the monotonic clock in milliseconds. */
  oldest: { readonly order: number; readonly until: number } | undefined
  /** Whether there was an attempt at the batch. */
  tried: boolean
  writing: Attempt | undefined
  /** Writes that were interrupted, and have not come back yet: two at most. */
  leftBehind: ReadonlyArray<Fiber.Fiber<unknown, unknown>>
  /** How often somebody asked for an attempt now. */
  kicks: number
  closing: boolean
  ended: boolean
  attempts: number
  retries: number
  injected: number
  lastError: { readonly time: number; readonly message: string } | undefined
}

/**
 * Asks for all that was admitted before to be settled, and then made durable where the sink can.
 */
export interface FlushRequest {
  readonly barrier: Barrier
  readonly done: Deferred.Deferred<Flushed>
}

/**
 * How a flush went, when all had settled: made durable, written by a sink that cannot do more, or not made durable
 * although the sink can.
 */
export type Flushed = "durable" | "written" | "failed"

// `exit` is known before its fiber ends: a worker that is interrupted in between must still get to know it.
interface Attempt {
  fiber: Fiber.Fiber<unknown, unknown> | undefined
  exit: Exit.Exit<unknown, unknown> | undefined
}

/**
 * Makes a worker that has not started.
 */
export const make = (outlet: Outlet, clock: Clock.Clock, context: LogContext, scope: Scope.Closeable): Worker => ({
  outlet,
  clock,
  context,
  scope,
  flushes: new Set(),
  delivered: Rate.make(clock.currentTimeMillisUnsafe()),
  connection: undefined,
  batch: [],
  oldest: undefined,
  tried: false,
  writing: undefined,
  leftBehind: [],
  kicks: 0,
  closing: false,
  ended: false,
  attempts: 0,
  retries: 0,
  injected: 0,
  lastError: undefined
})

/**
 * Works until the queue is closed and empty. Never fails. Whatever ends it, all it held is settled then.
 */
export const run = (self: Worker): Effect.Effect<void> =>
  Effect.onExit(
    Effect.gen(function*() {
      while (true) {
        if (self.flushes.size > 0) yield* serveFlushes(self)
        if (self.closing && Queue.isIdle(self.outlet.queue)) return
        if (!(yield* awaitBatch(self))) continue
        takeBatch(self)
        yield* deliver(self)
      }
    }),
    (exit) =>
      Effect.sync(() => {
        finish(self)
        // a defect of this library's own; at the deadline it is interrupted
        if (Exit.isFailure(exit) && Cause.hasDies(exit.cause)) {
          const { notices, settings } = self.outlet
          const why = Notice.describe(Cause.squash(exit.cause))
          Notice.sayUnsafe(notices, `the worker of sink "${settings.name}" has died: ${why}`)
        }
      })
  )

/**
 * Ends a wait for more records, and a running backoff with one immediate attempt.
 */
export const kickUnsafe = (self: Worker): void => {
  self.kicks++
  Queue.ringUnsafe(self.outlet.queue)
}

/**
 * Takes no more, and ends when the queue is empty.
 */
export const closeUnsafe = (self: Worker): void => {
  self.closing = true
  Queue.closeUnsafe(self.outlet.queue)
  kickUnsafe(self)
}

// -----------------------------------------------------------------------------
// take
// -----------------------------------------------------------------------------

// Answers whether a batch is due. Otherwise something has changed, and the worker looks again.
const awaitBatch = (self: Worker): Effect.Effect<boolean> =>
  Effect.suspend(() => {
    const { queue, settings } = self.outlet
    const first = Queue.peekUnsafe(queue)
    if (first === undefined) return Effect.as(Queue.awaitBell(queue, 1), false)
    const size = Math.min(settings.batchSize, settings.capacity)
    const left = lingerLeft(self, first)
    if (left <= 0 || queue.size >= size || Queue.isFull(queue) || self.closing || self.flushes.size > 0) {
      return Effect.succeed(true)
    }
    return Effect.as(Effect.timeoutOption(Queue.awaitBell(queue, size), left), false)
  })

// A record's time may be ahead of the clock, or the clock be set back: from when the worker first sees the record on,
// the wait goes by the time that only goes on.
const lingerLeft = (self: Worker, first: Entry<LogRecord>): number => {
  const { linger } = self.outlet.settings
  if (linger === 0) return 0
  const now = Number(self.clock.monotonicTimeNanosUnsafe()) / 1e6
  if (self.oldest?.order !== first.order) {
    const age = Math.max(0, self.clock.currentTimeMillisUnsafe() - first.value.time)
    self.oldest = { order: first.order, until: now + linger - age }
  }
  return self.oldest.until - now
}

// With losses to tell of, a place in the batch is kept for the line that does.
const takeBatch = (self: Worker): void => {
  const { ledger, queue, settings } = self.outlet
  const room = ledger.gap === undefined ? settings.batchSize : settings.batchSize - 1
  const line = gapLine(self, Queue.peekUnsafe(queue)!.order)
  const entries = Queue.takeUnsafe(queue, line === undefined ? Math.max(1, room) : room)
  Ledger.taken(ledger, entries.length)
  if (line !== undefined) entries.unshift(line)
  tellGaps(self, entries)
  self.batch = entries
  self.tried = false
}

// Puts a line in front of the first record that comes after losses.
const tellGaps = (self: Worker, entries: Array<Entry<LogRecord>>): void => {
  for (let i = 0; self.outlet.ledger.gap !== undefined && i < entries.length; i++) {
    const line = gapLine(self, entries[i]!.order)
    if (line !== undefined) entries.splice(i, 0, line)
  }
}

// Lines that the library writes by itself have no place in the queue, and are in no term of the law.
const injectedOrder = -1

const gapLine = (self: Worker, order: number): Entry<LogRecord> | undefined => {
  const gap = Ledger.takeGap(self.outlet.ledger, order)
  return gap && { value: gapRecord(self, gap), bytes: 0, order: injectedOrder }
}

const settleLine = (self: Worker, { gap }: LogRecord, end: Ledger.End): void => {
  const { ledger, queue } = self.outlet
  if (end._tag === "delivered") self.injected++
  // not at once: a sink that refuses such lines must still get the records
  else if (gap !== undefined) Ledger.untold(ledger, gap, (Queue.peekUnsafe(queue)?.order ?? queue.nextOrder - 1) + 1)
}

const gapRecord = (self: Worker, gap: Record.LogGap): LogRecord =>
  Record.make({
    time: self.clock.currentTimeMillisUnsafe(),
    level: "Warn",
    logger: "effect-async-logging",
    message: `lost ${gap.lost} ${gap.lost === 1 ? "record" : "records"} (${reasonsText(gap.reasons)})`,
    context: self.context,
    gap
  })

/**
 * Losses as text: `evicted 10, queue_full 2`.
 */
export const reasonsText = (reasons: { readonly [reason: string]: number }): string =>
  Object.entries(reasons).map(([reason, n]) => `${reason} ${n}`).join(", ")

// -----------------------------------------------------------------------------
// deliver
// -----------------------------------------------------------------------------

const deliver = Effect.fnUntraced(function*(self: Worker) {
  const { maxAttempts, retryInitial, retryMax } = self.outlet.settings
  const schedule = Delivery.backoff(retryInitial, retryMax)
  let step = yield* Schedule.toStep(schedule)
  let failures = 0
  let isClosing = self.closing
  for (let attempt = 1; self.batch.length > 0; attempt++) {
    const kicks = self.kicks
    if (attempt > 1) self.retries++
    const answer = yield* write(self)
    const size = self.batch.length
    settleAnswer(self, answer)
    // after what has been said of the batch: the close may hang
    if (answer.reopen) yield* disconnect(self)
    if (self.batch.length === 0) return
    // a flush waits for those that came before it, not for their neighbours that came after
    if (self.flushes.size > 0) yield* serveFlushes(self)
    if (answer.again === "now") continue
    if (++failures >= maxAttempts) return settleBatch(self, () => Ledger.failed("retry_exhausted"))
    // with progress it starts anew, and with the close: what has grown in an outage is longer than that may take
    if (self.batch.length < size || isClosing !== self.closing) step = yield* Schedule.toStep(schedule)
    isClosing = self.closing
    const now = self.clock.currentTimeMillisUnsafe()
    const [, backoff] = yield* Pull.catchDone(step(now, undefined), () => Effect.succeed([retryMax, retryMax] as const))
    yield* pause(self, answer.wait ?? backoff, kicks)
  }
})

const pause = Effect.fnUntraced(function*(self: Worker, duration: Duration.Duration, kicks: number) {
  const until = self.clock.currentTimeMillisUnsafe() + Duration.toMillis(duration)
  while (self.kicks === kicks) {
    const left = until - self.clock.currentTimeMillisUnsafe()
    if (left <= 0) return
    yield* Effect.timeoutOption(Queue.awaitBell(self.outlet.queue, Number.POSITIVE_INFINITY), left)
  }
})

// One attempt at the batch.
const write = Effect.fnUntraced(function*(self: Worker) {
  self.attempts++
  self.tried = true
  const size = self.batch.length
  const records = self.batch.map((entry) => entry.value)
  const attempt: Attempt = { fiber: undefined, exit: undefined }
  self.writing = attempt
  const written = Effect.onExit(
    Effect.flatMap(connect(self), ({ format, handle }) => handle.write(records, format)),
    (exit) =>
      Effect.sync(() => {
        attempt.exit = exit
      })
  )
  const exit = (yield* isStuck(self)) ? stuck : yield* bounded(self, written, (fiber) => {
    attempt.fiber = fiber
  })
  // one that did not let itself be interrupted is remembered
  if (attempt.fiber !== undefined && attempt.fiber.pollUnsafe() === undefined) {
    self.leftBehind = [...self.leftBehind, attempt.fiber]
  }
  const answer = Delivery.judge(exit, size)
  if (answer.error !== undefined) noteError(self, answer)
  return answer
})

// A write that cannot be interrupted may be gone for good, so one more is tried beside it. When that does not come
// back either, there are no more until one has: a dead sink must not collect writes.
const isStuck = Effect.fnUntraced(function*(self: Worker) {
  const isOut = (fiber: Fiber.Fiber<unknown, unknown>) => fiber.pollUnsafe() === undefined
  self.leftBehind = self.leftBehind.filter(isOut)
  if (self.leftBehind.length < 2) return false
  yield* Effect.timeoutOption(Effect.raceAllFirst(self.leftBehind.map(Fiber.await)), self.outlet.settings.timeout)
  self.leftBehind = self.leftBehind.filter(isOut)
  return self.leftBehind.length >= 2
})

const stuck = Exit.fail(Sink.unavailable({ cause: "earlier writes have not come back yet" }))

const disconnect = (self: Worker): Effect.Effect<unknown> => {
  const { connection } = self
  self.connection = undefined
  return connection === undefined ? Effect.void : bounded(self, Scope.close(connection.scope, Exit.void))
}

// An interrupted write gets a moment for its own finalizers, then it is left behind.
const bounded = (
  self: Worker,
  effect: Effect.Effect<unknown, unknown>,
  onStart?: (fiber: Fiber.Fiber<unknown, unknown>) => void
): Effect.Effect<Exit.Exit<unknown, unknown>> => {
  const { timeout } = self.outlet.settings
  return Effect.map(
    Detached.within(effect, timeout, "1 second", onStart),
    Option.getOrElse(() => Exit.fail(Sink.unavailable({ cause: `no answer within ${Duration.format(timeout)}` })))
  )
}

/**
 * Writes what is queued at once, in the caller's own step, and settles it. What cannot be written is failed.
 */
export const writeSyncUnsafe = (self: Worker): void => {
  // the worker is opening it anew, and writes what has come until then
  if (self.connection === undefined) return
  // A sink that logs while it writes has that written in the second turn, by the loop that runs already. What it logs
  // then is left to the worker: a sink that logs with each write would never let its caller go.
  for (let turn = 1; turn <= 2 && self.batch.length === 0 && self.outlet.queue.size > 0; turn++) {
    takeBatch(self)
    self.tried = true
    self.attempts++
    settleAnswer(self, attemptSync(self, self.connection))
    settleBatch(self, () => Ledger.failed("retry_exhausted"))
  }
}

const attemptSync = (self: Worker, { format, handle }: Connection): Answer => {
  try {
    handle.writeSync!(self.batch.map((entry) => entry.value), format)
    return Delivery.allDelivered
  } catch (error) {
    const answer = Delivery.judge(Exit.fail(error), self.batch.length)
    noteError(self, answer)
    return answer
  }
}

// -----------------------------------------------------------------------------
// settle
// -----------------------------------------------------------------------------

const settleAnswer = (self: Worker, answer: Answer): void => {
  self.writing = undefined
  const delivered = settleBatch(self, answer.ends)
  if (delivered > 0) Rate.markUnsafe(self.delivered, delivered, self.clock.currentTimeMillisUnsafe())
  if (answer.ended) {
    self.outlet.ended = true
    Outlets.dropAll(self.outlet, "sink_ended")
  }
}

// Settles the records that have an end, keeps the others, in order; answers how many arrived.
const settleBatch = (self: Worker, ends: Answer["ends"]): number => {
  const { barriers, ledger } = self.outlet
  const { batch } = self
  const isWatched = !Barriers.isEmpty(barriers)
  let delivered = 0
  const rest: Array<Entry<LogRecord>> = []
  for (let i = 0; i < batch.length; i++) {
    const entry = batch[i]!
    const end = ends(i)
    if (end === undefined) rest.push(entry)
    else if (entry.order === injectedOrder) settleLine(self, entry.value, end)
    else {
      if (end._tag === "delivered") delivered++
      if (end._tag === "delivered" && !isWatched) continue
      Outlets.settle(self.outlet, "sending", entry, end)
    }
  }
  if (!isWatched) Ledger.deliveredAll(ledger, delivered)
  // a neighbour of theirs may have been refused
  tellGaps(self, rest)
  self.batch = rest
  return delivered
}

const noteError = (self: Worker, answer: Answer): void => {
  const { notices, settings } = self.outlet
  const message = Notice.describe(answer.error)
  self.lastError = { time: self.clock.currentTimeMillisUnsafe(), message }
  Notice.tellUnsafe(
    notices,
    `sink ${settings.name}`,
    answer.ended ? `sink "${settings.name}" has ended: ${message}` : `sink "${settings.name}" failed: ${message}`
  )
}

// The worker ends, at the deadline or because it is done: nothing stays in a term of the law that only it can empty.
const finish = (self: Worker): void => {
  self.ended = true
  const exit = self.writing?.exit
  if (exit === undefined) self.writing?.fiber?.interruptUnsafe()
  else settleAnswer(self, Delivery.judge(exit, self.batch.length))
  const left = self.tried ? Ledger.failed("shutdown_timeout") : Ledger.dropped("shutdown_timeout")
  settleBatch(self, () => left)
  Outlets.dropAll(self.outlet, "shutdown_timeout")
  for (const { done } of self.flushes) Deferred.doneUnsafe(done, Exit.succeed("failed" as const))
  self.flushes.clear()
}

// -----------------------------------------------------------------------------
// flush
// -----------------------------------------------------------------------------

const serveFlushes = Effect.fnUntraced(function*(self: Worker) {
  const settled = [...self.flushes].filter((request) => request.barrier.pending === 0)
  if (settled.length === 0) return
  const flush = self.outlet.ended ? undefined : self.connection?.handle.flush
  const exit = flush === undefined ? Exit.void : yield* bounded(self, flush)
  if (Exit.isFailure(exit)) noteError(self, Delivery.judge(exit, 0))
  const flushed = Exit.isFailure(exit) ? "failed" : flush === undefined ? "written" : "durable"
  for (const request of settled) {
    self.flushes.delete(request)
    Deferred.doneUnsafe(request.done, Exit.succeed(flushed))
  }
})

// -----------------------------------------------------------------------------
// open
// -----------------------------------------------------------------------------

const connect = (self: Worker): Effect.Effect<Connection, unknown> =>
  Effect.suspend(() => self.connection === undefined ? open(self) : Effect.succeed(self.connection))

const open = (self: Worker): Effect.Effect<Connection, unknown> => {
  const { notices, settings, sink } = self.outlet
  return Effect.tap(Connections.open(sink, settings, notices, self.scope), (connection) =>
    Effect.sync(() => {
      self.connection = connection
    }))
}

/**
 * Opens the sink when the layer is built. With `onOpenFailure: "retry"` a failure is told, and the first batch tries
 * again.
 */
export const openUnlessLater = (self: Worker): Effect.Effect<void, unknown> =>
  Effect.flatMap(bounded(self, open(self)), (exit) => {
    if (Exit.isSuccess(exit)) return Effect.void
    if (self.outlet.settings.onOpenFailure === "fail") return exit
    return Effect.sync(() => noteError(self, Delivery.judge(exit, 0)))
  })
