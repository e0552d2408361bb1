import { assert, describe, it } from "@effect/vitest"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as fc from "fast-check"
import * as Formatters from "../src/Formatters.ts"
import * as JsonLine from "../src/JsonLine.ts"
import type { LogRecord } from "../src/Record.ts"
import { logRecord } from "../test/arbitraries.ts"

const numRuns = process.env["NIGHTLY"] === undefined ? 500 : 10_000

const nonEmpty = <A extends object>(self: A): A | undefined => Object.keys(self).length === 0 ? undefined : self

const iso = (time: number): string => new Date(time).toISOString()

// the line as `JSON.stringify` writes it, and the escapes that it does not know
const reference = (record: LogRecord): string =>
  JSON.stringify({
    timestamp: iso(record.time),
    level: record.level.toUpperCase(),
    logger: record.logger,
    message: record.message,
    event: record.event,
    fields: nonEmpty(record.fields),
    context: nonEmpty(record.context),
    spans: record.spans,
    error: record.error,
    trace_id: record.traceId,
    span_id: record.spanId,
    fiber: record.fiber,
    seq: record.seq,
    gap: record.gap === undefined ? undefined : { ...record.gap, since: iso(record.gap.since) },
    notes: record.notes
  }).replace(/[\x7f-\x9f\u2028\u2029]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`)

describe("JSON line", () => {
  it("is, byte for byte, what JSON.stringify writes, with DEL, C1, U+2028 and U+2029 escaped", () => {
    fc.assert(fc.property(logRecord, (record) => assert.strictEqual(Formatters.json(record), reference(record))), {
      numRuns
    })
  })

  it("G21 a JSON line decodes back to the record", () => {
    fc.assert(
      fc.property(logRecord, (record) => {
        assert.deepStrictEqual(Result.getOrThrow(JsonLine.decode(Formatters.json(record))), record)
      }),
      { numRuns }
    )
  })

  it("G21 the schema encodes a record to the object of its line", () => {
    const encode = Schema.encodeSync(JsonLine.schema)
    fc.assert(
      fc.property(logRecord, (record) => assert.deepStrictEqual(encode(record), JSON.parse(Formatters.json(record)))),
      { numRuns }
    )
  })
})
