/**
 * Numbers of payment cards (ISO/IEC 7812): 13 to 19 digits, the first from 2 to 6, whose last is right by Luhn's
 * formula. The digits may stand in groups, the first of four or more, with spaces, no-break or narrow ones too, with hyphens,
 * or with dots between them. With dots all groups but the last are of four or more, and there are three at least: with
 * one dot it is a fraction.
 *
 * A number of one group of ten passes Luhn's formula by chance: of order numbers with so many digits, some are taken for
 * cards. Times in milliseconds are not, before 2033.
 */
import type { Characters, Part } from "../Characters.ts"
import * as Chars from "../Characters.ts"

export const triggers = "23456"

const fewest = 13
const most = 19
const smallestGroup = 4

/**
 * The longest number that begins at `at`.
 */
export const find = (text: Characters, at: number): Part | undefined => {
  if (!isStart(text, at)) return undefined
  // of every second digit, and of the others: which of them are to be doubled, the length decides
  let even = 0
  let odd = 0
  let count = 0
  let inGroup = 0
  let separator: number | undefined
  let separators = 0
  let end: number | undefined
  for (let i = at; count < most; i++) {
    const value = Chars.at(text, i) - zero
    const next = even
    even = odd + value
    odd = next + doubled(value)
    count++
    inGroup++
    const after = Chars.at(text, i + 1)
    if (Chars.is(after, Chars.digit)) continue
    const isGrouped = separator !== point || separators > 1
    if (count >= fewest && even % 10 === 0 && !Chars.is(after, Chars.letter) && isGrouped) end = i + 1
    separator ??= count >= smallestGroup && isSeparator(after) ? after : undefined
    if (after !== separator || !Chars.is(Chars.at(text, i + 2), Chars.digit)) break
    if (separator === point && inGroup < smallestGroup) break
    separators++
    inGroup = 0
    i++
  }
  return end === undefined ? undefined : { start: at, end }
}

const zero = 48
const point = 46

// space and hyphen; no-break, figure, thin and narrow no-break space
const separating: ReadonlyArray<number> = [32, 45, point, 0xa0, 0x2007, 0x2009, 0x202f]

const isSeparator = (code: number): boolean => separating.includes(code)

// the sum of the digits of twice a digit
const doubled = (digit: number): number => digit > 4 ? 2 * digit - 9 : 2 * digit

// not in the middle of a number, behind its point, and not a phone number with its country
const isStart = (text: Characters, at: number): boolean => {
  const before = Chars.at(text, at - 1)
  if (before === plus) return false
  if (before === point) return !Chars.is(Chars.at(text, at - 2), Chars.digit)
  return Chars.isStart(text, at)
}

const plus = 43
