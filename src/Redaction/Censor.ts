/**
 * What becomes of a secret that was found: a text in its place, nothing at all, or a keyed hash.
 */
import * as Redacted from "effect/Redacted"
import { createHmac, createSecretKey } from "node:crypto"

/**
 * What stands in the place of a secret, if nothing else is said.
 */
export const redacted = "[redacted]"

/**
 * Takes the secret away: the key with its value, the item of a list, or the part of a text.
 */
export interface Remove {
  readonly _tag: "Remove"
}

/**
 * A keyed hash in the place of the secret: HMAC-SHA-256 (RFC 2104), shortened. See `Redaction.hash`.
 */
export interface Hash {
  readonly _tag: "Hash"
  readonly key: Redacted.Redacted<string>
  readonly length?: number | undefined
}

/**
 * What to put in the place of a secret: a text, or one of these.
 */
export type CensorInput = string | Remove | Hash

/**
 * What becomes of a secret. `undefined`: it is taken away.
 */
export interface Censor {
  /** Of a whole value. */
  readonly value: (value: unknown) => string | undefined
  /** Of a part of a text. */
  readonly part: (part: string) => string
}

/**
 * The least length of the key of a hash, in bytes: what RFC 2104 asks for.
 */
export const shortestKey = 32

/**
 * The least and the greatest number of hexadecimal digits of a hash.
 */
export const hashLengths = { least: 8, greatest: 64 } as const

const defaultLength = 16

/**
 * The censor that was asked for.
 */
export const make = (input: CensorInput = redacted): Censor => {
  if (typeof input === "string") return { value: () => input, part: () => input }
  if (input._tag === "Remove") return { value: () => undefined, part: () => "" }
  const key = createSecretKey(Buffer.from(Redacted.value(input.key)))
  const length = input.length ?? defaultLength
  const part = (text: string): string =>
    `[hmac:${createHmac("sha256", key).update(text).digest("hex").slice(0, length)}]`
  return { value: (value) => part(typeof value === "string" ? value : JSON.stringify(value)), part }
}
