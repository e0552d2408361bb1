import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as fc from "fast-check"
import * as AsyncLogging from "../src/AsyncLogging.ts"
import * as Formatters from "../src/Formatters.ts"
import * as Logger from "../src/Logger.ts"
import type { LogFields } from "../src/Record.ts"
import * as Redaction from "../src/Redaction.ts"
import * as Detectors from "../src/Redaction/Detectors.ts"
import { parameters } from "./support/runs.ts"
import type { Secret } from "./support/secrets.ts"
import { secrets, texts } from "./support/secrets.ts"

const detect = Redaction.detectors
const redact = Redaction.text({ detect })

/**
 * What a call says, with a secret in it.
 */
interface Said {
  readonly secrets: ReadonlyArray<Secret>
  readonly say: Effect.Effect<void>
}

const log = (...args: ReadonlyArray<unknown>) => Effect.logError(...args)

// a value with a secret somewhere in it, and one without that has the same form
const value = (text: string): fc.Arbitrary<unknown> =>
  fc.constantFrom<unknown>(
    text,
    [1, text],
    { a: { b: [text, { c: text }] } },
    { [text]: 1 },
    new Map([[text, text]]),
    new Set([text]),
    [[text, text]],
    { password: { deep: [text] } }
  )

const failure = (text: string): Error =>
  Object.assign(new Error(text, { cause: new TypeError(text) }), { note: text, name: `E ${text}` })

/** Where a call can say a text. */
const places: ReadonlyArray<(text: string) => fc.Arbitrary<Effect.Effect<void>>> = [
  (text) => fc.constant(log(text)),
  (text) => fc.constant(log("m", text, 7)),
  (text) => value(text).map((value) => log("m", { value })),
  (text) => value(text).map((value) => log("m", value)),
  (text) => fc.constant(log("m", failure(text))),
  (text) => fc.constant(log("m", new AggregateError([failure(text), text], text))),
  (text) => fc.constant(log("m").pipe(Effect.annotateLogs(text, text))),
  (text) => fc.constant(log("m").pipe(Effect.withLogSpan(text))),
  (text) => fc.constant(log("m").pipe(Logger.withName(text))),
  (text) => fc.constant(log("m").pipe(Logger.withContext({ requestId: text, custom: { [text]: [text] } }))),
  (text) => fc.constant(Logger.named(text, { bound: text }).error("m", () => ({ lazy: text })))
]

const said: fc.Arbitrary<Said> = fc.tuple(texts, fc.constantFrom(...places)).chain(([secret, place]) =>
  place(secret.text).map((say) => ({ secrets: [secret], say }))
)

const formatters = [Formatters.json, Formatters.logfmt, Formatters.pretty({ colors: false })]

describe("detectors", () => {
  it("G22 find every secret, whatever is around it, and only that kind's detector is needed", () => {
    fc.assert(
      fc.property(texts, ({ hidden, kind, text }) => {
        for (const out of [redact(text), Redaction.text({ detect: [kind] })(text)]) {
          for (const part of hidden) assert.notInclude(out, part)
        }
      }),
      parameters
    )
  })

  it("G22 find several in one text", () => {
    fc.assert(
      fc.property(fc.array(secrets, { maxLength: 5 }), (all) => {
        const out = redact(all.map(({ text }) => text).join("\n"))
        for (const { hidden } of all) for (const part of hidden) assert.notInclude(out, part)
      }),
      parameters
    )
  })

  it("G22 leave what is around as it is", () => {
    const detectors = Detectors.make(detect)
    fc.assert(
      fc.property(fc.array(fc.oneof(texts.map(({ text }) => text), fc.string({ unit: "binary" }))), (all) => {
        const text = all.join("")
        let from = 0
        let expected = ""
        for (const { end, start } of Detectors.find(detectors, text)) {
          assert.isTrue(start >= from && end > start && end <= text.length)
          expected += `${text.slice(from, start)}[redacted]`
          from = end
        }
        assert.strictEqual(redact(text), expected + text.slice(from))
      }),
      parameters
    )
  })

  it("leave prose, ids, times and numbers as they are", () => {
    const word = fc.oneof(
      fc.lorem({ maxCount: 8 }),
      fc.date({ noInvalidDate: true }).map((date) => date.toISOString()),
      fc.integer({ min: 1_600_000_000_000, max: 1_900_000_000_000 }).map(String),
      fc.ipV4(),
      fc.webUrl()
    )
    fc.assert(
      fc.property(fc.array(word), (words) => {
        const text = words.join(", ")
        assert.strictEqual(Redaction.text({ detect: detect.filter((name) => name !== "email") })(text), text)
      }),
      parameters
    )
  })

  it("G22 no secret is in a line of any format, wherever a call says it", () => {
    // the layer closes in a later turn
    const Logging = AsyncLogging.layerTest({ redact: { paths: ["password"], detect } })
    return fc.assert(
      fc.asyncProperty(fc.array(said, { minLength: 1, maxLength: 4 }), async (all) => {
        const records = await Effect.runPromise(
          Effect.gen(function*() {
            for (const { say } of all) yield* say
            return yield* (yield* AsyncLogging.TestLog).records
          }).pipe(Effect.provide(Logging))
        )
        assert.strictEqual(records.length, all.length)
        const lines = formatters.flatMap((format) => records.map(format)).join("\n")
        for (const { hidden } of all.flatMap(({ secrets }) => secrets)) {
          for (const part of hidden) assert.notInclude(lines, part)
        }
      }),
      parameters
    )
  })

  it("G22 inspect finds something where a redaction changes something, and nowhere else", () => {
    const inspect = Redaction.inspect({ paths: ["password"], detect })
    const plain = fc.dictionary(fc.string(), fc.oneof(fc.string(), fc.integer(), texts.map(({ text }) => text)))
    fc.assert(
      fc.property(plain, (fields: LogFields) => {
        const { findings, record } = inspect(fields)
        const isChanged = JSON.stringify(record.fields) !== JSON.stringify(fields)
        // what is written with -0 in it, or cut, is changed by the snapshot
        fc.pre(JSON.stringify(Redaction.inspect([])(fields).record.fields) === JSON.stringify(fields))
        assert.strictEqual(findings.length > 0, isChanged)
      }),
      parameters
    )
  })
})
