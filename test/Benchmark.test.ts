import { assert, describe, it } from "@effect/vitest"
import * as Plan from "../benchmark/Plan.ts"
import * as Ratios from "../benchmark/Ratios.ts"
import type { WorkloadResults } from "../benchmark/Results.ts"
import * as Statistics from "../benchmark/Statistics.ts"

type Rounds = ReadonlyArray<number | undefined>

// the contenders of one workload, by their figures and rounds
const measured = (
  workload: string,
  contenders: { readonly [contender: string]: { readonly [figure: string]: Rounds } }
): WorkloadResults => ({
  [workload]: {
    title: workload,
    rounds: 3,
    records: 1,
    figures: {},
    contenders: Object.fromEntries(
      Object.entries(contenders).map(([name, figures]) => [name, {
        title: name,
        linesRight: true,
        wrong: [],
        series: {},
        figures: Object.fromEntries(
          Object.entries(figures).map(([figure, rounds]) => [figure, { median: 0, min: 0, max: 0, rounds }])
        )
      }])
    )
  }
})

const ratio = (results: WorkloadResults, name: string): number | undefined => Ratios.ratios(results)[name]?.median

describe("the benchmark", () => {
  it("summarizes: the middle of an odd number, the mean of the two in the middle of an even one", () => {
    assert.deepStrictEqual(Statistics.summary([10, 9, 100]), { median: 10, min: 9, max: 100 })
    assert.deepStrictEqual(Statistics.summary([4, 1, 2, 100]), { median: 3, min: 1, max: 100 })
    assert.deepStrictEqual(Statistics.summary([7]), { median: 7, min: 7, max: 7 })
  })

  it("takes as a quantile the number that so large a part does not exceed", () => {
    const values = Array.from({ length: 1000 }, (_, i) => 1000 - i)
    assert.deepStrictEqual([0.001, 0.5, 0.99, 0.999, 1].map((part) => Statistics.quantile(values, part)), [
      1,
      500,
      990,
      999,
      1000
    ])
  })

  it("takes the median of the rounds' ratios, not the ratio of the medians", () => {
    const results = measured("delivered", {
      loggerInfo: { rate: [100, 10, 900] },
      effectToFile: { rate: [10, 5, 300] }
    })
    assert.deepStrictEqual(Ratios.ratios(results)["deliveredVsEffect"], { median: 3, min: 2, max: 10 })
  })

  it("leaves a round out in which one of the two is void", () => {
    const results = measured("delivered", {
      loggerInfo: { rate: [100, undefined, 900] },
      effectToFile: { rate: [undefined, 5, 300] }
    })
    assert.deepStrictEqual(Ratios.ratios(results)["deliveredVsEffect"], { median: 3, min: 3, max: 3 })
  })

  it("says nothing of what was not measured, is void, or has no number", () => {
    assert.isTrue(Object.values(Ratios.ratios({})).every((summary) => summary === undefined))
    assert.isUndefined(ratio(measured("delivered", { loggerInfo: { rate: [1] } }), "deliveredVsEffect"))
    assert.isUndefined(
      ratio(measured("delivered", { loggerInfo: { rate: [1] }, effectToFile: {} }), "deliveredVsEffect")
    )
    assert.isUndefined(
      ratio(measured("delivered", { loggerInfo: { rate: [1] }, effectToFile: { rate: [0] } }), "deliveredVsEffect")
    )
  })

  it("takes a bare yield* off the cost of a call", () => {
    const call = measured("call", {
      bare: { time: [50] },
      loggerInfo: { time: [850] },
      effectNull: { time: [450] },
      disabled: { time: [110] }
    })
    assert.strictEqual(ratio(call, "callVsEffectNull"), 2)
    assert.strictEqual(ratio(call, "disabledNs"), 60)
  })

  it("takes what one further sink adds over the first", () => {
    assert.strictEqual(ratio(measured("sinks", { one: { time: [1000] }, four: { time: [1600] } }), "perSink"), 0.2)
  })

  it("calls it growth from half a byte per record on, and gives the plain slope beside it", () => {
    const growth = (slope: number) => {
      const results = measured("deadSink", { loggerInfo: { slope: [slope] } })
      return [ratio(results, "deadSinkGrowth"), ratio(results, "deadSinkSlopeBytes")]
    }
    assert.deepStrictEqual(growth(0.4), [0, 0.4])
    assert.deepStrictEqual(growth(-3), [0, -3])
    assert.deepStrictEqual(growth(0.6), [1, 0.6])
  })

  it("takes in its quick run what a ratio with a goal needs, and nothing else", () => {
    const available = {
      delivered: ["loggerInfo", "effectToFile", "winston"],
      exactness: ["loggerInfo"],
      redaction: ["nothing", "present"],
      later: ["x"]
    }
    assert.deepStrictEqual(
      Plan.whatGoalsNeed(available).map(({ contenders, workload }) => [workload, contenders]),
      [["delivered", ["loggerInfo", "effectToFile"]]]
    )
    assert.deepStrictEqual(
      Plan.everything(available).map(({ contenders, workload }) => [workload, contenders]),
      Object.entries(available)
    )
    assert.isTrue(Plan.everything(available).every(({ rounds }) => rounds >= 5))
  })
})
