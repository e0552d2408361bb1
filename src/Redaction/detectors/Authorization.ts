/**
 * The value of an `Authorization` header (RFC 9110, section 11.6.2), in a dump of headers, in JSON or in a log line. The
 * name of the scheme stays.
 */
import type { Characters, Part } from "../Characters.ts"
import * as Chars from "../Characters.ts"
import * as Credentials from "./Credentials.ts"

// the rarest letter of the name, its eighth
export const triggers = "zZ"
const before = 7

/**
 * The value of the header whose name has this letter at `at`.
 */
export const find = (text: Characters, at: number, from: number): Part | undefined => {
  const begin = at - before
  if (begin < from || !Chars.hasWord(text, begin, "authorization") || !Chars.isStart(text, begin)) return undefined
  const name = begin + 13
  const start = Credentials.separated(text, name)
  let mark: number | undefined
  for (let i = name; i < start && mark === undefined; i++) {
    if (Credentials.isMark(Chars.at(text, i))) mark = Chars.at(text, i)
  }
  if (mark === undefined) return undefined
  const end = Chars.find(text, start, Chars.delimiter)
  const isBlank = Chars.is(Chars.at(text, end), Chars.blank)
  const isKnown = isBlank && schemes.some((name) => name.length === end - start && Chars.hasWord(text, start, name))
  // a word behind a colon may be the name of a scheme that is not known; behind a `=` another pair follows
  const hasScheme = isKnown || (isBlank && mark === colon && Chars.isProse(text, { start, end }))
  const credentials = hasScheme ? Chars.skip(text, end, Chars.blank) : start
  const quote = Chars.at(text, start - 1)
  if (Credentials.isQuoting(quote)) {
    return Credentials.secret(text, { start: credentials, end: endOfValue(text, credentials, quote) })
  }
  // `Digest username="a", response="b"`
  if (isKnown && hasParameter(text, credentials)) return { start: credentials, end: endOfValue(text, credentials) }
  return Credentials.secret(text, Credentials.run(text, credentials))
}

// most are registered with IANA, some are those of large services
const schemes = [
  ...["basic", "bearer", "digest", "dpop", "gnap", "hoba", "mutual", "negotiate", "oauth", "privatetoken", "vapid"],
  ...["scram-sha-1", "scram-sha-256", "ntlm", "token", "key", "apikey", "api-key", "hmac", "signature"],
  ...["aws4-hmac-sha256", "sharedkey", "sharedkeylite", "sharedaccesssignature"]
]

const colon = 58
const equals = 61
const backslash = 92

const hasParameter = (text: Characters, at: number): boolean => {
  const end = Chars.skip(text, at, Chars.alphanumeric | Chars.base64url)
  const after = Chars.at(text, end + 1)
  // behind the padding of Base64 there is nothing more
  return Chars.at(text, end) === equals && end > at && after !== equals && !Chars.is(after, Chars.blank) && after > 32
}

// up to the quote that closes it, or one within JSON within JSON; without a quote up to the end of the line
const endOfValue = (text: Characters, at: number, quote?: number): number => {
  for (; at < text.length; at++) {
    const code = Chars.at(text, at)
    if (code === 10 || code === 13 || code === quote || (quote !== undefined && code === backslash)) break
  }
  return at
}
