/**
 * Private keys in the textual form that RFC 7468 calls PEM, and those of OpenPGP (RFC 9580, section 6.2): from their
 * first line to their last, or to the end of a text that is cut off before that.
 */
import type { Characters, Part } from "../Characters.ts"
import * as Chars from "../Characters.ts"

export const triggers = "-"

const longestLabel = 64
const boundary = "-----"

/**
 * The key that begins at `at`.
 */
export const find = (text: Characters, at: number): Part | undefined => {
  if (!Chars.has(text, at, "-----BEGIN ")) return undefined
  const label = at + 11
  const end = labelEnd(text, label)
  if (end === undefined || !isPrivate(text, label, end)) return undefined
  for (let i = end + boundary.length; i < text.length; i++) {
    if (Chars.has(text, i, "-----END ")) {
      const last = labelEnd(text, i + 9)
      return { start: at, end: last === undefined ? i : last + boundary.length }
    }
  }
  return { start: at, end: text.length }
}

const labelEnd = (text: Characters, at: number): number | undefined => {
  for (let i = at; i < at + longestLabel; i++) if (Chars.has(text, i, boundary)) return i
  return undefined
}

const isPrivate = (text: Characters, start: number, end: number): boolean => {
  for (let i = start; i < end; i++) if (Chars.has(text, i, "PRIVATE KEY")) return true
  return false
}
