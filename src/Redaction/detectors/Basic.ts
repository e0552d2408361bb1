/**
 * User and password behind `Basic` (RFC 7617).
 */
import type { Characters, Part } from "../Characters.ts"
import * as Chars from "../Characters.ts"

export const triggers = "bB"

/**
 * The credentials behind the word that begins at `at`. In a URL the space behind it is `%20` or `+`, and what is no letter or
 * digit is encoded too.
 */
export const find = (text: Characters, at: number): Part | undefined => {
  if (!Chars.hasWord(text, at, "basic") || !Chars.isStart(text, at)) return undefined
  const start = behindSpace(text, at + 5)
  return start === at + 5 ? undefined : userAndPassword(text, start)
}

const behindSpace = (text: Characters, at: number): number => {
  if (Chars.has(text, at, "%20")) return at + 3
  return Chars.at(text, at) === plus ? at + 1 : Chars.skip(text, at, Chars.blank)
}

// Base64 of `user:password` is Base64 of a text with a colon in it, a word behind "basic" is not.
const userAndPassword = (text: Characters, start: number): Part | undefined => {
  let bits = 0
  let place = 0
  let hasColon = false
  let isPadding = false
  let end = start
  while (true) {
    const written = Chars.at(text, end)
    const code = decoded(text, end)
    // where one is a space, all are
    if (!Chars.is(code, allowed) || (written === plus && Chars.at(text, start - 1) === plus)) break
    end += code === written ? 1 : 3
    isPadding ||= code === equals
    if (isPadding) continue
    bits = (bits << 6 | valueOf(code)) & 0xfff
    // octets end in the second, third and fourth character of four
    if (place > 0) {
      const octet = bits >> 2 * (3 - place) & 0xff
      if (octet < 32) return undefined
      if (octet === colon) hasColon = true
    }
    place = (place + 1) % 4
  }
  return hasColon ? { start, end } : undefined
}

const allowed = Chars.alphanumeric | Chars.base64 | Chars.base64url

// what `%2B`, `%2F` and `%3D` stand for
const decoded = (text: Characters, at: number): number => {
  const code = Chars.at(text, at)
  if (code !== percent) return code
  if (Chars.hasWord(text, at + 1, "2b")) return plus
  if (Chars.hasWord(text, at + 1, "2f")) return slash
  return Chars.hasWord(text, at + 1, "3d") ? equals : code
}

const percent = 37
const plus = 43
const slash = 47
const colon = 58
const equals = 61

const valueOf = (code: number): number => {
  if (Chars.is(code, Chars.letter)) return code >= 97 ? code - 71 : code - 65
  if (Chars.is(code, Chars.digit)) return code + 4
  return code === plus || code === 45 ? 62 : 63
}
