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
import { identity } from "effect/Function"
import * as Pull from "effect/Pull"
import * as Schedule from "effect/Schedule"
import type * as Scope from "effect/Scope"
import * as Barriers from "./Barriers.ts"
import type { Breaker } from "./Breaker.ts"
import * as Breakers from "./Breaker.ts"
import type { Answer } from "./Delivery.ts"
import * as Delivery from "./Delivery.ts"
import * as Diversion from "./Diversion.ts"
import * as Events from "./Events.ts"
import type { Flushes } from "./Flushes.ts"
import * as Flush from "./Flushes.ts"
import type { GapLines } from "./GapLines.ts"
import * as GapLine from "./GapLines.ts"
import * as Halves from "./Halves.ts"
import type { End, LocalEnd } from "./Ledger.ts"
import * as Ledger from "./Ledger.ts"
import type { Linger } from "./Linger.ts"
import * as Lingers from "./Linger.ts"
import type { Attempt, Link } from "./Link.ts"
import * as Links from "./Link.ts"
import * as Monotonic from "./Monotonic.ts"
import * as Notice from "./Notices.ts"
import type { Outlet, Wait } from "./Outlet.ts"
import * as Outlets from "./Outlet.ts"
import type { Entry } from "./Queue/BoundedQueue.ts"
import * as Queue from "./Queue/BoundedQueue.ts"
import * as Rate from "./Rate.ts"
import type { LogContext, LogRecord } from "./Record.ts"
import type { Patience } from "./Sinks/Patience.ts"
import * as Patiences from "./Sinks/Patience.ts"

/**
 * What a worker works on. `batch` is what it took and has not settled, `halves` how it is written; `writing` the attempt
 * that is under way, or has an answer that is not settled yet.
 */
export interface Worker {
  readonly outlet: Outlet
  readonly clock: Clock.Clock
  readonly link: Link
  readonly linger: Linger
  readonly gapLines: GapLines
  readonly flushes: Flushes
  readonly delivered: Rate.Rate
  /** The sinks that it diverts to. */
  readonly targets: Targets
  /** Only with a fallback. */
  readonly breaker: Breaker | undefined
  batch: Array<Entry<LogRecord>>
  halves: Halves.Halves
  /** Where records that it diverted wait for room. */
  waits: Array<Wait>
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
 * The workers of the sinks that a sink diverts to.
 */
export interface Targets {
  readonly fallback: Worker | undefined
  readonly deadLetter: Worker | undefined
}

/**
 * The workers of all sinks of a layer, in their order, none of which has started. Where they divert to leads nowhere
 * back: see `Settings.sinks`.
 */
export const makeAll = (
  parts: ReadonlyArray<{ readonly outlet: Outlet; readonly scope: Scope.Closeable }>,
  clock: Clock.Clock,
  context: LogContext
): ReadonlyArray<Worker> => {
  const made = new Map<string, Worker>()
  const named = (name: string | undefined): Worker | undefined => {
    const part = parts.find(({ outlet }) => outlet.settings.name === name)
    if (part === undefined) return undefined
    const { outlet, scope } = part
    const { deadLetter, fallback } = outlet.settings
    let worker = made.get(outlet.settings.name)
    if (worker === undefined) {
      worker = make(outlet, clock, context, scope, { fallback: named(fallback), deadLetter: named(deadLetter) })
      made.set(outlet.settings.name, worker)
    }
    return worker
  }
  return parts.map(({ outlet }) => named(outlet.settings.name)!)
}

/**
 * Makes a worker that has not started.
 */
const make = (
  outlet: Outlet,
  clock: Clock.Clock,
  context: LogContext,
  scope: Scope.Closeable,
  targets: Targets
): Worker => ({
  outlet,
  clock,
  link: Links.make(outlet, scope),
  linger: Lingers.make(clock, outlet.settings.linger),
  gapLines: GapLine.make(outlet, clock, context),
  flushes: Flush.make(),
  delivered: Rate.make(Monotonic.millisUnsafe(clock)),
  targets,
  breaker: targets.fallback && Breakers.make(outlet.settings.breakerFailures, outlet.settings.breakerProbeAfter),
  batch: [],
  halves: [],
  waits: [],
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
  self.halves = Halves.make(entries)
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
    if (isCutOff(self)) return yield* divert(self)
    const { closing, kicks } = self
    if (attempt > 1) self.retries++
    const answer = yield* write(self)
    const size = Halves.size(self.halves)
    const left = settleAnswer(self, answer)
    yield* awaitRoom(self)
    // after what has been said of the batch: the close may hang
    if (answer.reopen) yield* Links.close(self.link)
    if (self.batch.length === 0) return
    // a flush waits for those that came before it, not for their neighbours that came after
    if (self.flushes.size > 0) yield* serveFlushes(self)
    // the next part has attempts of its own
    if (left === 0) failures = 0
    if (left === 0 || answer.again !== "later") continue
    if (++failures >= maxAttempts) {
      settlePart(self, () => Ledger.failed("retry_exhausted"))
      yield* awaitRoom(self)
      failures = 0
      continue
    }
    // no time is left to wait for it
    if (closing && self.targets.fallback !== undefined) return yield* divert(self)
    if (isCutOff(self)) continue
    // with progress it starts anew, and with the close: what has grown in an outage is longer than that may take
    if (left < size || isClosing !== self.closing) step = undefined
    isClosing = self.closing
    step ??= yield* start()
    const now = self.clock.currentTimeMillisUnsafe()
    const [, backoff] = yield* Pull.catchDone(step(now, undefined), () => Effect.succeed([retryMax, retryMax] as const))
    yield* pause(self, answer.wait ?? backoff, kicks)
  }
})

