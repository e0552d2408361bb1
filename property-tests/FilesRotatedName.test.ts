import { assert, describe, it } from "@effect/vitest"
import * as Result from "effect/Result"
import * as fc from "fast-check"
import * as RotatedName from "../src/Files/RotatedName.ts"
import { parameters } from "./support/runs.ts"

const literal = fc.oneof(
  fc.constantFrom("", ".", "-", "1", "0", "10-", ".gz", "gz", "%%", "app", "$", "(", "\\d", "\n"),
  fc.string({ unit: "binary", maxLength: 4 }).map((text) => text.replaceAll("%", "%%"))
)
const pattern = fc.tuple(
  fc.constantFrom(["%n"], ["%n", "%date"], ["%date", "%n"]),
  literal,
  // a letter right behind a placeholder would belong to its name
  fc.tuple(fc.constantFrom("", ".", "-"), literal),
  fc.tuple(fc.constantFrom("", ".", "-"), literal)
).map(([[first, second = ""], before, between, after]) =>
  `${before}${first}${between.join("")}${second}${after.join("")}`
)

const date = fc.date({
  noInvalidDate: true,
  min: new Date("0000-01-01T00:00:00Z"),
  max: new Date("9999-12-31T23:59:59Z")
}).map((date) => date.toISOString().slice(0, 10))
const n = fc.oneof(fc.integer({ min: 1, max: 120 }), fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }))
const compression = fc.constantFrom(undefined, "gzip" as const, "zstd" as const)
const currentName = fc.oneof(fc.constantFrom("app.log", "app.1.log", "1", "1.gz"), fc.string({ unit: "binary" }))

describe("the names of rotated files", () => {
  it("are read back as what they were made from, and are never the current file's", () => {
    fc.assert(
      fc.property(
        fc.option(pattern, { nil: undefined }),
        currentName,
        date,
        n,
        compression,
        (pattern, currentName, date, n, compression) => {
          const made = RotatedName.make(pattern, currentName)
          if (Result.isFailure(made)) return
          const self = made.success
          const name = RotatedName.format(self, { date, n, compression })
          const hasDate = pattern === undefined || pattern.replaceAll("%%", "").includes("%date")
          assert.deepStrictEqual(RotatedName.parse(self, name), { date: hasDate ? date : undefined, n, compression })
          assert.isUndefined(RotatedName.parse(self, currentName))
          assert.notStrictEqual(name, currentName)
          const temporary = RotatedName.temporary(name, "0123abcd")
          assert.notStrictEqual(temporary, currentName)
          assert.strictEqual(RotatedName.isTemporary(self, temporary), compression !== undefined)
          assert.isFalse(RotatedName.isTemporary(self, name))
          assert.isUndefined(RotatedName.parse(self, temporary))
        }
      ),
      parameters
    )
  })

  it("are all that is read: what is read makes the same name again", () => {
    const edit = fc.tuple(fc.nat(40), fc.nat(2), fc.constantFrom("", "0", "1", ".", "-", ".gz", ".tmp", "x", "\n"))
    fc.assert(
      fc.property(
        pattern,
        date,
        n,
        compression,
        fc.array(edit, { maxLength: 2 }),
        (pattern, date, n, compression, edits) => {
          const made = RotatedName.make(pattern, "current")
          if (Result.isFailure(made)) return
          let name = RotatedName.format(made.success, { date, n, compression })
          for (const [at, cut, text] of edits) name = `${name.slice(0, at)}${text}${name.slice(at + cut)}`
          const read = RotatedName.parse(made.success, name)
          if (read !== undefined) {
            assert.strictEqual(RotatedName.format(made.success, { ...read, date: read.date ?? "" }), name)
          }
        }
      ),
      parameters
    )
  })
})
