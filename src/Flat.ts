/**
 * Flat objects: literals whose values stay as they are in a copy, as most objects in log calls are.
 *
 * They are copied key by key. `{ ...source }` is as fast only where all calls of a program log objects of one shape; with
 * eight shapes it takes twice the time. And it copies what has a symbol for a key, which nobody counts.
 */
import * as Leaf from "./Leaf.ts"
import type { LogValue } from "./Record.ts"
import * as Record from "./Record.ts"
import type { Limits } from "./SnapshotRun.ts"

/**
 * What `copyUnsafe` answers for an object that cannot be copied like this.
 */
export const unreadable = -1

/**
 * Copies the own enumerable properties into `out`, an empty object, as many as are kept, and reads them once. Answers what
 * they count in a snapshot, in bytes: `NaN` when the object is not flat, or may have to be cut, and `unreadable` when
 * `out` is of no use. Total.
 */
export const copyUnsafe = (source: object, out: { [key: string]: unknown }, limits: Limits): number => {
  let bytes = 0
  let count = 0
  try {
    for (const key in source) {
      // V8 knows this call of the key of a loop, and not that of `Object.hasOwn`
      if (!hasOwnProperty.call(source, key)) continue
      if (count === limits.keys) {
        bytes = Number.NaN
        break
      }
      count++
      const value = (source as { readonly [key: string]: unknown })[key]
      bytes += bytesOf(key, value, limits)
      if (key === "__proto__") Record.assignUnsafe(out, key, value)
      else out[key] = value
    }
    // A setter on `Object.prototype` keeps what is assigned to its key. To look there for each key would cost as much
    // again as all of this.
    let kept = 0
    for (const key in out) if (hasOwnProperty.call(out, key)) kept++
    return kept === count ? bytes : unreadable
  } catch {
    return unreadable
  }
}

const { hasOwnProperty } = Object.prototype

const bytesOf = (key: string, value: unknown, limits: Limits): number => {
  if (key.length > Leaf.maxKeyLength) return Number.NaN
  switch (typeof value) {
    case "string":
      return value.length > limits.stringLength ? Number.NaN : 24 + key.length + value.length
    case "number":
      // JSON has neither infinities nor -0
      return Number.isFinite(value) && !Object.is(value, -0) ? 16 + key.length : Number.NaN
    case "boolean":
      return 16 + key.length
    default:
      return Number.NaN
  }
}

/**
 * The keys of an object that `copyUnsafe` has copied into `out`, and behind them those that were not kept.
 */
export const keys = (source: object, out: { readonly [key: string]: LogValue }, limits: Limits): Array<string> => {
  const kept = Object.keys(out)
  // a getter may have changed which keys there are
  return kept.length < limits.keys
    ? kept
    : [...kept, ...Object.keys(source).filter((key) => !hasOwnProperty.call(out, key))]
}
