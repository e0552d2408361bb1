import { assert, describe, it } from "@effect/vitest"
import * as fc from "fast-check"
import type { Limits, RotatedFile } from "../src/Files/Retention.ts"
import * as Retention from "../src/Files/Retention.ts"
import { parameters } from "./support/runs.ts"

const file = fc.record({ n: fc.integer({ min: 1, max: 30 }), size: fc.nat(20), time: fc.nat(50) })
const files = fc.uniqueArray(file, { selector: ({ n }) => n, maxLength: 12 })
const limits = fc.record(
  { files: fc.nat(12), ageMillis: fc.nat(50), bytes: fc.nat(120) },
  { requiredKeys: [] }
)

/**
 * Whether a file is kept, in the plainest way: by looking at all the others.
 */
const isKept = (file: RotatedFile, all: ReadonlyArray<RotatedFile>, limits: Limits, now: number): boolean => {
  const newer = all.filter(({ n }) => n > file.n)
  const sum = [file, ...newer].map(({ size }) => size).reduce((a, b) => a + b)
  return (limits.files === undefined || newer.length < limits.files) &&
    (limits.ageMillis === undefined || now - file.time <= limits.ageMillis) &&
    (limits.bytes === undefined || newer.length === 0 || sum <= limits.bytes)
}

describe("retention", () => {
  it("G30 keeps exactly what its limits say", () => {
    fc.assert(
      fc.property(files, limits, fc.nat(100), (files, limits, now) => {
        const out = Retention.expired(files, limits, now)
        const expected = files.filter((file) => !isKept(file, files, limits, now)).toSorted((a, b) => a.n - b.n)
        assert.deepStrictEqual(out, expected)
      }),
      parameters
    )
  })

  it("G30 has nothing more to do once it was done, and less to do with wider limits", () => {
    fc.assert(
      fc.property(files, limits, fc.nat(100), fc.nat(5), (files, limits, now, more) => {
        const out = Retention.expired(files, limits, now)
        const left = files.filter((file) => !out.includes(file))
        assert.deepStrictEqual(Retention.expired(left, limits, now), [])
        const wider = Object.fromEntries(Object.entries(limits).map(([name, limit]) => [name, limit + more]))
        assert.includeMembers([...out], [...Retention.expired(files, wider, now)])
      }),
      parameters
    )
  })
})
