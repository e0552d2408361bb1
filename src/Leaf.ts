/**
 * Leaves: foreign values that are written as one string, because nothing in them is walked.
 *
 * What is called on a foreign value here may throw, if it is a fake or a hostile subclass: the snapshot catches it.
 */
import * as Types from "node:util/types"

/**
 * Longest key, in characters, that a snapshot keeps; type names and the like are held to it too.
 */
export const maxKeyLength = 256

/**
 * The first `max` characters of a text, and how many of its `length` characters are missing. A surrogate pair is not
 * split.
 */
export const cut = (text: string, max: number, length: number): string => {
  const last = text.charCodeAt(max - 1)
  const end = last >= 0xd800 && last <= 0xdbff ? max - 1 : max
  return `${copy(text.slice(0, end))}…[+${length - end} characters]`
}

/**
 * The same text, alone. In V8 a slice refers to the whole that it was cut from: 64 KiB in a queue would keep 50 MiB
 * alive. The way through JSON makes a copy, and keeps lone surrogates as they are.
 */
export const copy = (text: string): string => JSON.parse(JSON.stringify(text))

const bigintBound = 1n << 65536n

/**
 * The decimal digits. Printing grows faster than the number of digits, so above 2^65536 it is only named.
 */
export const fromBigInt = (value: bigint): string =>
  value < bigintBound && value > -bigintBound ? String(value) : "[bigint]"

/**
 * ISO 8601 in UTC, or `"Invalid Date"`. The intrinsic methods, so that a subclass has no say.
 */
export const fromDate = (value: Date): string =>
  Number.isNaN(Date.prototype.getTime.call(value)) ? "Invalid Date" : Date.prototype.toISOString.call(value)

/**
 * What holds bytes rather than numbers.
 */
export type Bytes = ArrayBufferLike | DataView | Uint8Array | Uint8ClampedArray

/**
 * Says whether a value holds bytes rather than numbers.
 */
export const isBytes = (value: object): value is Bytes =>
  Types.isUint8Array(value) || Types.isUint8ClampedArray(value) || Types.isAnyArrayBuffer(value)
  || Types.isDataView(value)

/**
 * Class, length in bytes, and the first 16 bytes in hexadecimal: `"[Uint8Array(4096) 00ff…]"`.
 */
export const fromBytes = (value: Bytes): string => {
  const length = value.byteLength
  const shown = Math.min(length, 16)
  const head = Types.isAnyArrayBuffer(value)
    ? Buffer.from(value, 0, shown)
    : Buffer.from(value.buffer, value.byteOffset, shown)
  const hex = head.toString("hex")
  return `[${className(value)}(${length})${hex === "" ? "" : " "}${hex}${length > shown ? "…" : ""}]`
}

/**
 * The primitive inside `new String(…)` and its like.
 */
export const unbox = (value: object): unknown => {
  if (Types.isStringObject(value)) return String.prototype.valueOf.call(value)
  if (Types.isNumberObject(value)) return Number.prototype.valueOf.call(value)
  if (Types.isBooleanObject(value)) return Boolean.prototype.valueOf.call(value)
  if (Types.isSymbolObject(value)) return Symbol.prototype.valueOf.call(value)
  return BigInt.prototype.valueOf.call(value)
}

/**
 * Name of the class, or the other name when there is none.
 */
export const className = (value: object, otherwise = "Object"): string => {
  const name: unknown = Object.getPrototypeOf(value)?.constructor?.name
  return typeof name === "string" && name !== "" ? name.slice(0, maxKeyLength) : otherwise
}

/**
 * Says whether a value is an object literal, or one without a prototype.
 */
export const isPlain = (value: object): boolean => {
  const prototype = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}

/**
 * Says whether a value is an error, of this realm or of another one. Total: a proxy that throws is none.
 */
export const isError = (value: unknown): value is Error => {
  try {
    return value instanceof Error || Types.isNativeError(value)
  } catch {
    return false
  }
}
