import { assert, describe, it } from "@effect/vitest"
import * as Gates from "../../src/Gates.ts"
import type { LogRecord } from "../../src/Record.ts"
import { isMade, record, run, times } from "../support/gateRuns.ts"

const at = (...list: ReadonlyArray<number>): ReadonlyArray<LogRecord> => list.map((time) => record({ time }))
const timesOf = (records: ReadonlyArray<LogRecord>) => records.filter((r) => !isMade(r)).map(({ time }) => time)

describe("Gates.rateLimit", () => {
  it("G33 limit, per: so many pass at once, and then one for each part of the time", () => {
    const gate = run(Gates.rateLimit({ limit: 3 }))
    assert.deepStrictEqual(timesOf(gate.push(...at(0, 0, 0, 0, 333, 334, 334, 667, 667, 1000))), [
      0,
      0,
      0,
      334,
      667,
      1000
    ])
    const slow = run(Gates.rateLimit({ limit: 3, per: "1 minute" }))
    assert.deepStrictEqual(timesOf(slow.push(...at(0, 0, 0, 0, 19_999, 20_000))), [0, 0, 0, 20_000])
  })

  it("G33 burst: how many pass after a silence, and no more however long it was", () => {
    const passed = (burst: number | undefined) =>
      timesOf(run(Gates.rateLimit({ limit: 2, burst })).push(...at(0, 0, 0, 0, 0, 1e9, 1e9, 1e9, 1e9, 1e9))).length
    assert.deepStrictEqual([passed(undefined), passed(1), passed(4)], [4, 2, 8])
  })

  it("the next one that passes is preceded by a line that says how many did not", () => {
    const gate = run(Gates.rateLimit({ limit: 1 }))
    const of = (time: number, user: string) =>
      record({
        time,
        level: "Error",
        logger: "db",
        message: "lost",
        context: { service: "shop", requestId: user, userId: user, custom: { pod: 1 } },
        traceId: user,
        spanId: "s",
        fiber: 7
      })
    const out = gate.push(of(0, "a"), of(1, "b"), of(2, "c"), of(1000, "d"))
    assert.deepStrictEqual(out.map(({ message }) => message), ["lost", "suppressed 2 records: lost", "lost"])
    const { fields, ...line } = out[1]!
    assert.deepStrictEqual(fields, { gate: "rateLimit", suppressed: 2, since: 1 })
    assert.deepStrictEqual([line.time, line.level, line.logger, line.notes], [2, "Error", "db", ["suppressed"]])
    // they were many requests'
    assert.deepStrictEqual(line.context, { service: "shop", custom: { pod: 1 } })
    assert.deepStrictEqual([line.traceId, line.spanId, line.fiber, line.error], [
      undefined,
      undefined,
      undefined,
      undefined
    ])
    assert.deepStrictEqual(gate.close(), [])
    assert.deepStrictEqual(gate.counts(), { offered: 4, made: 1, held: 0, accepted: 3, rateLimit: 2 })
  })

  it("what a key still owes is said when the key may be forgotten, and at the close", () => {
    const gate = run(Gates.rateLimit({ limit: 1 }))
    const storm = times(3, () => ({ message: "storm" }))
    assert.deepStrictEqual(gate.messages(...storm, record({ time: 999, message: "other" })), ["storm", "other"])
    const later = gate.messages(record({ time: 1000, message: "another" }), record({ time: 1000, message: "another" }))
    assert.deepStrictEqual(later, ["suppressed 2 records: storm", "another"])
    assert.deepStrictEqual(gate.close().map(({ message }) => message), ["suppressed 1 record: another"])
  })

  it("G33 key: what shares a limit; what has none passes", () => {
    const records = [
      ...["a", "a", "b"].map((message) => record({ message })),
      record({ message: "a", logger: "db" }),
      record({ message: "a", level: "Debug" })
    ]
    const passed = (key?: Gates.Key) => run(Gates.rateLimit({ limit: 1, key })).push(...records).length
    assert.strictEqual(passed(), 4)
    assert.strictEqual(passed(({ message }) => message), 2)
    assert.strictEqual(passed(() => "all"), 1)
    assert.strictEqual(passed(() => undefined), 5)
    // as it may be written without types
    assert.strictEqual(passed((() => 7) as never), 5)
  })

  it("alike is what has level, logger, message and type of error in common, whatever text is in them", () => {
    const error = (type: string) => ({
      type,
      message: "",
      stack: undefined,
      kind: undefined,
      fields: undefined,
      cause: undefined,
      others: undefined
    })
    const different = [
      record({ logger: "a", message: "bc" }),
      record({ logger: "ab", message: "c" }),
      record({ message: "abc" }),
      record({ message: "c", error: error("ab") }),
      record({ message: "bc", error: error("a") }),
      record({ logger: "a", message: "c", error: error("b") })
    ]
    const gate = run(Gates.rateLimit({ limit: 1, per: "1 day" }))
    assert.strictEqual(gate.push(...different).length, different.length)
    assert.strictEqual(gate.push(...different).length, 0)
  })

  it("long messages are told apart by all of their text, and are not repeated in the line", () => {
    const long = (end: string) => record({ message: `${"x".repeat(60_000)}${end}` })
    const gate = run(Gates.rateLimit({ limit: 1, per: "1 day" }))
    assert.strictEqual(gate.push(long("a"), long("b"), long("a")).length, 2)
    assert.deepStrictEqual(gate.close().map(({ message }) => message), ["suppressed 1 record"])
  })

  it("G33 maxKeys: the key that was used least recently makes room, and what it owes is said", () => {
    const message = (message: string) => record({ message })
    const out = (maxKeys: number) =>
      run(Gates.rateLimit({ limit: 1, per: "1 day", maxKeys })).messages(
        ...["a", "b", "a", "b", "a", "c", "b"].map(message)
      )
    assert.deepStrictEqual(out(2), ["a", "b", "suppressed 1 record: b", "c", "suppressed 2 records: a", "b"])
    assert.deepStrictEqual(out(3), ["a", "b", "c"])
  })

  it("whatever keys come, no more than maxKeys are remembered", () => {
    const gate = run(Gates.rateLimit({ limit: 1, per: "1 day", maxKeys: 10 }))
    for (let i = 0; i < 2000; i++) gate.push(...times(2, () => ({ message: `${i}`, context: { requestId: `${i}` } })))
    assert.strictEqual(gate.close().length, 10)
    assert.deepStrictEqual(gate.counts(), { offered: 4000, made: 2000, held: 0, accepted: 4000, rateLimit: 2000 })
  })

  it("records out of order bring no tokens, and a clock that was set back does not silence a key", () => {
    const gate = run(Gates.rateLimit({ limit: 1 }))
    assert.deepStrictEqual(timesOf(gate.push(...at(5000, 4500, 5000, 4000, 5999, 6000))), [5000, 6000])
    // 1,000 years ahead, and back again
    const ahead = 3e13
    assert.deepStrictEqual(timesOf(gate.push(...at(ahead, 7000, 7999, 8000))), [ahead, 8000])
  })

  it("what a line keeps of a record is bounded", () => {
    const gate = run(Gates.rateLimit({ limit: 1, per: "1 day" }))
    const endless: { [key: string]: never } = {}
    Object.assign(endless, { endless })
    const contexts = [
      { service: "shop", custom: { text: "x".repeat(100_000) } },
      { service: "x".repeat(100_000) },
      { custom: endless }
    ]
    for (const [i, context] of contexts.entries()) {
      gate.push(...times(2, () => ({ message: `${i}`, context, logger: "x".repeat(100_000) })))
    }
    const lines = gate.close()
    assert.deepStrictEqual(lines.map(({ context }) => context), [{ service: "shop" }, {}, {}])
    assert.isTrue(lines.every(({ logger }) => logger === undefined))
  })
})
