import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import type { LogRecord } from "../../src/Record.ts"
import * as Record from "../../src/Record.ts"
import * as Sinks from "../../src/Sinks.ts"

const records = (...messages: ReadonlyArray<string>) =>
  messages.map((message) => Record.make({ level: "Info", message }))
const text = (r: LogRecord) => r.message

describe("Sinks.memory", () => {
  it.effect("keeps the records themselves, in order, from both kinds of write, until they are cleared", () =>
    Effect.gen(function*() {
      const memory = Sinks.memory({ name: "ring" })
      assert.deepStrictEqual([memory.kind, memory.options], ["memory", { name: "ring" }])
      assert.isTrue(Sinks.isSink(memory))
      const batch = records("a", "b", "c")
      const handle = yield* memory.open
      yield* handle.write(batch.slice(0, 2), text)
      handle.writeSync!(batch.slice(2), text)
      const kept = yield* memory.records
      assert.deepStrictEqual(kept.map((r, i) => r === batch[i]), [true, true, true])
      yield* memory.clear
      assert.deepStrictEqual(yield* memory.records, [])
      assert.lengthOf(kept, 3)
    }))

  it.effect("G33 keeps the last `limit` records", () =>
    Effect.gen(function*() {
      const memory = Sinks.memory({ limit: 3 })
      const handle = yield* memory.open
      yield* handle.write(records("a", "b"), text)
      yield* handle.write(records("c", "d"), text)
      assert.deepStrictEqual((yield* memory.records).map(text), ["b", "c", "d"])
      yield* handle.write(records("1", "2", "3", "4", "5"), text)
      assert.deepStrictEqual((yield* memory.records).map(text), ["3", "4", "5"])
    }))

  it.effect("keeps 100,000 records by default", () =>
    Effect.gen(function*() {
      const memory = Sinks.memory()
      const handle = yield* memory.open
      const [record] = records("x")
      for (let i = 0; i < 11; i++) yield* handle.write(Array.from({ length: 10_000 }, () => record!), text)
      assert.lengthOf(yield* memory.records, 100_000)
    }))

  it.effect("G7 two values share nothing", () =>
    Effect.gen(function*() {
      const one = Sinks.memory()
      const two = Sinks.memory()
      yield* (yield* one.open).write(records("a"), text)
      assert.deepStrictEqual(yield* two.records, [])
    }))

  it("G33 a limit that is not a positive integer is known before the open", () => {
    for (const limit of [0, -1, 1.5, Number.NaN, "3" as never]) {
      assert.deepStrictEqual(Sinks.memory({ limit }).wrong, [
        { field: "limit", message: `expected a positive integer, got ${limit}` }
      ])
    }
  })
})