// Whether records go to the fallback without an attempt.
const isCutOff = (self: Worker): boolean => {
  const { breaker, clock } = self
  if (breaker === undefined) return false
  const isOpen = !Breakers.tryUnsafe(breaker, Monotonic.millisUnsafe(clock))
  noteBreaker(self, breaker)
  return isOpen
}

const divert = (self: Worker): Effect.Effect<void> =>
  Effect.suspend(() => {
    settleAll(self, Ledger.diverted)
    return awaitRoom(self)
  })

const awaitRoom = (self: Worker): Effect.Effect<void> =>
  Effect.suspend(() =>
    self.waits.length === 0 ? Effect.void : Outlets.awaitAll(self.waits.splice(0), "shutdown_timeout", identity)
  )

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
  return judge(self, exit, Halves.size(self.halves))
})

const records = ({ batch, halves }: Worker): ReadonlyArray<LogRecord> => {
  const part = Halves.size(halves)
  return (part === batch.length ? batch : batch.slice(0, part)).map((entry) => entry.value)
}

// What the sink's trouble is, is told at once.
const judge = (self: Worker, exit: Exit.Exit<unknown, unknown>, size: number): Answer => {
  const answer = Delivery.judge(exit, size)
  if (answer.error === undefined) return answer
  const message = Notice.describe(answer.error)
  noteError(self, message, `sink "${self.outlet.settings.name}" ${answer.ended ? "has ended" : "failed"}: ${message}`)
  return answer
}

const noteError = (self: Worker, message: string, notice: string): void => {
  const { events, notices, settings } = self.outlet
  self.lastError = { time: self.clock.currentTimeMillisUnsafe(), message }
  Events.troubleUnsafe(events, settings.name, message)
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

// Answers how many records of the part have no end.
const settleAnswer = (self: Worker, answer: Answer): number => {
  self.writing = undefined
  if (answer.ended) self.outlet.ended = true
  const size = Halves.size(self.halves)
  const left = settlePart(self, answer.ends)
  // parts that are yet to be written included
  if (answer.ended) settleAll(self, Ledger.failed("fatal"))
  if (answer.again === "halves") Halves.splitUnsafe(self.halves)
  if (answer.ended) noteEnd(self)
  else if (left < size || answer.again === "halves") noteSuccess(self)
  else noteFailure(self)
  return left
}

// Without a fallback there is nowhere else to go.
const noteEnd = (self: Worker): void => {
  if (self.breaker === undefined) return Outlets.dropAll(self.outlet, "sink_ended")
  Breakers.openUnsafe(self.breaker, Number.POSITIVE_INFINITY)
  noteBreaker(self, self.breaker)
}

const noteSuccess = (self: Worker): void => {
  if (self.breaker === undefined) return
  const { state } = self.breaker
  Breakers.succeededUnsafe(self.breaker)
  noteBreaker(self, self.breaker)
  if (state !== "closed") tellBreaker(self, "takes records again")
}

const noteFailure = (self: Worker): void => {
  const { breaker, clock, targets } = self
  if (breaker === undefined || !Breakers.failedUnsafe(breaker, Monotonic.millisUnsafe(clock))) return
  noteBreaker(self, breaker)
  tellBreaker(self, `failed ${breaker.failures} times in a row: "${targets.fallback!.outlet.settings.name}" takes over`)
}

const noteBreaker = ({ outlet: { events, settings } }: Worker, { state }: Breaker): void =>
  Events.breakerUnsafe(events, settings.name, state)

const tellBreaker = ({ outlet: { notices, settings } }: Worker, what: string): void =>
  Notice.tellUnsafe(notices, `breaker of ${settings.name}`, `sink "${settings.name}" ${what}`)

// Settles the records of the part that is written next, as far as they have an end; answers how many of it are left.
const settlePart = (self: Worker, ends: Answer["ends"]): number => {
  const part = Halves.size(self.halves)
  const before = self.batch.length
  settleBatch(self, (index) => index < part ? ends(index) : undefined)
  const left = part - (before - self.batch.length)
  // a neighbour of theirs may have been refused
  GapLine.insertUnsafe(self.gapLines, self.batch)
  Halves.settledUnsafe(self.halves, left, self.batch.length)
  return left
}

const settleAll = (self: Worker, end: End): void => {
  settleBatch(self, () => end)
  self.halves = []
}

// Settles the records that have an end, keeps the others, in order. What this sink cannot deliver goes to another one,
// if there is one for it.
const settleBatch = (self: Worker, ends: (index: number) => End | undefined): void => {
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
      settleOne(self, entry, end)
    }
  }
  if (!isWatched) Ledger.deliveredAll(ledger, delivered)
  if (delivered > 0) Rate.markUnsafe(self.delivered, delivered, Monotonic.millisUnsafe(self.clock))
  // emptied: an old list would keep its records from the young generation's garbage collection
  batch.length = 0
  self.batch = rest
}
const settleOne = (self: Worker, entry: Entry<LogRecord>, end: End): void => {
  const target = end._tag === "delivered" ? undefined : targetOf(self.targets, end)
  if (target === undefined) return Outlets.settle(self.outlet, "sending", entry, localEnd(end))
  const wait = Diversion.divertUnsafe(self.outlet, target.outlet, entry, localEnd(end), !self.ended)
  if (wait !== undefined) self.waits.push(wait)
}

