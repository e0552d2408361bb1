/**
 * Finding secrets by how they look, in one pass over a text. Each detector says with which characters it begins to look,
 * and what it looks at then is bounded, or ends the search: so the work grows with the length of the text, whatever is
 * in it.
 */
import type { Characters, Part } from "./Characters.ts"
import * as ApiKey from "./detectors/ApiKey.ts"
import * as Authorization from "./detectors/Authorization.ts"
import * as Card from "./detectors/Card.ts"
import * as Email from "./detectors/Email.ts"
import * as Jwt from "./detectors/Jwt.ts"
import * as PrivateKey from "./detectors/PrivateKey.ts"
import * as UrlCredentials from "./detectors/UrlCredentials.ts"

/**
 * What can be found by how it looks.
 *
 * - `authorization`: the token behind `Bearer`, the credentials behind `Basic`, the value of `Authorization`.
 * - `jwt`: JSON Web Tokens, signed or encrypted.
 * - `apiKey`: keys that are known by how they begin, of AWS, GitHub, GitLab, Google, npm, OpenAI, Anthropic, Slack, Stripe.
 * - `privateKey`: private keys in PEM, and those of OpenPGP.
 * - `urlCredentials`: user and password in a URL.
 * - `card`: numbers of payment cards, 13 to 19 digits, in groups or not; also a field that is such a number.
 * - `email`: e-mail addresses.
 */
export type Detector = "authorization" | "jwt" | "apiKey" | "privateKey" | "urlCredentials" | "card" | "email"

/**
 * How a detector works.
 *
 * - `triggers`: the characters that it looks from.
 * - `find`: the part around the character at `at`, not before `from`. Called in the order of the text.
 */
interface Finder {
  readonly triggers: string
  readonly find: (text: Characters, at: number, from: number) => Part | undefined
}

const finders: { readonly [D in Detector]: Finder } = {
  authorization: Authorization,
  jwt: Jwt,
  apiKey: ApiKey,
  privateKey: PrivateKey,
  urlCredentials: UrlCredentials,
  card: Card,
  email: Email
}

/**
 * The names of all detectors.
 */
export const names = Object.keys(finders) as ReadonlyArray<Detector>

/**
 * Some detectors, to be run together: those that look from a character, by its code.
 */
export type Detectors = ReadonlyArray<ReadonlyArray<Finder> | undefined>

/**
 * These, in the order of the list above: of two that begin to look at the same place, the first finds.
 */
export const make = (wanted: ReadonlyArray<Detector>): Detectors => {
  const out = new Array<Array<Finder> | undefined>(128).fill(undefined)
  for (const name of names) {
    if (!wanted.includes(name)) continue
    const { triggers } = finders[name]
    for (let i = 0; i < triggers.length; i++) (out[triggers.charCodeAt(i)] ??= []).push(finders[name])
  }
  return out
}

/**
 * The first part that is found from `from` on.
 */
export const find = (self: Detectors, text: Characters, from: number): Part | undefined => {
  for (let at = from; at < text.length; at++) {
    const code = text.charCodeAt(at)
    const finders = code < 128 ? self[code] : undefined
    if (finders === undefined) continue
    for (let i = 0; i < finders.length; i++) {
      const part = finders[i]!.find(text, at, from)
      if (part !== undefined) return part
    }
  }
  return undefined
}

/**
 * The text with what stands in the place of each part that is found; the text itself, if nothing is.
 */
export const replace = (self: Detectors, text: string, censor: (part: string) => string): string => {
  let out = ""
  let from = 0
  for (let part = find(self, text, 0); part !== undefined; part = find(self, text, from)) {
    out += text.slice(from, part.start) + censor(text.slice(part.start, part.end))
    from = part.end
  }
  return from === 0 ? text : out + text.slice(from)
}
