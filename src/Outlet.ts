/**
 * One sink of a layer, seen from the callers: which records it takes, its queue, and what became of each.
 */
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
 * A wait for room. Whoever stops running `room` before its end, or never begins, calls `leaveUnsafe`, which drops the
 * record unless it was admitted before.
 */
export interface Wait {
  readonly room: Effect.Effect<void>
  readonly leaveUnsafe: (reason: DropReason) => void
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
  const ledger = Ledger.makeSink(settings.isTarget ? "divertedIn" : "accepted")
  Event.addUnsafe(events, settings.name, ledger)
  const barriers = Barrier.make()
  const watched = new Map<Waiter<LogRecord>, Watch>()
  const options: Queue.Options<LogRecord> = {
    capacity: settings.capacity,
    maxBytes: settings.maxBytes,
    strategy: settings.strategy,
    overdraft: settings.overdraft,
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

/**
 * Offers an accepted record that the level lets through. Only those who can wait are told to.
 */
export const offerUnsafe = (self: Outlet, record: LogRecord, bytes: number, options: OfferOptions): Offer => {
  const { filter, protect } = self.settings
  if (filter !== undefined) {
    try {
      if (!filter(record)) {
        Ledger.filteredHere(self.ledger)
        return "unwanted"
      }
    } catch (error) {
      tellBroken(self, "filter", error)
      record = Record.withNote(record, "filter_failed")
    }
  }
  const isProtected = typeof protect === "string"
    ? LogLevel.getOrdinal(record.level) >= LogLevel.getOrdinal(protect)
    : isPicked(self, protect, record)
  const watch = options.watch?.(self.settings.name)
  const verdict = Queue.offerUnsafe(self.queue, record, bytes, isProtected, options.canWait)
  switch (verdict) {
    case "admitted":
    case "overdrawn": {
      Ledger.queued(self.ledger)
      if (watch !== undefined) Barrier.watchUnsafe(self.barriers, self.queue.nextOrder - 1, watch)
      return verdict === "admitted" ? "queued" : "overdrawn"
    }
    case "must_wait": {
      Ledger.waiting(self.ledger)
      const waiter = Queue.waitUnsafe(self.queue, record, bytes, isProtected)
      if (watch !== undefined) self.watched.set(waiter, watch)
      return { room: awaitRoom(self, waiter), leaveUnsafe: (reason) => giveUp(self, waiter, reason) }
    }
    default: {
      const reason = verdict === "closed" ? (self.ended ? "sink_ended" : "already_shutdown") : verdict
      refuseUnsafe(self, record, reason)
      watch?.(Ledger.dropped(reason))
      return reason
    }
  }
}

/**
 * Drops an accepted record that the sink would have taken.
 */
export const refuseUnsafe = (self: Outlet, record: LogRecord, reason: DropReason): void =>
  Ledger.refused(self.ledger, reason, record.time, self.queue.nextOrder)

/**
 * Waits for room everywhere at once. Who is interrupted there leaves the lines, which drops the records for `reason`.
 *
 * The line is left outside of `restore`: a fiber that is interrupted before the wait begins never enters that.
 */
export const awaitAll = (
  waits: ReadonlyArray<Wait>,
  reason: DropReason,
  restore: (wait: Effect.Effect<void>) => Effect.Effect<void>
): Effect.Effect<void> => {
  const rooms = waits.length === 1
    ? waits[0]!.room
    : Effect.forEach(waits, ({ room }) => room, { concurrency: "unbounded", discard: true })
  return Effect.onInterrupt(restore(rooms), () => Effect.sync(() => waits.forEach((wait) => wait.leaveUnsafe(reason))))
}

const awaitRoom = (self: Outlet, waiter: Waiter<LogRecord>): Effect.Effect<void> => {
  const { maxWait } = self.settings
  const ended = Effect.callback<void>((resume) => {
    if (waiter.state !== "waiting") resume(Effect.void)
    else waiter.resume = () => resume(Effect.void)
  })
  return maxWait === undefined ? ended : Effect.andThen(
    Effect.timeoutOption(ended, maxWait),
    Effect.sync(() => giveUp(self, waiter, "wait_timeout"))
  )
}

// Nothing happens to a waiter that was admitted before.
const giveUp = (self: Outlet, waiter: Waiter<LogRecord>, reason: DropReason): void => {
  if (Queue.leaveUnsafe(self.queue, waiter)) left(self, waiter, reason)
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
    `the ${what} of sink "${self.settings.name}" failed: ${Notice.describe(error)}`
  )
