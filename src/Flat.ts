/**
 * Flat objects: literals whose values stay as they are in a copy, as most objects in log calls are. They are cloned in
 * one step, which has no spare room in the clone and defines each key whatever stands on `Object.prototype`, and are then
 * looked through.
 */
import * as Leaf from "./Leaf.ts"
import type { LogValue } from "./Record.ts"
import type { Limits } from "./SnapshotRun.ts"

/**
 * The own enumerable properties, each read once; `null` when there are more than are kept, or one cannot be read. Total.
 */
export const clone = (source: object, limits: Limits): { [key: string]: LogValue } | null => {
  try {
    let count = 0
    for (const _ in source) if (++count > limits.keys) return null
    return { ...source }
  } catch {
    return null
  }
}

/**
 * What the properties of a clone count in a snapshot, in bytes; `NaN` when it is not flat, or has to be cut.
 */
export const bytes = (clone: { readonly [key: string]: unknown }, limits: Limits): number => {
  let bytes = 0
  let count = 0
  for (const key in clone) {
    if (++count > limits.keys || key.length > Leaf.maxKeyLength) return Number.NaN
    const value = clone[key]
    switch (typeof value) {
      case "string":
        if (value.length > limits.stringLength) return Number.NaN
        bytes += 24 + key.length + value.length
        break
      case "number":
        // JSON has neither infinities nor -0
        if (!Number.isFinite(value) || Object.is(value, -0)) return Number.NaN
        bytes += 16 + key.length
        break
      case "boolean":
        bytes += 16 + key.length
        break
      default:
        return Number.NaN
    }
  }
  // a clone has them too, whatever their values are
  return Object.getOwnPropertySymbols(clone).length > 0 ? Number.NaN : bytes
}
