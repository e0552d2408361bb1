/**
 * JSON Web Tokens (RFC 7519) in their compact form, signed (RFC 7515) or encrypted (RFC 7516): parts of base64url with
 * dots between them. The first part is a JSON object, so it begins with `{"`, which is `eyJ`.
 *
 * One that was cut off behind the first dot is found too.
 */
import type { Characters, Part } from "../Characters.ts"
import * as Chars from "../Characters.ts"

export const triggers = "."

const allowed = Chars.alphanumeric | Chars.base64url
const shortestHeader = 12
const shortestRest = 10

/**
 * The token whose first dot is at `at`.
 */
export const find = (text: Characters, at: number, from: number): Part | undefined => {
  let run = at
  while (run > from && Chars.is(Chars.at(text, run - 1), allowed)) run--
  const start = headerIn(text, run, at)
  if (start === undefined) return undefined
  let end = at
  while (Chars.at(text, end) === dot) end = Chars.skip(text, end + 1, allowed)
  end = Chars.trimDots(text, { start, end })
  return end - at > shortestRest ? { start, end } : undefined
}

const dot = 46

// it may stand behind a name and a hyphen, which base64url has too
const headerIn = (text: Characters, start: number, end: number): number | undefined => {
  for (let i = start; i <= end - shortestHeader; i++) {
    if (Chars.has(text, i, "eyJ") && Chars.isStart(text, i)) return i
  }
  return undefined
}
