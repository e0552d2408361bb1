/**
 * Where every record went. The counters of a layer and of each of its sinks, and the law that they obey:
 *
 * - layer: `offered + made = Σ filtered + held + accepted`
 * - sink: `accepted + divertedIn = filteredHere + waiting + queued + sending + delivered + Σ dropped + Σ failed +
 *   divertedOut`
 *
 * Each function below is one event in the life of records: it takes them out of one term and puts them into another,
 * in one step. So the law holds at every instant, also for a stage that reads the counters in the middle of a call.
 * Nothing else changes a counter.
 */
import type { LogGap } from "./Record.ts"

/**
 * Where a record that is on its way through the stages came from: a log call, a gate that created it, or a gate that had
 * held it.
 */
export type Source = "offered" | "made" | "held"

/**
 * Why a record was never attempted.
 *
 * - `evicted`: a newer or a protected one took its place.
 * - `queue_full`: there was no room. `overdraft`: nor in the overdraft.
 * - `wait_timeout`: its caller waited for `maxWait`. `interrupted`: its caller was interrupted while it waited.
 * - `already_shutdown`: it was logged after the close. `shutdown_timeout`: the close ran out of time, or the process ended.
 * - `sink_ended`: its sink had said that it is finished.
 */
export type DropReason = typeof dropReasons[number]

/**
 * Why a record was attempted in vain.
 *
 * - `rejected`: the sink refused it for good. `retry_exhausted`: `maxAttempts` were made, or the one of `layerSync`.
 * - `fatal`: its sink said that it is finished. `shutdown_timeout`: the close ran out of time, or the process ended.
 */
export type FailReason = typeof failReasons[number]

/**
 * All reasons of drops.
 */
export const dropReasons = [
  "evicted",
  "queue_full",
  "wait_timeout",
  "interrupted",
  "overdraft",
  "already_shutdown",
  "shutdown_timeout",
  "sink_ended"
] as const

/**
 * All reasons of failures.
 */
export const failReasons = ["rejected", "retry_exhausted", "fatal", "shutdown_timeout"] as const

/**
 * How the way of a record through one sink ended. `diverted`: another sink was given it, and has delivered it.
 */
export type End =
  | { readonly _tag: "delivered" }
  | { readonly _tag: "diverted" }
  | { readonly _tag: "dropped"; readonly reason: DropReason }
  | { readonly _tag: "failed"; readonly reason: FailReason }

/**
 * How it ended at this sink, and no other.
 */
export type LocalEnd = Exclude<End, { readonly _tag: "diverted" }>

/** It arrived. */
export const delivered: LocalEnd = { _tag: "delivered" }

/** Another sink delivered it. */
export const diverted: End = { _tag: "diverted" }

/** It was never attempted. */
export const dropped = (reason: DropReason): LocalEnd => ({ _tag: "dropped", reason })

/** It was attempted in vain. */
export const failed = (reason: FailReason): LocalEnd => ({ _tag: "failed", reason })

/**
 * The terms of one sink. `waiting`, `queued` and `sending` are where records are now, the others only grow.
 *
 * `divertedOut` were handed to the `fallback` or the `deadLetter` of this sink, and are `divertedIn` there; what became of
 * them says that sink. A record that two sinks divert to a third one counts twice there.
 */
export interface SinkCounts {
  readonly accepted: number
  readonly divertedIn: number
  readonly filteredHere: number
  readonly waiting: number
  readonly queued: number
  readonly sending: number
  readonly delivered: number
  readonly dropped: { readonly [R in DropReason]: number }
  readonly failed: { readonly [R in FailReason]: number }
  readonly divertedOut: number
}

/**
 * The terms of a layer. `filtered` is by the name of the stage; `held` is what gates keep now.
 */
export interface LayerCounts {
  readonly offered: number
  readonly made: number
  readonly filtered: { readonly [by: string]: number }
  readonly held: number
  readonly accepted: number
}

type Mutable<A> = { -readonly [K in keyof A]: A[K] extends number ? number : Mutable<A[K]> }

