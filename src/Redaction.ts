/**
 * Redaction: taking secrets out of records, by the names of keys and by how texts look.
 *
 * What `paths` name is redacted as a whole, in fields, context and error; see `Options`. Lists on the way are passed
 * through: a path holds for each item. An item that is a pair `[name, value]`, as in a list of headers, is a key and its
 * value. A key that contains dots is one key, and also the way that it reads as: `password` means the keys
 * `"user.password"` and `"password.hash"` too. A stack repeats the message, so the stack goes where the message goes. Keys that must hold an
 * object (`custom`; `fields`, `cause`, `others` of an error) and an error's `kind` are removed.
 *
 * `detect` finds secrets in texts: the message, the name of the logger, the labels of spans, and in fields, context and
 * error all texts and keys; of these only the part that is found is redacted. Trace and span ids are not searched.
 */
import type { Stage } from "./Pipeline.ts"
import * as Pipeline from "./Pipeline.ts"
import type { LogRecord } from "./Record.ts"
import type { Censor, Hash, Remove } from "./Redaction/Censor.ts"
import * as Censors from "./Redaction/Censor.ts"
import type { Detector } from "./Redaction/Detectors.ts"
import * as Detectors from "./Redaction/Detectors.ts"
import type { Inspection } from "./Redaction/Inspection.ts"
import * as Inspections from "./Redaction/Inspection.ts"
import type { Input } from "./Redaction/Options.ts"
import * as Options from "./Redaction/Options.ts"
import * as Paths from "./Redaction/Paths.ts"
import type { Texts } from "./Redaction/Walk.ts"
import * as Walk from "./Redaction/Walk.ts"

export { type Hash, redacted, type Remove } from "./Redaction/Censor.ts"
export type { Detector } from "./Redaction/Detectors.ts"
export type { Finding, Inspection } from "./Redaction/Inspection.ts"
export type { Input, Options } from "./Redaction/Options.ts"
export type { Preset } from "./Redaction/Presets.ts"
export * as presets from "./Redaction/Presets.ts"

/**
 * A `censor` that takes secrets away: a key with its value, an item of a list, a part of a text. What a record cannot
 * be without, as the message of an error, becomes empty.
 */
export const remove: Remove = { _tag: "Remove" }

/**
 * A `censor` that writes `[hmac:9f86d081884c7d65]` in the place of a secret: HMAC-SHA-256 (RFC 2104) of the value, or of
 * its JSON if it is no text. Equal secrets have equal hashes, so that records can be correlated.
 *
 * - `key`: at least 32 bytes. Who has it can find by trying what a hash stands for, if there is not much to try: a card
 *   number, a PIN, an e-mail address. Who has not it cannot.
 * - `length`: hexadecimal digits that are kept, from 8 to 64. Default 16.
 */
export const hash = (options: Omit<Hash, "_tag">): Hash => ({ _tag: "Hash", ...options })

/**
 * The names of all detectors.
 */
export const detectors: ReadonlyArray<Detector> = Detectors.names

/**
 * Says what is wrong with an input: the field, and what is allowed there. `undefined` when all of it is right.
 */
export const validate = (input: unknown): string | undefined => Options.check(input)?.message

/**
 * A stage that redacts, and fails closed. Throws as `make` does.
 */
export const stage = (input: Input): Stage => Pipeline.redactOwn(make(input))

/**
 * A function that redacts records. It answers the record itself when there is nothing to redact, and shares what it does
 * not change.
 *
 * Throws a `TypeError`, saying what is allowed, when the input is wrong. The function throws a `RangeError` for a record
 * that nests deeper than 64 levels, which no snapshot does.
 */
export const make = (input: Input): (record: LogRecord) => LogRecord => {
  const options = checked(input)
  const censor = Censors.make(options.censor)
  const texts = textsOf(options.detect ?? [], censor)
  const paths = Paths.make(options.paths ?? [], options.caseSensitive === true, texts?.text ?? asItIs)
  return Walk.make({ paths, texts, censor })
}

/**
 * A function that redacts what the detectors find in a text. Throws as `make` does.
 */
export const text = (input: Input): (text: string) => string => {
  const options = checked(input)
  return textsOf(options.detect ?? [], Censors.make(options.censor))?.text ?? asItIs
}

/**
 * What would be redacted of a value that is logged by itself, as in `Effect.log(value)`: for tests of a program's own
 * payloads. Throws as `make` does.
 *
 * ```ts
 * const { findings } = Redaction.inspect(["password"])({ user: { password: "hunter2" } })
 * // [{ path: "fields.user.password", rule: "password" }]
 * ```
 */
export const inspect = (input: Input): (value: unknown) => Inspection => {
  const redact = make(input)
  const options = Options.read(input)
  // each rule alone, so that each says what it finds
  const { caseSensitive } = options
  const rules = [
    ...(options.paths ?? []).map((rule) => ({ rule, redact: make({ paths: [rule], caseSensitive }) })),
    ...(options.detect ?? []).map((rule) => ({ rule, redact: make({ detect: [rule] }) }))
  ]
  return (value) => {
    const before = Inspections.recordOf(value)
    const findings = rules.flatMap(({ redact, rule }) =>
      Inspections.differences(before, redact(before)).map((path) => ({ path, rule }))
    )
    return { findings, record: redact(before) }
  }
}

/**
 * Whether nothing is to be redacted.
 *
 * @internal
 */
export const isNone = (input: Input): boolean => {
  const { detect = [], paths = [] } = Options.read(input)
  return paths.length === 0 && detect.length === 0
}

const checked = (input: Input): Options.Options => {
  const trouble = Options.check(input)
  if (trouble !== undefined) throw new TypeError(trouble.message)
  return Options.read(input)
}

const asItIs = (text: string): string => text

// below there are times in milliseconds, and numbers of fewer than 13 digits
const leastCard = 2e12

const textsOf = (detect: ReadonlyArray<Detector>, censor: Censor): Texts | undefined => {
  if (detect.length === 0) return undefined
  const detectors = Detectors.make(detect)
  const text = (text: string): string => Detectors.replace(detectors, text, censor.part)
  return {
    text,
    number: (value) => {
      if (value < leastCard || !Number.isSafeInteger(value)) return value
      const before = String(value)
      const after = text(before)
      return after === before ? value : after
    }
  }
}
