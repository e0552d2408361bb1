/**
 * Flat objects: literals whose values stay as they are in a copy, as most objects in log calls are. They are copied in
 * one loop and looked through in another, without the bookkeeping of a snapshot.
 */
import * as Leaf from "./Leaf.ts"
import type { LogValue } from "./Record.ts"
import * as Record from "./Record.ts"
import type { Limits } from "./SnapshotRun.ts"

/**
 * The own enumerable properties with a string for a key, each read once, as many as are kept; `null` when one cannot be
 * read. Total.
 */
export const clone = (source: object, limits: Limits): { [key: string]: LogValue } | null => {
  try {
    const out: { [key: string]: LogValue } = {}
    let count = 0
    for (const key in source) {
      if (!hasOwnProperty.call(source, key)) continue
      if (++count > limits.keys) break
      Record.assignUnsafe(out, key, (source as typeof out)[key]!)
    }
    return out
  } catch {
    return null
  }
}

// In a loop over keys V8 knows the answer of this one.
const { hasOwnProperty } = Object.prototype

/**
 * What the properties of a clone count in a snapshot, in bytes; `NaN` when it is not flat, or may have to be cut.
 */
export const bytes = (clone: { readonly [key: string]: unknown }, limits: Limits): number => {
  let count = 0
  let bytes = 0
  for (const key in clone) {
    count++
    if (key.length > Leaf.maxKeyLength) return Number.NaN
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
  return count < limits.keys ? bytes : Number.NaN
}