/**
 * The counters of one sink. `intake` is the term by which records come in: from log calls, or from other sinks.
 *
 * `gap` are the losses that no gap record has told of yet; `position` is the place in the queue, counted from 0, of the
 * first record that comes after one of them. `onLoss` is who wants to be told of each loss.
 */
export interface SinkLedger {
  readonly intake: "accepted" | "divertedIn"
  readonly counts: Mutable<SinkCounts>
  gap: { lost: number; since: number; position: number; readonly reasons: { [reason: string]: number } } | undefined
  onLoss: (() => void) | undefined
}

/**
 * The counters of a layer.
 */
export interface Ledger {
  readonly counts: { offered: number; made: number; held: number; accepted: number }
  readonly filtered: Map<string, number>
}

const zeros = <R extends string>(reasons: ReadonlyArray<R>): { [K in R]: number } =>
  Object.fromEntries(reasons.map((reason) => [reason, 0])) as { [K in R]: number }

/**
 * A layer that has seen nothing.
 */
export const make = (): Ledger => ({
  counts: { offered: 0, made: 0, held: 0, accepted: 0 },
  filtered: new Map()
})

/**
 * A sink that has seen nothing.
 */
export const makeSink = (intake: SinkLedger["intake"]): SinkLedger => ({
  intake,
  counts: {
    accepted: 0,
    divertedIn: 0,
    filteredHere: 0,
    waiting: 0,
    queued: 0,
    sending: 0,
    delivered: 0,
    dropped: zeros(dropReasons),
    failed: zeros(failReasons),
    divertedOut: 0
  },
  gap: undefined,
  onLoss: undefined
})

/**
 * Has `listener` called with every loss, in the middle of whatever caused it; `undefined`: nobody.
 */
export const listen = (self: SinkLedger, listener: (() => void) | undefined): void => {
  self.onLoss = listener
}

// -----------------------------------------------------------------------------
// the layer
// -----------------------------------------------------------------------------

// The left side of the law: where a record comes from.
const enter = (self: Ledger, source: Source): void => {
  if (source === "offered") self.counts.offered++
  else if (source === "made") self.counts.made++
  else self.counts.held--
}

/** A record passed the stages. */
export const accepted = (self: Ledger, source: Source): void => {
  enter(self, source)
  self.counts.accepted++
}

/** A stage ended a record. */
export const filtered = (self: Ledger, by: string, source: Source): void => {
  enter(self, source)
  self.filtered.set(by, (self.filtered.get(by) ?? 0) + 1)
}

/** A gate keeps a record. */
export const held = (self: Ledger, source: Source): void => {
  enter(self, source)
  self.counts.held++
}

// -----------------------------------------------------------------------------
// one sink
// -----------------------------------------------------------------------------

/** The sink's own level or filter does not want a record that came in. */
export const filteredHere = ({ counts, intake }: SinkLedger): void => {
  counts[intake]++
  counts.filteredHere++
}

/** A record that came in is in the queue. */
export const queued = ({ counts, intake }: SinkLedger): void => {
  counts[intake]++
  counts.queued++
}

/** Whoever brought a record in waits for room. */
export const waiting = ({ counts, intake }: SinkLedger): void => {
  counts[intake]++
  counts.waiting++
}

/** Whoever waited got room. */
export const admitted = ({ counts }: SinkLedger): void => {
  counts.waiting--
  counts.queued++
}

/** The worker took records out of the queue. */
export const taken = ({ counts }: SinkLedger, n: number): void => {
  counts.queued -= n
  counts.sending += n
}

/** A record that came in never got into the queue. `time` is its own, `position` the next place in the queue. */
export const refused = (self: SinkLedger, reason: DropReason, time: number, position: number): void => {
  self.counts[self.intake]++
  self.counts.dropped[reason]++
  widenGap(self, reason, time, position)
}

/**
 * A record of the sink came to its end. `from` is the term that it leaves; `time` is the record's, `position` its
 * place in the queue.
 */
