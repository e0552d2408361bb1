/**
 * A circuit breaker: after so many failures in a row it lets nothing through, then one attempt after a while.
 */
import * as Duration from "effect/Duration"

/**
 * The state of a breaker.
 *
 * - `closed`: batches go to the sink.
 * - `open`: they do not, for the sink failed too often in a row.
 * - `half_open`: one goes, as a probe.
 */
export type BreakerState = "closed" | "open" | "half_open"

/**
 * A breaker. Times are milliseconds of a monotonic clock.
 */
export interface Breaker {
  readonly maxFailures: number
  readonly probeAfter: number
  state: BreakerState
  /** In a row. */
  failures: number
  openSince: number
}

/**
 * A closed breaker.
 */
export const make = (maxFailures: number, probeAfter: Duration.Duration): Breaker => ({
  maxFailures,
  probeAfter: Duration.toMillis(probeAfter),
  state: "closed",
  failures: 0,
  openSince: 0
})

/**
 * Whether an attempt may be made now. The first one after the time that it stays open is the probe.
 */
export const tryUnsafe = (self: Breaker, now: number): boolean => {
  if (self.state === "open" && now - self.openSince >= self.probeAfter) self.state = "half_open"
  return self.state !== "open"
}

/**
 * An attempt failed. Answers whether the breaker is open now.
 */
export const failedUnsafe = (self: Breaker, now: number): boolean => {
  self.failures++
  if (self.state === "half_open" || self.failures >= self.maxFailures) openUnsafe(self, now)
  return self.state === "open"
}

/**
 * Opens it, for the time that it stays open. From the end of time on, it stays so.
 */
export const openUnsafe = (self: Breaker, now: number): void => {
  self.state = "open"
  self.openSince = now
}

/**
 * An attempt did not fail.
 */
export const succeededUnsafe = (self: Breaker): void => {
  self.state = "closed"
  self.failures = 0
}
