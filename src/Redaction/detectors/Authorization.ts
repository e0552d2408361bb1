/**
 * What a request is authorized with (RFC 9110, section 11.6.2; RFC 6750, RFC 7617): the token behind `Bearer`, the
 * credentials behind `Basic`, and the value of `Authorization` in a dump of headers or in JSON. The name of the scheme
 * stays.
 */
import type { Characters, Part } from "../Characters.ts"
import * as Chars from "../Characters.ts"

export const triggers = "aAbB"

const shortest = 6

/**
 * What is to be hidden behind the word that begins at `at`.
 */
export const find = (text: Characters, at: number): Part | undefined => {
  if (!Chars.isStart(text, at)) return undefined
  if (Chars.hasWord(text, at, "bearer")) return token(text, at + 6)
  if (Chars.hasWord(text, at, "basic")) return userAndPassword(text, at + 5)
  if (Chars.hasWord(text, at, "authorization")) return value(text, at + 13)
  return undefined
}

const run = (text: Characters, start: number): Part => {
  const end = Chars.find(text, start, Chars.delimiter)
  return { start, end: Chars.trimDots(text, { start, end }) }
}

// `realm="…"` behind a scheme is a parameter of a challenge
const secret = (text: Characters, part: Part): Part | undefined => {
  const { end, start } = part
  const isName = text.charCodeAt(end - 1) === equals
  return end - start < shortest || Chars.isProse(text, { start, end: isName ? end - 1 : end }) ? undefined : part
}

const token = (text: Characters, at: number): Part | undefined => {
  const start = separated(text, at)
  return start === at ? undefined : secret(text, run(text, start))
}

// what stands between a name and its value, in a header, in JSON, in JSON within JSON, in a query
const separated = (text: Characters, at: number): number => {
  while (true) {
    if (isSeparator(text.charCodeAt(at))) at++
    else if (Chars.has(text, at, "%20")) at += 3
    else return at
  }
}

const isSeparator = (code: number): boolean =>
  Chars.is(code, Chars.blank) || isMark(code) || isQuoting(code) || code === plus

const plus = 43

// = : >
const isMark = (code: number): boolean => code === 58 || code === 61 || code === 62

// " ' and the backslash before it
const isQuoting = (code: number): boolean => code === 34 || code === 39 || code === backslash

const backslash = 92

const userAndPassword = (text: Characters, at: number): Part | undefined => {
  const start = Chars.skip(text, at, Chars.blank)
  if (start === at) return undefined
  const end = Chars.skip(text, start, Chars.alphanumeric | Chars.base64 | Chars.base64url)
  return isUserAndPassword(text, start, end) ? { start, end } : undefined
}

// Base64 of `user:password` is Base64 of a text with a colon in it, a word behind "basic" is not.
const isUserAndPassword = (text: Characters, start: number, end: number): boolean => {
  let bits = 0
  let hasColon = false
  for (let i = start; i < end && text.charCodeAt(i) !== equals; i++) {
    bits = (bits << 6 | valueOf(text.charCodeAt(i))) & 0xfff
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

const value = (text: Characters, at: number): Part | undefined => {
  const start = separated(text, at)
  let mark: number | undefined
  for (let i = at; i < start && mark === undefined; i++) {
    if (isMark(text.charCodeAt(i))) mark = text.charCodeAt(i)
  }
  if (mark === undefined) return undefined
  const end = Chars.find(text, start, Chars.delimiter)
  const isBlank = Chars.is(text.charCodeAt(end), Chars.blank)
  const isKnown = isBlank && schemes.some((name) => name.length === end - start && Chars.hasWord(text, start, name))
  // a word behind a colon may be the name of a scheme that is not known; behind a `=` another pair follows
  const hasScheme = isKnown || (isBlank && mark === colon && Chars.isProse(text, { start, end }))
  const credentials = hasScheme ? Chars.skip(text, end, Chars.blank) : start
  const quote = text.charCodeAt(start - 1)
  if (isQuoting(quote)) return secret(text, { start: credentials, end: endOfValue(text, credentials, quote) })
  // `Digest username="a", response="b"`
  if (isKnown && hasParameter(text, credentials)) return { start: credentials, end: endOfValue(text, credentials) }
  return secret(text, run(text, credentials))
}

// most are registered with IANA, some are those of large services
const schemes = [
  ...["basic", "bearer", "digest", "dpop", "gnap", "hoba", "mutual", "negotiate", "oauth", "privatetoken", "vapid"],
  ...["scram-sha-1", "scram-sha-256", "ntlm", "token", "key", "apikey", "api-key", "hmac", "signature"],
  ...["aws4-hmac-sha256", "sharedkey", "sharedkeylite", "sharedaccesssignature"]
]

const equals = 61

const hasParameter = (text: Characters, at: number): boolean => {
  const end = Chars.skip(text, at, Chars.alphanumeric | Chars.base64url)
  const after = text.charCodeAt(end + 1)
  // behind the padding of Base64 there is nothing more
  return text.charCodeAt(end) === equals && end > at && after !== equals && !Chars.is(after, Chars.blank) && after > 32
}

// up to the quote that closes it, or one within JSON within JSON; without a quote up to the end of the line
const endOfValue = (text: Characters, at: number, quote?: number): number => {
  for (; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === 10 || code === 13 || code === quote || (quote !== undefined && code === backslash)) break
  }
  return at
}
