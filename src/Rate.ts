/**
 * How many a second, lately: an exponentially weighted average with a time constant of ten seconds. Nothing ticks;
 * it decays when it is marked or read.
 */
export interface Rate {
  perSecond: number
  at: number
}

const seconds = 10

/**
 * A rate of nothing.
 */
export const make = (now: number): Rate => ({ perSecond: 0, at: now })

/**
 * The rate at `now`, in milliseconds of a clock that only goes on.
 */
export const read = (self: Rate, now: number): number =>
  self.perSecond * Math.exp(-Math.max(0, now - self.at) / (seconds * 1000))

/**
 * Counts `n` at `now`.
 */
export const markUnsafe = (self: Rate, n: number, now: number): void => {
  self.perSecond = read(self, now) + n / seconds
  self.at = now
}
