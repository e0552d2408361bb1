import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as V8 from "node:v8"
import * as Vm from "node:vm"
import * as Gates from "../../src/Gates.ts"
import type { LogRecord } from "../../src/Record.ts"
import { isMade, record, run, times } from "../support/gateRuns.ts"

const at = (...list: ReadonlyArray<number>): ReadonlyArray<LogRecord> => list.map((time) => record({ time }))
const numbersOf = (records: ReadonlyArray<LogRecord>) => records.filter((r) => !isMade(r)).map(({ fiber }) => fiber)

describe("Gates.firstOccurrence", () => {
  it("G33 first, thereafter: the first of a key pass, and then every n-th", () => {
    const passed = (options: Gates.FirstOccurrenceOptions) =>
      numbersOf(run(Gates.firstOccurrence(options)).push(...times(8, (i) => ({ fiber: i + 1 }))))
    assert.deepStrictEqual(passed({}), [1])
    assert.deepStrictEqual(passed({ first: 3 }), [1, 2, 3])
    assert.deepStrictEqual(passed({ first: 2, thereafter: 3 }), [1, 2, 5, 8])
    assert.deepStrictEqual(passed({ thereafter: 1 }), [1, 2, 3, 4, 5, 6, 7, 8])
  })

  it("G33 interval: from the first record on; then the key begins anew, and a line says what was left out", () => {
    const out = (interval: Gates.FirstOccurrenceOptions["interval"]) =>
      run(Gates.firstOccurrence({ interval })).messages(...at(0, 1, 59_999, 60_000, 100_000, 1e12))
    assert.deepStrictEqual(out(undefined), ["m", "suppressed 2 records: m", "m", "suppressed 1 record: m", "m"])
    assert.deepStrictEqual(out("100 seconds"), ["m", "suppressed 3 records: m", "m", "m"])
    assert.deepStrictEqual(out("Infinity"), ["m"])
  })

  it("a line precedes every n-th too, and what is still owed is said at the close", () => {
    const gate = run(Gates.firstOccurrence({ thereafter: 2 }))
    assert.deepStrictEqual(gate.messages(...times(4)), ["m", "suppressed 1 record: m", "m"])
    const [line, ...others] = gate.close()
    assert.strictEqual(others.length, 0)
    assert.deepStrictEqual(line!.fields, { gate: "firstOccurrence", suppressed: 1, since: 0 })
    assert.deepStrictEqual(gate.counts(), { offered: 4, made: 2, held: 0, accepted: 4, firstOccurrence: 2 })
  })

  it("G33 key, maxKeys: what is counted together, and how much of it is remembered", () => {
    const records = ["a", "b", "a", "b"].map((message) => record({ message }))
    const passed = (options: Gates.FirstOccurrenceOptions) =>
      run(Gates.firstOccurrence(options)).push(...records).filter((r) => !isMade(r)).length
    assert.strictEqual(passed({}), 2)
    assert.strictEqual(passed({ key: () => "all" }), 1)
    assert.strictEqual(passed({ key: () => undefined }), 4)
    assert.strictEqual(passed({ maxKeys: 1 }), 4)
  })

  it("a text that was cut out of a longer one does not keep all of it alive, as message or as key", () => {
    V8.setFlagsFromString("--expose-gc")
    const gc: () => void = Vm.runInNewContext("gc")
    const held = () => {
      gc()
      const { external, heapUsed } = process.memoryUsage()
      return heapUsed + external
    }
    const length = 1_000_000
    for (const key of [undefined, ({ fields }: LogRecord) => String(fields["start"])]) {
      // by itself: what runs stages in tests keeps the records
      const stage = Effect.runSync(Gates.firstOccurrence({ key }))
      assert(stage._tag === "Gate")
      const before = held()
      for (let i = 0; i < 50; i++) {
        const start = Buffer.alloc(length, `${i} is a part of a body `).toString("latin1").slice(0, 100)
        const one = record(key === undefined ? { message: start } : { fields: { start } })
        assert.strictEqual(stage.gate.push(one).length, 1)
        assert.strictEqual(stage.gate.push(one).length, 0)
      }
      assert.isBelow(held() - before, 10 * length)
      assert.strictEqual(stage.gate.close().length, 50)
    }
  })
})

describe("Gates.dedupe", () => {
  it("records of two events are not alike, whatever they say", () => {
    const gate = run(Gates.dedupe())
    const records = [{ event: "Paid" }, { event: "Sent" }, {}, { event: "Paid" }, {}].map(record)
    assert.deepStrictEqual(gate.push(...records), records.slice(0, 3))
  })

  it("G33 window: what is alike within it becomes one record, and a line that says how often it was repeated", () => {
    const out = (window: Gates.DedupeOptions["window"]) =>
      run(Gates.dedupe({ window })).messages(...at(0, 1, 2, 4999, 5000, 5001, 20_000))
    assert.deepStrictEqual(out(undefined), ["m", "repeated 3 times: m", "m", "repeated once: m", "m"])
    assert.deepStrictEqual(out("2 millis"), ["m", "repeated once: m", "m", "m", "repeated once: m", "m", "m"])
    assert.deepStrictEqual(out("Infinity"), ["m"])
  })

  it("the line has the time of the last one, and comes with any record after the window", () => {
    const gate = run(Gates.dedupe())
    const out = gate.push(
      ...at(10, 20, 30),
      record({ message: "other", time: 5009 }),
      record({ message: "o", time: 5010 })
    )
    assert.deepStrictEqual(out.map(({ message }) => message), ["m", "other", "repeated 2 times: m", "o"])
    assert.strictEqual(out[2]!.time, 30)
    assert.deepStrictEqual(out[2]!.fields, { gate: "dedupe", suppressed: 2, since: 20 })
    assert.deepStrictEqual(gate.close(), [])
    assert.deepStrictEqual(gate.counts(), { offered: 5, made: 1, held: 0, accepted: 4, dedupe: 2 })
  })

  it("of many keys whose windows are over, each record tells of a few", () => {
    const gate = run(Gates.dedupe())
    gate.push(...times(200, (i) => ({ message: `m${i % 100}` })))
    assert.strictEqual(gate.push(record({ time: 10_000 })).length, 3)
    assert.strictEqual(gate.push(...times(60, () => ({ time: 10_000 }))).length, 98)
  })

  it("G33 fields: whether they have to be alike", () => {
    const records = [1, 2, 2].map((id) => record({ fields: { id } }))
    assert.strictEqual(run(Gates.dedupe()).push(...records).length, 1)
    assert.strictEqual(run(Gates.dedupe({ fields: true })).push(...records).length, 2)
    const passed = run(Gates.dedupe({ fields: true, key: () => undefined })).push(...records)
    assert.strictEqual(passed.length, 3)
  })

  it("G33 key, maxKeys: what is alike, and how much of it is remembered", () => {
    const records = ["a", "b", "a", "b"].map((message) => record({ message }))
    const passed = (options: Gates.DedupeOptions) =>
      run(Gates.dedupe(options)).push(...records).filter((r) => !isMade(r)).length
    assert.strictEqual(passed({}), 2)
    assert.strictEqual(passed({ key: () => "all" }), 1)
    assert.strictEqual(passed({ maxKeys: 1 }), 4)
  })

  it("a clock that was set back ends the window", () => {
    const gate = run(Gates.dedupe())
    assert.deepStrictEqual(gate.messages(...at(3e13, 1000, 1001, 500, 6000)), ["m", "m", "repeated 2 times: m", "m"])
  })
})
