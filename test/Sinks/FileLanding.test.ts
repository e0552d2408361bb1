import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as fc from "fast-check"
import { CurrentFileSystem } from "../../src/Files/FileSystem.ts"
import * as Formatters from "../../src/Formatters.ts"
import * as JsonLine from "../../src/JsonLine.ts"
import * as Record from "../../src/Record.ts"
import * as FileSink from "../../src/Sinks/File.ts"
import * as Patience from "../../src/Sinks/Patience.ts"
import type { Plan } from "../support/landing.ts"
import { landing } from "../support/landing.ts"

const record = (seq: number) => Record.make({ level: "Info", message: `number ${seq}`, seq })
const batch = [1, 2, 3, 4].map(record)

/** Writes the first two records, and when that is under way the process ends with four to write. */
const end = (plan: Plan, initial?: string, patience = Patience.make(1000)) =>
  Effect.runPromise(
    Effect.gen(function*() {
      const file = landing(plan, initial)
      const sink = yield* Effect.provideService(FileSink.make({ path: "app.log" }).open, CurrentFileSystem, file.fs)
      yield* Effect.forkChild(sink.write(batch.slice(0, 2), Formatters.json), { startImmediately: true })
      sink.writeLast!(batch, Formatters.json, patience)
      const written = file.content()
      file.end()
      return { written, content: file.content(), looks: file.looks() }
    }).pipe(Effect.scoped)
  )

const lineOf = (r: Record.LogRecord) => `${Formatters.json(r)}\n`
const repeated = (r: Record.LogRecord) => lineOf(Record.withNote(r, "repeated"))
const all = batch.map(lineOf).join("")
const size = lineOf(batch[0]!).length
const other = "{\"another\":\"process\"}\n"

describe("Sinks.file when the process ends in a write", () => {
  it("G14 a write that has landed, or lands in time, is not repeated", async () => {
    for (const look of [1, 2, 10]) assert.strictEqual((await end({ look })).content, all)
    assert.strictEqual((await end({ look: 3 }, "old\n")).content, `old\n${all}`)
  })

  it("G14 also when other processes append to the file", async () => {
    const { content } = await end({ look: 4, before: other, behind: other }, other)
    assert.strictEqual(
      content,
      [other, other, ...batch.slice(0, 2).map(lineOf), other, ...batch.slice(2).map(lineOf)].join("")
    )
  })

  it("G14 also when the file was truncated under it", async () => {
    assert.strictEqual((await end({ look: 2, truncated: true }, "old\n".repeat(1000))).content, all)
  })

  it("G14 the bytes of another process, as many as its own, are not taken for them", async () => {
    const bytes = 2 * size
    const { written } = await end({ look: 2, take: 0, before: `${"x".repeat(bytes - 1)}\n` })
    assert.include(written, [...batch.slice(0, 2).map(repeated), ...batch.slice(2).map(lineOf)].join(""))
  })

  it("G14 where the file was moved, it is read through its descriptor", async () => {
    assert.strictEqual((await end({ look: 2, isMoved: true })).content, all)
  })

  it("G14 where it cannot be read, its size proves nothing: what is under way is repeated", async () => {
    // as many bytes of another process as of its own were not written
    const coincidence = { before: other, take: 2 * size - other.length }
    for (const plan of [{ isReadable: false }, { isMoved: true, isNamed: false }]) {
      for (const { written } of [await end({ look: 2, ...plan }), await end({ look: 2, ...plan, ...coincidence })]) {
        assert.include(written, batch.slice(0, 2).map(repeated).join(""))
      }
    }
  })

  it("G14 one that does not land within 100 ms is repeated behind a line break, and the lines say so", async () => {
    const before = performance.now()
    const { content, written } = await end({ look: "late" })
    assert.isBelow(performance.now() - before, 1000)
    const expected = `\n${batch.slice(0, 2).map(repeated).join("")}${batch.slice(2).map(lineOf).join("")}`
    assert.strictEqual(written, expected)
    assert.strictEqual(content, expected + batch.slice(0, 2).map(lineOf).join(""))
  })

  it("G14 of one that was cut short, the whole lines count, and the torn one is ended and repeated", async () => {
    assert.strictEqual(
      (await end({ look: 1, take: size + 5 })).content,
      `${lineOf(batch[0]!)}${lineOf(batch[1]!).slice(0, 5)}\n${repeated(batch[1]!)}${
        batch.slice(2).map(lineOf).join("")
      }`
    )
  })

  it("G14 a FIFO cannot be asked: what is under way is repeated", async () => {
    const { looks, written } = await end({ look: "late", isFile: false })
    assert.strictEqual(looks, 0)
    assert.include(written, batch.slice(0, 2).map(repeated).join(""))
  })

  it("G14 without patience it looks once", async () => {
    assert.strictEqual((await end({ look: 1 }, "", Patience.make(0))).content, all)
    assert.strictEqual((await end({ look: "late" }, "", Patience.make(0))).looks, 1)
  })

  it("G14 whatever happens, every record is there, in order, and a line that says nothing is there once", () => {
    const plan = fc.record({
      look: fc.oneof(fc.integer({ min: 1, max: 5 }), fc.constant("late" as const)),
      take: fc.option(fc.nat(3 * size), { nil: undefined }),
      before: fc.constantFrom("", other),
      behind: fc.constantFrom("", other),
      truncated: fc.boolean(),
      isFile: fc.boolean(),
      isReadable: fc.boolean(),
      isMoved: fc.boolean(),
      isNamed: fc.boolean()
    })
    return fc.assert(
      fc.asyncProperty(plan, fc.constantFrom("", "old\n"), async (plan, initial) => {
        // cut short by the end of the process itself it is not
        const { content, written } = await end(plan.look === "late" ? { ...plan, take: undefined } : plan, initial)
        const decode = (text: string) =>
          text.split("\n").flatMap((line) =>
            Result.match(JsonLine.decode(line), { onFailure: () => [], onSuccess: (r) => [r] })
          )
        const seqs = (records: ReadonlyArray<Record.LogRecord>) => records.flatMap(({ seq }) => seq ?? [])
        const isEmptied = plan.truncated && plan.look !== "late"
        if (!isEmptied) assert.deepStrictEqual([...new Set(seqs(decode(written)))], [1, 2, 3, 4])
        const silent = seqs(decode(content).filter(({ notes }) => notes === undefined))
        assert.strictEqual(new Set(silent).size, silent.length)
      }),
      { numRuns: 60 }
    )
  })
})
