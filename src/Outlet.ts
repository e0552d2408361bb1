/**
 * One sink of a layer, seen from the callers: which records it takes, its queue, and what became of each.
 */
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as LogLevel from "effect/LogLevel"
import type { Barriers, Watch } from "./Barriers.ts"
import * as Barrier from "./Barriers.ts"
import type { Events } from "./Events.ts"
import * as Event from "./Events.ts"
import type { DropReason, LocalEnd, SinkLedger } from "./Ledger.ts"
import * as Ledger from "./Ledger.ts"
import type { Notices } from "./Notices.ts"
import * as Notice from "./Notices.ts"
import type { Filter } from "./Pipeline.ts"
import type { BoundedQueue, Entry } from "./Queue/BoundedQueue.ts"
import * as Queue from "./Queue/BoundedQueue.ts"
import type { Waiter } from "./Queue/Waiters.ts"
import type { LogRecord } from "./Record.ts"
import * as Record from "./Record.ts"
import type { SinkSettings } from "./Settings.ts"
import type { AnySink } from "./Sinks/Sink.ts"

/**
 * One sink of a layer.
 */
export interface Outlet {
  readonly sink: AnySink
  readonly settings: SinkSettings
  readonly queue: BoundedQueue<LogRecord>
  readonly ledger: SinkLedger
  readonly barriers: Barriers
  readonly notices: Notices
  readonly events: Events
  /** Who wants to know how a record ends whose caller still waits. */
  readonly watched: Map<Waiter<LogRecord>, Watch>
  /** Whether it takes a record of this level that is diverted to it. */
  readonly isLevelEnabled: (record: LogRecord) => boolean
  /** Whether the sink said that it is finished. */
  ended: boolean
}

/**
 * How a record is offered: whether its caller can wait for room, and who wants to know how it ends at this sink.
 */
export interface OfferOptions {
  readonly canWait: boolean
  readonly watch?: ((sink: string) => Watch) | undefined
}

/**
 * The place of a record in the line of a sink. Its caller waits there with `awaitAllUnsafe`.
 */
export class Wait {
  readonly outlet: Outlet
  readonly waiter: Waiter<LogRecord>
  /** Another one of the same caller. */
  other: Wait | undefined = undefined

  constructor(outlet: Outlet, waiter: Waiter<LogRecord>) {
    this.outlet = outlet
    this.waiter = waiter
  }
}

/**
 * What became of an offer to one sink: it is in the queue (`overdrawn`: above its capacity), the sink does not want
 * it, it was dropped, or its caller has to wait.
 */
export type Offer = "queued" | "overdrawn" | "unwanted" | DropReason | Wait

/**
 * Makes the outlet of a sink, with an empty queue.
 */
export const make = (
  sink: AnySink,
  settings: SinkSettings,
  notices: Notices,
  events: Events,
  isLevelEnabled: (record: LogRecord) => boolean
): Effect.Effect<Outlet> => {
  const ledger = Ledger.makeSink(settings.depth > 0 ? "divertedIn" : "accepted")
  Event.addUnsafe(events, settings.name, ledger)
  const barriers = Barrier.make()
  const watched = new Map<Waiter<LogRecord>, Watch>()
  const options: Queue.Options<LogRecord> = {
    capacity: settings.capacity,
    maxBytes: settings.maxBytes,
    strategy: settings.strategy,
    overdraft: settings.overdraft,
    groupSize,
    onEvict: (entry) => end(ledger, barriers, "queued", entry, evicted),
    onAdmit: (waiter) => {
      Ledger.admitted(ledger)
      const watch = watched.get(waiter)
      if (watch !== undefined) {
        watched.delete(waiter)
        Barrier.watchUnsafe(barriers, waiter.order, watch)
      }
    }
  }
  return Effect.map(Queue.make(options), (queue) => ({
    sink,
    settings,
    queue,
    ledger,
    barriers,
    notices,
    events,
    watched,
    isLevelEnabled,
    ended: false
  }))
}

const evicted = Ledger.dropped("evicted")

// Far fewer than a batch frees: where more callers log than there is room for, each of them logs several records for one
// wait. 10,000 callers deliver two and a half times as much as with a wait for each record.
const groupSize = 64

