/**
 * Keys and tokens that tell by their first characters whose they are, in the forms that are known of Anthropic, AWS,
 * GitHub, GitLab, Google, npm, OpenAI, Slack and Stripe.
 */
import type { Characters, Part } from "../Characters.ts"
import * as Chars from "../Characters.ts"

interface Form {
  readonly prefix: string
  /** What comes behind it: of which kinds, and at least how much. */
  readonly kinds: number
  readonly atLeast: number
  /** Where in the prefix the character is from which it is looked for. */
  readonly before: number
}

// that character is rarer in texts than the first letter
const form = (atLeast: number, kinds: number, ...prefixes: ReadonlyArray<string>): ReadonlyArray<Form> =>
  prefixes.map((prefix) => ({ prefix, kinds, atLeast, before: Math.max(0, prefix.search(/[-_.]/)) }))

const dashed = Chars.alphanumeric | Chars.base64url

const forms: ReadonlyArray<Form> = [
  ...form(16, Chars.alphanumeric, "AKIA", "ASIA"),
  ...form(36, dashed, "ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_"),
  ...form(20, dashed, "glpat-"),
  ...form(35, dashed, "AIza"),
  ...form(36, Chars.alphanumeric, "npm_"),
  ...form(10, dashed, "xoxa-", "xoxb-", "xoxe-", "xoxe.", "xoxo-", "xoxp-", "xoxr-", "xoxs-", "xapp-"),
  ...form(32, dashed, "sk-ant-", "sk-proj-", "sk-svcacct-", "sk-admin-"),
  ...form(40, Chars.alphanumeric, "sk-"),
  ...form(16, dashed, "sk_live_", "sk_test_", "rk_live_", "rk_test_", "whsec_")
]

const formsOf = new Map<number, ReadonlyArray<Form>>()
for (const form of forms) {
  const code = form.prefix.charCodeAt(form.before)
  formsOf.set(code, [...formsOf.get(code) ?? [], form])
}

export const triggers = String.fromCharCode(...formsOf.keys())

/**
 * The key in whose prefix the character at `at` is.
 */
export const find = (text: Characters, at: number, from: number): Part | undefined => {
  const forms = formsOf.get(Chars.at(text, at)) ?? []
  for (let i = 0; i < forms.length; i++) {
    const { atLeast, before, kinds, prefix } = forms[i]!
    const start = at - before
    if (start < from || !Chars.has(text, start, prefix) || !Chars.isStart(text, start)) continue
    const end = Chars.skip(text, start + prefix.length, kinds)
    if (end - start - prefix.length >= atLeast) return { start, end }
  }
  return undefined
}
