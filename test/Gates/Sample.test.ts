import { assert, describe, it } from "@effect/vitest"
import * as Random from "effect/Random"
import * as Gates from "../../src/Gates.ts"
import { isSampled } from "../../src/Sampling.ts"
import { isMade, record, run, times } from "../support/gateRuns.ts"

const minute = 60_000

describe("what a rate takes of keys", () => {
  const keys = Array.from({ length: 2000 }, (_, i) => `request-${i}`)

  it("a rate takes about its share, the greater one all that the smaller one takes, none nothing, and one all", () => {
    const taken = (rate: number) => keys.filter((key) => isSampled(rate, key))
    assert.closeTo(taken(0.25).length / keys.length, 0.25, 0.04)
    assert.isTrue(taken(0.25).every((key) => isSampled(0.5, key)))
    assert.deepStrictEqual([taken(0).length, taken(1).length], [0, keys.length])
  })

  it("of a trace id the last 56 bits decide, and a rate of nothing does not take the greatest", () => {
    const ending = (bits: string) => `${"a".repeat(18)}${bits}`
    assert.isTrue(isSampled(0.5, ending("80000000000000")))
    assert.isFalse(isSampled(0.5, ending("7fff0000000000")))
    assert.isFalse(isSampled(0, ending("f".repeat(14))))
  })
})

describe("Gates.sample", () => {
  it("G33 rate: all of a trace or request passes, or nothing of it, whatever process asks", () => {
    const keys = Array.from({ length: 200 }, (_, i) => `request-${i}`)
    const records = [...keys, ...keys].map((requestId) => record({ context: { requestId } }))
    const passed = run(Gates.sample({ rate: 0.3, summary: false })).push(...records)
    const expected = [...keys, ...keys].filter((key) => isSampled(0.3, key))
    assert.deepStrictEqual(passed.map(({ context }) => context.requestId), expected)
    assert.strictEqual(run(Gates.sample({ rate: 0, summary: false })).push(...records).length, 0)
    assert.strictEqual(run(Gates.sample(1)).push(...records).length, 400)
  })

  it("G33 key: by default the trace id, else the request id; another one takes its place", () => {
    const taken = "f".repeat(32)
    const left = "0".repeat(32)
    const requestId = "request-1"
    assert.isFalse(isSampled(0.5, requestId))
    const records = [
      record({ message: "taken", traceId: taken, context: { requestId } }),
      record({ message: "left", traceId: left }),
      record({ message: "left", context: { requestId } })
    ]
    const sample = { rate: 0.5, summary: false } as const
    assert.deepStrictEqual(run(Gates.sample(sample)).messages(...records), ["taken"])
    const byRequest = run(Gates.sample({ ...sample, key: ({ context, traceId }) => context.requestId ?? traceId }))
    assert.deepStrictEqual(byRequest.messages(...records), [])
  })

  it("what has no key has a draw of its own, which a seed fixes", () => {
    const records = times(400, (fiber) => ({ fiber }))
    const taken = (seed: number) =>
      run(Random.withSeed(Gates.sample({ rate: 0.25, summary: false }), seed)).push(...records).map(({ fiber }) =>
        fiber
      )
    assert.deepStrictEqual(taken(1), taken(1))
    assert.notDeepEqual(taken(1), taken(2))
    assert.closeTo(taken(1).length, 100, 30)
  })

  it("G33 byLevel, always: a level has a share of its own, and from a level on all pass", () => {
    const levels = (["Trace", "Debug", "Info", "Warn", "Error", "Fatal"] as const).map((level) =>
      record({ level, message: level })
    )
    const passed = (options: Omit<Gates.SampleOptions, "rate">) =>
      run(Gates.sample({ rate: 0, summary: false, ...options })).messages(...levels)
    assert.deepStrictEqual(passed({}), ["Warn", "Error", "Fatal"])
    assert.deepStrictEqual(passed({ byLevel: { Debug: 1, Info: 0 } }), ["Debug", "Warn", "Error", "Fatal"])
    assert.deepStrictEqual(passed({ always: "Error" }), ["Error", "Fatal"])
    assert.deepStrictEqual(passed({ always: "None" }), [])
    assert.deepStrictEqual(passed({ always: "None", byLevel: { Fatal: 1 } }), ["Fatal"])
  })

  it("G33 summary: a line says how many were left out, every minute and at the close", () => {
    const gate = run(Gates.sample(0))
    assert.deepStrictEqual(gate.push(...times(3, (i) => ({ time: 1000 + i, level: i === 1 ? "Info" : "Debug" }))), [])
    assert.deepStrictEqual(gate.push(record({ time: 1000 + minute - 1 })), [])
    const [line, ...others] = gate.push(record({ time: 1000 + minute, context: { service: "shop", requestId: "r" } }))
    assert.strictEqual(others.length, 0)
    assert.isTrue(isMade(line!))
    assert.strictEqual(line!.message, "suppressed 4 records")
    assert.deepStrictEqual([line!.level, line!.time], ["Info", 1000 + minute - 1])
    assert.deepStrictEqual(line!.fields, { gate: "sample", suppressed: 4, since: 1000 })
    assert.deepStrictEqual(gate.close().map(({ context, message }) => [message, context]), [
      ["suppressed 1 record", { service: "shop" }]
    ])
    assert.deepStrictEqual(gate.counts(), { offered: 5, made: 2, held: 0, accepted: 2, sample: 5 })
  })

  it("G33 summary: another interval, only the close, or never; a clock that was set back ends the interval", () => {
    const made = (summary: Gates.SampleOptions["summary"], times: ReadonlyArray<number>) => {
      const gate = run(Gates.sample({ rate: 0, summary }))
      return [gate.push(...times.map((time) => record({ time }))).length, gate.close().length]
    }
    assert.deepStrictEqual(made("1 second", [0, 1000, 2000]), [2, 1])
    assert.deepStrictEqual(made("Infinity", [0, 1e12]), [0, 1])
    assert.deepStrictEqual(made(false, [0, 1e12]), [0, 0])
    assert.deepStrictEqual(made("1 minute", [1e12, 0]), [1, 1])
    assert.deepStrictEqual(made("1 minute", []), [0, 0])
  })
})
