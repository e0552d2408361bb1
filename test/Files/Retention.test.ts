import { assert, describe, it } from "@effect/vitest"
import * as Retention from "../../src/Files/Retention.ts"

const file = (n: number, size: number, time: number): Retention.RotatedFile => ({ n, size, time })
const files = [file(9, 10, 900), file(11, 10, 1100), file(10, 10, 1000), file(8, 10, 800)]
const gone = (limits: Retention.Limits, all: ReadonlyArray<Retention.RotatedFile> = files): ReadonlyArray<number> =>
  Retention.expired(all, limits, 1200).map(({ n }) => n)

describe("retention", () => {
  it("G30 keeps all without a limit", () => {
    assert.deepStrictEqual(gone({}), [])
    assert.deepStrictEqual(gone({ files: undefined, ageMillis: undefined, bytes: undefined }), [])
    assert.deepStrictEqual(gone({ files: 0, ageMillis: 0, bytes: 0 }, []), [])
  })

  it("G30 keeps so many files, by their numbers, and names the oldest first", () => {
    assert.deepStrictEqual(gone({ files: 4 }), [])
    assert.deepStrictEqual(gone({ files: 2 }), [8, 9])
    assert.deepStrictEqual(gone({ files: 0 }), [8, 9, 10, 11])
  })

  it("G30 keeps files of an age, to the millisecond", () => {
    assert.deepStrictEqual(gone({ ageMillis: 400 }), [])
    assert.deepStrictEqual(gone({ ageMillis: 399 }), [8])
    assert.deepStrictEqual(gone({ ageMillis: 0 }), [8, 9, 10, 11])
    assert.deepStrictEqual(gone({ ageMillis: 0 }, [file(1, 1, 1200), file(2, 1, 5000)]), [])
  })

  it("G30 keeps the newest files within so many bytes", () => {
    assert.deepStrictEqual(gone({ bytes: 40 }), [])
    assert.deepStrictEqual(gone({ bytes: 39 }), [8])
    assert.deepStrictEqual(gone({ bytes: 20 }), [8, 9])
    assert.deepStrictEqual(gone({ bytes: 20 }, [file(1, 5, 0), file(2, 50, 0), file(3, 5, 0)]), [1, 2])
  })

  it("G30 keeps the newest file though it alone has more bytes, unless another limit excludes it", () => {
    assert.deepStrictEqual(gone({ bytes: 5 }), [8, 9, 10])
    assert.deepStrictEqual(gone({ bytes: 5, files: 0 }), [8, 9, 10, 11])
    assert.deepStrictEqual(gone({ bytes: 5, ageMillis: 99 }), [8, 9, 10, 11])
  })

  it("G30 excludes what any of several limits does", () => {
    assert.deepStrictEqual(gone({ files: 3, ageMillis: 250, bytes: 35 }), [8, 9])
    assert.deepStrictEqual(gone({ files: 3, bytes: 10 }), [8, 9, 10])
  })

  it("gives back what it was given, and leaves the list as it was", () => {
    const own = { ...file(1, 1, 0), name: "app.1.log" }
    assert.strictEqual(Retention.expired([own], { files: 0 }, 0)[0], own)
    const frozen = Object.freeze([...files])
    assert.deepStrictEqual(gone({ files: 1 }, frozen), [8, 9, 10])
  })

  it("keeps files whose size or time is unknown to a limit", () => {
    assert.deepStrictEqual(gone({ ageMillis: 0, bytes: 0 }, [file(1, Number.NaN, Number.NaN), file(2, 0, 1200)]), [])
    assert.deepStrictEqual(Retention.expired(files, { ageMillis: 0 }, Number.NaN), [])
  })
})
