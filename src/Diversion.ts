/**
 * Handing a record from one sink to another: its fallback, or its dead letters. In one step it leaves the ledger of the
 * first and enters that of the second; who waits for it goes on waiting, for what the second makes of it.
 */
import type { Barriers, Watch } from "./Barriers.ts"
import * as Barrier from "./Barriers.ts"
import type { LocalEnd } from "./Ledger.ts"
import * as Ledger from "./Ledger.ts"
import type { Outlet, Wait } from "./Outlet.ts"
import * as Outlets from "./Outlet.ts"
import type { Entry } from "./Queue/BoundedQueue.ts"
import type { LogRecord } from "./Record.ts"

/**
 * Hands over a record that the worker of `from` has taken. Answers the wait for room at `to`, if there is one.
 *
 * - `end`: how it would have ended without another sink; that is how it ended for who waits, when `to` does not want it.
 * - `canWait`: whether somebody can wait for room.
 */
export const divertUnsafe = (
  from: Outlet,
  to: Outlet,
  entry: Entry<LogRecord>,
  end: LocalEnd,
  canWait: boolean
): Wait | undefined => {
  const { bytes, order, value } = entry
  Ledger.divertedOut(from.ledger)
  const watch = Barrier.isAwaited(from.barriers, order) ? follow(from.barriers, order) : undefined
  const offer = to.isLevelEnabled(value)
    ? Outlets.offerUnsafe(to, value, bytes, { canWait, watch: watch && (() => watch) })
    : unwanted(to)
  if (offer === "unwanted") Barrier.settleUnsafe(from.barriers, order, end)
  return typeof offer === "object" ? offer : undefined
}

const follow = (barriers: Barriers, order: number): Watch => (end) =>
  Barrier.settleUnsafe(barriers, order, end._tag === "delivered" ? Ledger.diverted : end)

const unwanted = (to: Outlet): "unwanted" => {
  Ledger.filteredHere(to.ledger)
  return "unwanted"
}
