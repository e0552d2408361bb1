/**
 * Generated secrets of each kind that a detector knows, and the text around them.
 */
import * as fc from "fast-check"
import type { Detector } from "../../src/Redaction.ts"

/**
 * A secret as it is written, and what of it must not be seen.
 */
export interface Secret {
  readonly kind: Detector
  readonly text: string
  readonly hidden: ReadonlyArray<string>
}

const characters = (alphabet: string, minLength: number, maxLength = minLength + 20): fc.Arbitrary<string> =>
  fc.string({ unit: fc.constantFrom(...alphabet), minLength, maxLength })

const lower = "abcdefghijklmnopqrstuvwxyz"
const upper = lower.toUpperCase()
const alnum = `${lower}${upper}0123456789`

// a digit and an upper-case letter behind a lower-case one: not a word
const token = characters(`${alnum}-_`, 8).map((text) => `q7Z${text}Z`)

const luhn = (digits: string): string => {
  let sum = 0
  for (let i = 0; i < digits.length; i++) {
    const value = Number(digits.at(-1 - i))
    sum += i % 2 === 1 ? value : value > 4 ? 2 * value - 9 : 2 * value
  }
  return digits + String((10 - sum % 10) % 10)
}

const base64 = (text: string): string => Buffer.from(text).toString("base64")
const base64url = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url")

const secret = (kind: Detector, text: string, ...hidden: ReadonlyArray<string>): Secret => ({ kind, text, hidden })

const card = fc.tuple(
  characters("23456", 1, 1),
  characters("0123456789", 11, 17),
  fc.constantFrom("", " ", "-", ".", "\u00a0", "\u2009", "\u202f")
).map(
  ([first, rest, separator]) => luhn(first + rest).replaceAll(/(\d{4})(?=\d)/g, `$1${separator}`)
)

const jwt = fc.tuple(token, token).map(([subject, signature]) =>
  `${base64url({ alg: "HS256" })}.${base64url({ sub: subject })}.${signature}`
)

const line = characters(alnum, 40, 60)

/**
 * Secrets of all kinds.
 */
export const secrets: fc.Arbitrary<Secret> = fc.oneof(
  card.map((text) => secret("card", text, text)),
  jwt.map((text) => secret("jwt", text, text.split(".")[1]!, text.split(".")[2]!)),
  fc.tuple(
    fc.constantFrom("Bearer ", "bearer  ", "Bearer%20", "Authorization: ", "authorization=", `"authorization":"Token `),
    token
  )
    .map(([scheme, token]) => secret("authorization", scheme + token, token)),
  fc.tuple(token, token).map(([user, password]) => base64(`${user}:${password}`)).map((credentials) =>
    secret("authorization", `Basic ${credentials}`, credentials)
  ),
  fc.tuple(fc.constantFrom("", "RSA ", "ENCRYPTED "), line, line).map(([kind, first, second]) =>
    secret(
      "privateKey",
      `-----BEGIN ${kind}PRIVATE KEY-----\n${first}\n${second}\n-----END ${kind}PRIVATE KEY-----`,
      first,
      second
    )
  ),
  fc.tuple(token, token, fc.constantFrom("", "/", "#1", "?a/b#")).map(([user, password, more]) =>
    secret("urlCredentials", `postgres://${user}:${more}${password}@db.internal/x`, password)
  ),
  characters(upper, 16, 16).map((rest) => secret("apiKey", `AKIA${rest}`, rest)),
  characters(alnum, 36, 40).map((rest) => secret("apiKey", `ghp_${rest}`, rest)),
  token.map((name) => secret("email", `${name}@mail.example.org`, name))
)

const filler = fc.oneof(
  fc.constantFrom(
    "",
    "paid",
    "x",
    "http://",
    "eyJ",
    "4",
    "1234",
    "bearer",
    "-----BEGIN ",
    "a@",
    "authorization:",
    "\n"
  ),
  fc.string({ unit: "binary", maxLength: 12 })
)

/**
 * A secret within a text. No letter or digit touches it.
 */
export const texts: fc.Arbitrary<Secret> = fc.tuple(
  filler,
  fc.constantFrom(" ", "\n", "\t", "(", "\"", "'", ",", ";", "\\n", "\\u0022", "\x1b[31m", "\\u001b[1;31m"),
  secrets,
  fc.constantFrom("", " ", "\n", ")", "\"", "'", ",", ";", "€"),
  filler
).map(([before, start, secret, end, after]) => ({
  ...secret,
  text: `${before}x${start}${secret.text}${end}${end === "" ? "" : after}`
}))
