import { assert, describe, it } from "@effect/vitest"
import * as fc from "fast-check"
import * as Record from "../../src/Record.ts"
import * as Lines from "../../src/Sinks/Lines.ts"

const record = (message: string, level: "Info" | "Error" = "Info") => Record.make({ level, message })
const text = (r: Record.LogRecord) => r.message
const messages = fc.array(
  fc.oneof(
    { weight: 20, arbitrary: fc.string({ unit: "binary", maxLength: 20 }) },
    {
      weight: 5,
      arbitrary: fc.string({ unit: fc.constantFrom("\ud800", "\udc00", "a", "é", "€", "😀"), maxLength: 8 })
    },
    {
      weight: 1,
      arbitrary: fc.tuple(fc.constantFrom("x", "é", "€", "😀"), fc.integer({ min: 1, max: 100_000 })).map(([s, n]) =>
        s.repeat(n)
      )
    }
  ),
  { maxLength: 40 }
)

describe("Lines", () => {
  it("G29 gives exactly the lines, in pieces of at most 64 KiB, however few bytes each piece gets out", () => {
    fc.assert(fc.property(
      messages,
      fc.array(fc.integer({ min: 1, max: 70_000 }), { maxLength: 50 }),
      (messages, sizes) => {
        const batch = messages.map((message) => record(message))
        const lines = Lines.make()
        const out: Array<Uint8Array> = []
        lines.beginUnsafe(batch, text)
        for (let piece = lines.nextUnsafe(), i = 0; piece !== undefined; piece = lines.nextUnsafe(), i++) {
          assert.isAtMost(piece.bytes.length, Lines.defaultMaxBytes)
          const taken = piece.bytes.slice(0, sizes[i] ?? piece.bytes.length)
          out.push(taken)
          lines.wroteUnsafe(taken.length)
        }
        assert.strictEqual(lines.endUnsafe(), batch.length)
        const expected = Buffer.concat(messages.map((message) => Buffer.from(message + "\n")))
        assert.isTrue(Buffer.concat(out).equals(expected))
      }
    ))
  })

  it("counts the records whose lines are wholly out, at every byte", () => {
    const batch = ["a", "", "é€", "\ud800", "😀!", "end"].map((message) => record(message))
    const ends = batch.map((_, i) => Buffer.byteLength(batch.slice(0, i + 1).map((r) => text(r) + "\n").join("")))
    for (let n = 0; n <= ends.at(-1)!; n++) {
      const lines = Lines.make()
      lines.beginUnsafe(batch, text)
      lines.nextUnsafe()
      lines.wroteUnsafe(n)
      assert.strictEqual(lines.endUnsafe(), ends.filter((end) => end <= n).length, `${n} bytes`)
    }
  })

  it("says of an interrupted batch how many records are out, at every byte, each one once", () => {
    const batch = ["a", "", "é€", "\ud800", "😀!", "end"].map((message) => record(message))
    const ends = batch.map((_, i) => Buffer.byteLength(batch.slice(0, i + 1).map((r) => text(r) + "\n").join("")))
    const out = (bytes: number) => ends.filter((end) => end <= bytes).length
    const size = ends.at(-1)!
    for (let n = 0; n <= size; n++) {
      for (let passed = 0; passed <= size - n; passed++) {
        const lines = Lines.make()
        lines.beginUnsafe(batch, text)
        lines.nextUnsafe()
        lines.wroteUnsafe(n)
        lines.nextUnsafe()
        const told = lines.outUnsafe(batch, passed)
        assert.strictEqual(told, out(n + passed), `${n} bytes and ${passed}`)
        assert.strictEqual(lines.outUnsafe([record("other"), ...batch.slice(told)], size), 0)
        // the piece that was under way comes back after all
        lines.wroteUnsafe(size - n)
        const rest = batch.slice(told)
        assert.strictEqual(lines.outUnsafe(rest, 0), rest.length)
        lines.beginUnsafe([record("next")], text)
        assert.strictEqual(Buffer.from(lines.nextUnsafe()!.bytes).toString(), "next\n")
      }
    }
  })

  it("ends a piece behind a whole line where one fits", () => {
    const lines = Lines.make()
    lines.beginUnsafe(Array.from({ length: 300 }, (_, i) => record("€".repeat(200 + i))), text)
    for (let piece = lines.nextUnsafe(); piece !== undefined; piece = lines.nextUnsafe()) {
      assert.strictEqual(piece.bytes.at(-1), 10)
      lines.wroteUnsafe(piece.bytes.length)
    }
  })

  it("G29 gives a line whole, whatever its length, where lines are to be whole", () => {
    const lines = Lines.make({ whole: true })
    const long = "€".repeat(Lines.defaultMaxBytes)
    lines.beginUnsafe(["a", long, "b"].map((message) => record(message)), text)
    const pieces: Array<string> = []
    for (let piece = lines.nextUnsafe(); piece !== undefined; piece = lines.nextUnsafe()) {
      pieces.push(Buffer.from(piece.bytes).toString())
      lines.wroteUnsafe(piece.bytes.length)
    }
    assert.deepStrictEqual(pieces, ["a\n", `${long}\n`, "b\n"])
  })

  it("makes pieces that are nearly full, not one for each line", () => {
    const lines = Lines.make()
    lines.beginUnsafe(Array.from({ length: 1000 }, () => record("x".repeat(199))), text)
    let pieces = 0
    for (let piece = lines.nextUnsafe(); piece !== undefined; piece = lines.nextUnsafe()) {
      pieces++
      lines.wroteUnsafe(piece.bytes.length)
    }
    assert.strictEqual(pieces, Math.ceil(200_000 / Lines.defaultMaxBytes))
  })

  it("formats each record once", () => {
    let formatted = 0
    const lines = Lines.make()
    lines.beginUnsafe(Array.from({ length: 1000 }, () => record("x".repeat(199))), (r) => {
      formatted++
      return r.message
    })
    for (let piece = lines.nextUnsafe(); piece !== undefined; piece = lines.nextUnsafe()) {
      lines.wroteUnsafe(piece.bytes.length)
    }
    assert.strictEqual(formatted, 1000)
  })

  it("does not mix lanes in a piece, and keeps their order", () => {
    const lines = Lines.make({ lane: (r) => r.level === "Error" ? 1 : 0 })
    const batch = [record("a"), record("b"), record("c", "Error"), record("d")]
    lines.beginUnsafe(batch, text)
    const pieces: Array<string> = []
    for (let piece = lines.nextUnsafe(); piece !== undefined; piece = lines.nextUnsafe()) {
      pieces.push(`${piece.lane} ${Buffer.from(piece.bytes).toString()}`)
      lines.wroteUnsafe(piece.bytes.length)
    }
    assert.deepStrictEqual(pieces, ["0 a\nb\n", "1 c\n", "0 d\n"])
  })

  it("ends the torn line of another process before its own", () => {
    const lines = Lines.make({ torn: true })
    lines.beginUnsafe([record("a")], text)
    assert.deepStrictEqual(lines.nextUnsafe()?.bytes, Uint8Array.of(10))
    lines.wroteUnsafe(1)
    assert.strictEqual(Buffer.from(lines.nextUnsafe()!.bytes).toString(), "a\n")
  })

  it("writes a record that was reported again, when it comes again", () => {
    const lines = Lines.make()
    const same = [record("a")]
    for (let time = 0; time < 2; time++) {
      lines.beginUnsafe(same, text)
      assert.strictEqual(Buffer.from(lines.nextUnsafe()!.bytes).toString(), "a\n")
      lines.wroteUnsafe(2)
      assert.strictEqual(lines.endUnsafe(), 1)
    }
  })

  it("a line that was made for the next piece is not taken for a line of the next batch", () => {
    const lines = Lines.make()
    lines.beginUnsafe(Array.from({ length: 1000 }, (_, i) => record(`${i}`.padEnd(199, "."))), text)
    lines.wroteUnsafe(lines.nextUnsafe()!.bytes.length)
    lines.endUnsafe()
    lines.beginUnsafe([record("other")], text)
    assert.strictEqual(Buffer.from(lines.nextUnsafe()!.bytes).toString(), "other\n")
  })

  it("G14 what is in doubt is repeated behind a line break, with a note, and nothing else is", () => {
    const noted = (r: Record.LogRecord) => `${r.message}${r.notes === undefined ? "" : `(${r.notes.join()})`}`
    const batch = ["aa", "bb", "cc", "dd"].map((message) => record(message))
    for (let out = 0; out <= 12; out++) {
      for (let open = 0; open <= 12 - out; open++) {
        const lines = Lines.make()
        lines.beginUnsafe(batch, noted)
        const first = Buffer.from(lines.nextUnsafe()!.bytes.slice(0, out)).toString()
        lines.doubtUnsafe(out, open)
        lines.beginUnsafe(batch, noted)
        let rest = ""
        for (let piece = lines.nextUnsafe(); piece !== undefined; piece = lines.nextUnsafe()) {
          rest += Buffer.from(piece.bytes).toString()
          lines.wroteUnsafe(piece.bytes.length)
        }
        assert.strictEqual(lines.endUnsafe(), 4)
        // its line begins before the open bytes end, and is not wholly out
        const expected = batch.slice(Math.floor(out / 3)).map((r, i) => {
          const start = (Math.floor(out / 3) + i) * 3
          return `${r.message}${start < out + open ? "(repeated)" : ""}\n`
        })
        assert.strictEqual(first + rest, first + (out === 12 ? "" : `\n${expected.join("")}`), `${out} ${open}`)
      }
    }
  })
})
