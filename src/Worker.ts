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
import * as Batch from "./Batch.ts"
import type { Breaker } from "./Breaker.ts"
import * as Breakers from "./Breaker.ts"
import * as Delivery from "./Delivery.ts"
import type { Flushes } from "./Flushes.ts"
import * as Flush from "./Flushes.ts"
import type { GapLines } from "./GapLines.ts"
import * as GapLine from "./GapLines.ts"
import * as Halves from "./Halves.ts"
import * as Ledger from "./Ledger.ts"
import type { Linger } from "./Linger.ts"
import * as Lingers from "./Linger.ts"
import type { Attempt, Link } from "./Link.ts"
import * as Links from "./Link.ts"
import * as Monotonic from "./Monotonic.ts"
import * as Notice from "./Notices.ts"
import type { Outlet } from "./Outlet.ts"
import type { Entry } from "./Queue/BoundedQueue.ts"
import * as Queue from "./Queue/BoundedQueue.ts"
import * as Rate from "./Rate.ts"
import type { LogContext, LogRecord } from "./Record.ts"

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
  /** By sink, the last of the records that it diverted and that wait for room. */
  readonly waits: Map<Outlet, Effect.Effect<void>>
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
  waits: new Map(),
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
      const message = Notice.describe(self.outlet.notices, Delivery.judge(exit, 0).error)
      Batch.noteError(self, message, `sink "${self.outlet.settings.name}" could not be opened yet: ${message}`)
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
        if (self.closing && self.outlet.queue.closed && Queue.isIdle(self.outlet.queue)) return
        if (!(yield* awaitBatch(self))) continue
        Batch.takeUnsafe(self)
        yield* deliver(self)
      }
    }),
    (exit) =>
      Effect.sync(() => {
        finish(self)
        // a defect of this library's own; at the deadline it is interrupted
        if (Exit.isFailure(exit) && Cause.hasDies(exit.cause)) {
          const { notices, settings } = self.outlet
          const why = Notice.describe(notices, Cause.squash(exit.cause))
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
 * The layer closes: nothing waits for a fuller batch, or longer than it has to.
 */
export const hurryUnsafe = (self: Worker): void => {
  self.closing = true
  kickUnsafe(self)
}

/**
 * Takes no more, and ends when the queue is empty.
 */
export const closeUnsafe = (self: Worker): void => {
  Queue.closeUnsafe(self.outlet.queue)
  hurryUnsafe(self)
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
    if (Batch.endUnsafe(self)) return
    if (Batch.isCutOff(self)) return yield* divert(self)
    const { closing, kicks } = self
    if (attempt > 1) self.retries++
    const size = Halves.size(self.halves)
    const answer = yield* write(self)
    const left = Batch.settleAnswer(self, answer)
    yield* awaitRoom(self)
    // after what has been said of the batch: the close may hang
    if (answer.reopen) yield* Links.close(self.link)
    if (self.batch.length === 0) return
    // a flush waits for those that came before it, not for their neighbours that came after
    if (self.flushes.size > 0) yield* serveFlushes(self)
    // each part has attempts of its own
    if (left === 0 || answer.again === "halves") failures = 0
    if (left === 0 || answer.again !== "later") continue
    if (++failures >= maxAttempts) {
      Batch.settlePart(self, () => Ledger.failed("retry_exhausted"))
      yield* awaitRoom(self)
      failures = 0
      continue
    }
    // no time is left to wait for it
    if (closing && Batch.hasFallback(self)) return yield* divert(self)
    if (Batch.isCutOff(self)) continue
    // with progress it starts anew, and with the close: what has grown in an outage is longer than that may take
    if (left < size || isClosing !== self.closing) step = undefined
    isClosing = self.closing
    step ??= yield* start()
    const now = self.clock.currentTimeMillisUnsafe()
    const [, backoff] = yield* Pull.catchDone(step(now, undefined), () => Effect.succeed([retryMax, retryMax] as const))
    yield* pause(self, answer.wait ?? backoff, kicks)
  }
})

const divert = (self: Worker): Effect.Effect<void> =>
  Effect.suspend(() => {
    Batch.settleAll(self, Ledger.diverted)
    return awaitRoom(self)
  })

// The queue takes no more meanwhile, or loses by its strategy: a fallback that is full is not overrun.
const awaitRoom = (self: Worker): Effect.Effect<void> =>
  Effect.suspend(() => {
    const waits = [...self.waits.values()]
    self.waits.clear()
    return waits.length === 0 ? Effect.void : Effect.all(waits, { concurrency: "unbounded", discard: true })
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

// One attempt at the next part of the batch.
const write = Effect.fnUntraced(function*(self: Worker) {
  self.attempts++
  self.tried = true
  self.writing = Links.makeAttempt()
  const exit = yield* Links.write(self.link, Batch.part(self), self.writing)
  return Batch.judge(self, exit)
})

// Answers the flushes whose records have settled.
const serveFlushes = Effect.fnUntraced(function*(self: Worker) {
  const due = Flush.due(self.flushes)
  if (due.length === 0) return
  const exit = yield* Links.flush(self.link)
  if (exit === undefined) return Flush.answerUnsafe(self.flushes, due, "written")
  if (Exit.isFailure(exit)) Batch.tellFailure(self, exit)
  Flush.answerUnsafe(self.flushes, due, Exit.isSuccess(exit) ? "durable" : "failed")
})

// The worker ends, at the deadline or because it is done: nothing stays in a term of the law that only it can empty. A
// flush that follows records to another sink is answered when they have settled there.
const finish = (self: Worker): void => {
  const exit = self.writing?.exit
  if (exit !== undefined) Batch.settleAnswer(self, Delivery.judge(exit, Halves.size(self.halves)))
  Batch.settleRest(self)
  Flush.answerUnsafe(self.flushes, Flush.due(self.flushes), "failed")
}
