/**
 * Histories that once failed, kept as data: they are run before the generated ones.
 */
import type { Bounds } from "./queueModel.ts"

/**
 * Histories of a queue, by what they show.
 */
export const queueRegressions: {
  readonly [name: string]: {
    readonly bounds: Bounds
    readonly commands: ReadonlyArray<
      | readonly ["offer", bytes: number, isProtected: boolean, canWait: boolean]
      | readonly ["take", n: number]
    >
  }
} = {}
