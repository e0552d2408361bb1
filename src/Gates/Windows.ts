/**
 * Which records pass when each key has windows of time, the first of them from its first record on: so many in each
 * window, and of the others every n-th.
 */
import type { Policy } from "./Limiter.ts"
import { lateness } from "./Limiter.ts"

/**
 * A window, and how many records came in it.
 */
export interface Window {
  start: number
  seen: number
}

/**
 * - `first`: how many pass in each window.
 * - `thereafter`: which of the others pass, every n-th; `undefined` for none.
 * - `interval`: how long a window is, in milliseconds. A record that is earlier by more than that, and than `lateness`,
 *   begins a new one.
 */
export const make = (first: number, thereafter: number | undefined, interval: number): Policy<Window> => {
  const late = Math.max(interval, lateness)
  const isOver = ({ start }: Window, time: number): boolean => time - start >= interval || start - time > late
  return {
    start: (time) => ({ start: time, seen: 0 }),
    passUnsafe: (self, time) => {
      if (isOver(self, time)) {
        self.start = time
        self.seen = 0
      }
      self.seen++
      return self.seen <= first || (thereafter !== undefined && (self.seen - first) % thereafter === 0)
    },
    isOver
  }
}
