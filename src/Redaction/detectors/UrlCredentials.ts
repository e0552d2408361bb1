/**
 * The user information of a URL (RFC 3986, section 3.2.1): `user:password` in `scheme://user:password@host`. Without a
 * password it may be a token; a short word, as in `ssh://git@host`, is not.
 *
 * A password may have `/`, `?` and `#` in it, if nobody has encoded them. They end what could be a host with its port: in
 * `scheme://host:8080/@name` no password is looked for.
 */
import type { Characters, Part } from "../Characters.ts"
import * as Chars from "../Characters.ts"

export const triggers = ":"

/**
 * The user information behind the `://` at `at`.
 */
export const find = (text: Characters, at: number): Part | undefined => {
  if (!Chars.has(text, at, mark)) return undefined
  const start = at + mark.length
  let end: number | undefined
  let password: number | undefined
  for (let i = start; i < text.length; i++) {
    const code = Chars.at(text, i)
    // a password may have commas and the like in it, a host may not
    if (Chars.is(code, end === undefined ? Chars.afterAuthority : Chars.afterAuthority | Chars.delimiter)) {
      const isInside = end === undefined && password !== undefined && isUnencoded(code) &&
        !isHost(text, start, password, i)
      if (!isInside) break
    }
    // it may have the sign in it too, if nobody has encoded it: the last one counts
    if (code === sign) end = i
    if (code !== colon) continue
    // the next URL is looked at by itself
    if (Chars.has(text, i, mark)) break
    if (end === undefined) password ??= i + 1
  }
  if (end === undefined || end === start) return undefined
  return password !== undefined || !Chars.isProse(text, { start, end }) ? { start, end } : undefined
}

const mark = "://"
const colon = 58
const sign = 64
const bracket = 91

const isUnencoded = (code: number): boolean => code === 47 || code === 63 || code === 35

const longestPort = 5

// an address in brackets; a name, a colon and a number; the drive of a file, one letter and a colon
const isHost = (text: Characters, start: number, port: number, end: number): boolean => {
  if (Chars.at(text, start) === bracket) return true
  if (port === end) return port === start + 2
  return port > start + 1 && end - port <= longestPort && Chars.skip(text, port, Chars.digit) === end
}
