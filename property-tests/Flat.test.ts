import { assert, describe, it } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import { symbolRedactable } from "effect/Redactable"
import * as Redacted from "effect/Redacted"
import * as fc from "fast-check"
import * as Calls from "../src/Call.ts"
import * as Capture from "../src/Capture.ts"
import type { LogRecord } from "../src/Record.ts"
import * as Record from "../src/Record.ts"
import * as Snapshot from "../src/Snapshot.ts"
import * as Run from "../src/SnapshotRun.ts"
import { hostileString, logFields, logRecord } from "../test/arbitraries.ts"
import { parameters } from "./support/runs.ts"

const fiber = Effect.runSync(Effect.withFiber((fiber) => Effect.succeed(fiber)))

/** What a call with these arguments makes, outside any region. */
const call = (args: ReadonlyArray<unknown>, limits = Snapshot.defaultLimits, bound = Record.noFields): LogRecord => {
  const surroundings = { context: Record.emptyContext, logger: "l", annotations: {}, spans: [] }
  const method = Calls.method("Info", undefined, bound)
  const call: Capture.Call = { args, fiber, method, surroundings, cause: Cause.empty }
  const record = Capture.record(call, 7, limits, 3)
  if (call.sized !== undefined) {
    assert.strictEqual(call.sized, record)
    assert.strictEqual(call.bytes, Record.estimateBytes(record), "what the capture knows of the size is so")
  }
  return record
}

class Point {
  x = 1
}
const circular: { [key: string]: unknown } = { a: 1 }
circular["self"] = circular

const text = fc.oneof(hostileString, fc.constantFrom("", "x".repeat(23), "😀".repeat(40)))
const flatValue = fc.oneof(text, fc.boolean(), fc.integer(), fc.double(), fc.constant(-0))
const otherValue: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom<unknown>(undefined, null, -0, Number.NaN, Infinity, 5n, Symbol("s"), Math.max, circular, new Point()),
  fc.constantFrom<unknown>(new Date(0), new Date(Number.NaN), new Map([["a", 1]]), Redacted.make("secret"), /a/, [1, [
    2
  ]]),
  fc.constantFrom<unknown>(new Error("e"), Object.create(null), { toJSON: () => 1 }, { toJSON: 1 }, new Proxy([], {})),
  logFields
)
const key = fc.oneof(
  fc.constantFrom("__proto__", "toJSON", "constructor", "data", "…", "1", "0", "k".repeat(256), "k".repeat(257)),
  hostileString
)
const entries = (value: fc.Arbitrary<unknown>, maxLength: number) =>
  fc.uniqueArray(fc.tuple(key, value), { maxLength, selector: ([key]) => key })
const throwing = () => assert.fail("broken")

/** Ways to make an object strange that is no less an object literal, or is none. */
const twists: { readonly [name: string]: (self: object) => object } = {
  none: (self) => self,
  symbol: (self) => Object.assign(self, { [Symbol("key")]: 1 }),
  getter: (self) => Object.defineProperty(self, "got", { enumerable: true, get: () => "got" }),
  "throwing getter": (self) => Object.defineProperty(self, "bad", { enumerable: true, get: throwing }),
  "throwing symbol": (self) => Object.defineProperty(self, Symbol("bad"), { enumerable: true, get: throwing }),
  "null prototype": (self) => Object.setPrototypeOf(self, null),
  instance: (self) => Object.setPrototypeOf(self, Point.prototype),
  toJSON: (self) => Object.defineProperty(self, "toJSON", { value: () => ({ json: 1 }) }),
  "toJSON that throws": (self) => Object.defineProperty(self, "toJSON", { value: throwing }),
  redactable: (self) => Object.assign(self, { [symbolRedactable]: () => ({ hidden: 1 }) }),
  "redactable that throws": (self) => Object.assign(self, { [symbolRedactable]: throwing }),
  "toJSON that cannot be read": (self) => Object.defineProperty(self, "toJSON", { get: throwing }),
  proxy: (self) => new Proxy(self, {}),
  "broken proxy": (self) => new Proxy(self, { getPrototypeOf: throwing })
}

const object = fc.tuple(
  fc.oneof(entries(flatValue, 6), entries(fc.oneof(flatValue, otherValue), 6)),
  fc.constantFrom(...Object.keys(twists))
).map(([entries, twist]) => {
  const out: { [key: string]: unknown } = {}
  for (const [key, value] of entries) Record.assignUnsafe(out, key, value)
  return twists[twist]!(out)
})

