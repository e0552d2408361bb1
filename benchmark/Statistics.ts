/**
 * A median and the spread around it.
 */

/**
 * A median and the spread around it.
 */
export interface Summary {
  readonly median: number
  readonly min: number
  readonly max: number
}

/**
 * The number that so large a part of them does not exceed. Of one number or more.
 */
export const quantile = (values: ArrayLike<number>, part: number): number =>
  Float64Array.from(values).toSorted()[Math.ceil(part * values.length) - 1]!

/**
 * Of one number or more.
 */
export const summary = (values: ReadonlyArray<number>): Summary => {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = (sorted.length - 1) / 2
  return {
    median: (sorted[Math.floor(middle)]! + sorted[Math.ceil(middle)]!) / 2,
    min: sorted[0]!,
    max: sorted.at(-1)!
  }
}
