/**
 * The state of one snapshot, and the steps that need nothing else: what is left of the limits, texts and keys cut to
 * them, properties read, `Redactable` asked. `Snapshot.ts` walks values with it.
 */
import type * as Context from "effect/Context"
import { symbolRedactable } from "effect/Redactable"
import * as Leaf from "./Leaf.ts"
import type { LogNote } from "./Record.ts"

/**
 * How much of a value is kept.
 */
export interface Limits {
  /** Estimated bytes of what one call says, counted like those of `Record.estimateBytes`. Default 256 KiB. */
  readonly recordBytes: number
  /** Characters (UTF-16 code units) of one string, the message and a stack included. Default 65,536. */
  readonly stringLength: number
  /** Objects and lists inside each other, the outermost counted; links of a cause chain. Default 8. */
  readonly depth: number
  /** Keys of one object, entries of one `Map`. Default 256. A key itself is cut at 256 characters, whatever this is. */
  readonly keys: number
  /** Items of one list; errors of one call. Default 256. */
  readonly items: number
}

/**
 * The limits when nothing else is said.
 */
export const defaultLimits: Limits = {
  recordBytes: 256 * 1024,
  stringLength: 65_536,
  depth: 8,
  keys: 256,
  items: 256
}

/**
 * The state of one run: one record.
 *
 * - `context`: the caller's, which `Redactable` values are asked with.
 * - `bytes`: what is left of `limits.recordBytes`. Strings are cut to it, and walks end when it is used up.
 * - `flags`: see `notes`.
 * - `outermost`, `ancestors`: the objects around the value that is being copied, the first one and all by depth. Most
 *   records have but one, and make no list for it.
 */
export interface Snapshot {
  readonly limits: Limits
  readonly context: Context.Context<never>
  bytes: number
  flags: number
  outermost: object | undefined
  ancestors: Array<object> | undefined
}

/**
 * A new run.
 */
export const make = (limits: Limits, context: Context.Context<never>): Snapshot => ({
  limits,
  context,
  bytes: limits.recordBytes,
  flags: 0,
  outermost: undefined,
  ancestors: undefined
})

const truncated = 1
const unprintable = 2
const notesByFlags: ReadonlyArray<ReadonlyArray<LogNote> | undefined> = [
  undefined,
  ["truncated"],
  ["unprintable"],
  ["truncated", "unprintable"]
]

/**
 * What the run had to do to the values; `undefined` when it kept them whole.
 */
export const notes = (self: Snapshot): ReadonlyArray<LogNote> | undefined => notesByFlags[self.flags]

/**
 * The stand-in for a value that cannot be read.
 */
export const unprintableUnsafe = (self: Snapshot): string => {
  self.flags |= unprintable
  return "[unprintable]"
}

/**
 * The stand-in for a value that is too deep.
 */
export const truncatedUnsafe = (self: Snapshot): string => {
  self.flags |= truncated
  return "[truncated]"
}

/**
 * The stand-in for what is missing at the end of an object or a list.
 */
export const moreUnsafe = (self: Snapshot, count: number, what: "keys" | "items" | "errors"): string => {
  self.flags |= truncated
  return `[+${count} ${what}]`
}

/**
 * The walk goes into an object, at a depth.
 */
export const enterUnsafe = (self: Snapshot, value: object, depth: number): void => {
  if (depth === 0) self.outermost = value
  else (self.ancestors ??= [value])[depth] = value
}

/**
 * Says whether an object is one of those around the value.
 */
export const isAncestor = (self: Snapshot, value: object, depth: number): boolean => {
  if (depth > 0 && self.outermost === value) return true
  for (let i = 1; i < depth; i++) if (self.ancestors?.[i] === value) return true
  return false
}

/**
 * A text within the limits. `length` says how long it was, where the caller has cut it already.
 */
export const textUnsafe = (self: Snapshot, text: string, length = text.length): string => {
  const max = Math.max(0, Math.min(self.limits.stringLength, self.bytes))
  self.bytes -= 16 + Math.min(length, max)
  if (length <= max) return text
  self.flags |= truncated
  return Leaf.cut(text, max, length)
}

/**
 * A key within the limits.
 */
export const keyUnsafe = (self: Snapshot, key: string): string => {
  const name = key.length <= Leaf.maxKeyLength ? key : Leaf.cut(key, Leaf.maxKeyLength, key.length)
  if (name !== key) self.flags |= truncated
  self.bytes -= 8 + name.length
  return name
}

/**
 * Reads a property, once. `"[unprintable]"` when that throws.
 */
export const readUnsafe = (self: Snapshot, source: object, key: PropertyKey): unknown => {
  try {
    return (source as { readonly [key: PropertyKey]: unknown })[key]
  } catch {
    return unprintableUnsafe(self)
  }
}

/**
 * A value that is not an object, as text: `"undefined"`, `"12"`, `"Symbol(a)"`, `"[Function f]"`.
 */
export const primitiveText = (self: Snapshot, value: unknown): string => {
  switch (typeof value) {
    case "bigint":
      return Leaf.fromBigInt(value)
    case "function": {
      const name = readUnsafe(self, value, "name")
      return typeof name === "string" && name !== "" ? `[Function ${name}]` : "[Function]"
    }
    default:
      return String(value)
  }
}

/**
 * The redaction of a `Redactable`, for the caller's context; any other object itself. May throw.
 */
export const redactedUnsafe = (self: Snapshot, value: object): unknown => {
  const redact = (value as { readonly [symbolRedactable]?: (context: Context.Context<never>) => unknown })[
    symbolRedactable
  ]
  // not a function: it throws, and the value is unprintable; what asks to be redacted is not shown
  return redact === undefined ? value : redact.call(value, self.context)
}

/**
 * What `toJSON` answers, of an object that has it; any other object itself. May throw.
 */
export const jsonUnsafe = (value: object): unknown => {
  const toJSON = (value as { readonly toJSON?: unknown }).toJSON
  return typeof toJSON === "function" ? toJSON.call(value, "") : value
}

/**
 * Says whether an object is neither redacted nor made by its `toJSON`. May throw.
 */
export const isShownAsItself = (
  value: { readonly [symbolRedactable]?: unknown; readonly toJSON?: unknown }
): boolean => value[symbolRedactable] === undefined && typeof value.toJSON !== "function"