const bound = fc.constantFrom(Record.noFields, { b: 1 })
const limits = fc.oneof(
  fc.constant(Snapshot.defaultLimits),
  fc.record({
    recordBytes: fc.nat(200),
    stringLength: fc.nat(30),
    depth: fc.integer({ min: 1, max: 3 }),
    keys: fc.nat(4),
    items: fc.nat(3)
  })
)
/** With the order of its keys. */
const shapeOf = (record: LogRecord): string => JSON.stringify(record, (_, value) => value === undefined ? "—" : value)

const same = (actual: LogRecord, expected: LogRecord): void => {
  assert.deepStrictEqual(actual, expected)
  assert.strictEqual(shapeOf(actual), shapeOf(expected))
}

const keyByKey = (run: Snapshot.Snapshot, source: object, depth: number) =>
  Snapshot.fieldsUnsafe(run, source, Object.keys(source), depth)

describe("capture of one text and one object", () => {
  it("G15 an empty Cause among the arguments changes nothing: the short way comes to the record of the long one", () => {
    fc.assert(
      fc.property(text, fc.oneof(object, otherValue), limits, bound, (m, o, limits, bound) => {
        same(call([m, o], limits, bound), call([m, o, Cause.empty], limits, bound))
        same(call([m], limits, bound), call([m, Cause.empty], limits, bound))
      }),
      parameters
    )
  })

  it("G15 an object that is cloned in one step comes to what its keys do one by one, and costs as much", () => {
    fc.assert(
      fc.property(object, limits, (source, limits) => {
        const copies = [Snapshot.plainUnsafe, keyByKey].map((copy) => {
          const run = Snapshot.make(limits, fiber.context)
          Run.enterUnsafe(run, source, 0)
          const fields = copy(run, source, 0)
          return [fields, Object.keys(fields), run.bytes, Snapshot.notes(run)]
        })
        assert.deepStrictEqual(copies[0], copies[1])
      }),
      parameters
    )
  })

  it("G15 what is changed, added or deleted after the call is in the record as it was", () => {
    fc.assert(
      fc.property(text, entries(fc.oneof(flatValue, otherValue), 6), (m, entries) => {
        const source: { [key: string]: unknown } = Object.fromEntries(entries)
        const record = call([m, source])
        const before = shapeOf(record)
        for (const key of Object.keys(source)) if (!delete source[key] || key.length % 2 === 0) source[key] = "changed"
        source["added"] = 1
        assert.strictEqual(shapeOf(record), before)
      }),
      parameters
    )
  })
})

describe("getters", () => {
  const counting = (keys: number, others: object) => {
    let calls = 0
    const source = { ...others }
    const get = () => ++calls
    for (let i = 0; i < keys; i++) Object.defineProperty(source, `k${i}`, { enumerable: true, get })
    call(["paid", source])
    return calls
  }

  it("G15 are called once, whether the object is flat or not", () => {
    assert.deepStrictEqual([counting(3, {}), counting(3, { list: [] })], [3, 3])
  })

  it("G16 are not called beyond the keys that are kept", () => {
    const { keys } = Snapshot.defaultLimits
    assert.deepStrictEqual([counting(keys, {}), counting(10_000, {})], [keys, keys])
  })

  it("G15 that hide themselves when they are called leave what they answered", () => {
    const { keys } = Snapshot.defaultLimits
    for (const others of [0, keys - 1]) {
      const source: { [key: string]: unknown } = {}
      for (let i = 0; i < others; i++) source[`k${i}`] = i === 0 ? [i] : i
      Object.defineProperty(source, "lazy", {
        configurable: true,
        enumerable: true,
        get() {
          Object.defineProperty(this, "lazy", { enumerable: false, value: 1 })
          return 1
        }
      })
      const { fields, notes } = call(["paid", source])
      assert.deepStrictEqual([Object.keys(fields).length, fields["lazy"], notes], [others + 1, 1, undefined])
    }
  })
})

describe("a record", () => {
  it("G15 is a plain object, its keys in their order, equal to a literal and to its clone", () => {
    fc.assert(
      fc.property(logRecord, (literal) => {
        const record = Record.make(literal)
        assert.strictEqual(Object.getPrototypeOf(record), Object.prototype)
        assert.deepStrictEqual(Reflect.ownKeys(record), Object.keys(literal))
        for (const copy of [literal, structuredClone(record), { ...record }]) same(copy, record)
      }),
      parameters
    )
  })
})
