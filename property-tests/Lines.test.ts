import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as fc from "fast-check"
import * as Formatters from "../src/Formatters.ts"
import * as Bytes from "../src/Formatters/Bytes.ts"
import * as JsonLine from "../src/JsonLine.ts"
import type { Formatter } from "../src/Pipeline.ts"
import type { LogRecord } from "../src/Record.ts"
import * as Record from "../src/Record.ts"
import * as Sinks from "../src/Sinks.ts"
import * as Lines from "../src/Sinks/Lines.ts"
import { run } from "../test/support/sinks.ts"
import { parameters } from "./support/runs.ts"

const message = fc.oneof(
  { weight: 4, arbitrary: fc.string({ unit: "binary", maxLength: 20 }) },
  fc.tuple(fc.constantFrom("x", "é", "€", "😀", "\ud800", "\n"), fc.nat(200)).map(([char, n]) => char.repeat(n))
)
const records = fc.array(
  fc.record({ message, level: fc.constantFrom("Info" as const, "Error" as const) }).map(Record.make),
  { minLength: 1, maxLength: 30 }
)

const text: Formatter = (record) => record.message
const inParts: Formatter = Bytes.formatter((record, page, at) =>
  Bytes.writeText(page, Bytes.writeText(page, at, "<"), record.message)
)
const laneOf = (record: LogRecord): Lines.Lane => record.level === "Error" ? 1 : 0

/**
 * What becomes of a piece: so many bytes of it go out, and then the caller asks for the next one, is interrupted and
 * comes again with as many records more, or is told what is out. One that is interrupted may ask what is out: before the
 * piece has come back, or after that.
 */
const step = fc.record({
  take: fc.oneof(fc.nat(8), fc.nat(2000)),
  after: fc.oneof(
    { weight: 4, arbitrary: fc.constant("next" as const) },
    fc.constant("end" as const),
    fc.record({ more: fc.nat(10), asks: fc.constantFrom("never", "before", "after") })
  )
})

const wholly = { take: Number.POSITIVE_INFINITY, after: "next" } as const
const isOut = { take: 0, after: "end" } as const
const bytesOf = (lines: ReadonlyArray<string>): Buffer => Buffer.from(lines.map((line) => `${line}\n`).join(""))

