import { assert, describe, it } from "@effect/vitest"
import * as fc from "fast-check"
import type { LogFields, LogRecord, LogValue } from "../src/Record.ts"
import * as Record from "../src/Record.ts"
import * as Redaction from "../src/Redaction.ts"
import { parameters } from "./support/runs.ts"

const secret = "hunter2"
const names = ["password", "__proto__"]
const dotted = [["headers", "authorization"], ["req", "headers", "cookie"]]
const redact = Redaction.make([...names, ...dotted.map((segments) => segments.join("."))])

/**
 * A tree of values in which the places to redact are marked. It renders with the secrets, or with what is to stand
 * there instead.
 */
type Tree =
  | { readonly _tag: "Leaf"; readonly value: LogValue }
  | { readonly _tag: "Planted"; readonly value: LogValue }
  | { readonly _tag: "List"; readonly items: ReadonlyArray<Tree> }
  | { readonly _tag: "Fields"; readonly entries: ReadonlyArray<readonly [string, Tree]> }

type FieldsTree = Extract<Tree, { _tag: "Fields" }>

const render = (tree: Tree, shown: boolean): LogValue => {
  switch (tree._tag) {
    case "Leaf":
      return tree.value
    case "Planted":
      return shown ? tree.value : Redaction.redacted
    case "List":
      return tree.items.map((item) => render(item, shown))
    case "Fields":
      return renderFields(tree, shown)
  }
}

const renderFields = ({ entries }: FieldsTree, shown: boolean): LogFields => {
  const out: { [key: string]: LogValue } = {}
  for (const [key, value] of entries) Record.assignUnsafe(out, key, render(value, shown))
  return out
}

const planted: fc.Arbitrary<Tree> = fc.constantFrom<LogValue>(
  secret,
  [secret, { a: secret }],
  { a: [[secret]], password: secret },
  { [secret]: 1 }
).map((value) => ({ _tag: "Planted", value }))

const plantedByName: fc.Arbitrary<readonly [string, Tree]> = fc.tuple(fc.constantFrom(...names), planted)

/**
 * One of the dotted paths, with some of its segments joined to one key, lists on the way, and pairs in the lists.
 */
const plantedByPath: fc.Arbitrary<readonly [string, Tree]> = fc.tuple(
  fc.constantFrom(...dotted),
  fc.array(fc.record({ join: fc.boolean(), wrap: fc.constantFrom("none", "list", "lists", "pair") }), {
    minLength: 3,
    maxLength: 3
  }),
  planted
).map(([segments, choices, leaf]) => {
  const keys: Array<string> = []
  segments.forEach((segment, i) => {
    if (i > 0 && choices[i]!.join) keys.push(`${keys.pop()}.${segment}`)
    else keys.push(segment)
  })
  const tree = keys.slice(1).reduceRight<Tree>((inner, key, i) => {
    const fields: Tree = { _tag: "Fields", entries: [[key, inner]] }
    const pair: Tree = { _tag: "List", items: [{ _tag: "Leaf", value: key }, inner] }
    switch (choices[i]!.wrap) {
      case "list":
        return { _tag: "List", items: [fields] }
      case "lists":
        return { _tag: "List", items: [{ _tag: "Leaf", value: 1 }, { _tag: "List", items: [fields] }] }
      case "pair":
        return { _tag: "List", items: [pair] }
      default:
        return fields
    }
  }, leaf)
  return [keys[0]!, tree]
})

const neutralKey = fc.constantFrom("a", "b.c", "constructor", "passwords", "authorization", "x.headers")

const { fields: nested } = fc.letrec<{ value: Tree; fields: FieldsTree }>((tie) => ({
  value: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    fc.constantFrom<LogValue>(null, true, 0, "", "text").map((value): Tree => ({ _tag: "Leaf", value })),
    fc.array(tie("value"), { maxLength: 3 }).map((items): Tree => ({ _tag: "List", items })),
    tie("fields")
  ),
  fields: fc.array(fc.oneof(fc.tuple(neutralKey, tie("value")), plantedByName), { maxLength: 4 }).map(
    (entries): FieldsTree => ({ _tag: "Fields", entries })
  )
}))

const withPaths = (tree: FieldsTree, more: ReadonlyArray<readonly [string, Tree]>): FieldsTree => ({
  _tag: "Fields",
  entries: [...tree.entries, ...more]
})

const root: fc.Arbitrary<FieldsTree> = fc.tuple(nested, fc.array(plantedByPath, { maxLength: 2 })).map(
  ([tree, more]) => withPaths(tree, more)
)

const places = fc.record({
  fields: root,
  custom: root,
  error: root,
  cause: root,
  other: root
})

type Places = { readonly [K in "fields" | "custom" | "error" | "cause" | "other"]: FieldsTree }

const recordOf = (places: Places, shown: boolean): LogRecord => {
  const error = { type: "E", message: "m", stack: "s", kind: undefined, cause: undefined, others: undefined }
  const fields = (place: keyof Places) => renderFields(places[place], shown)
  return Record.make({
    level: "Info",
    message: "m",
    fields: fields("fields"),
    context: { service: "s", custom: fields("custom") },
    error: {
      ...error,
      fields: fields("error"),
      cause: { ...error, fields: fields("cause") },
      others: [{ ...error, fields: fields("other") }]
    }
  })
}

describe("redaction by names and paths", () => {
  it("G22 replaces exactly what is under the names and paths, and leaves the input as it was", () => {
    fc.assert(
      fc.property(places, (places) => {
        const input = recordOf(places, true)
        const before = JSON.stringify(input)
        const out = redact(input)
        assert.notInclude(JSON.stringify(out), secret)
        assert.deepStrictEqual(out, recordOf(places, false))
        assert.strictEqual(JSON.stringify(input), before)
        assert.strictEqual(out === input, !before.includes(secret))
      }),
      parameters
    )
  })

  it("G22 answers the record itself when there is nothing to redact", () => {
    fc.assert(
      fc.property(places, (places) => {
        const input = recordOf(places, false)
        const before = structuredClone(input)
        assert.strictEqual(redact(input), input)
        assert.deepStrictEqual(input, before)
      }),
      parameters
    )
  })
})