/**
 * Offers an accepted record that the level lets through. Only those who can wait are told to.
 */
export const offerUnsafe = (self: Outlet, accepted: LogRecord, bytes: number, options: OfferOptions): Offer => {
  const record = filteredUnsafe(self, accepted)
  if (record === undefined) return "unwanted"
  const isProtected = isProtectedHere(self, record)
  const watch = options.watch?.(self.settings.name)
  const verdict = Queue.offerUnsafe(self.queue, record, bytes, isProtected, options.canWait)
  switch (verdict) {
    case "admitted":
    case "overdrawn": {
      Ledger.queued(self.ledger)
      if (watch !== undefined) Barrier.watchUnsafe(self.barriers, self.queue.nextOrder - 1, watch)
      return verdict === "admitted" ? "queued" : "overdrawn"
    }
    case "must_wait":
      return new Wait(self, lineUpUnsafe(self, record, bytes, isProtected, watch))
    default: {
      const reason = verdict === "closed" ? closedReason(self) : verdict
      refuseUnsafe(self, record, reason)
      watch?.(Ledger.dropped(reason))
      return reason
    }
  }
}

/**
 * Offers a record that another sink diverts: it stands in line for room, whatever the strategy. Answers the wait, if
 * there is one; whoever stops waiting leaves the record in the line.
 */
export const offerDivertedUnsafe = (
  self: Outlet,
  diverted: LogRecord,
  bytes: number,
  watch: Watch | undefined
): "queued" | "unwanted" | DropReason | Effect.Effect<void> => {
  if (!self.isLevelEnabled(diverted)) {
    Ledger.filteredHere(self.ledger)
    return "unwanted"
  }
  const record = filteredUnsafe(self, diverted)
  if (record === undefined) return "unwanted"
  if (self.queue.closed) {
    refuseUnsafe(self, record, closedReason(self))
    watch?.(Ledger.dropped(closedReason(self)))
    return closedReason(self)
  }
  const isProtected = isProtectedHere(self, record)
  if (Queue.isCrowded(self.queue, bytes)) return admitted(lineUpUnsafe(self, record, bytes, isProtected, watch))
  Queue.offerUnsafe(self.queue, record, bytes, isProtected, false)
  Ledger.queued(self.ledger)
  if (watch !== undefined) Barrier.watchUnsafe(self.barriers, self.queue.nextOrder - 1, watch)
  return "queued"
}

// A filter that is broken lets pass, with a note.
const filteredUnsafe = (self: Outlet, record: LogRecord): LogRecord | undefined => {
  const { filter } = self.settings
  if (filter === undefined) return record
  try {
    if (filter(record)) return record
    Ledger.filteredHere(self.ledger)
    return undefined
  } catch (error) {
    tellBroken(self, "filter", error)
    return Record.withNote(record, "filter_failed")
  }
}

const isProtectedHere = (self: Outlet, record: LogRecord): boolean => {
  const { protect } = self.settings
  return typeof protect === "string"
    ? LogLevel.getOrdinal(record.level) >= LogLevel.getOrdinal(protect)
    : isPicked(self, protect, record)
}

const closedReason = (self: Outlet): DropReason => self.ended ? "sink_ended" : "already_shutdown"

const lineUpUnsafe = (
  self: Outlet,
  record: LogRecord,
  bytes: number,
  isProtected: boolean,
  watch: Watch | undefined
): Waiter<LogRecord> => {
  Ledger.waiting(self.ledger)
  const waiter = Queue.waitUnsafe(self.queue, record, bytes, isProtected)
  if (watch !== undefined) self.watched.set(waiter, watch)
  return waiter
}

/**
 * Puts up a barrier behind all that is in the queue or with the worker; with `line` also behind all who wait for room.
 */
export const barrierUnsafe = (self: Outlet, line: boolean, onSettled: () => void): Barrier.Barrier => {
  const { barriers, ledger: { counts }, queue, watched } = self
  const waiting = line ? Queue.waitersUnsafe(queue) : []
  const pending = counts.queued + counts.sending + waiting.length
  const barrier = Barrier.addUnsafe(barriers, queue.nextOrder - 1, pending, onSettled)
  // they have no place yet
  for (const waiter of waiting) {
    const watch = watched.get(waiter)
    watched.set(waiter, (end) => {
      watch?.(end)
      Barrier.countUnsafe(barriers, barrier, end)
    })
  }
  return barrier
}

