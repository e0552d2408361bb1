/**
 * User and password behind `Basic` (RFC 7617).
 */
import type { Characters, Part } from "../Characters.ts"
import * as Chars from "../Characters.ts"

export const triggers = "bB"

const equals = 61

/**
 * The credentials behind the word that begins at `at`.
 */
export const find = (text: Characters, at: number): Part | undefined => {
  if (!Chars.isStart(text, at) || !Chars.hasWord(text, at, "basic")) return undefined
  const start = Chars.skip(text, at + 5, Chars.blank)
  if (start === at + 5) return undefined
  const end = Chars.skip(text, start, Chars.alphanumeric | Chars.base64 | Chars.base64url)
  return isUserAndPassword(text, start, end) ? { start, end } : undefined
}

// Base64 of `user:password` is Base64 of a text with a colon in it, a word behind "basic" is not.
const isUserAndPassword = (text: Characters, start: number, end: number): boolean => {
  let bits = 0
  let hasColon = false
  for (let i = start; i < end && Chars.at(text, i) !== equals; i++) {
    bits = (bits << 6 | valueOf(Chars.at(text, i))) & 0xfff
    // octets end in the second, third and fourth character of four
    const place = (i - start) % 4
    if (place === 0) continue
    const octet = bits >> 2 * (3 - place) & 0xff
    if (octet < 32) return false
    if (octet === colon) hasColon = true
  }
  return hasColon
}

const colon = 58

const valueOf = (code: number): number => {
  if (Chars.is(code, Chars.letter)) return code >= 97 ? code - 71 : code - 65
  if (Chars.is(code, Chars.digit)) return code + 4
  return code === 43 || code === 45 ? 62 : 63
}