export const ended = (
  self: SinkLedger,
  from: "waiting" | "queued" | "sending",
  end: LocalEnd,
  time: number,
  position: number
): void => {
  const { counts } = self
  counts[from]--
  if (end._tag === "delivered") {
    counts.delivered++
    return
  }
  if (end._tag === "dropped") counts.dropped[end.reason]++
  else counts.failed[end.reason]++
  widenGap(self, end.reason, time, position)
}

/** A record that the worker has taken is handed to another sink. */
export const divertedOut = ({ counts }: SinkLedger): void => {
  counts.sending--
  counts.divertedOut++
}

/** Records of the sink all arrived. */
export const deliveredAll = ({ counts }: SinkLedger, n: number): void => {
  counts.sending -= n
  counts.delivered += n
}

const widenGap = (self: SinkLedger, reason: string, time: number, position: number): void => {
  const gap = self.gap ??= { lost: 0, since: time, position, reasons: {} }
  gap.lost++
  if (time < gap.since) gap.since = time
  if (position < gap.position) gap.position = position
  gap.reasons[reason] = (gap.reasons[reason] ?? 0) + 1
  self.onLoss?.()
}

/**
 * The losses that no gap record told of yet, if a record at `position` comes after them. They are told then.
 */
export const takeGap = (self: SinkLedger, position: number): LogGap | undefined => {
  const { gap } = self
  if (gap === undefined || position < gap.position) return undefined
  self.gap = undefined
  return { lost: gap.lost, since: gap.since, reasons: gap.reasons }
}

/**
 * A line that told of losses was lost itself: they are told again, by a record at `position` or behind it.
 */
export const untold = (self: SinkLedger, told: LogGap, position: number): void => {
  const gap = self.gap ??= { lost: 0, since: told.since, position, reasons: {} }
  gap.lost += told.lost
  if (told.since < gap.since) gap.since = told.since
  for (const [reason, n] of Object.entries(told.reasons)) gap.reasons[reason] = (gap.reasons[reason] ?? 0) + n
}

// -----------------------------------------------------------------------------
// reading
// -----------------------------------------------------------------------------

/**
 * A copy of the layer's counters.
 */
export const layerCounts = (self: Ledger): LayerCounts => ({
  offered: self.counts.offered,
  made: self.counts.made,
  filtered: Object.fromEntries(self.filtered),
  held: self.counts.held,
  accepted: self.counts.accepted
})

/**
 * A copy of a sink's counters.
 */
export const sinkCounts = ({ counts }: SinkLedger): SinkCounts => ({
  ...counts,
  dropped: { ...counts.dropped },
  failed: { ...counts.failed }
})

const sum = (values: { readonly [key: string]: number }): number =>
  Object.values(values).reduce((total, value) => total + value, 0)

/**
 * How many records of a layer are in no term of the law, or in two: 0, at every instant.
 */
export const layerImbalance = (self: LayerCounts): number =>
  self.offered + self.made - (sum(self.filtered) + self.held + self.accepted)

/**
 * How many records of a sink are in no term of the law, or in two: 0, at every instant.
 */
export const sinkImbalance = (self: SinkCounts): number =>
  self.accepted + self.divertedIn -
  (self.filteredHere + self.waiting + self.queued + self.sending + self.delivered + lost(self) + self.divertedOut)

/**
 * How many records a sink lost: dropped and failed, for whatever reason.
 */
export const lost = (self: SinkCounts): number => sum(self.dropped) + sum(self.failed)

/**
 * The losses by reason, without those that did not occur. `shutdown_timeout` of drops and failures is one number.
 */
export const losses = (self: SinkCounts): { readonly [reason: string]: number } => {
  const out: { [reason: string]: number } = {}
  for (const counts of [self.dropped, self.failed]) {
    for (const [reason, n] of Object.entries(counts)) if (n > 0) out[reason] = (out[reason] ?? 0) + n
  }
  return out
}

/**
 * Losses by reason as text: `evicted 10, queue_full 2`.
 */
export const reasonsText = (reasons: { readonly [reason: string]: number }): string =>
  Object.entries(reasons).map(([reason, n]) => `${reason} ${n}`).join(", ")
