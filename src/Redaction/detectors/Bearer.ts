/**
 * The token behind `Bearer` (RFC 6750).
 */
import type { Characters, Part } from "../Characters.ts"
import * as Chars from "../Characters.ts"
import * as Credentials from "./Credentials.ts"

export const triggers = "bB"

/**
 * The token behind the word that begins at `at`.
 */
export const find = (text: Characters, at: number): Part | undefined => {
  if (!Chars.hasWord(text, at, "bearer") || !Chars.isStart(text, at)) return undefined
  const start = Credentials.separated(text, at + 6)
  return start === at + 6 ? undefined : Credentials.secret(text, Credentials.run(text, start))
}
