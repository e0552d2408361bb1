/**
 * Finding secrets by how they look, in one pass over a text. Each detector says with which characters it begins to look.
 * What it looks at then is bounded, or part of what it finds, where it does not look again: so the work grows with the
 * length of the text, whatever is in it.
 */
import type { Characters, Part } from "./Characters.ts"
import * as ApiKey from "./detectors/ApiKey.ts"
import * as Authorization from "./detectors/Authorization.ts"
import * as Basic from "./detectors/Basic.ts"
import * as Bearer from "./detectors/Bearer.ts"
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
 * - `find`: the part around the character at `at`, not before `from`. Called in the order of the text, and not within what
 *   it has found.
 */
export interface Finder {
  readonly triggers: string
  readonly find: (text: Characters, at: number, from: number) => Part | undefined
}

const byName: { readonly [D in Detector]: ReadonlyArray<Finder> } = {
  authorization: [Authorization, Bearer, Basic],
  jwt: [Jwt],
  apiKey: [ApiKey],
  privateKey: [PrivateKey],
  urlCredentials: [UrlCredentials],
  card: [Card],
  email: [Email]
}

/**
 * The names of all detectors.
 */
export const names = Object.keys(byName) as ReadonlyArray<Detector>

/**
 * Some detectors, to be run together.
 *
 * - `from`: for the code of a character, those that look from it, by their index.
 */
export interface Detectors {
  readonly finders: ReadonlyArray<Finder>
  readonly from: ReadonlyArray<ReadonlyArray<number> | undefined>
}

/**
 * These.
 */
export const make = (wanted: ReadonlyArray<Detector>): Detectors => {
  // as objects of one form: a module is a slow one
  const finders = names.filter((name) => wanted.includes(name)).flatMap((name) => byName[name])
    .map(({ find, triggers }) => ({ find, triggers }))
  const from = Array.from({ length: 128 }, (_, code) => {
    const indexes = [...finders.keys()].filter((index) => finders[index]!.triggers.includes(String.fromCharCode(code)))
    return indexes.length === 0 ? undefined : indexes
  })
  return { finders, from }
}

const none: ReadonlyArray<Part> = []

/**
 * The parts of a text that any of them finds, in order. Those that overlap are one.
 */
export const find = (self: Detectors, text: Characters): ReadonlyArray<Part> => {
  let parts: Array<Part> | undefined
  // where each of them goes on
  let next: Array<number> | undefined
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    const indexes = code < 128 ? self.from[code] : undefined
    if (indexes === undefined) continue
    for (let i = 0; i < indexes.length; i++) {
      const index = indexes[i]!
      const from = next === undefined ? 0 : next[index]!
      if (at < from) continue
      const part = self.finders[index]!.find(text, at, from)
      if (part === undefined) continue
      next ??= self.finders.map(() => 0)
      next[index] = part.end
      addUnsafe(parts ??= [], part)
    }
  }
  return parts ?? none
}

// one that was found later may begin before the last one, or several
const addUnsafe = (parts: Array<Part>, part: Part): void => {
  let { end, start } = part
  for (let last = parts.at(-1); last !== undefined && last.end > start; last = parts.at(-1)) {
    start = Math.min(start, last.start)
    end = Math.max(end, last.end)
    parts.pop()
  }
  parts.push({ start, end })
}

/**
 * The text with what stands in the place of each part that is found; the text itself, if nothing is.
 */
export const replace = (self: Detectors, text: string, censor: (part: string) => string): string => {
  const parts = find(self, text)
  if (parts.length === 0) return text
  let out = ""
  let from = 0
  for (const { end, start } of parts) {
    out += text.slice(from, start) + censor(text.slice(start, end))
    from = end
  }
  return out + text.slice(from)
}
