/**
 * E-mail addresses, as they are written: a local part of letters, digits and `._%+-`, the sign, and the name of a host
 * with a dot in it. Letters outside of ASCII count as letters.
 */
import type { Characters, Part } from "../Characters.ts"
import * as Chars from "../Characters.ts"

export const triggers = "@"

const longestLocal = 64
const localKinds = Chars.alphanumeric | Chars.local

const isIn = (code: number, kinds: number): boolean => code > 127 || Chars.is(code, kinds)

/**
 * The address whose sign is at `at`.
 */
export const find = (text: Characters, at: number, from: number): Part | undefined => {
  let start = at
  while (start > Math.max(from, at - longestLocal) && isIn(Chars.at(text, start - 1), localKinds)) start--
  if (start === at) return undefined
  let end = at + 1
  let topLevel = end
  for (let i = end;; i++) {
    const code = Chars.at(text, i)
    if (isIn(code, Chars.alphanumeric)) {
      if (Chars.at(text, i - 1) === dot && i > at + 2) topLevel = i
      end = i + 1
    } else if (code !== dot && code !== hyphen) break
  }
  // a version is no domain: `effect@4.1.0`
  const isName = topLevel > at + 1 && end - topLevel > 1 && isIn(Chars.at(text, topLevel), Chars.letter)
  return isName ? { start, end } : undefined
}

const hyphen = 45
const dot = 46
