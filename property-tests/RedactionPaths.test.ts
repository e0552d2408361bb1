import { assert, describe, it } from "@effect/vitest"
import * as fc from "fast-check"
import type { LogFields, LogValue } from "../src/Record.ts"
import * as Record from "../src/Record.ts"
import * as Redaction from "../src/Redaction.ts"
import { parameters } from "./support/runs.ts"

const key = fc.constantFrom("a", "b", "c", "A", "B")
const segment = fc.oneof({ weight: 2, arbitrary: fc.constantFrom("a", "b", "c", "C") }, fc.constantFrom("*", "**"))
const path = fc.array(segment, { minLength: 1, maxLength: 4 })
  .filter((segments) => segments.some((segment) => !segment.includes("*")))

const { fields } = fc.letrec<{ value: LogValue; fields: LogFields }>((tie) => ({
  value: fc.oneof({ depthSize: "medium", withCrossShrink: true }, fc.constantFrom<LogValue>(0, "s"), tie("fields")),
  fields: fc.dictionary(key, tie("value"), { maxKeys: 4, noNullPrototype: true })
}))

/**
 * What a path says, in the plainest way: whether it matches all keys down to a value.
 */
const matches = (path: ReadonlyArray<string>, keys: ReadonlyArray<string>): boolean => {
  const [first, ...rest] = path
  if (first === undefined) return keys.length === 0
  if (first === "**") {
    if (rest.length === 0) return keys.length > 0
    return matches(rest, keys) || (keys.length > 0 && matches(path, keys.slice(1)))
  }
  return keys.length > 0 && (first === "*" || first === keys[0]) && matches(rest, keys.slice(1))
}

const expected = (
  value: LogValue,
  paths: ReadonlyArray<ReadonlyArray<string>>,
  fold: (key: string) => string,
  keys: ReadonlyArray<string> = []
): LogValue => {
  if (keys.length > 0 && paths.some((path) => matches(path.map(fold), keys.map(fold)))) return Redaction.redacted
  if (typeof value !== "object" || value === null) return value
  return Object.fromEntries(
    Object.entries(value as LogFields).map(([key, inner]) => [key, expected(inner, paths, fold, [...keys, key])])
  )
}

describe("the paths of a redaction", () => {
  it("G22 redact exactly what they say, with wildcards anywhere, whatever was asked before", () => {
    fc.assert(
      fc.property(
        fc.array(path, { minLength: 1, maxLength: 4 }),
        fc.array(fields, { minLength: 1, maxLength: 4 }),
        fc.boolean(),
        (paths, all, caseSensitive) => {
          // a bare name holds at any depth
          const meant = paths.map((path) => path.length === 1 ? ["**", ...path] : path)
          const redact = Redaction.make({ paths: paths.map((path) => path.join(".")), caseSensitive })
          const fold = (key: string) => caseSensitive ? key : key.toLowerCase()
          for (const fields of all) {
            const out = redact(Record.make({ level: "Info", message: "", fields })).fields
            assert.deepStrictEqual(out, expected(fields, meant, fold))
          }
        }
      ),
      parameters
    )
  })
})
