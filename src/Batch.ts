/**
 * The batch of a worker: taken out of the queue, written in one part or more, and settled record by record. What the
 * sink cannot deliver goes to another one from here, if there is one for it.
 */
import type * as Exit from "effect/Exit"
import * as Barriers from "./Barriers.ts"
import type { Breaker } from "./Breaker.ts"
import * as Breakers from "./Breaker.ts"
import type { Answer } from "./Delivery.ts"
import * as Delivery from "./Delivery.ts"
import * as Diversion from "./Diversion.ts"
import * as Events from "./Events.ts"
import * as GapLine from "./GapLines.ts"
import * as Halves from "./Halves.ts"
import type { End, LocalEnd } from "./Ledger.ts"
import * as Ledger from "./Ledger.ts"
import * as Links from "./Link.ts"
import * as Monotonic from "./Monotonic.ts"
import * as Notice from "./Notices.ts"
import * as Outlets from "./Outlet.ts"
import type { Entry } from "./Queue/BoundedQueue.ts"
import * as Queue from "./Queue/BoundedQueue.ts"
import * as Rate from "./Rate.ts"
import type { LogRecord } from "./Record.ts"
import type { Worker } from "./Worker.ts"

// -----------------------------------------------------------------------------
// take, write
// -----------------------------------------------------------------------------

/**
 * Takes a batch from a queue that is not empty. With losses to tell of, a place is kept for the line that does.
 */
