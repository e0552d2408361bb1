/**
 * The one fiber behind a sink: wait for records, take a batch, write it, settle each record; until the queue is closed
 * and empty.
 *
 * It is the only one that touches the open sink. Who wants something of it (a flush, the close) leaves a note and
 * rings the queue's bell. Interrupting it is safe at every point: what it holds is settled by `finish`.
 */
import * as Cause from "effect/Cause"
import type * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Pull from "effect/Pull"
import * as Schedule from "effect/Schedule"
import type * as Scope from "effect/Scope"
import * as Barriers from "./Barriers.ts"
import type { Answer } from "./Delivery.ts"
import * as Delivery from "./Delivery.ts"
import type { Flushes } from "./Flushes.ts"
import * as Flush from "./Flushes.ts"
import type { GapLines } from "./GapLines.ts"
import * as GapLine from "./GapLines.ts"
import * as Ledger from "./Ledger.ts"
import type { Linger } from "./Linger.ts"
import * as Lingers from "./Linger.ts"
import type { Attempt, Link } from "./Link.ts"
import * as Links from "./Link.ts"
import * as Monotonic from "./Monotonic.ts"
import * as Notice from "./Notices.ts"
import type { Outlet } from "./Outlet.ts"
import * as Outlets from "./Outlet.ts"
import type { Entry } from "./Queue/BoundedQueue.ts"
import * as Queue from "./Queue/BoundedQueue.ts"
import * as Rate from "./Rate.ts"
import type { LogContext, LogRecord } from "./Record.ts"
import type { Patience } from "./Sinks/Patience.ts"
import * as Patiences from "./Sinks/Patience.ts"

/**
 * What a worker works on. `batch` is what it took and has not settled; `writing` the attempt at it that is
 * under way, or has an answer that is not settled yet.
 */
