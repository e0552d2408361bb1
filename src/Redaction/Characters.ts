/**
 * Looking at a text one character at a time: what the detectors are written with. Nothing here looks back further than
 * it is told, so what a detector costs can be read off its loops.
 */

/**
 * A text, as detectors see it. A string is one; a test may count what is asked of it.
 */
export interface Characters {
  readonly length: number
  readonly charCodeAt: (index: number) => number
}

/**
 * A part of a text, from `start` to before `end`.
 */
export interface Part {
  readonly start: number
  readonly end: number
}

// Kinds of characters, which can be joined with `|`.
export const digit = 1
export const letter = 2
/** Of base64url beside letters and digits (RFC 4648, section 5). */
export const base64url = 4
/** Of base64 beside letters and digits. */
export const base64 = 8
/** Space and tab. */
export const blank = 16
/** What ends a word in running text, in JSON, in a query: white space, quotes, brackets, `,` `;` `&`, backslash, escape. */
export const delimiter = 32
/** Of a local part of an e-mail address beside letters and digits, as far as people use them. */
export const local = 64
/** What ends the authority of a URL (RFC 3986, section 3.2), or cannot be part of it. */
export const afterAuthority = 128

export const alphanumeric = digit | letter

const kinds = new Uint8Array(128)
const fill = (kind: number, characters: string): void => {
  for (let i = 0; i < characters.length; i++) kinds[characters.charCodeAt(i)]! |= kind
}
fill(digit, "0123456789")
fill(letter, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
fill(base64url, "-_")
fill(base64, "+/=")
fill(blank, " \t")
fill(delimiter, " \t\r\n\"'`\\,;&<>()[]{}\x1b")
fill(local, "._%+-")
fill(afterAuthority, "/?# \t\r\n\"<>\\`\x1b")

/**
 * The character at an index; outside of the text, one that is of no kind. V8 is slow where `charCodeAt` has once been
 * asked for what is not there.
 */
export const at = (text: Characters, index: number): number =>
  index >= 0 && index < text.length ? text.charCodeAt(index) : outside

const outside = 127

/**
 * Whether a character is of one of these kinds. Those outside of ASCII are of none.
 */
export const is = (code: number, kind: number): boolean => code < 128 && (kinds[code]! & kind) !== 0

/**
 * The first index from `start` on whose character is of none of these kinds.
 */
export const skip = (text: Characters, start: number, kind: number): number => {
  let i = start
  while (i < text.length && is(text.charCodeAt(i), kind)) i++
  return i
}

/**
 * The first index from `start` on whose character is of one of these kinds, or the end.
 */
export const find = (text: Characters, start: number, kind: number): number => {
  let i = start
  while (i < text.length && !is(text.charCodeAt(i), kind)) i++
  return i
}

/**
 * Whether `expected` stands at `start`.
 */
export const has = (text: Characters, start: number, expected: string): boolean => {
  if (start < 0 || start + expected.length > text.length) return false
  for (let i = 0; i < expected.length; i++) if (text.charCodeAt(start + i) !== expected.charCodeAt(i)) return false
  return true
}

/**
 * The same in any case. `expected`: lower-case letters, and digits.
 */
export const hasWord = (text: Characters, start: number, expected: string): boolean => {
  if (start < 0 || start + expected.length > text.length) return false
  for (let i = 0; i < expected.length; i++) {
    if ((text.charCodeAt(start + i) | 32) !== expected.charCodeAt(i)) return false
  }
  return true
}

/**
 * Whether no letter or digit stands before `start`. Those of an escape do not count: in JSON within JSON, a line break before
 * a word is `\n` and a quote may be `\u0022`, and in a URL a space is `%20`. Nor do those of a control sequence, as of a colour.
 */
export const isStart = (text: Characters, start: number): boolean => {
  const before = at(text, start - 1)
  return !is(before, alphanumeric) || isEscapeBefore(text, start, before) ||
    (is(before, letter) && isSequenceBefore(text, start))
}

const percent = 37
const backslash = 92

const isEscapeBefore = (text: Characters, start: number, before: number): boolean => {
  if (at(text, start - 3) === percent) return true
  if (isBreak(before) && at(text, start - 2) === backslash) return true
  return at(text, start - 6) === backslash && at(text, start - 5) === 117 && areHex(text, start - 4, start)
}

const isBreak = (code: number): boolean => code === 110 || code === 114 || code === 116

const areHex = (text: Characters, start: number, end: number): boolean => {
  for (let i = start; i < end; i++) {
    const code = at(text, i)
    if (!is(code, digit) && !((code | 32) >= 97 && (code | 32) <= 102)) return false
  }
  return true
}

const mostParameters = 24

// Of a terminal (ECMA-48, section 5.4): CSI, parameters, and a letter. CSI is the escape character, as it is or escaped, and
// `[`; or one character of its own.
const isSequenceBefore = (text: Characters, start: number): boolean => {
  let i = start - 2
  while (i > start - 2 - mostParameters && isParameter(at(text, i))) i--
  const code = at(text, i)
  if (code !== 91) return code === 0x9b
  return at(text, i - 1) === 27 || has(text, i - 2, "1b") || has(text, i - 2, "1B") || has(text, i - 4, "\\033") ||
    has(text, i - 2, "\\e")
}

// digits, `:` and `;`
const isParameter = (code: number): boolean => code >= 48 && code <= 59

const longestWord = 15

/**
 * Whether a part reads like prose, not like a secret: up to 15 letters and hyphens, with no upper-case letter behind a
 * lower-case one.
 */
export const isProse = (text: Characters, { end, start }: Part): boolean => {
  if (end - start > longestWord) return false
  let isLower = false
  for (let i = start; i < end; i++) {
    const code = text.charCodeAt(i)
    if (!is(code, letter) && code !== hyphen) return false
    if (code >= 97) isLower = true
    else if (isLower && code !== hyphen) return false
  }
  return true
}

const hyphen = 45

/**
 * The end of a part without the dots that it ends with: they belong to the sentence.
 */
export const trimDots = (text: Characters, { end, start }: Part): number => {
  while (end > start && text.charCodeAt(end - 1) === dot) end--
  return end
}

const dot = 46
