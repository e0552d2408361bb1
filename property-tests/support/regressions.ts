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
} = {
  "G3 a protected value larger than the overdraft evicts the ordinary ones, and gets their place": {
    bounds: { strategy: "backpressure", capacity: 1, maxBytes: 1, overdraft: 0 },
    commands: [["offer", 1, false, false], ["offer", 2, true, false]]
  },
  "G2 a take lets in as many waiters as it freed slots, and leaves the overdraft to those who cannot wait": {
    bounds: { strategy: "backpressure", capacity: 1, maxBytes: 1, overdraft: 1 },
    commands: [["offer", 1, false, false], ["offer", 1, false, true], ["offer", 1, false, true], ["take", 1]]
  }
}