describe("Lines", () => {
  it("G29 for strings and bytes, pieces of any size, short writes and interruptions: each line once, whole, in order", () => {
    const run = fc.record({
      records,
      format: fc.constantFrom(text, inParts, Formatters.json),
      maxBytes: fc.oneof(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 20, max: 2000 })),
      size: fc.integer({ min: 1, max: 30 }),
      lanes: fc.boolean(),
      torn: fc.boolean(),
      steps: fc.array(step, { maxLength: 60, size: "max" })
    })
    fc.assert(
      fc.property(run, ({ format, lanes, maxBytes, records, size, steps, torn }) => {
        const lines = Lines.make({ maxBytes, torn, lane: lanes ? laneOf : undefined })
        const out: Array<Lines.Piece> = []
        let done = 0
        let asked = size
        let i = 0
        const begin = () => lines.beginUnsafe(records.slice(done, done + asked), format)
        begin()
        while (done < records.length) {
          const piece = lines.nextUnsafe()
          const { after, take } = piece === undefined ? isOut : steps[i++] ?? wholly
          const asks = typeof after === "string" ? "never" : after.asks
          const ask = (passed: number) => done += lines.outUnsafe(records.slice(done, done + asked), passed)
          if (piece !== undefined) {
            assert.isTrue(piece.bytes.length >= 1 && piece.bytes.length <= maxBytes)
            const bytes = piece.bytes.slice(0, take)
            out.push({ ...piece, bytes })
            if (asks === "before") ask(bytes.length)
            lines.wroteUnsafe(bytes.length)
          }
          if (asks === "after") ask(0)
          if (after === "next") continue
          if (after === "end") done += lines.endUnsafe()
          asked = after === "end" ? size : asked + after.more
          begin()
        }
        const check = (pieces: ReadonlyArray<Lines.Piece>, records: ReadonlyArray<LogRecord>, torn: boolean) => {
          const expected = bytesOf([...(torn ? [""] : []), ...records.map(format)])
          assert.strictEqual(Buffer.concat(pieces.map((p) => p.bytes)).toString("latin1"), expected.toString("latin1"))
        }
        check(out, records, torn)
        if (!lanes) return
        check(out.filter((p) => p.lane === 0), records.filter((r) => laneOf(r) === 0), torn)
        check(out.filter((p) => p.lane === 1), records.filter((r) => laneOf(r) === 1), false)
      }),
      parameters
    )
  })

  it("G29 a record that comes no more leaves its torn line ended, and the next ones whole", () => {
    fc.assert(
      fc.property(records, records, fc.nat(3000), fc.integer({ min: 1, max: 300 }), (first, next, n, maxBytes) => {
        const lines = Lines.make({ maxBytes })
        const out: Array<Uint8Array> = []
        const pump = (batch: ReadonlyArray<LogRecord>, max: number) => {
          lines.beginUnsafe(batch, inParts)
          for (let piece = lines.nextUnsafe(); piece !== undefined && max > 0; piece = lines.nextUnsafe()) {
            out.push(piece.bytes.slice(0, max))
            max -= out.at(-1)!.length
            lines.wroteUnsafe(out.at(-1)!.length)
          }
          return lines.endUnsafe()
        }
        const sent = bytesOf(first.map(inParts)).subarray(0, n)
        const whole = pump(first, n)
        const ended = bytesOf(first.slice(0, whole).map(inParts)).length === sent.length
        assert.strictEqual(pump(next, Number.POSITIVE_INFINITY), next.length)
        const expected = [sent, Buffer.from(ended ? "" : "\n"), bytesOf(next.map(inParts))]
        assert.isTrue(Buffer.concat(out).equals(Buffer.concat(expected)))
      }),
      parameters
    )
  })

  it("G29 a formatter that answers another text each time merges no lines, and leaves nothing between them", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(40), { minLength: 1 }), fc.integer({ min: 1, max: 20 }), (lengths, maxBytes) => {
        let n = 0
        const batch = [0, 1, 2].map((i) => Record.make({ level: "Info", message: `${i}` }))
        const lines = Lines.make({ maxBytes })
        lines.beginUnsafe(batch, (record) => `${record.message}${"x".repeat(lengths[n++ % lengths.length]!)}`)
        let out = ""
        for (let piece = lines.nextUnsafe(); piece !== undefined; piece = lines.nextUnsafe()) {
          out += Buffer.from(piece.bytes).toString("latin1")
          lines.wroteUnsafe(piece.bytes.length)
        }
        assert.match(out, /^0x*\n1x*\n2x*\n$/)
      })
    )
  })

  it("G16 a byte formatter that throws within a line leaves one minimal line of it, and its neighbours intact", () => {
    const broken: Formatter = Bytes.formatter((record, page, at) => {
      Bytes.writeText(page, at, "{".repeat(record.message.length * 3))
      if (record.level === "Error") throw new Error("broken")
      return Bytes.writerOf(Formatters.json)(record, page, at)
    })
    const property = fc.asyncProperty(records, fc.integer({ min: 1, max: 2000 }), async (records, maxBytes) => {
      let out = ""
      const sink = Sinks.make({
        name: "probe",
        format: broken,
        write: (_, format) =>
          Effect.sync(() => {
            assert.isTrue(Bytes.isByteFormatter(format))
            const lines = Lines.make({ maxBytes })
            lines.beginUnsafe(records, format)
            for (let piece = lines.nextUnsafe(); piece !== undefined; piece = lines.nextUnsafe()) {
              out += Buffer.from(piece.bytes).toString("latin1")
              lines.wroteUnsafe(piece.bytes.length)
            }
          })
      })
      await Effect.runPromise(run({ sinks: [sink] }, () => Effect.logInfo("now")))
      const expected = records.map((r) => r.level === "Error" ? { ...r, notes: ["formatter_failed" as const] } : r)
      const decoded = Buffer.from(out, "latin1").toString().split("\n").slice(0, -1)
      assert.deepStrictEqual(decoded.map((line) => Result.getOrThrow(JsonLine.decode(line))), expected)
    })
    return fc.assert(property, { ...parameters, numRuns: 50 })
  })
})
