/**
 * Who waits for records to settle: a flush for all that were admitted before it, `Logger.acknowledged` for one.
 */
import type { End } from "./Ledger.ts"

/**
 * Stands behind the records at the places up to `to` of one sink's queue, and counts down as they come to their end:
 * `pending` have not yet. What was diverted ends where it was diverted to.
 */
export interface Barrier {
  readonly to: number
  pending: number
  delivered: number
  diverted: number
  failed: number
  dropped: number
  /** Called once, when nothing is pending any more. */
  readonly onSettled: () => void
}

/**
 * Is told, once, how a record ends. It must not run user code: records end inside log calls.
 */
export type Watch = (end: End) => void

/**
 * The barriers of one sink, which are few, and the records that are watched, which may be many: by their place.
 */
export interface Barriers {
  readonly barriers: Set<Barrier>
  readonly watched: Map<number, Watch>
}

/**
 * Nobody waits.
 */
export const make = (): Barriers => ({ barriers: new Set(), watched: new Map() })

/**
 * Whether nobody waits.
 */
export const isEmpty = (self: Barriers): boolean => self.barriers.size === 0 && self.watched.size === 0

/**
 * Watches the record at a place.
 */
export const watchUnsafe = (self: Barriers, order: number, watch: Watch): void => {
  self.watched.set(order, watch)
}

/**
 * Puts up a barrier behind `pending` records.
 */
export const addUnsafe = (self: Barriers, to: number, pending: number, onSettled: () => void): Barrier => {
  const barrier: Barrier = { to, pending, delivered: 0, diverted: 0, failed: 0, dropped: 0, onSettled }
  if (pending === 0) onSettled()
  else self.barriers.add(barrier)
  return barrier
}

/**
 * Takes a barrier away, whether it was reached or not.
 */
export const removeUnsafe = (self: Barriers, barrier: Barrier): void => {
  self.barriers.delete(barrier)
}

/**
 * Whether anybody waits for the record at a place.
 */
export const isAwaited = (self: Barriers, order: number): boolean => {
  if (self.watched.has(order)) return true
  for (const barrier of self.barriers) if (order <= barrier.to) return true
  return false
}

/**
 * A record came to its end.
 */
export const settleUnsafe = (self: Barriers, order: number, end: End): void => {
  const watch = self.watched.get(order)
  if (watch !== undefined) {
    self.watched.delete(order)
    watch(end)
  }
  for (const barrier of self.barriers) {
    if (order > barrier.to) continue
    barrier[end._tag]++
    if (--barrier.pending === 0) {
      self.barriers.delete(barrier)
      barrier.onSettled()
    }
  }
}
