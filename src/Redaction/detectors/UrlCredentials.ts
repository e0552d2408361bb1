/**
 * The user information of a URL (RFC 3986, section 3.2.1): `user:password` in `scheme://user:password@host`. Without a
 * password it may be a token; a short word, as in `ssh://git@host`, is not.
 */
import type { Characters, Part } from "../Characters.ts"
import * as Chars from "../Characters.ts"

export const triggers = ":"

/**
 * The user information behind the `://` at `at`.
 */
export const find = (text: Characters, at: number): Part | undefined => {
  if (!Chars.has(text, at, "://")) return undefined
  const start = at + 3
  let end: number | undefined
  let hasPassword = false
  for (let i = start; i < text.length; i++) {
    const code = Chars.at(text, i)
    // a password may have commas and the like in it, a host may not
    if (Chars.is(code, end === undefined ? Chars.afterAuthority : Chars.afterAuthority | Chars.delimiter)) break
    // it may have the sign in it too, if nobody has encoded it: the last one counts
    if (code === sign) end = i
    if (code === colon && end === undefined) hasPassword = true
  }
  if (end === undefined || end === start) return undefined
  return hasPassword || !Chars.isProse(text, { start, end }) ? { start, end } : undefined
}

const colon = 58
const sign = 64
