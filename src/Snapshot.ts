/**
 * Bounded copies of foreign values: whatever a program logs, as plain data (`LogValue`), taken at the call.
 *
 * A snapshot is total: no value makes it throw, and its work is bounded by `Limits`, not by the value. What cannot be
 * read becomes `"[unprintable]"`, a reference to an object around it `"[circular]"`, what is too deep `"[truncated]"`;
 * what is cut from the end says how much is missing. Each of these stands for that one value only.
 */
import * as Types from "node:util/types"
import { partsOf } from "./ErrorParts.ts"
import * as Flat from "./Flat.ts"
import * as Leaf from "./Leaf.ts"
import type { LogFields, LogValue } from "./Record.ts"
import * as Record from "./Record.ts"
import type { Snapshot } from "./SnapshotRun.ts"
import {
  enterUnsafe,
  isAncestor,
  jsonUnsafe,
  keyUnsafe,
  moreUnsafe,
  primitiveText,
  readUnsafe,
  redactedUnsafe,
  textUnsafe,
  truncatedUnsafe,
  unprintableUnsafe
} from "./SnapshotRun.ts"

export { defaultLimits, type Limits, make, notes, type Snapshot } from "./SnapshotRun.ts"

/**
 * The copy of any value. `depth` is the number of objects around it, which have to be in `ancestors`.
 */
export const valueUnsafe = (self: Snapshot, value: unknown, depth: number): LogValue => {
  switch (typeof value) {
    case "string":
      return textUnsafe(self, value)
    case "number":
      self.bytes -= 8
      // adding 0 turns -0, which JSON has not, into 0
      return Number.isFinite(value) ? value + 0 : String(value)
    case "boolean":
      self.bytes -= 8
      return value
    case "undefined":
      self.bytes -= 8
      return null
    case "bigint":
    case "symbol":
    case "function":
      return textUnsafe(self, primitiveText(self, value))
    case "object":
      if (value !== null) return objectUnsafe(self, value, depth)
      self.bytes -= 8
      return null
  }
}

const objectUnsafe = (self: Snapshot, value: object, depth: number): LogValue => {
  self.bytes -= 32
  if (depth >= self.limits.depth || self.bytes <= 0) return truncatedUnsafe(self)
  if (isAncestor(self, value, depth)) return "[circular]"
  enterUnsafe(self, value, depth)
  try {
    return containerUnsafe(self, value, depth)
  } catch {
    return unprintableUnsafe(self)
  }
}

const containerUnsafe = (self: Snapshot, value: object, depth: number): LogValue => {
  const redacted = redactedUnsafe(self, value)
  // one level deeper, so that values that make values come to an end
  if (redacted !== value) return valueUnsafe(self, redacted, depth + 1)
  const list = Array.isArray(value)
  const plain = !list && Leaf.isPlain(value)
  if (!list && !plain) {
    if (Leaf.isError(value)) {
      const parts = partsOf(self, value)
      return fieldsUnsafe(self, parts, Object.keys(parts), depth)
    }
    if (Types.isDate(value)) return textUnsafe(self, Leaf.fromDate(value))
    if (Leaf.isBytes(value)) return textUnsafe(self, Leaf.fromBytes(value))
    if (Types.isBoxedPrimitive(value)) return valueUnsafe(self, Leaf.unbox(value), depth)
    if (Types.isRegExp(value)) return textUnsafe(self, RegExp.prototype.toString.call(value))
    if (value instanceof URLSearchParams) return textUnsafe(self, URLSearchParams.prototype.toString.call(value))
  }
  const json = jsonUnsafe(value)
  if (json !== value) return valueUnsafe(self, json, depth + 1)
  if (list) return itemsUnsafe(self, value, value.length, depth)
  if (plain) return plainUnsafe(self, value, depth)
  if (Types.isTypedArray(value)) return itemsUnsafe(self, value, value.length, depth)
  if (Types.isMap(value)) return mapUnsafe(self, value, depth)
  if (Types.isSet(value)) {
    return itemsUnsafe(self, take(Set.prototype.values.call(value), self.limits.items), value.size, depth)
  }
  const keys = Object.keys(value)
  const name = keys.length === 0 ? Leaf.className(value) : "Object"
  return name === "Object" ? fieldsUnsafe(self, value, keys, depth) : textUnsafe(self, `[${name}]`)
}