export interface Worker {
  readonly outlet: Outlet
  readonly clock: Clock.Clock
  readonly link: Link
  readonly linger: Linger
  readonly gapLines: GapLines
  readonly flushes: Flushes
  readonly delivered: Rate.Rate
  batch: Array<Entry<LogRecord>>
  /** Whether there was an attempt at the batch. */
  tried: boolean
  writing: Attempt | undefined
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
 * Makes a worker that has not started.
 */
export const make = (outlet: Outlet, clock: Clock.Clock, context: LogContext, scope: Scope.Closeable): Worker => ({
  outlet,
  clock,
  link: Links.make(outlet, scope),
  linger: Lingers.make(clock, outlet.settings.linger),
  gapLines: GapLine.make(outlet, clock, context),
  flushes: Flush.make(),
  delivered: Rate.make(Monotonic.millisUnsafe(clock)),
  batch: [],
  tried: false,
  writing: undefined,
  kicks: 0,
  closing: false,
  ended: false,
  attempts: 0,
  retries: 0,
  injected: 0,
  lastError: undefined
})

/**
 * Opens the sink when the layer is built. With `onOpenFailure: "retry"` a failure is told, and the first batch tries
 * again.
 */
export const openUnlessLater = (self: Worker): Effect.Effect<void, unknown> =>
  Effect.flatMap(Links.open(self.link), (exit) => {
    if (Exit.isSuccess(exit)) return Effect.void
    if (self.outlet.settings.onOpenFailure === "fail") return exit
    return Effect.sync(() => {
      const message = Notice.describe(Delivery.judge(exit, 0).error)
      noteError(self, message, `sink "${self.outlet.settings.name}" could not be opened yet: ${message}`)
    })
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
// wait, take
// -----------------------------------------------------------------------------

// Answers whether a batch is due. Otherwise something has changed, and the worker looks again.
const awaitBatch = (self: Worker): Effect.Effect<boolean> =>
  Effect.suspend(() => {
    const { queue, settings } = self.outlet
    const first = Queue.peekUnsafe(queue)
    if (first === undefined) return Effect.as(Queue.awaitBell(queue, 1), false)
    const size = Math.min(settings.batchSize, settings.capacity)
    const left = Lingers.leftUnsafe(self.linger, first)
    if (left <= 0 || queue.size >= size || Queue.isFull(queue) || self.closing || self.flushes.size > 0) {
      return Effect.succeed(true)
    }
    return Effect.as(Effect.timeoutOption(Queue.awaitBell(queue, size), left), false)
  })

// With losses to tell of, a place in the batch is kept for the line that does.
const takeBatch = (self: Worker): void => {
  const { ledger, queue, settings } = self.outlet
  const room = GapLine.isOwed(self.gapLines) ? settings.batchSize - 1 : settings.batchSize
  const line = GapLine.takeUnsafe(self.gapLines, Queue.peekUnsafe(queue)!.order)
  const entries = Queue.takeUnsafe(queue, line === undefined ? Math.max(1, room) : room)
  Ledger.taken(ledger, entries.length)
  if (line !== undefined) entries.unshift(line)
  GapLine.insertUnsafe(self.gapLines, entries)
  self.batch = entries
  self.tried = false
}

// -----------------------------------------------------------------------------
// deliver
// -----------------------------------------------------------------------------

const deliver = Effect.fnUntraced(function*(self: Worker) {
  const { maxAttempts, retryInitial, retryMax } = self.outlet.settings
  const start = () => Schedule.toStep(Delivery.backoff(retryInitial, retryMax))
  let step: Effect.Success<ReturnType<typeof start>> | undefined
  let failures = 0
  let isClosing = self.closing
  for (let attempt = 1; self.batch.length > 0; attempt++) {
    const kicks = self.kicks
    if (attempt > 1) self.retries++
    const answer = yield* write(self)
    const size = self.batch.length
    settleAnswer(self, answer)
    // after what has been said of the batch: the close may hang
    if (answer.reopen) yield* Links.close(self.link)
    if (self.batch.length === 0) return
    // a flush waits for those that came before it, not for their neighbours that came after
    if (self.flushes.size > 0) yield* serveFlushes(self)
    if (answer.again === "now") continue
    if (++failures >= maxAttempts) return settleBatch(self, () => Ledger.failed("retry_exhausted"))
    // with progress it starts anew, and with the close: what has grown in an outage is longer than that may take
    if (self.batch.length < size || isClosing !== self.closing) step = undefined
    isClosing = self.closing
    step ??= yield* start()
    const now = self.clock.currentTimeMillisUnsafe()
    const [, backoff] = yield* Pull.catchDone(step(now, undefined), () => Effect.succeed([retryMax, retryMax] as const))
    yield* pause(self, answer.wait ?? backoff, kicks)
  }
})

const pause = Effect.fnUntraced(function*(self: Worker, duration: Duration.Duration, kicks: number) {
  // whole milliseconds: of a fraction the timer may leave a rest
  const until = Monotonic.millisUnsafe(self.clock) + Math.ceil(Duration.toMillis(duration))
  while (self.kicks === kicks) {
    const left = until - Monotonic.millisUnsafe(self.clock)
    if (left <= 0) return
    yield* Effect.timeoutOption(Queue.awaitBell(self.outlet.queue, Number.POSITIVE_INFINITY), left)
  }
})

// One attempt at the batch.
const write = Effect.fnUntraced(function*(self: Worker) {
  self.attempts++
  self.tried = true
  self.writing = Links.makeAttempt()
  const exit = yield* Links.write(self.link, records(self), self.writing)
  return judge(self, exit, self.batch.length)
})

const records = (self: Worker): ReadonlyArray<LogRecord> => self.batch.map((entry) => entry.value)

// What the sink's trouble is, is told at once.
const judge = (self: Worker, exit: Exit.Exit<unknown, unknown>, size: number): Answer => {
  const answer = Delivery.judge(exit, size)
  if (answer.error === undefined) return answer
  const message = Notice.describe(answer.error)
  noteError(self, message, `sink "${self.outlet.settings.name}" ${answer.ended ? "has ended" : "failed"}: ${message}`)
  return answer
}

const noteError = (self: Worker, message: string, notice: string): void => {
  const { notices, settings } = self.outlet
  self.lastError = { time: self.clock.currentTimeMillisUnsafe(), message }
  Notice.tellUnsafe(notices, `sink ${settings.name}`, notice)
}

// Answers the flushes whose records have settled.
const serveFlushes = Effect.fnUntraced(function*(self: Worker) {
  const due = Flush.due(self.flushes)
  if (due.length === 0) return
  const exit = yield* Links.flush(self.link)
  if (exit === undefined) return Flush.answerUnsafe(self.flushes, due, "written")
  if (Exit.isFailure(exit)) judge(self, exit, 0)
  Flush.answerUnsafe(self.flushes, due, Exit.isSuccess(exit) ? "durable" : "failed")
})

// -----------------------------------------------------------------------------
// settle, finish
// -----------------------------------------------------------------------------

const settleAnswer = (self: Worker, answer: Answer): void => {
  self.writing = undefined
  const delivered = settleBatch(self, answer.ends)
  if (delivered > 0) Rate.markUnsafe(self.delivered, delivered, Monotonic.millisUnsafe(self.clock))
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
    else if (GapLine.isOne(entry)) {
      if (end._tag === "delivered") self.injected++
      else GapLine.lostUnsafe(self.gapLines, entry.value)
    } else {
      if (end._tag === "delivered") delivered++
      if (end._tag === "delivered" && !isWatched) continue
      Outlets.settle(self.outlet, "sending", entry, end)
    }
  }
  if (!isWatched) Ledger.deliveredAll(ledger, delivered)
  // a neighbour of theirs may have been refused
  GapLine.insertUnsafe(self.gapLines, rest)
  // emptied: an old list would keep its records from the young generation's garbage collection
  batch.length = 0
  self.batch = rest
  return delivered
}

// The worker ends, at the deadline or because it is done: nothing stays in a term of the law that only it can empty.
const finish = (self: Worker): void => {
  const exit = self.writing && Links.endUnsafe(self.writing)
  if (exit !== undefined) settleAnswer(self, Delivery.judge(exit, self.batch.length))
  settleRest(self)
  Flush.answerUnsafe(self.flushes, self.flushes, "failed")
}

const settleRest = (self: Worker): void => {
  self.ended = true
  const left = self.tried ? Ledger.failed("shutdown_timeout") : Ledger.dropped("shutdown_timeout")
  settleBatch(self, () => left)
  Outlets.dropAll(self.outlet, "shutdown_timeout")
}

// -----------------------------------------------------------------------------
// without the fiber
// -----------------------------------------------------------------------------

/**
 * Writes what is queued at once, in the caller's own step, and settles it. What cannot be written is failed.
 */
export const writeSyncUnsafe = (self: Worker): void => {
  // the worker is opening it anew, and writes what has come until then
  if (self.link.connection === undefined) return
  // A sink that logs while it writes has that written in the second turn, by the loop that runs already. What it logs
  // then is left to the worker: a sink that logs with each write would never let its caller go.
  for (let turn = 1; turn <= 2 && self.batch.length === 0 && self.outlet.queue.size > 0; turn++) {
    takeBatch(self)
    self.tried = true
    self.attempts++
    const exit = Links.writeSyncUnsafe(self.link.connection, records(self))
    settleAnswer(self, judge(self, exit, self.batch.length))
    settleBatch(self, () => Ledger.failed("retry_exhausted"))
  }
}

/**
 * The process ends: writes at once what the batch and the queue hold, and those who wait, as far as the sink can and as
 * long as there is patience. Settles all of it. No fiber is woken or interrupted for it: what they did would be done in
 * the middle of the end.
 */
export const writeLastUnsafe = (self: Worker, patience: Patience): void => {
  // its sink may be closed by now
  if (self.ended) return
  closeUnsafe(self)
  if (self.writing?.exit !== undefined) settleAnswer(self, judge(self, self.writing.exit, self.batch.length))
  const { connection } = self.link
  const { queue } = self.outlet
  let open = self.writing !== undefined
  self.writing = undefined
  if (connection?.handle.writeSync !== undefined) {
    while (self.batch.length > 0 || queue.size > 0) {
      if (self.batch.length === 0) takeBatch(self)
      self.tried = true
      self.attempts++
      const exit = Links.writeLastUnsafe(connection, records(self), open, patience)
      settleAnswer(self, judge(self, exit, self.batch.length))
      open = false
      if (self.batch.length > 0 || Patiences.left(patience) === 0) break
    }
  }
  settleRest(self)
}
