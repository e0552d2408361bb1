import { assert, describe, it } from "@effect/vitest"
import * as Size from "../../src/Files/Size.ts"

describe("a size", () => {
  const sizes: ReadonlyArray<readonly [unknown, number]> = [
    [1, 1],
    [1_000_000, 1_000_000],
    [Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER],
    ["512", 512],
    ["512 B", 512],
    ["64 KiB", 65_536],
    ["2 kB", 2000],
    ["2 KB", 2000],
    ["100 MB", 100_000_000],
    ["1.5GiB", 1_610_612_736],
    ["1 MiB", 1_048_576],
    ["3 GB", 3_000_000_000],
    ["2 TB", 2_000_000_000_000],
    ["2 tib", 2_199_023_255_552],
    ["10 mB", 10_000_000]
  ]
  for (const [input, bytes] of sizes) {
    it(`${JSON.stringify(input)} has ${bytes} bytes`, () => {
      assert.strictEqual(Size.parse(input), bytes)
    })
  }

  it("is exact where floating point is not, and rounded down", () => {
    assert.strictEqual(Size.parse("1.001 kB"), 1001)
    assert.strictEqual(Size.parse("1.9999 kB"), 1999)
    assert.strictEqual(Size.parse("0.1 KiB"), 102)
    assert.strictEqual(Size.parse("9007199254740991 B"), Number.MAX_SAFE_INTEGER)
  })

  it("is nothing else", () => {
    const numbers = [0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53]
    const texts = ["", " ", "0", "0 MB", "0.5 B", "-1 MB", "+1 MB", "1e3 MB", "0x10 B", ".5 MB", "1. MB", "1,5 MB"]
    const units = [
      "MB",
      "1 Mb/s",
      "1 PB",
      "1  MB",
      "1 MB ",
      " 1 MB",
      "1 M",
      "1 K",
      "1 MBs",
      "1\nMB",
      "1 MB\n",
      "Infinity"
    ]
    const large = ["9007199254740992", "9000 TiB", "99999999999999999", "1".repeat(1_000_000)]
    const others = [null, undefined, true, {}, [], ["1 MB"], 1n]
    for (const input of [...numbers, ...texts, ...units, ...large, ...others]) {
      assert.isUndefined(Size.parse(input), String(input).slice(0, 40))
    }
  })

  it("does not compile with a unit that there is not", () => {
    const sizes: ReadonlyArray<Size.Input> = [1, "100 MB", "1.5 GiB", "64 KiB", "2 kB"]
    // @ts-expect-error: no such unit
    const wrong: Size.Input = "100 megabytes"
    assert.deepStrictEqual(sizes.map(Size.parse), [1, 100_000_000, 1_610_612_736, 65_536, 2000])
    assert.isUndefined(Size.parse(wrong))
  })
})
