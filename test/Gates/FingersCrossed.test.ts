import { assert, describe, it } from "@effect/vitest"
import * as Gates from "../../src/Gates.ts"
import type { LogRecord } from "../../src/Record.ts"
import * as Record from "../../src/Record.ts"
import { isMade, record, run, times } from "../support/gateRuns.ts"

type Options = Partial<LogRecord>

/** A record of a request. */
const of = (requestId: string, message: string, options: Options = {}): LogRecord =>
  record({ message, context: { service: "shop", requestId }, ...options })

const info = (requestId: string, message: string, options?: Options) => of(requestId, message, options)
const debug = (requestId: string, message: string) => of(requestId, message, { level: "Debug" })
const warn = (requestId: string, message: string) => of(requestId, message, { level: "Warn" })
const error = (requestId: string, message: string, options?: Options) =>
  of(requestId, message, { level: "Error", ...options })

describe("Gates.fingersCrossed", () => {
  it("a request that fails gives what it kept, in order, and then all that it logs", () => {
    const gate = run(Gates.fingersCrossed())
    assert.deepStrictEqual(gate.messages(debug("a", "a1"), info("b", "b1"), info("a", "a2"), debug("b", "b2")), [])
    assert.strictEqual(gate.counts()["held"], 4)
    assert.deepStrictEqual(gate.messages(error("a", "a3")), ["a1", "a2", "a3"])
    assert.deepStrictEqual(gate.messages(debug("a", "a4"), error("a", "a5"), info("b", "b3")), ["a4", "a5"])
    assert.deepStrictEqual(gate.close(), [])
    assert.deepStrictEqual(gate.counts(), { offered: 8, made: 0, held: 0, accepted: 5, fingersCrossed: 3 })
  })

  it("G33 passThrough: from a level on nothing is kept back", () => {
    const records = [info("a", "info"), warn("a", "warn"), error("a", "error")]
    const out = (passThrough?: Gates.FingersCrossedOptions["passThrough"]) =>
      run(Gates.fingersCrossed({ passThrough })).messages(...records)
    assert.deepStrictEqual(out(), ["warn", "info", "error"])
    assert.deepStrictEqual(out("Info"), ["info", "warn", "error"])
    assert.deepStrictEqual(out("None"), ["info", "warn", "error"])
    const quiet = run(Gates.fingersCrossed({ passThrough: "Error" }))
    assert.deepStrictEqual(quiet.messages(warn("a", "warn")), [])
  })

  it("G33 activation: another level, or a filter", () => {
    const records = [info("a", "info"), warn("a", "warn"), error("a", "error")]
    const out = (activation: Gates.FingersCrossedOptions["activation"]) =>
      run(Gates.fingersCrossed({ activation, passThrough: "None" })).messages(...records)
    assert.deepStrictEqual(out(undefined), ["info", "warn", "error"])
    assert.deepStrictEqual(out("Fatal"), [])
    assert.deepStrictEqual(out("Warn"), ["info", "warn", "error"])
    assert.deepStrictEqual(out(({ message }) => message === "info"), ["info", "warn", "error"])
    assert.deepStrictEqual(out(() => false), [])
  })

  it("G33 key: by default the request id, else the trace id; another one takes its place", () => {
    const records = [
      record({ message: "request", context: { requestId: "r" }, traceId: "t1", logger: "x" }),
      record({ message: "trace", traceId: "t", logger: "x" }),
      record({ message: "boom", level: "Error", context: { requestId: "r" }, traceId: "t", logger: "y" }),
      record({ message: "bang", level: "Error", traceId: "t", logger: "x" })
    ]
    assert.deepStrictEqual(run(Gates.fingersCrossed()).messages(...records), ["request", "boom", "trace", "bang"])
    const byLogger = run(Gates.fingersCrossed({ key: ({ logger }) => logger }))
    assert.deepStrictEqual(byLogger.messages(...records), ["boom", "request", "trace", "bang"])
  })

  it("G33 withoutKey: what belongs to no request passes from a level on, and is not kept", () => {
    const records = (["Debug", "Info", "Warn", "Error"] as const).map((level) => record({ level, message: level }))
    const out = (options: Gates.FingersCrossedOptions) => {
      const gate = run(Gates.fingersCrossed(options))
      return [gate.messages(...records).join(), gate.counts()["held"]]
    }
    assert.deepStrictEqual(out({}), ["Info,Warn,Error", 0])
    assert.deepStrictEqual(out({ withoutKey: "All" }), ["Debug,Info,Warn,Error", 0])
    assert.deepStrictEqual(out({ withoutKey: "None" }), ["Warn,Error", 0])
    assert.deepStrictEqual(out({ withoutKey: "None", passThrough: "Fatal" }), ["Error", 0])
  })

  it("G33 capacity: the newest are kept, and a line of the request says how many were not", () => {
    const gate = run(Gates.fingersCrossed({ capacity: 2 }))
    gate.push(...[1, 2, 3, 4, 5].map((time) => info("a", `${time}`, { time })))
    assert.deepStrictEqual(gate.counts(), { offered: 5, made: 0, held: 2, accepted: 0, fingersCrossed: 3 })
    const out = gate.push(error("a", "boom", { time: 6, traceId: "t" }))
    const kept = "3 earlier records were not kept"
    assert.deepStrictEqual(out.map(({ message }) => message), [kept, "4", "5", "boom"])
    const { context, fields, level, notes, time, traceId } = out[0]!
    assert.deepStrictEqual([time, level, traceId, notes], [4, "Warn", "t", ["suppressed"]])
    assert.deepStrictEqual(fields, { gate: "fingersCrossed", suppressed: 3, since: 1 })
    assert.deepStrictEqual(context, { service: "shop", requestId: "a" })
    // it is said once
    assert.deepStrictEqual(gate.messages(error("a", "again")), ["again"])
    assert.deepStrictEqual(gate.counts(), { offered: 7, made: 1, held: 0, accepted: 5, fingersCrossed: 3 })
  })

  it("G33 maxBytes: large records are fewer, and one that is too large is not kept at all", () => {
    const large = (message: string) => info("a", message, { fields: { text: "x".repeat(1000) } })
    const size = Record.estimateBytes(large("1")) + Record.contextBytes(large("1").context)
    const out = (maxBytes: number) =>
      run(Gates.fingersCrossed({ maxBytes })).messages(large("1"), large("2"), large("3"), error("a", "boom"))
    assert.deepStrictEqual(out(3 * size), ["1", "2", "3", "boom"])
    assert.deepStrictEqual(out(2 * size), ["1 earlier record was not kept", "2", "3", "boom"])
    assert.deepStrictEqual(out(size - 1), ["3 earlier records were not kept", "boom"])
  })

  const gaveUp = (n: number) => `gave up ${n} records of other keys for want of room`

  it("G33 maxKeys: the request that was used least recently is given up, and a line says how much that was", () => {
    const records = [..."abcac"].map((id) => info(id, id))
    const small = run(Gates.fingersCrossed({ maxKeys: 2, capacity: 1 }))
    small.push(info("a", "a0"), ...records)
    // a0 and a: for c; b: for a; the others have room
    const [line, ...others] = small.push(error("c", "boom"))
    assert.deepStrictEqual(others.map(({ message }) => message), ["1 earlier record was not kept", "c", "boom"])
    assert.deepStrictEqual([line!.message, line!.level, line!.logger], [gaveUp(3), "Warn", undefined])
    assert.deepStrictEqual(line!.context, { service: "shop" })
    assert.deepStrictEqual(run(Gates.fingersCrossed()).messages(...records, error("a", "boom")), ["a", "a", "boom"])
  })

  it("G33 maxTotalBytes: whole requests are given up, and what no failure tells of is told of at the close", () => {
    const size = Record.estimateBytes(info("a", "a")) + Record.contextBytes(info("a", "a").context)
    const gate = run(Gates.fingersCrossed({ maxTotalBytes: 4 * size, maxBytes: 2 * size }))
    gate.push(info("a", "1"), info("a", "2"), info("b", "3"), info("b", "4"))
    assert.strictEqual(gate.counts()["held"], 4)
    gate.push(info("c", "5"))
    assert.strictEqual(gate.counts()["held"], 3)
    assert.deepStrictEqual(gate.close().map(({ message }) => message), [gaveUp(2)])
  })

  it("G33 maxAge: a request that was silent for so long is forgotten, also when the clock was set back", () => {
    const minute = 60_000
    const out = (maxAge: Gates.FingersCrossedOptions["maxAge"], ...times: ReadonlyArray<number>) => {
      const gate = run(Gates.fingersCrossed({ maxAge }))
      times.forEach((time, i) => gate.push(info("a", `${i}`, { time })))
      return gate.messages(error("a", "boom", { time: times.at(-1)! + 4 * minute })).join()
    }
    assert.strictEqual(out(undefined, 0, 5 * minute, 10 * minute), "0,1,2,boom")
    assert.strictEqual(out(undefined, 0, 5 * minute + 1), "1,boom")
    assert.strictEqual(out("1 minute", 0), "boom")
    assert.strictEqual(out("Infinity", 0, 1e12), "0,1,boom")
    assert.strictEqual(out(undefined, 1e12, 0), "1,boom")
    const gate = run(Gates.fingersCrossed())
    gate.push(...times(100, (i) => ({ context: { requestId: `${i % 50}` } })))
    gate.push(...times(30, () => ({ time: 1e9, level: "Warn" })))
    assert.deepStrictEqual(gate.counts(), { offered: 130, made: 0, held: 0, accepted: 30, fingersCrossed: 100 })
  })

  it("G33 endOn: the last record of a request passes, and ends what is kept of it", () => {
    const access = (level: LogRecord["level"]) => of("a", "GET /", { level, logger: "http.access" })
    const gate = run(Gates.fingersCrossed())
    assert.deepStrictEqual(gate.messages(debug("a", "a1"), access("Info")), ["GET /"])
    assert.strictEqual(gate.counts()["held"], 0)
    // a later request of that id begins anew
    assert.deepStrictEqual(gate.messages(debug("a", "a2"), access("Error"), debug("a", "a3")), ["a2", "GET /"])
    const own = run(Gates.fingersCrossed({ endOn: ({ message }) => message === "end" }))
    assert.deepStrictEqual(own.messages(debug("a", "a1"), access("Info"), info("a", "end"), error("a", "e")), [
      "end",
      "e"
    ])
    const after = run(Gates.fingersCrossed())
    assert.deepStrictEqual(after.messages(error("a", "e"), access("Info"), debug("a", "d")), ["e", "GET /"])
  })

  it("whatever requests come, what is kept is bounded in records, bytes and keys", () => {
    const gate = run(Gates.fingersCrossed({ maxKeys: 50, capacity: 4, maxTotalBytes: 40_000, maxBytes: 10_000 }))
    let seed = 1
    const next = (n: number) => (seed = seed * 48_271 % 2_147_483_647) % n
    for (let i = 0; i < 5000; i++) {
      const text = "x".repeat(next(2000))
      gate.push(of(`${next(3) === 0 ? i : next(100)}`.repeat(300), "m", { time: i, fields: { text } }))
      assert.isAtMost(gate.counts()["held"]!, 200)
      // no record is smaller than that
      assert.isAtMost(gate.counts()["held"]! * 200, 40_000)
    }
    const told = gate.close()
    assert.isTrue(told.every(isMade))
    assert.strictEqual(gate.counts()["held"], 0)
  })
})
