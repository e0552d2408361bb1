import { assert, describe, it } from "@effect/vitest"
import type * as JsonSchema from "effect/JsonSchema"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as SchemaRepresentation from "effect/SchemaRepresentation"
import * as fc from "fast-check"
import * as Fs from "node:fs"
import * as Formatters from "../src/Formatters.ts"
import * as JsonLine from "../src/JsonLine.ts"
import * as Record from "../src/Record.ts"
import { logRecord } from "./arbitraries.ts"

const checkedIn: JsonSchema.JsonSchema = JSON.parse(
  Fs.readFileSync(new URL("../schema/json-line-v1.schema.json", import.meta.url), "utf8")
)

const minimal = { timestamp: "2026-11-21T08:00:00.123Z", level: "INFO", message: "paid" }

const decode = (line: unknown) => JsonLine.decode(JSON.stringify(line))

const record = Record.make({ time: Date.UTC(2026, 10, 21, 8, 0, 0, 123), level: "Info", message: "paid" })

describe("decode", () => {
  it("a minimal line becomes a record of the fixed shape", () => {
    const decoded = Result.getOrThrow(decode(minimal))
    assert.deepStrictEqual(decoded, record)
    assert.deepStrictEqual(Object.keys(decoded).toSorted(), Object.keys(record).toSorted())
  })

  it("keys that it does not know are passed over", () => {
    const line = { ...minimal, host_name: "x", error: { type: "E", message: "m", code: 1 }, context: { region: "eu" } }
    const { context, error } = Result.getOrThrow(decode(line))
    assert.deepStrictEqual(context, {})
    assert.deepStrictEqual(Object.keys(error!).toSorted(), [
      "cause",
      "fields",
      "kind",
      "message",
      "others",
      "stack",
      "type"
    ])
  })

  it("what is no line fails, and says where", () => {
    const cases: ReadonlyArray<readonly [line: string, says: RegExp]> = [
      ["", /JSON/],
      [`{"timestamp":`, /JSON/],
      ["null", /object/],
      [JSON.stringify({ ...minimal, level: "info" }), /level/],
      [JSON.stringify({ ...minimal, timestamp: "2026-02-30T08:00:00.123Z" }), /timestamp/],
      [JSON.stringify({ ...minimal, timestamp: "2026-11-21" }), /timestamp/],
      [JSON.stringify({ ...minimal, seq: "1" }), /seq/],
      [JSON.stringify({ ...minimal, error: { type: "E", message: "m", cause: { type: "E" } } }), /cause.*message/s],
      [JSON.stringify({ timestamp: minimal.timestamp, level: "INFO" }), /message/]
    ]
    for (const [line, says] of cases) {
      const failure = Result.getOrThrow(Result.flip(JsonLine.decode(line)))
      assert.strictEqual(failure._tag, "JsonLineInvalid")
      assert.match(failure.message, says)
    }
  })

  it("never throws: a line nested 100,000 deep fails", () => {
    const line = `{"timestamp":"${minimal.timestamp}","level":"INFO","message":"","fields":{"a":` +
      `${"[".repeat(100_000)}${"]".repeat(100_000)}}}`
    assert.isTrue(Result.isFailure(JsonLine.decode(line)))
  })
})

describe("schema", () => {
  it("G21 the file that ships is the one of the source", () => {
    assert.deepStrictEqual(checkedIn, JSON.parse(JSON.stringify(JsonLine.jsonSchema())))
  })

  it("G21 every JSON line is valid by the file that ships", () => {
    const { $defs, $schema, ...schema } = checkedIn
    assert.strictEqual($schema, "https://json-schema.org/draft/2020-12/schema")
    const definitions = $defs as JsonSchema.Definitions
    const document = { dialect: "draft-2020-12", schema, definitions } as const
    const read = SchemaRepresentation.fromJsonSchemaDocument(document, { patterns: "apply" })
    const isValid = Schema.is(read)
    assert.isTrue(isValid(minimal))
    for (
      const wrong of [{}, { ...minimal, level: "info" }, { ...minimal, timestamp: "now" }, { ...minimal, error: {} }]
    ) {
      assert.isFalse(isValid(wrong))
    }
    fc.assert(fc.property(logRecord, (record) => assert.isTrue(isValid(JSON.parse(Formatters.json(record))))))
  })
})
