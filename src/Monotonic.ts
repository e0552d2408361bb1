/**
 * Time that only goes on: for what lasts and for deadlines, which must not move when somebody sets the clock. When
 * something was is said by `currentTimeMillis`.
 */
import type * as Clock from "effect/Clock"

/**
 * Milliseconds since some moment, with fractions.
 */
export const millisUnsafe = (clock: Clock.Clock): number => Number(clock.monotonicTimeNanosUnsafe()) / 1e6
