/**
 * What a redaction takes, and what is wrong with it.
 */
import * as Predicate from "effect/Predicate"
import * as Redacted from "effect/Redacted"
import type { CensorInput } from "./Censor.ts"
import * as Censors from "./Censor.ts"
import type { Detector } from "./Detectors.ts"
import * as Detectors from "./Detectors.ts"
import * as Path from "./Paths.ts"

/**
 * What to redact, and how. Without `paths` and `detect`, nothing is.
 */
export interface Options {
  /**
   * Keys whose values are redacted. Default: none.
   *
   * - A bare name, `password`: that key, at any depth.
   * - A dotted path, `headers.authorization`: that way down, from the top of `fields`, `context`, `context.custom`, an
   *   error, or an error's own fields. It may begin with its root: `error.message`.
   * - In a path, `*` stands for one key, or for any item of a list, and `**` for any number of keys: `users.*.token`,
   *   `req.headers.*`, `req.**.secret`.
   */
  readonly paths?: ReadonlyArray<string> | undefined
  /** Secrets that are found by how they look, in all texts. Default: none. */
  readonly detect?: ReadonlyArray<Detector> | undefined
  /** What becomes of a secret: a text, `Redaction.remove`, or `Redaction.hash(…)`. Default: `"[redacted]"`. */
  readonly censor?: CensorInput | undefined
  /** Whether `paths` tell `Password` from `password`. Default: they do not. */
  readonly caseSensitive?: boolean | undefined
}

/**
 * What a redaction takes: paths alone, or options.
 */
export type Input = ReadonlyArray<string> | Options

/**
 * What is wrong with an input: the field, and what it allows.
 */
export interface Trouble {
  readonly field: string
  readonly message: string
}

const optionNames = ["paths", "detect", "censor", "caseSensitive"]

/**
 * The options that an input stands for.
 */
export const read = (input: Input): Options => isPaths(input) ? { paths: input } : input

const isPaths = (input: Input): input is ReadonlyArray<string> => Array.isArray(input)

/**
 * The first thing that is wrong with an input. `undefined` when all of it is right.
 */
export const check = (input: unknown): Trouble | undefined => {
  if (Array.isArray(input)) return checkPaths(input, "redact")
  if (!Predicate.isObject(input)) return trouble("redact", "expected an array of paths, or an object")
  const unknown = checkNames(input, optionNames, "redact")
  if (unknown !== undefined) return unknown
  const { caseSensitive, censor, detect, paths } = input as { readonly [K in keyof Options]: unknown }
  return (paths === undefined ? undefined : checkPaths(paths, "redact.paths")) ??
    (detect === undefined ? undefined : checkDetect(detect)) ??
    (censor === undefined ? undefined : checkCensor(censor)) ??
    (caseSensitive === undefined || typeof caseSensitive === "boolean"
      ? undefined
      : trouble("redact.caseSensitive", "expected a boolean"))
}

const trouble = (field: string, message: string): Trouble => ({ field, message: `${field}: ${message}` })

const checkNames = (input: object, names: ReadonlyArray<string>, field: string): Trouble | undefined => {
  const unknown = Object.keys(input).find((key) => !names.includes(key))
  return unknown === undefined
    ? undefined
    : trouble(`${field}.${unknown}`, `there is no such option; expected one of ${names.join(", ")}`)
}

const checkPaths = (paths: unknown, field: string): Trouble | undefined => {
  if (!Array.isArray(paths)) return trouble(field, "expected an array of paths")
  for (let i = 0; i < paths.length; i++) {
    const wrong = Path.troubleWith(paths[i])
    if (wrong === undefined) continue
    const at = `${field}[${i}]`
    return { field: at, message: `${at} ${wrong}; allowed are ${Path.allowed}` }
  }
  return undefined
}

const checkDetect = (detect: unknown): Trouble | undefined => {
  if (!Array.isArray(detect)) return trouble("redact.detect", "expected an array of names of detectors")
  const index = detect.findIndex((name) => !Detectors.names.includes(name))
  const quoted = Detectors.names.map((name) => `"${name}"`).join(", ")
  return index < 0 ? undefined : trouble(`redact.detect[${index}]`, `expected one of ${quoted}`)
}

const checkCensor = (censor: unknown): Trouble | undefined => {
  if (typeof censor === "string") {
    return censor === "" ? trouble("redact.censor", "it is empty; to take secrets away, Redaction.remove") : undefined
  }
  if (Predicate.isTagged(censor, "Remove")) return checkNames(censor, ["_tag"], "redact.censor")
  if (!Predicate.isTagged(censor, "Hash")) {
    return trouble("redact.censor", "expected a text, Redaction.remove or Redaction.hash({ key })")
  }
  const unknown = checkNames(censor, ["_tag", "key", "length"], "redact.censor")
  if (unknown !== undefined) return unknown
  const { key, length } = censor as { readonly key?: unknown; readonly length?: unknown }
  if (!isKey(key)) {
    return trouble("redact.censor.key", `expected a Redacted text of at least ${Censors.shortestKey} bytes`)
  }
  const { greatest, least } = Censors.hashLengths
  const isLength = length === undefined ||
    (typeof length === "number" && Number.isInteger(length) && length >= least && length <= greatest)
  return isLength ? undefined : trouble("redact.censor.length", `expected an integer from ${least} to ${greatest}`)
}

const isKey = (key: unknown): boolean => {
  try {
    const value = Redacted.isRedacted(key) ? Redacted.value(key) : undefined
    return typeof value === "string" && Buffer.byteLength(value) >= Censors.shortestKey
  } catch {
    // one that was wiped
    return false
  }
}