/**
 * Drops an accepted record that the sink would have taken.
 */
export const refuseUnsafe = (self: Outlet, record: LogRecord, reason: DropReason): void =>
  Ledger.refused(self.ledger, reason, record.time, self.queue.nextOrder)

/**
 * Waits for room everywhere at once, at each sink for its `maxWait` at most, and resumes the caller after the last wait.
 * To be called in the step in which the record was offered. Answers how to stop waiting: the lines are left, which drops
 * the record wherever it was not admitted before.
 */
export const awaitAllUnsafe = (
  waits: Wait,
  context: Context.Context<never>,
  resume: (effect: Effect.Effect<void>) => void
): Effect.Effect<void> => {
  let pending = 1
  const endOne = () => {
    if (--pending === 0) resume(Effect.void)
  }
  for (let wait: Wait | undefined = waits; wait !== undefined; wait = wait.other) {
    pending++
    awaitRoom(wait, context, endOne)
  }
  endOne()
  return Effect.sync(() => {
    for (let wait: Wait | undefined = waits; wait !== undefined; wait = wait.other) giveUp(wait, "interrupted")
  })
}

const awaitRoom = (wait: Wait, context: Context.Context<never>, onEnd: () => void): void => {
  const { maxWait } = wait.outlet.settings
  if (maxWait === undefined) return whenEnded(wait.waiter, onEnd)
  const timer = Effect.runForkWith(context)(
    Effect.andThen(Effect.sleep(maxWait), Effect.sync(() => giveUp(wait, "wait_timeout")))
  )
  whenEnded(wait.waiter, () => {
    timer.interruptUnsafe()
    onEnd()
  })
}

const admitted = (waiter: Waiter<LogRecord>): Effect.Effect<void> =>
  Effect.callback<void>((resume) => whenEnded(waiter, () => resume(Effect.void)))

const whenEnded = (waiter: Waiter<LogRecord>, onEnd: () => void): void => {
  if (waiter.state === "waiting") waiter.resume = onEnd
  else onEnd()
}

// Nothing happens to a waiter that was admitted before.
const giveUp = ({ outlet, waiter }: Wait, reason: DropReason): void => {
  if (!Queue.leaveUnsafe(outlet.queue, waiter)) return
  left(outlet, waiter, reason)
  waiter.resume?.()
}

const left = (self: Outlet, waiter: Waiter<LogRecord>, reason: DropReason): void => {
  const how = Ledger.dropped(reason)
  Ledger.ended(self.ledger, "waiting", how, waiter.value.time, self.queue.nextOrder)
  self.watched.get(waiter)?.(how)
  self.watched.delete(waiter)
}

/**
 * A record that was admitted came to its end.
 */
export const settle = (self: Outlet, from: "queued" | "sending", entry: Entry<LogRecord>, how: LocalEnd): void =>
  end(self.ledger, self.barriers, from, entry, how)

/**
 * Drops all that is queued and all who wait, and takes nothing any more.
 */
export const dropAll = (self: Outlet, reason: DropReason): void => {
  const { entries, waiters } = Queue.clearUnsafe(self.queue)
  const how = Ledger.dropped(reason)
  for (const entry of entries) settle(self, "queued", entry, how)
  for (const waiter of waiters) left(self, waiter, reason)
}

const end = (
  ledger: SinkLedger,
  barriers: Barriers,
  from: "queued" | "sending",
  entry: Entry<LogRecord>,
  how: LocalEnd
): void => {
  Ledger.ended(ledger, from, how, entry.value.time, entry.order)
  Barrier.settleUnsafe(barriers, entry.order, how)
}

const isPicked = (self: Outlet, protect: Filter, record: LogRecord): boolean => {
  try {
    return protect(record)
  } catch (error) {
    tellBroken(self, "protect", error)
    return false
  }
}

const tellBroken = (self: Outlet, what: string, error: unknown): void =>
  Notice.tellUnsafe(
    self.notices,
    `${what} of ${self.settings.name}`,
    `the ${what} of sink "${self.settings.name}" failed: ${Notice.describe(self.notices, error)}`
  )
