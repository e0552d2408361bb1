/**
 * How long the oldest record in a queue may still wait there for others to fill its batch.
 */
import type * as Clock from "effect/Clock"
import * as Monotonic from "./Monotonic.ts"
import type { Entry } from "./Queue/BoundedQueue.ts"
import type { LogRecord } from "./Record.ts"

/**
 * The wait in one queue: `millis` from the time of a record on.
 */
export interface Linger {
  readonly clock: Clock.Clock
  readonly millis: number
  /** The record that lingers longest, and till when, by the monotonic clock in milliseconds. */
  oldest: { readonly order: number; readonly until: number } | undefined
}

/**
 * Makes the wait in a queue.
 */
export const make = (clock: Clock.Clock, millis: number): Linger => ({ clock, millis, oldest: undefined })

/**
 * How long the first record of the queue may still wait, in milliseconds.
 *
 * A record's time may be ahead of the clock, or the clock be set back: from when the worker first sees the record on,
 * the wait goes by the time that only goes on.
 */
export const leftUnsafe = (self: Linger, first: Entry<LogRecord>): number => {
  if (self.millis === 0) return 0
  const now = Monotonic.millisUnsafe(self.clock)
  if (self.oldest?.order !== first.order) {
    const age = Math.max(0, self.clock.currentTimeMillisUnsafe() - first.value.time)
    self.oldest = { order: first.order, until: now + self.millis - age }
  }
  return self.oldest.until - now
}
