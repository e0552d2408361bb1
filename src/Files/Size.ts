/**
 * Sizes in bytes.
 */

/**
 * Units of a size: `kB`, `MB`, `GB` and `TB` are powers of 1000, `KiB`, `MiB`, `GiB` and `TiB` powers of 1024 (IEC
 * 80000-13). `KB` is a `kB`.
 */
export type Unit = "B" | "kB" | "KB" | "MB" | "GB" | "TB" | "KiB" | "MiB" | "GiB" | "TiB"

/**
 * A size: bytes, or a text with its unit, such as `"100 MB"`.
 */
export type Input = number | `${number} ${Unit}`

/**
 * What a size may look like, for messages.
 */
export const allowed = `a size of at least a byte, such as 1000000, "100 MB" or "1.5 GiB"`

/**
 * The bytes of a size, rounded down. `undefined` if it is none, is below one byte, or is above
 * `Number.MAX_SAFE_INTEGER`.
 *
 * At run time, it takes more than its type: units in any case, no space before them, and no unit at all for bytes.
 */
export const parse = (input: unknown): number | undefined => {
  const bytes = typeof input === "string" ? parseText(input) : input
  return Number.isSafeInteger(bytes) && (bytes as number) > 0 ? bytes as number : undefined
}

const parseText = (text: string): number | undefined => {
  const [, whole, fraction = "", unit = "b"] = grammar.exec(text) ?? []
  const bytes = units.get(unit.toLowerCase())
  if (whole === undefined || bytes === undefined) return undefined
  // as integers: 1.001 * 1000 is 1000.9999999999999
  return Number(BigInt(whole + fraction) * BigInt(bytes) / 10n ** BigInt(fraction.length))
}

// as many digits as a safe integer has, so that a long text costs nothing
const grammar = /^(\d{1,16})(?:\.(\d{1,16}))? ?([a-z]{1,3})?$/i

const units: ReadonlyMap<string, number> = new Map([
  ["b", 1],
  ["kb", 1e3],
  ["mb", 1e6],
  ["gb", 1e9],
  ["tb", 1e12],
  ["kib", 2 ** 10],
  ["mib", 2 ** 20],
  ["gib", 2 ** 30],
  ["tib", 2 ** 40]
])
