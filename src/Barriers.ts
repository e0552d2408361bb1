/**
 * Who waits for records to settle: a flush for all that were admitted before it, `Logger.acknowledged` for one.
 *
 * A barrier stands over a range of the order of admission, and counts down as the records in it come to their end.
 */
import type { End } from "./Ledger.ts"

/**
 * A range of places in one sink's queue, from `from` to `to`, with `pending` records that have not settled yet.
 */
export interface Barrier {
  readonly from: number
  readonly to: number
  pending: number
  delivered: number
  failed: number
  dropped: number
  /** How the record that settled last ended. */
  last: End | undefined
  /** Called once, when nothing is pending any more. It must not run user code: records are settled inside log calls. */
  readonly onSettled: (barrier: Barrier) => void
}

/**
 * The barriers of one sink.
 */
export type Barriers = Set<Barrier>

/**
 * No barriers.
 */
export const make = (): Barriers => new Set()

/**
 * Puts up a barrier over `pending` records in a range.
 */
export const addUnsafe = (
  self: Barriers,
  from: number,
  to: number,
  pending: number,
  onSettled: (barrier: Barrier) => void
): Barrier => {
  const barrier: Barrier = { from, to, pending, delivered: 0, failed: 0, dropped: 0, last: undefined, onSettled }
  if (pending === 0) onSettled(barrier)
  else self.add(barrier)
  return barrier
}

/**
 * Takes a barrier away, whether it was reached or not.
 */
export const removeUnsafe = (self: Barriers, barrier: Barrier): void => {
  self.delete(barrier)
}

/**
 * A record came to its end.
 */
export const settleUnsafe = (self: Barriers, order: number, end: End): void => {
  for (const barrier of self) {
    if (order < barrier.from || order > barrier.to) continue
    barrier[end._tag]++
    barrier.last = end
    if (--barrier.pending === 0) {
      self.delete(barrier)
      barrier.onSettled(barrier)
    }
  }
}
