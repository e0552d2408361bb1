/**
 * Handing a record from one sink to another: its fallback, or its dead letters. In one step it leaves the ledger of the
 * first and enters that of the second; who waits for it goes on waiting, for what the second makes of it.
 */
import type * as Effect from "effect/Effect"
import * as Barrier from "./Barriers.ts"
import type { LocalEnd } from "./Ledger.ts"
import * as Ledger from "./Ledger.ts"
import type { Outlet } from "./Outlet.ts"
import * as Outlets from "./Outlet.ts"
import type { Entry } from "./Queue/BoundedQueue.ts"
import type { LogRecord } from "./Record.ts"

/**
 * Hands over a record that the worker of `from` has taken. Answers the wait for room at `to`, if there is one: nobody
 * has to wait, the record stands in line.
 *
 * `end` is how it would have ended without another sink. For who waits that is how it ended, when `to` does not want it.
 */
export const divertUnsafe = (
  from: Outlet,
  to: Outlet,
  entry: Entry<LogRecord>,
  end: LocalEnd
): Effect.Effect<void> | undefined => {
  const watch = Barrier.takeUnsafe(from.barriers, entry.order)
  Ledger.divertedOut(from.ledger)
  const offer = Outlets.offerDivertedUnsafe(
    to,
    entry.value,
    entry.bytes,
    watch && ((end) => watch(end._tag === "delivered" ? Ledger.diverted : end))
  )
  if (offer === "unwanted") watch?.(end)
  return typeof offer === "object" ? offer : undefined
}
