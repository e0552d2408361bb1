import { assert, describe, it } from "@effect/vitest"
import * as fc from "fast-check"
import type { LogRecord } from "../src/Record.ts"
import type { Given, Told } from "./support/gateModels.ts"
import * as Models from "./support/gateModels.ts"
import * as Specs from "./support/gateSpecs.ts"
import { parameters } from "./support/runs.ts"

// a record by its number, a line by what is said of it
const shown = (given: Given): ReadonlyArray<number | Told> =>
  given.map((one) => {
    if (!("notes" in one)) return one
    if (one.notes === undefined) return one.fiber!
    const { fields, level, logger, message, time } = one
    return { time, level, logger, message, suppressed: Number(fields["suppressed"]), since: Number(fields["since"]) }
  })

describe("the gates", () => {
  it("G4 each gate does what its slow model does, and answers each record once or discards it", () => {
    fc.assert(
      fc.property(Specs.gateSpec, Specs.records(40), (spec, records) => {
        const { gate } = Specs.build(spec)
        const model = Models.make(spec)
        const seen: Array<LogRecord> = []
        let made = 0
        const compare = (given: ReadonlyArray<LogRecord>, expected: Given): void => {
          assert.deepStrictEqual(shown(given), shown(expected))
          made += given.filter(({ notes }) => notes !== undefined).length
          seen.push(...given.filter(({ notes }) => notes === undefined))
          assert.strictEqual(gate.made, made)
          assert.strictEqual(gate.held, model.held().length)
        }
        for (const record of records) {
          compare(gate.push(record), model.push(record))
          // those that hold nothing need not say so
          assert.strictEqual(gate.keepsLast ?? false, model.held().includes(record))
        }
        compare(gate.close(), model.close())
        assert.strictEqual(new Set(seen).size, seen.length)
        assert.isTrue(seen.every((record) => records.includes(record)))
      }),
      parameters
    )
  })

  it("G4 what the lines of a gate tell of is what it did not let through", () => {
    // the others discard in silence: what a request kept that went well, and what nobody wants a summary of
    const tells = ({ _tag, ...spec }: Specs.GateSpec): boolean =>
      _tag !== "FingersCrossed" && !("summary" in spec && spec.summary === false)
    fc.assert(
      fc.property(Specs.gateSpec.filter(tells), Specs.records(40), (spec, records) => {
        const { gate } = Specs.build(spec)
        const out = [...records.flatMap((record) => gate.push(record)), ...gate.close()]
        const told = out.filter(({ notes }) => notes !== undefined)
        const suppressed = told.reduce((sum, { fields }) => sum + Number(fields["suppressed"]), 0)
        assert.strictEqual(out.length - told.length + suppressed, records.length)
      }),
      parameters
    )
  })
})
