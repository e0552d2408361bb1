import { assert, describe, it } from "@effect/vitest"
import * as fc from "fast-check"
import * as Formatters from "../src/Formatters.ts"
import * as Bytes from "../src/Formatters/Bytes.ts"
import type { Formatter } from "../src/Pipeline.ts"
import type { LogFields, LogRecord } from "../src/Record.ts"
import * as Record from "../src/Record.ts"
import { logRecord, logValue } from "../test/arbitraries.ts"
import { parameters } from "./support/runs.ts"

const nonEmpty = <A extends object>(self: A | undefined): A | undefined =>
  self === undefined || Object.keys(self).length === 0 ? undefined : self

const iso = (time: number): string => new Date(time).toISOString()

const escaped = (json: string): string =>
  json.replace(/[\x7f-\x9f\u2028\u2029]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`)

const reference = ({ context, error, fiber, gap, seq, spanId, time, traceId, ...record }: LogRecord): string =>
  escaped(JSON.stringify({
    timestamp: iso(time),
    level: record.level.toUpperCase(),
    logger: record.logger,
    message: record.message,
    event: record.event,
    fields: nonEmpty(record.fields),
    context: nonEmpty(context),
    spans: nonEmpty(record.spans),
    error,
    trace_id: traceId,
    span_id: spanId,
    fiber,
    seq,
    gap: gap && { lost: gap.lost, since: iso(gap.since), reasons: gap.reasons },
    notes: nonEmpty(record.notes)
  }))

const recordOf = (message: string, fields: LogFields = Record.noFields): LogRecord =>
  Record.make({ level: "Info", message, fields })

const filler = fc.constantFrom("a", "~", " ", "\xa0", "é", "€", "\u2027", "\ufeff", "\ufffd", "😀")
const special = fc.oneof(
  fc.constantFrom("", ..."\"\\/\0\n\x1f\x7f\x80\x9f\u2028\u2029", "\ud800", "\udfff"),
  fc.integer({ min: 0, max: 0xffff }).map((unit) => String.fromCharCode(unit))
)
/** Of about `around` characters, one of them special. */
const spoilt = (around: number): fc.Arbitrary<string> =>
  fc.tuple(filler, fc.integer({ min: around - 4, max: around + 4 }), fc.nat(around + 4), special).map(
    ([char, length, at, what]) => char.repeat(Math.min(at, length)) + what + char.repeat(Math.max(0, length - at - 1))
  )
const numbers = fc.oneof(
  fc.constantFrom(-0, 9, 10, 99, 2 ** 31, 2 ** 32, 2 ** 53, 1e21, 0.5, Number.NaN, Infinity, -Infinity),
  fc.integer({ min: 0, max: 10 }).chain((n) => fc.constantFrom(10 ** n, 10 ** n - 1, -(10 ** n), 10 ** n + 0.5)),
  fc.double()
)

/** Writes as a formatter of another hand would: a text, in two parts. */
const twoParts: Formatter = Bytes.formatter((r, page, at) =>
  Bytes.writeText(page, Bytes.writeText(page, at, "<"), r.message)
)
const formats: fc.Arbitrary<Formatter> = fc.constantFrom((r: LogRecord) => r.message, twoParts, Formatters.json)

const fewSeconds = { min: -3000, max: 3000 }
const levels = ["Trace", "Debug", "Info", "Warn", "Error", "Fatal"] as const

describe("JSON as bytes", () => {
  it("G21 any string, key and number is as JSON.stringify has it, at any length and with any character", () => {
    const fields = fc.tuple(fc.constantFrom("__proto__", "k"), spoilt(64), spoilt(24), numbers, logValue)
    fc.assert(
      fc.property(spoilt(24), fields, (message, [first, second, text, number, value]) => {
        const fields: { [key: string]: typeof value } = {}
        Record.assignUnsafe(fields, first, [text, number, { [text]: value }])
        Record.assignUnsafe(fields, second, number)
        const record = recordOf(message, fields)
        assert.strictEqual(Formatters.json(record), reference(record))
      }),
      parameters
    )
  })

  it("G21 records of the same second and of others, of any level and logger, have each their own time", () => {
    const time = fc.tuple(fc.constantFrom(0, 1.7e12, -62_167_219_200_000, 8.64e15, -8.64e15), fc.integer(fewSeconds))
    const record = fc.record({
      time: time.map(([around, off]) => Math.max(-8.64e15, Math.min(8.64e15, around + off))),
      level: fc.constantFrom(...levels),
      message: fc.constantFrom("", "x"),
      logger: fc.constantFrom(undefined, "auth")
    }).map(Record.make)
    fc.assert(
      fc.property(fc.array(record), (records) => {
        for (const record of records) assert.strictEqual(Formatters.json(record), reference(record))
      }),
      parameters
    )
  })

  it("G21 more keys than are remembered, and objects far inside each other, are as JSON.stringify has them", () => {
    for (let turn = 0; turn < 3; turn++) {
      const keys = Array.from(
        { length: 1500 },
        (_, i) => [i % 7 === 0 ? `${i}` : `k"${i}`.padEnd(i % 70, "."), { i, turn }]
      )
      const deep = Array.from({ length: 500 }).reduce<LogFields>((inner, _, i) => ({ [i]: [inner] }), {})
      const heir: LogFields = Object.assign(Object.create({ inherited: 1 }), { own: 1, nothing: undefined })
      const record = recordOf("", { ...Object.fromEntries(keys), deep, heir })
      assert.strictEqual(Formatters.json(record), reference(record))
    }
  })

  it("G21 a buffer of any length gets the same end, and the same bytes where they fit: nothing before, nothing behind", () => {
    fc.assert(
      fc.property(logRecord, formats, fc.array(fc.tuple(fc.nat(20), fc.nat())), (record, format, places) => {
        const expected = Buffer.from(format === Formatters.json ? reference(record) : format(record))
        // last where it fits: what was cut must not be remembered
        for (const [at, n] of [...places, [0, expected.length] as const]) {
          const length = n % (at + expected.length + 4)
          const whole = Buffer.alloc(length + 16, 0xaa)
          const bytes = whole.subarray(8, 8 + length)
          assert.strictEqual(Bytes.writerOf(format)(record, Bytes.page(bytes), at), at + expected.length)
          assert.isTrue(whole.every((byte, i) => byte === 0xaa || (i >= 8 + at && i < 8 + length)))
          const end = at + expected.length
          if (end <= length) assert.isTrue(bytes.subarray(at, end).equals(expected))
        }
      }),
      parameters
    )
  })

  it("G16 a value that logs while it is written, or throws, changes nothing but its own line", () => {
    const plain = recordOf("x".repeat(24), { a: 1 })
    fc.assert(fc.property(fc.nat(9000), fc.nat(9000), fc.boolean(), (outer, inner, throws) => {
      const within = recordOf("i".repeat(inner))
      const value = (): never => assert.fail()
      value.toString = () => {
        assert.strictEqual(Formatters.json(within), reference(within))
        if (throws) throw new Error("broken")
        return "value"
      }
      // what an enricher without types may put there
      const record = (v: unknown) => recordOf("o".repeat(outer), { v } as LogFields)
      if (throws) assert.throws(() => Formatters.json(record(value)), "broken")
      else assert.strictEqual(Formatters.json(record(value)), reference(record("value")))
      assert.strictEqual(Formatters.json(plain), reference(plain))
    }))
  })

  it("G21 a value that is another one each time it is read leaves no memory of the process in the text", () => {
    for (const sizes of [[200_000, 10], [10, 200_000], [5000, 9000, 300_000, 7]]) {
      let reads = 0
      const fields: LogFields = {
        long: "x".repeat(100_000),
        get now() {
          return "y".repeat(sizes[Math.min(reads++, sizes.length - 1)]!)
        }
      }
      assert.match(Formatters.json(recordOf("", fields)), /"now":"y+"\}\}$/)
    }
  })

  it("G21 a context is written the same, however often it has come, and what came in between", () => {
    const contexts = ["r-1", "r-2"].map((requestId) => Object.freeze({ service: "shop", requestId }))
    fc.assert(fc.property(fc.array(fc.nat({ max: 30 })), (runs) => {
      runs.forEach((times, run) => {
        const context = contexts[run % contexts.length]!
        for (let i = 0; i < times; i++) {
          const line = Formatters.json({ ...recordOf(""), context })
          assert.include(line, `"context":{"service":"shop","requestId":"${context.requestId}"}`)
        }
      })
    }))
  })

  it("G21 a context that may yet change is written as it is each time", () => {
    const custom: { [key: string]: number } = { a: 1 }
    const context = Object.freeze({ custom })
    for (let a = 1; a <= 20; a++) {
      custom["a"] = a
      assert.include(Formatters.json({ ...recordOf(""), context }), `"context":{"custom":{"a":${a}}}`)
    }
  })
})
