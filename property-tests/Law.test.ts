import { assert, describe, it } from "@effect/vitest"
import * as fc from "fast-check"
import * as Histories from "./support/history.ts"
import * as Law from "./support/lawRun.ts"
import { lawRegressions } from "./support/regressions.ts"
import { numRuns, parameters, timeout } from "./support/runs.ts"

describe("the law", { timeout }, () => {
  it("G4 holds at every instant of any history, and at its end every record is in one place", () => {
    fc.assert(
      fc.property(Histories.history, (history) => Law.run(history)),
      parameters
    )
  })

  it("G7 two layers that live at the same time share nothing: each keeps its own law", () => {
    fc.assert(
      fc.property(Histories.history, Histories.history, (one, other) => Law.runBeside([one, other])),
      { ...parameters, numRuns: numRuns / 5 }
    )
  })

  for (const [name, history] of Object.entries(lawRegressions)) it(name, () => Law.run(history))

  it("G4 the same history is the same run", () => {
    const trace = (history: Histories.History): ReadonlyArray<string> => {
      const out: Array<string> = []
      Law.run(history, (stats) => void out.push(JSON.stringify(stats)))
      return out
    }
    fc.assert(
      fc.property(Histories.history, (history) => assert.deepStrictEqual(trace(history), trace(history))),
      { ...parameters, numRuns: 20 }
    )
  })
})
