/**
 * How long a step that cannot yield may still wait: a synchronous write to a full pipe, the last thing that a process
 * does. It is real time, whatever `Clock` is in force: the thread sleeps, and nothing else runs meanwhile.
 */

/**
 * Till when somebody waits, in milliseconds of `now`.
 */
export interface Patience {
  readonly now: () => number
  readonly until: number
}

const monotonic = (): number => performance.now()

/**
 * Waits for `millis` from now on, in total.
 */
export const make = (millis: number, now: () => number = monotonic): Patience => ({ now, until: now() + millis })

/**
 * The same, but for `millis` at most.
 */
export const within = (self: Patience, millis: number): Patience => ({
  now: self.now,
  until: Math.min(self.until, self.now() + millis)
})

/**
 * The milliseconds that are left.
 */
export const left = (self: Patience): number => Math.max(0, self.until - self.now())

/**
 * Sleeps for `millis`, or as long as is left. Answers `false`, without a sleep, when nothing is left.
 */
export const sleepUnsafe = (self: Patience, millis: number): boolean => {
  const rest = left(self)
  if (rest === 0) return false
  Atomics.wait(sleeper, 0, 0, Math.min(millis, rest))
  return true
}

const sleeper = new Int32Array(new SharedArrayBuffer(4))