export const takeUnsafe = (self: Worker): void => {
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

/**
 * The records that the next write takes.
 */
export const part = ({ batch, halves }: Worker): ReadonlyArray<LogRecord> => {
  const size = Halves.size(halves)
  return (size === batch.length ? batch : batch.slice(0, size)).map((entry) => entry.value)
}

/**
 * What the answer to a write of that part means. The sink's trouble is told at once.
 */
export const judge = (self: Worker, exit: Exit.Exit<unknown, unknown>): Answer => {
  const answer = Delivery.judge(exit, Halves.size(self.halves))
  tellAnswer(self, answer)
  return answer
}

/**
 * Tells of a sink that could not do something else.
 */
export const tellFailure = (self: Worker, exit: Exit.Exit<unknown, unknown>): void =>
  tellAnswer(self, Delivery.judge(exit, 0))

const tellAnswer = (self: Worker, { ended, error }: Answer): void => {
  if (error === undefined) return
  // a destination may quote what it got
  const message = Notice.describe(self.outlet.notices, error)
  noteError(self, message, `sink "${self.outlet.settings.name}" ${ended ? "has ended" : "failed"}: ${message}`)
}

/**
 * Remembers trouble, and tells of it. `message`: as `Notice.describe` answers it.
 */
export const noteError = (self: Worker, message: string, notice: string): void => {
  const { events, notices, settings } = self.outlet
  self.lastError = { time: self.clock.currentTimeMillisUnsafe(), message }
  Events.troubleUnsafe(events, settings.name, message)
  Notice.tellUnsafe(notices, `sink ${settings.name}`, notice)
}

// -----------------------------------------------------------------------------
// settle
// -----------------------------------------------------------------------------

/**
 * Settles what the answer to a write says. Answers how many records of its part have no end yet.
 */
export const settleAnswer = (self: Worker, answer: Answer): number => {
  self.writing = undefined
  if (answer.ended) self.outlet.ended = true
  const size = Halves.size(self.halves)
  const out = answer.error === undefined ? 0 : countOut(self)
  const left = settlePart(self, (index) => index < out ? Ledger.delivered : answer.ends(index))
  // parts that are yet to be written included
  if (answer.ended) settleAll(self, Ledger.failed("fatal"))
  if (answer.again === "halves") Halves.splitUnsafe(self.halves)
  if (answer.ended) noteEnd(self)
  else if (left < size || answer.again === "halves") noteSuccess(self)
  else noteFailure(self)
  return left
}

/**
 * Settles the records of the part that is written next, as far as they have an end; answers how many of it are left.
 */
export const settlePart = (self: Worker, ends: (index: number) => End | undefined): number => {
  const left = settleHead(self, Halves.size(self.halves), ends)
  Halves.settledUnsafe(self.halves, left)
  // a neighbour of theirs may have been refused: told of when the halves have found all
  if (self.halves.length <= 1) {
    GapLine.insertUnsafe(self.gapLines, self.batch)
    self.halves = Halves.make(self.batch)
  }
  return left
}

/**
 * Settles all of the batch.
 */
export const settleAll = (self: Worker, end: End): void => {
  settleHead(self, self.batch.length, () => end)
  self.halves = []
}

/**
 * Settles the batch and all that is queued or waits for room: the worker ends.
 */
export const settleRest = (self: Worker): void => {
  const out = countOut(self)
  if (out > 0) settlePart(self, (index) => index < out ? Ledger.delivered : undefined)
  settleAll(self, self.tried ? Ledger.failed("shutdown_timeout") : Ledger.dropped("shutdown_timeout"))
  const { queue } = self.outlet
  Queue.closeUnsafe(queue)
  while (queue.size > 0 && hasFallback(self)) {
    takeUnsafe(self)
    settleAll(self, Ledger.dropped("shutdown_timeout"))
  }
  Outlets.dropAll(self.outlet, "shutdown_timeout")
  // after them: a flush that they were pending for has failed
  self.ended = true
}

// What has arrived although its write did not come to its end is no loss. It may have arrived after the answer.
const countOut = (self: Worker): number => Links.outUnsafe(self.link, part(self))

// Settles those of the first records that have an end, keeps the others, in order; answers how many it keeps.
const settleHead = (self: Worker, size: number, ends: (index: number) => End | undefined): number => {
  const { barriers, ledger } = self.outlet
  const head = self.batch
  const behind = size < head.length ? head.splice(size) : []
  const isWatched = !Barriers.isEmpty(barriers)
  let delivered = 0
  const rest: Array<Entry<LogRecord>> = []
  for (let i = 0; i < head.length; i++) {
    const entry = head[i]!
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
  head.length = 0
  self.batch = behind.length === 0 ? rest : [...rest, ...behind]
  return rest.length
}

const settleOne = (self: Worker, entry: Entry<LogRecord>, end: End): void => {
  const target = end._tag === "delivered" ? undefined : targetOf(self, end)
  if (target === undefined) return Outlets.settle(self.outlet, "sending", entry, localEnd(end))
  const wait = Diversion.divertUnsafe(self.outlet, target.outlet, entry, localEnd(end))
  // first come, first served: who waits for the last one waits for all
  if (wait !== undefined) self.waits.set(target.outlet, wait)
}

// Who gets a record that would end so. What the sink refuses would be refused again: it is no fallback's.
const targetOf = (self: Worker, end: Exclude<End, { readonly _tag: "delivered" }>): Worker | undefined => {
  const fallback = alive(self.targets.fallback)
  if (end._tag === "diverted") return fallback
  switch (end.reason) {
    case "rejected":
      return alive(self.targets.deadLetter)
    case "retry_exhausted":
      return fallback ?? alive(self.targets.deadLetter)
    default:
      return fallback
  }
}

// One that has ended would lose it, unless it has somewhere to divert it to itself.
const alive = (target: Worker | undefined): Worker | undefined =>
  target === undefined || (target.outlet.ended && !hasFallback(target)) ? undefined : target

/**
 * Whether there is a fallback that can take records.
 */
export const hasFallback = (self: Worker): boolean => alive(self.targets.fallback) !== undefined

// Cut off from the sink, a record is as good as exhausted.
const localEnd = (end: End): LocalEnd => end._tag === "diverted" ? Ledger.failed("retry_exhausted") : end

// -----------------------------------------------------------------------------
// the breaker
// -----------------------------------------------------------------------------

/**
 * Whether records go to the fallback without an attempt.
 */
export const isCutOff = (self: Worker): boolean => {
  const { breaker, clock } = self
  if (breaker === undefined || !hasFallback(self)) return false
  const isOpen = !Breakers.tryUnsafe(breaker, Monotonic.millisUnsafe(clock))
  noteBreaker(self, breaker)
  return isOpen
}

const noteEnd = (self: Worker): void => {
  if (self.breaker !== undefined) {
    Breakers.openUnsafe(self.breaker, Number.POSITIVE_INFINITY)
    noteBreaker(self, self.breaker)
  }
  endUnsafe(self)
}

/**
 * Whether the sink has ended, and there is no fallback that can take its records: nothing more can be done with them,
 * and they are dropped. The fallback may have ended later than the sink.
 */
export const endUnsafe = (self: Worker): boolean => {
  if (!self.outlet.ended || hasFallback(self)) return false
  settleAll(self, Ledger.dropped("sink_ended"))
  Outlets.dropAll(self.outlet, "sink_ended")
  return true
}

const noteSuccess = (self: Worker): void => {
  if (self.breaker === undefined) return
  const { state } = self.breaker
  Breakers.succeededUnsafe(self.breaker)
  noteBreaker(self, self.breaker)
  if (state !== "closed") tell(self, "closed again", "takes records again")
}

const noteFailure = (self: Worker): void => {
  const { breaker, clock, targets } = self
  if (breaker === undefined || !Breakers.failedUnsafe(breaker, Monotonic.millisUnsafe(clock))) return
  noteBreaker(self, breaker)
  const times = breaker.failures === 1 ? "once" : `${breaker.failures} times in a row`
  tell(self, "open", `failed ${times}: "${targets.fallback!.outlet.settings.name}" takes over`)
}

const noteBreaker = ({ outlet: { events, settings } }: Worker, { state }: Breaker): void =>
  Events.breakerUnsafe(events, settings.name, state)

const tell = ({ outlet: { notices, settings } }: Worker, kind: string, what: string): void =>
  Notice.tellUnsafe(notices, `breaker of ${settings.name} ${kind}`, `sink "${settings.name}" ${what}`)
