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
}

const form = (atLeast: number, kinds: number, ...prefixes: ReadonlyArray<string>): ReadonlyArray<Form> =>
  prefixes.map((prefix) => ({ prefix, kinds, atLeast }))

const dashed = Chars.alphanumeric | Chars.base64url

const forms: ReadonlyArray<Form> = [
  ...form(16, Chars.alphanumeric, "AKIA", "ASIA"),
  ...form(36, dashed, "ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_"),
  ...form(20, dashed, "glpat-"),
  ...form(35, dashed, "AIza"),
  ...form(36, Chars.alphanumeric, "npm_"),
  ...form(10, dashed, "xoxa-", "xoxb-", "xoxe-", "xoxe.", "xoxo-", "xoxp-", "xoxr-", "xoxs-", "xapp-"),
  ...form(32, dashed, "sk-ant-", "sk-proj-"),
  ...form(16, dashed, "sk_live_", "sk_test_", "rk_live_", "rk_test_", "whsec_")
]

const formsOf = new Map<number, ReadonlyArray<Form>>()
for (const form of forms) {
  const code = form.prefix.charCodeAt(0)
  formsOf.set(code, [...formsOf.get(code) ?? [], form])
}

export const triggers = String.fromCharCode(...formsOf.keys())

/**
 * The key that begins at `at`.
 */
export const find = (text: Characters, at: number): Part | undefined => {
  if (!Chars.isStart(text, at)) return undefined
  for (const { atLeast, kinds, prefix } of formsOf.get(text.charCodeAt(at)) ?? []) {
    if (!Chars.has(text, at, prefix)) continue
    const end = Chars.skip(text, at + prefix.length, kinds)
    if (end - at - prefix.length >= atLeast) return { start: at, end }
  }
  return undefined
}