// Who gets a record that would end so. What the sink refuses would be refused again: it is no fallback's.
const targetOf = ({ deadLetter, fallback }: Targets, end: Exclude<End, { _tag: "delivered" }>): Worker | undefined => {
  if (end._tag === "diverted") return fallback
  switch (end.reason) {
    case "rejected":
      return deadLetter
    case "retry_exhausted":
      return fallback ?? deadLetter
    default:
      return fallback
  }
}

const localEnd = (end: End): LocalEnd => end._tag === "diverted" ? Ledger.failed("retry_exhausted") : end

// The worker ends, at the deadline or because it is done: nothing stays in a term of the law that only it can empty.
const finish = (self: Worker): void => {
  self.ended = true
  const exit = self.writing && Links.endUnsafe(self.writing)
  if (exit !== undefined) settleAnswer(self, Delivery.judge(exit, Halves.size(self.halves)))
  settleRest(self)
  Flush.answerUnsafe(self.flushes, self.flushes, "failed")
}

const settleRest = (self: Worker): void => {
  self.ended = true
  settleAll(self, undelivered(self))
  const { queue } = self.outlet
  if (self.targets.fallback !== undefined) {
    Queue.closeUnsafe(queue)
    while (queue.size > 0) {
      takeBatch(self)
      settleAll(self, undelivered(self))
    }
  }
  Outlets.dropAll(self.outlet, "shutdown_timeout")
}

const undelivered = ({ tried }: Worker): End =>
  tried ? Ledger.failed("shutdown_timeout") : Ledger.dropped("shutdown_timeout")

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
    while (self.batch.length > 0) {
      if (isCutOff(self)) {
        settleAll(self, Ledger.diverted)
        break
      }
      self.tried = true
      self.attempts++
      const exit = Links.writeSyncUnsafe(self.link.connection, records(self))
      const answer = judge(self, exit, Halves.size(self.halves))
      settleAnswer(self, answer)
      if (answer.again !== "halves") settlePart(self, () => Ledger.failed("retry_exhausted"))
    }
    for (const wait of self.waits.splice(0)) wait.leaveUnsafe("queue_full")
  }
  const { deadLetter, fallback } = self.targets
  if (fallback !== undefined) writeSyncUnsafe(fallback)
  if (deadLetter !== undefined) writeSyncUnsafe(deadLetter)
}

/**
 * The process ends: writes at once what the batch and the queue hold, and those who wait, as far as the sink can and as
 * long as there is patience. What it cannot write goes to its fallback, which comes after it. Settles all of it.
 *
 * No fiber is woken or interrupted for it: what they did would be done in the middle of the end.
 */
export const writeLastUnsafe = (self: Worker, patience: Patience): void => {
  // its sink may be closed by now
  if (self.ended) return
  closeUnsafe(self)
  writeRest(self, patience)
  settleRest(self)
}

const writeRest = (self: Worker, patience: Patience): void => {
  if (self.ended) return
  const { link: { connection }, outlet: { queue }, targets: { deadLetter, fallback } } = self
  if (self.writing?.exit !== undefined) {
    settleAnswer(self, judge(self, self.writing.exit, Halves.size(self.halves)))
  }
  let open = self.writing !== undefined
  self.writing = undefined
  let isAble = connection?.handle.writeSync !== undefined
  while (self.batch.length > 0 || queue.size > 0) {
    isAble &&= Patiences.left(patience) > 0
    if (!isAble && fallback === undefined) return
    if (self.batch.length === 0) takeBatch(self)
    if (isAble && !isCutOff(self)) {
      self.tried = true
      self.attempts++
      const exit = Links.writeLastUnsafe(connection!, records(self), open, patience)
      open = false
      const answer = judge(self, exit, Halves.size(self.halves))
      // there is no time to ask it again
      if (settleAnswer(self, answer) > 0 && answer.again === "later") isAble = false
    } else {
      settleAll(self, undelivered(self))
    }
    // at once, before their queues are full
    if (fallback !== undefined) writeRest(fallback, patience)
    if (deadLetter !== undefined) writeRest(deadLetter, patience)
  }
}
