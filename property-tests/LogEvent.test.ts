import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import * as fc from "fast-check"
import * as AsyncLogging from "../src/AsyncLogging.ts"
import * as Formatters from "../src/Formatters.ts"
import * as LogEvent from "../src/LogEvent.ts"
import { logValue } from "../test/arbitraries.ts"
import { parameters, timeout } from "./support/runs.ts"

const secret = "s3cr3t"

/** A schema, and a value of its type. */
interface Typed {
  readonly schema: Schema.Codec<unknown, unknown>
  readonly value: unknown
}

const typed = (schema: Schema.Constraint, value: unknown): Typed => ({
  // what a generated schema has for types is not known
  schema: schema as unknown as Typed["schema"],
  value
})

const leaf: fc.Arbitrary<Typed> = fc.oneof(
  fc.constant(typed(Schema.RedactedFromValue(Schema.String), Redacted.make(secret))),
  fc.constant(
    typed(Schema.RedactedFromValue(Schema.String, { label: "pin" }), Redacted.make(secret, { label: "pin" }))
  ),
  fc.constant(typed(Schema.Redacted(Schema.String), Redacted.make(secret))),
  fc.integer().map((n) => typed(Schema.NumberFromString, n)),
  fc.string().map((text) => typed(Schema.String, text))
)

const { tree } = fc.letrec<{ tree: Typed }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    leaf,
    fc.tuple(tie("tree"), tie("tree")).map(([a, b]) =>
      typed(
        Schema.Struct({ a: a.schema, b: Schema.optionalKey(b.schema) }),
        { a: a.value, b: b.value }
      )
    ),
    tie("tree").map(({ schema, value }) =>
      typed(Schema.Struct({ a: schema }).pipe(Schema.encodeKeys({ a: "c" })), { a: value })
    ),
    tie("tree").map(({ schema, value }) => typed(Schema.Array(schema), [value, value])),
    tie("tree").map(({ schema, value }) => typed(Schema.Record(Schema.String, schema), { k: value })),
    tie("tree").map(({ schema, value }) => typed(Schema.Option(schema), Option.some(value))),
    tie("tree").map(({ schema, value }) => typed(Schema.NullOr(schema), value)),
    tie("tree").map(({ schema, value }) => typed(Schema.suspend(() => schema), value)),
    tie("tree").map(({ schema, value }) => typed(Schema.fromJsonString(schema), value)),
    tie("tree").map(({ schema, value }) => typed(Schema.toCodecJson(schema), value))
  )
}))

const recordsOf = (log: Effect.Effect<void>) =>
  Effect.runPromise(
    Effect.flatMap(AsyncLogging.TestLog, (test) => Effect.andThen(log, test.records)).pipe(
      Effect.provide(AsyncLogging.layerTest())
    )
  )

describe("LogEvent", () => {
  it("G22 of what a schema calls Redacted no line has the value, wherever it stands and whatever is around it", {
    timeout
  }, () => {
    return fc.assert(
      fc.asyncProperty(tree, tree, async ({ schema, value }, other) => {
        const Event = LogEvent.make("Event", { level: "Info", fields: { value: schema, other: other.schema } })
        const fits = await recordsOf(Event({ value, other: other.value }))
        const fitsNot = await recordsOf(Event({ value, other: () => secret }))
        for (const [record] of [fits, fitsNot]) {
          assert.strictEqual(record!.event, "Event")
          for (const format of [Formatters.json, Formatters.logfmt, Formatters.pretty()]) {
            assert.notInclude(format(record!), secret)
          }
        }
      }),
      parameters
    )
  })

  it("G16 whatever it is given, it logs one record, and fits or says that it does not", { timeout }, () => {
    const Event = LogEvent.make("Event", {
      level: "Info",
      message: ({ a }) => a.toFixed(),
      fields: { a: Schema.Int, b: Schema.optionalKey(Schema.Array(Schema.String)) }
    })
    const fits = Schema.is(Event.schema)
    return fc.assert(
      fc.asyncProperty(
        fc.oneof(logValue, fc.record({ a: logValue, b: logValue }, { requiredKeys: [] })),
        async (input) => {
          const records = await recordsOf(Event(input as Parameters<typeof Event>[0]))
          assert.strictEqual(records.length, 1)
          assert.deepStrictEqual(records[0]!.notes, fits(input ?? {}) ? undefined : ["event_invalid"])
        }
      ),
      parameters
    )
  })
})
