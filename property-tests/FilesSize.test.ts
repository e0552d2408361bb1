import { assert, describe, it } from "@effect/vitest"
import * as fc from "fast-check"
import * as Size from "../src/Files/Size.ts"
import { parameters } from "./support/runs.ts"

const units: ReadonlyArray<readonly [unit: string, bytes: bigint]> = [
  ["B", 1n],
  ["kB", 1000n],
  ["KB", 1000n],
  ["MB", 1000n ** 2n],
  ["GB", 1000n ** 3n],
  ["TB", 1000n ** 4n],
  ["KiB", 1024n],
  ["MiB", 1024n ** 2n],
  ["GiB", 1024n ** 3n],
  ["TiB", 1024n ** 4n]
]

const least = 1n
const greatest = BigInt(Number.MAX_SAFE_INTEGER)

describe("sizes", () => {
  it("have the bytes of their decimal number times their unit, rounded down, or are none", () => {
    const thousandths = fc.bigInt({ min: 0n, max: 10n ** 16n - 1n })
    const space = fc.constantFrom("", " ")
    fc.assert(
      fc.property(
        thousandths,
        fc.constantFrom(...units),
        space,
        fc.boolean(),
        (thousandths, [unit, bytes], space, low) => {
          const number = `${thousandths / 1000n}.${String(thousandths % 1000n).padStart(3, "0")}`
          const exact = thousandths * bytes / 1000n
          const expected = exact >= least && exact <= greatest ? Number(exact) : undefined
          assert.strictEqual(Size.parse(`${number}${space}${low ? unit.toLowerCase() : unit}`), expected)
        }
      ),
      parameters
    )
  })

  it("are positive safe integers, whatever comes in", () => {
    const text = fc.stringMatching(/^[0-9.eEx+\- kKmMgGtTiIbB]{0,12}$/)
    fc.assert(
      fc.property(fc.oneof(fc.anything(), text, fc.double()), (input) => {
        const bytes = Size.parse(input)
        assert.isTrue(bytes === undefined || (Number.isSafeInteger(bytes) && bytes > 0))
      }),
      parameters
    )
  })
})
