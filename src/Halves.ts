/**
 * Which records of a batch the next write takes: all of them, until the sink refuses a batch without saying which
 * record it means. Then half of them, and so on, until it is found.
 */

/**
 * The sizes of the parts that a batch is written in, from its head on. Each is at least 1, together they are the batch.
 */
export type Halves = Array<number>

/**
 * A batch in one part.
 */
export const make = (batch: ReadonlyArray<unknown>): Halves => batch.length === 0 ? [] : [batch.length]

/**
 * How many records the next write takes.
 */
export const size = (self: Halves): number => self[0] ?? 0

/**
 * The part of the next write is cut in two.
 */
export const splitUnsafe = (self: Halves): void => {
  const whole = size(self)
  const half = Math.ceil(whole / 2)
  self.splice(0, 1, half, whole - half)
}

/**
 * The last write left so many of its part, and the batch has so many now.
 */
export const settledUnsafe = (self: Halves, left: number, batch: number): void => {
  self[0] = left
  const sum = self.reduce((sum, size) => sum + size, 0)
  // a line that tells of losses may have come into the batch
  if (batch > sum) self[self.length - 1]! += batch - sum
  if (self[0] === 0) self.shift()
}