const itemsUnsafe = (self: Snapshot, source: ArrayLike<unknown>, size: number, depth: number): LogValue => {
  const out: Array<LogValue> = []
  const count = Math.min(size, self.limits.items)
  let i = 0
  for (; i < count && self.bytes > 0; i++) out.push(valueUnsafe(self, readUnsafe(self, source, i), depth + 1))
  if (i < size) out.push(moreUnsafe(self, size - i, "items"))
  return out
}

// the iterator is the intrinsic one, and is left at the bound: a subclass that never ends is not asked
const take = <A>(iterator: Iterator<A>, max: number): Array<A> => {
  const out: Array<A> = []
  while (out.length < max) {
    const next = iterator.next()
    if (next.done === true) break
    out.push(next.value)
  }
  return out
}

const mapUnsafe = (self: Snapshot, map: ReadonlyMap<unknown, unknown>, depth: number): LogValue => {
  const entries = take(Map.prototype.entries.call(map), self.limits.keys)
  if (!entries.every(([key]) => typeof key === "string")) return itemsUnsafe(self, entries, map.size, depth)
  const out: MutableFields = {}
  let i = 0
  for (; i < entries.length && self.bytes > 0; i++) setUnsafe(self, out, entries[i]![0], entries[i]![1], depth)
  if (i < map.size) out["…"] = moreUnsafe(self, map.size - i, "keys")
  return out
}

/**
 * Says whether a copy is an object.
 */
export const isFields = (value: LogValue): value is LogFields =>
  typeof value === "object" && value !== null && !Array.isArray(value)

/**
 * Fields while they are put together.
 */
export type MutableFields = { [key: string]: LogValue }

/**
 * Sets the copies of these properties of a foreign object, as far as the limits go. What is undefined is left out.
 */
export const assignFieldsUnsafe = (
  self: Snapshot,
  out: MutableFields,
  source: object,
  keys: ReadonlyArray<string>,
  depth: number
): void => {
  const count = Math.min(keys.length, self.limits.keys)
  let i = 0
  for (; i < count && self.bytes > 0; i++) setUnsafe(self, out, keys[i]!, readUnsafe(self, source, keys[i]!), depth)
  if (i < keys.length) out["…"] = moreUnsafe(self, keys.length - i, "keys")
}

const setUnsafe = (self: Snapshot, out: MutableFields, key: string, value: unknown, depth: number): void => {
  if (value !== undefined) Record.assignUnsafe(out, keyUnsafe(self, key), valueUnsafe(self, value, depth + 1))
}

/**
 * What `Flat.copyUnsafe` has made of an object: `fields`, and what it answered.
 */
export interface FlatCopy {
  readonly fields: MutableFields
  readonly bytes: number
}

/**
 * The copy of an object literal. `depth` is that of the object, which has to be in `ancestors`; `flat` what was made of
 * it already.
 */
export const plainUnsafe = (
  self: Snapshot,
  source: object,
  depth: number,
  flat: FlatCopy = flatUnsafe(self, source)
): MutableFields => {
  const { bytes, fields } = flat
  if (bytes !== Flat.unreadable && bytes <= self.bytes) {
    self.bytes -= bytes
    return fields
  }
  const out: MutableFields = {}
  if (bytes === Flat.unreadable) assignFieldsUnsafe(self, out, source, Object.keys(source), depth)
  // what has been read is not read again
  else assignFieldsUnsafe(self, out, fields, Flat.keys(source, fields, self.limits), depth)
  return out
}

const flatUnsafe = ({ limits }: Snapshot, source: object): FlatCopy => {
  const fields = {}
  return { fields, bytes: Flat.copyUnsafe(source, fields, limits) }
}

/**
 * The copies of these properties of a foreign object. `depth` is that of the object, which has to be in `ancestors`.
 */
export const fieldsUnsafe = (
  self: Snapshot,
  source: object,
  keys: ReadonlyArray<string>,
  depth: number
): LogFields => {
  const out: MutableFields = {}
  assignFieldsUnsafe(self, out, source, keys, depth)
  return out
}
