/**
 * What the detectors of credentials share: how these are written behind the name of a header or of a scheme.
 */
import type { Characters, Part } from "../Characters.ts"
import * as Chars from "../Characters.ts"

const shortest = 6

/**
 * The word that begins at `start`, without the dots that it ends with.
 */
export const run = (text: Characters, start: number): Part => {
  const end = Chars.find(text, start, Chars.delimiter)
  return { start, end: Chars.trimDots(text, { start, end }) }
}

/**
 * The part, if it reads like a secret: six characters, and no prose.
 */
export const secret = (text: Characters, part: Part): Part | undefined => {
  const { end, start } = part
  // the name of something else: a parameter of a challenge, as in `Bearer realm="…"`, or the next header
  const isName = isMark(Chars.at(text, end - 1))
  return end - start < shortest || Chars.isProse(text, { start, end: isName ? end - 1 : end }) ? undefined : part
}

/**
 * The first index behind what stands between a name and its value: in a header, in JSON, in JSON within JSON, in a query. A
 * quote may be written as `\u0022`.
 */
export const separated = (text: Characters, at: number): number => {
  while (true) {
    if (isSeparator(Chars.at(text, at))) at++
    else if (Chars.has(text, at, "%20")) at += 3
    else if (Chars.has(text, at - 1, "\\u0022")) at += 5
    else return at
  }
}

const isSeparator = (code: number): boolean =>
  Chars.is(code, Chars.blank) || isMark(code) || isQuoting(code) || code === plus

const plus = 43

/**
 * Whether a character says that what follows is a value: `=`, `:`, `>`.
 */
export const isMark = (code: number): boolean => code === 58 || code === 61 || code === 62

/**
 * Whether a character is a quote, or the backslash before one.
 */
export const isQuoting = (code: number): boolean => code === 34 || code === 39 || code === backslash

const backslash = 92
