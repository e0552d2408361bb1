import { assert, describe, it } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as Chunk from "effect/Chunk"
import * as Context from "effect/Context"
import * as Data from "effect/Data"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import { symbolRedactable } from "effect/Redactable"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import * as fc from "fast-check"
import * as V8 from "node:v8"
import * as Vm from "node:vm"
import { causeUnsafe, errorUnsafe } from "../src/ErrorSnapshot.ts"
import type { LogError, LogFields, LogNote, LogValue } from "../src/Record.ts"
import * as Record from "../src/Record.ts"
import * as Snapshot from "../src/Snapshot.ts"

const run = (limits: Partial<Snapshot.Limits> = {}, context: Context.Context<never> = Context.empty()) =>
  Snapshot.make({ ...Snapshot.defaultLimits, ...limits }, context)

const copy = (value: unknown, limits?: Partial<Snapshot.Limits>): LogValue =>
  Snapshot.valueUnsafe(run(limits), value, 0)

const noted = (
  value: unknown,
  limits?: Partial<Snapshot.Limits>
): readonly [LogValue, ReadonlyArray<LogNote> | undefined] => {
  const self = run(limits)
  const out = Snapshot.valueUnsafe(self, value, 0)
  return [out, Snapshot.notes(self)]
}

const copyError = (failure: unknown): LogError => errorUnsafe(run(), failure, undefined, 0)

const isLogValue = Schema.is(Record.LogValue)
const isLogError = Schema.is(Record.LogError)

const throwing = (): never => {
  throw new Error("from a getter")
}

const revoked = (): object => {
  const { proxy, revoke } = Proxy.revocable({}, {})
  revoke()
  return proxy
}

const nest = (levels: number): object => {
  let out: object = { end: true }
  for (let i = 0; i < levels; i++) out = { in: out }
  return out
}

const depthOf = (value: LogValue): number =>
  typeof value === "object" && value !== null ? 1 + Math.max(0, ...Object.values(value).map(depthOf)) : 0

describe("primitives", () => {
  it("numbers that JSON has not become strings, and -0 becomes 0", () => {
    assert.deepStrictEqual(copy([1.5, NaN, Infinity, -Infinity]), [1.5, "NaN", "Infinity", "-Infinity"])
    assert.isTrue(Object.is(copy(-0), 0))
  })

  it("G16 BigInt, Symbol and function become strings", () => {
    function named() {}
    assert.strictEqual(copy(12345678901234567890n), "12345678901234567890")
    assert.strictEqual(copy(-(1n << 70000n)), "[bigint]")
    assert.strictEqual(copy(Symbol("a")), "Symbol(a)")
    assert.strictEqual(copy(named), "[Function named]")
    assert.strictEqual(copy((() => () => {})()), "[Function]")
    assert.strictEqual(copy(Object.defineProperty(() => {}, "name", { get: throwing })), "[Function [unprintable]]")
  })

  it("undefined is left out of objects and is null in lists", () => {
    assert.deepStrictEqual(copy({ a: undefined, b: null, c: [undefined, null] }), { b: null, c: [null, null] })
  })

  it("G16 a string of 50 MiB is cut, says what is missing, and is not kept alive by what is left", () => {
    V8.setFlagsFromString("--expose-gc")
    const gc: () => void = Vm.runInNewContext("gc")
    const held = () => {
      gc()
      const { external, heapUsed } = process.memoryUsage()
      return heapUsed + external
    }
    const length = 50 * 1024 * 1024
    const before = held()
    const kept = Array.from({ length: 4 }, (_, i) => copy(Buffer.alloc(length, `${i}`).toString("latin1")))
    assert.isBelow(held() - before, 2 * length)
    for (const text of kept) assert.isTrue(String(text).endsWith(`…[+${length - 65_536} characters]`))
  })

  it("a cut string is noted, one of just the longest length is whole", () => {
    assert.deepStrictEqual(noted("x".repeat(65_537))[1], ["truncated"])
    assert.strictEqual(noted("x".repeat(65_536))[1], undefined)
  })

  it("a surrogate pair is not split by the cut, and a lone surrogate stays", () => {
    assert.strictEqual(copy("ab😀cd", { stringLength: 3 }), "ab…[+4 characters]")
    assert.strictEqual(copy("ab😀cd", { stringLength: 4 }), "ab😀…[+2 characters]")
    assert.strictEqual(copy("\ud800abc", { stringLength: 2 }), "\ud800a…[+2 characters]")
  })

  it("G16 NUL and lone surrogates stay as they are", () => {
    assert.strictEqual(copy("a\0b\udc00"), "a\0b\udc00")
  })
})

describe("kinds of objects", () => {
  it("dates, patterns and boxed primitives become what they stand for", () => {
    assert.strictEqual(copy(new Date(0)), "1970-01-01T00:00:00.000Z")
    assert.strictEqual(copy(/a+/gi), "/a+/gi")
    assert.deepStrictEqual(copy([Object(1), Object("s"), Object(true), Object(2n), Object(Symbol("q"))]), [
      1,
      "s",
      true,
      "2",
      "Symbol(q)"
    ])
  })

  it("G16 an invalid Date says so", () => {
    assert.strictEqual(copy(new Date(NaN)), "Invalid Date")
  })

  it("a Map is an object when all keys are strings, else a list of pairs; a Set is a list", () => {
    assert.deepStrictEqual(copy(new Map([["a", 1], ["b", 2]])), { a: 1, b: 2 })
    assert.deepStrictEqual(copy(new Map<unknown, unknown>([["a", 1], [{ k: 1 }, 2]])), [["a", 1], [{ k: 1 }, 2]])
    assert.deepStrictEqual(copy(new Set([1, "a", { b: 1 }])), [1, "a", { b: 1 }])
  })

  it("lists of numbers are lists, bytes show their first 16", () => {
    assert.deepStrictEqual(copy(new Float64Array([1.5, NaN])), [1.5, "NaN"])
    assert.deepStrictEqual(copy(new BigInt64Array([5n])), ["5"])
    const bytes = new Uint8Array(4096).fill(255, 1)
    assert.strictEqual(copy(bytes), `[Uint8Array(4096) 00${"ff".repeat(15)}…]`)
    assert.strictEqual(copy(bytes.subarray(1, 3)), "[Uint8Array(2) ffff]")
    assert.strictEqual(copy(Buffer.from("a")), "[Buffer(1) 61]")
    assert.strictEqual(copy(bytes.buffer), `[ArrayBuffer(4096) 00${"ff".repeat(15)}…]`)
    assert.strictEqual(copy(new SharedArrayBuffer(2)), "[SharedArrayBuffer(2) 0000]")
    assert.strictEqual(copy(new DataView(bytes.buffer, 1, 1)), "[DataView(1) ff]")
    assert.strictEqual(copy(new Uint8ClampedArray(0)), "[Uint8ClampedArray(0)]")
  })

  it("instances show their own enumerable string keys, and their class when there are none", () => {
    class Point {
      x = 1
      readonly #hidden = 2
      get sum() {
        return this.x + this.#hidden
      }
    }
    assert.deepStrictEqual(copy(new Point()), { x: 1 })
    assert.strictEqual(copy(Promise.resolve(1)), "[Promise]")
    assert.strictEqual(copy(new WeakMap()), "[WeakMap]")
    assert.deepStrictEqual(copy([{}, Object.create(null), { [Symbol("s")]: 1 }]), [{}, {}, {}])
  })

  it("URLs and their parameters are text", () => {
    assert.strictEqual(copy(new URL("https://a.test/x?y=1")), "https://a.test/x?y=1")
    assert.strictEqual(copy(new URLSearchParams({ a: "1", b: "2" })), "a=1&b=2")
  })

  it("what Effect has as data comes out through its toJSON", () => {
    assert.deepStrictEqual(copy(Option.some({ a: 1 })), { _id: "Option", _tag: "Some", value: { a: 1 } })
    assert.deepStrictEqual(copy(Chunk.make(1, 2)), { _id: "Chunk", values: [1, 2] })
    assert.deepStrictEqual(copy(Duration.seconds(1)), { _id: "Duration", _tag: "Millis", millis: 1000 })
    assert.strictEqual(copy(DateTime.makeUnsafe(0)), "1970-01-01T00:00:00.000Z")
    assert.deepStrictEqual(copy(Exit.succeed(1)), { _id: "Exit", _tag: "Success", value: 1 })
    const cause = copy(Cause.fail(new Error("boom"))) as any
    assert.strictEqual(cause.reasons[0].error.message, "boom")
  })

  it("values of another realm are known as what they are", () => {
    const foreign = Vm.runInNewContext(`({
      error: new TypeError("far"), date: new Date(0), map: new Map([["a", 1]]), list: [1], object: { a: 1 }
    })`)
    const { error, ...rest } = copy(foreign) as any
    assert.deepStrictEqual(rest, { date: "1970-01-01T00:00:00.000Z", map: { a: 1 }, list: [1], object: { a: 1 } })
    assert.deepInclude(error, { type: "TypeError", message: "far" })
  })

  it("toJSON is honoured, also when it answers itself, and ends when it never ends", () => {
    const endless = (): object => ({ toJSON: endless })
    const self = {
      a: 1,
      toJSON() {
        return this
      }
    }
    assert.deepStrictEqual(copy({ toJSON: () => ({ shown: 1n }) }), { shown: "1" })
    assert.deepStrictEqual(copy(self), { a: 1, toJSON: "[Function toJSON]" })
    assert.deepStrictEqual(noted(endless()), ["[truncated]", ["truncated"]])
  })
})

describe("what cannot be read", () => {
  it("G16 a throwing getter and a throwing toJSON cost their own value only", () => {
    const value = {
      before: 1,
      get bad() {
        return throwing()
      },
      json: { toJSON: throwing },
      after: 2
    }
    assert.deepStrictEqual(noted(value), [
      { before: 1, bad: "[unprintable]", json: "[unprintable]", after: 2 },
      ["unprintable"]
    ])
  })

  it("G16 a revoked Proxy and a Proxy whose traps throw cost their own value only", () => {
    const traps: ProxyHandler<object> = new Proxy({}, { get: () => throwing })
    const value = { a: revoked(), b: new Proxy({}, traps), c: [revoked(), 1], d: new Proxy(() => {}, traps) }
    assert.deepStrictEqual(noted(value), [
      { a: "[unprintable]", b: "[unprintable]", c: ["[unprintable]", 1], d: "[Function [unprintable]]" },
      ["unprintable"]
    ])
  })

  it("fakes of built-in classes do no harm", () => {
    for (const { prototype } of [Date, Map, Set, Uint8Array, ArrayBuffer, RegExp, String, URL, Error]) {
      assert.isTrue(isLogValue(copy({ a: Object.create(prototype) })))
    }
  })

  it("a getter is called once", () => {
    let calls = 0
    copy({
      get a() {
        return { n: ++calls }
      }
    })
    assert.strictEqual(calls, 1)
  })

  it("G16 a circular reference is marked, a shared one is copied", () => {
    const shared = { s: 1 }
    const value: any = { list: [shared, shared], map: new Map() }
    value.self = value
    value.list.push(value.list)
    value.map.set("up", value)
    assert.deepStrictEqual(copy(value), {
      list: [{ s: 1 }, { s: 1 }, "[circular]"],
      map: { up: "[circular]" },
      self: "[circular]"
    })
  })

  it("__proto__ and its like are ordinary keys", () => {
    const value = JSON.parse(`{"__proto__":{"polluted":1},"constructor":{"prototype":1}}`)
    const out = copy(value) as object
    assert.strictEqual(JSON.stringify(out), JSON.stringify(value))
    assert.strictEqual(Object.getPrototypeOf(out), Object.prototype)
  })
})

describe("objects that do not hold still", () => {
  it("G15 what was read before a getter deleted, hid or added a key is the copy", () => {
    const changing = (change: (self: { [key: string]: unknown }) => void) => {
      const self: { [key: string]: unknown } = { a: 1, list: [1] }
      return Object.defineProperty(self, "g", {
        enumerable: true,
        configurable: true,
        get: () => {
          change(self)
          return 2
        }
      })
    }
    const changes: ReadonlyArray<(self: { [key: string]: unknown }) => void> = [
      (self) => delete self["a"],
      (self) => delete self["g"],
      (self) => Object.defineProperty(self, "list", { enumerable: false }),
      (self) => self["toString"] = "own"
    ]
    for (const change of changes) {
      assert.strictEqual(JSON.stringify(copy(changing(change))), `{"a":1,"list":[1],"g":2}`)
    }
  })

  it("G15 what stands on Object.prototype, read-only or with a setter, changes nothing", () => {
    let calls = 0
    const around = { configurable: true, enumerable: false }
    Reflect.defineProperty(Object.prototype, "fixed", { ...around, value: 0, writable: false })
    Reflect.defineProperty(Object.prototype, "watched", {
      ...around,
      get: () => 0,
      set() {
        calls++
      }
    })
    try {
      for (const list of [1, [1]]) {
        const source = { ["__proto__"]: 2, list }
        for (const key of ["fixed", "watched"]) {
          Object.defineProperty(source, key, { enumerable: true, value: "own" })
        }
        assert.strictEqual(
          JSON.stringify(copy(source)),
          `{"__proto__":2,"list":${JSON.stringify(list)},"fixed":"own","watched":"own"}`
        )
      }
      assert.strictEqual(calls, 0)
    } finally {
      Reflect.deleteProperty(Object.prototype, "fixed")
      Reflect.deleteProperty(Object.prototype, "watched")
    }
  })

  it("G15 what can be enumerated on Object.prototype, with a setter or without, takes no key away and adds none", () => {
    for (const others of [[], ["polluted"]]) {
      for (const enumerable of [true, false]) {
        Reflect.defineProperty(Object.prototype, "watched", { configurable: true, enumerable, get: () => 0, set() {} })
        for (const name of others) {
          Reflect.defineProperty(Object.prototype, name, {
            configurable: true,
            enumerable: true,
            writable: true,
            value: 1
          })
        }
        let copies: ReadonlyArray<string> = []
        try {
          const source = Object.defineProperty({ a: 1 }, "watched", { enumerable: true, value: "own" })
          copies = [source, { a: 1 }].map((source) => JSON.stringify(copy(source)))
        } finally {
          for (const name of ["watched", ...others]) Reflect.deleteProperty(Object.prototype, name)
        }
        assert.deepStrictEqual(copies, [`{"a":1,"watched":"own"}`, `{"a":1}`])
      }
    }
  })
})

describe("limits", () => {
  it("G16 an object of 20,000 levels is cut at the depth", () => {
    const [out, notes] = noted(nest(20_000))
    assert.strictEqual(depthOf(out), 8)
    assert.isTrue(JSON.stringify(out).includes(`{"in":"[truncated]"}`))
    assert.deepStrictEqual(notes, ["truncated"])
    assert.strictEqual(noted(nest(7))[1], undefined)
  })

  it("G16 of 100,000 keys the first 256 are kept, and the number of the others", () => {
    const [out, notes] = noted(Object.fromEntries(Array.from({ length: 100_000 }, (_, i) => [`k${i}`, i])))
    const keys = Object.keys(out as LogFields)
    assert.deepStrictEqual([keys.length, keys[0], keys[255]], [257, "k0", "k255"])
    assert.strictEqual((out as LogFields)["…"], "[+99744 keys]")
    assert.deepStrictEqual(notes, ["truncated"])
  })

  it("G16 of 1,000,000 items the first 256 are kept, and the number of the others", () => {
    const items = Array.from({ length: 1_000_000 }, (_, i) => i)
    const entries = items.map((i): [string, number] => [`k${i}`, i])
    for (const value of [items, new Set(items), new Float64Array(1_000_000)]) {
      const [out, notes] = noted(value) as [ReadonlyArray<LogValue>, ReadonlyArray<LogNote>]
      assert.deepStrictEqual([out.length, out[256], notes], [257, "[+999744 items]", ["truncated"]] as any)
    }
    assert.strictEqual((copy(new Map(entries)) as LogFields)["…"], "[+999744 keys]")
    const pairs = copy(new Map(items.map((i) => [i, i]))) as ReadonlyArray<LogValue>
    assert.deepStrictEqual([pairs.length, pairs[256]], [257, "[+999744 items]"])
  })

  it("a sparse list of 2^32-1 items ends", () => {
    const sparse: Array<number> = []
    sparse[2 ** 32 - 2] = 1
    const out = copy(sparse) as ReadonlyArray<LogValue>
    assert.deepStrictEqual([out.length, out[0], out[256]], [257, null, "[+4294967039 items]"])
  })

  it("subclasses whose iterators never end are not asked", () => {
    function* endless(): Generator<any> {
      while (true) yield ["a", 1]
    }
    class EndlessList extends Array {
      override [Symbol.iterator] = endless as any
    }
    class EndlessMap extends Map {
      override [Symbol.iterator] = endless as any
      override entries = endless as any
      override forEach = throwing
    }
    class EndlessSet extends Set {
      override [Symbol.iterator] = endless as any
      override values = endless as any
    }
    assert.deepStrictEqual(copy(EndlessList.from([1]).concat(2)), [1, 2])
    assert.deepStrictEqual(copy(new EndlessMap().set("x", 1)), { x: 1 })
    assert.deepStrictEqual(copy(new EndlessSet().add(1)), [1])
  })

  it("an endless value ends: a Proxy that always has one more level, and more keys", () => {
    const endless: object = new Proxy({}, {
      get: (_, key) => typeof key === "string" && key.startsWith("k") ? endless : undefined,
      ownKeys: () => Array.from({ length: 1000 }, (_, i) => `k${i}`),
      getOwnPropertyDescriptor: () => ({ enumerable: true, configurable: true })
    })
    assert.strictEqual((copy(endless) as LogFields)["k0"], "[circular]")
    const wide = (): object =>
      new Proxy({}, {
        get: (_, key) => typeof key === "string" && key.startsWith("k") ? wide() : undefined,
        ownKeys: () => Array.from({ length: 1000 }, (_, i) => `k${i}`),
        getOwnPropertyDescriptor: () => ({ enumerable: true, configurable: true })
      })
    const [out, notes] = noted(wide())
    assert.isBelow(JSON.stringify(out).length, 2 * Snapshot.defaultLimits.recordBytes)
    assert.deepStrictEqual(notes, ["truncated"])
  })

  it("a long key is cut", () => {
    const [out, notes] = noted({ ["k".repeat(300)]: 1 })
    assert.deepStrictEqual(out, { [`${"k".repeat(256)}…[+44 characters]`]: 1 })
    assert.deepStrictEqual(notes, ["truncated"])
  })

  it("when the bytes of the record are used up, the rest is counted", () => {
    const value = { a: "x".repeat(60), b: "y".repeat(60), c: 1, d: 2 }
    assert.deepStrictEqual(noted(value, { recordBytes: 160 }), [
      { a: "x".repeat(60), b: `${"y".repeat(34)}…[+26 characters]`, "…": "[+2 keys]" },
      ["truncated"]
    ])
    assert.deepStrictEqual(copy([1, 2, 3], { recordBytes: 48 }), [1, 2, "[+1 items]"])
    assert.deepStrictEqual(copy(new Map([["a", 1], ["b", 2]]), { recordBytes: 40 }), { a: 1, "…": "[+1 keys]" })
    assert.strictEqual(copy({ a: 1 }, { recordBytes: 30 }), "[truncated]")
  })

  it("the estimate of the copy stays within the bytes of the record", () => {
    fc.assert(fc.property(fc.anything({ maxDepth: 6 }), fc.integer({ min: 100, max: 2000 }), (value, recordBytes) => {
      const out = copy({ value, more: [value, value] }, { recordBytes }) as LogFields
      const bytes = Record.estimateBytes(Record.make({ level: "Info", message: "", fields: out }))
        - Record.estimateBytes(Record.make({ level: "Info", message: "" }))
      // the marks of what is missing come on top, one for each level
      assert.isBelow(bytes, recordBytes + 1000)
    }))
  })
})

describe("redaction", () => {
  const Reader = Context.Reference<string>("test/Reader", { defaultValue: () => "nobody" })
  class Secret {
    [symbolRedactable](context: Context.Context<never>) {
      return { shownTo: Context.get(context, Reader) }
    }
    readonly value = "planted"
  }

  it("Redacted says what it says of itself", () => {
    assert.deepStrictEqual(copy({ a: Redacted.make("planted"), b: Redacted.make("planted", { label: "key" }) }), {
      a: "<redacted>",
      b: "<redacted:key>"
    })
  })

  it("Redactable is asked with the caller's context, wherever it is", () => {
    const self = run({}, Context.make(Reader, "auditor"))
    const out = Snapshot.valueUnsafe(self, { a: new Secret(), b: [new Map([["c", new Secret()]])] }, 0)
    const shown = { shownTo: "auditor" }
    assert.deepStrictEqual(out, { a: shown, b: [{ c: shown }] })
  })

  it("a redaction that throws, or is no function, shows nothing", () => {
    const bad = { planted: "planted", [symbolRedactable]: throwing }
    const worse = { planted: "planted", [symbolRedactable]: "yes" }
    assert.deepStrictEqual(noted([bad, worse]), [["[unprintable]", "[unprintable]"], ["unprintable"]])
  })

  it("an error that is Redactable is redacted before anything of it is read", () => {
    class Leaky extends Error {
      [symbolRedactable]() {
        return new RangeError("safe")
      }
    }
    const error = copyError(new Leaky("planted"))
    assert.deepInclude(error, { type: "RangeError", message: "safe" })
    const nested = copy({ failure: new Leaky("planted"), list: [new Error("x", { cause: new Leaky("planted") })] })
    assert.isFalse(JSON.stringify([error, nested]).includes("planted"))
  })
})

describe("errors", () => {
  class NotFound extends Data.TaggedError("NotFound")<{ readonly id: number; readonly cause?: unknown }> {}
  class Denied extends Schema.TaggedError<Denied>()("Denied", { user: Schema.String }) {}

  it("G18 an error keeps type, message, stack with the throw site, and its own fields", () => {
    function throwSite(): Error {
      return Object.assign(new TypeError("boom"), { code: "E_BOOM", nested: { a: 1n } })
    }
    const error = copyError(throwSite())
    assert.deepInclude(error, { type: "TypeError", message: "boom" })
    assert.include(error.stack, "throwSite")
    assert.include(error.stack, "Snapshot.test.ts")
    assert.deepStrictEqual(error.fields, { code: "E_BOOM", nested: { a: "1" } })
    assert.deepStrictEqual([error.kind, error.cause, error.others], [undefined, undefined, undefined])
  })

  it("G18 the throw site stays when the message is longer than a string may be", () => {
    function throwSite(): Error {
      return new Error("x".repeat(100_000))
    }
    const error = copyError(throwSite())
    assert.include(error.stack, "throwSite")
    assert.isTrue(error.message.endsWith("…[+34464 characters]"))
  })

  it("G18 tagged errors of Data and Schema keep tag and fields", () => {
    assert.deepInclude(copyError(new NotFound({ id: 7 })), { type: "NotFound", fields: { id: 7 } })
    assert.deepInclude(copyError(new Denied({ user: "u" })), { type: "Denied", fields: { user: "u" } })
  })

  it("the type is the name, else the tag, else the class", () => {
    class Custom extends Error {}
    const named = Object.assign(new Custom("c"), { name: "Given" })
    const tagged = Object.assign(new Error("t"), { _tag: "Tagged" })
    assert.deepStrictEqual(
      [named, tagged, new Custom("c"), new Error("e"), new DOMException("d", "AbortError")]
        .map((error) => copyError(error).type),
      ["Given", "Tagged", "Custom", "Error", "AbortError"]
    )
  })

  it("G18 the whole cause chain is kept, with causes that are no errors", () => {
    const error = copyError(
      new Error("a", { cause: new NotFound({ id: 1, cause: new Error("c", { cause: "root" }) }) })
    )
    assert.deepInclude(error.cause, { type: "NotFound", fields: { id: 1 } })
    assert.deepInclude(error.cause?.cause, { type: "Error", message: "c" })
    assert.deepInclude(error.cause?.cause?.cause, { type: "string", message: "root" })
  })

  it("a chain that bites its tail, and one without end, come to an end", () => {
    const circular: Error = new Error("a")
    circular.cause = new Error("b", { cause: circular })
    assert.strictEqual(copyError(circular).cause?.cause?.message, "[circular]")
    let long = new Error("0")
    for (let i = 1; i < 20_000; i++) long = new Error(String(i), { cause: long })
    let links = 0
    let last: LogError | undefined = copyError(long)
    while (last?.cause !== undefined) {
      last = last.cause
      links++
    }
    assert.deepStrictEqual([links, last?.message], [8, "[truncated]"])
    assert.isTrue(isLogValue(copy({ circular, long })))
  })

  it("the members of an AggregateError are the others", () => {
    const error = copyError(new AggregateError([new TypeError("a"), "b", new NotFound({ id: 3 })], "several"))
    assert.deepStrictEqual(error.others?.map((other) => other.type), ["TypeError", "string", "NotFound"])
    const many = copyError(new AggregateError(Array.from({ length: 1000 }, (_, i) => i)))
    assert.strictEqual(many.others?.length, 257)
    assert.strictEqual(many.others?.[256]?.message, "[+744 errors]")
  })

  it("a list `errors` that holds no errors is a field like any other", () => {
    const error = copyError(Object.assign(new Error("invalid"), { errors: [{ path: "a" }] }))
    assert.deepStrictEqual([error.fields, error.others], [{ errors: [{ path: "a" }] }, undefined])
  })

  it("an error inside a value has the keys that it has in JSON", () => {
    const out = copy({ e: Object.assign(new RangeError("r", { cause: new Error("c") }), { code: 1 }) }) as any
    assert.deepStrictEqual(Object.keys(out.e), ["type", "message", "stack", "fields", "cause"])
    assert.deepStrictEqual([out.e.type, out.e.message, out.e.fields], ["RangeError", "r", { code: 1 }])
    assert.strictEqual(out.e.cause.message, "c")
  })

  it("failures that are no errors have a type and a message", () => {
    class Tagged {
      readonly _tag = "Tagged"
      readonly message = "said"
      readonly n = 1
    }
    assert.deepInclude(copyError({ _tag: "NotFound", id: 1 }), {
      type: "NotFound",
      message: `{"_tag":"NotFound","id":1}`,
      fields: { id: 1 }
    })
    assert.deepInclude(copyError(new Tagged()), { type: "Tagged", message: "said", fields: { n: 1 } })
    assert.deepInclude(copyError([1, 2]), { type: "Array", message: "[1,2]", fields: undefined })
    assert.deepInclude(copyError(Redacted.make("planted")), { message: "<redacted>", fields: undefined })
    assert.deepStrictEqual(
      ["text", 5, 5n, null, undefined, Symbol("s")].map(copyError).map(({ message, type }) => [type, message]),
      [["string", "text"], ["number", "5"], ["bigint", "5"], ["null", "null"], ["undefined", "undefined"], [
        "symbol",
        "Symbol(s)"
      ]]
    )
    assert.isAtMost(copyError({ long: "x".repeat(1000) }).message.length, 300)
  })

  it("throwing getters of an error cost their own part only", () => {
    const error = new Error("boom")
    assert.include(error.stack, "Snapshot.test.ts")
    for (const key of ["message", "name", "cause", "own"]) {
      Object.defineProperty(error, key, { get: throwing, enumerable: true })
    }
    const out = copyError(error)
    assert.deepInclude(out, { type: "[unprintable]", message: "[unprintable]", fields: { own: "[unprintable]" } })
    assert.include(out.stack, "Snapshot.test.ts")
    assert.strictEqual(copyError(revoked()).message, "[unprintable]")
    assert.strictEqual(copyError(new Proxy(new Error("x"), { getPrototypeOf: throwing })).message, "[unprintable]")
  })
})

describe("causes", () => {
  it("G18 failures, defects and interruptions are kept apart, and the first real one leads", () => {
    const cause = Cause.fromReasons([
      Cause.makeInterruptReason(12),
      Cause.makeFailReason(new Error("failed")),
      Cause.makeDieReason("died"),
      Cause.makeInterruptReason()
    ])
    const error = causeUnsafe(run(), cause, 0)
    assert.deepInclude(error, { type: "Error", message: "failed", kind: "fail" })
    assert.deepStrictEqual(error?.others?.map(({ kind, message, type }) => [kind, type, message]), [
      ["interrupt", "Interrupt", "interrupted by fiber #12"],
      ["die", "string", "died"],
      ["interrupt", "Interrupt", "interrupted"]
    ])
  })

  it("only interruptions, and nothing at all", () => {
    assert.deepInclude(causeUnsafe(run(), Cause.interrupt(3), 0), { kind: "interrupt", others: undefined })
    assert.strictEqual(causeUnsafe(run(), Cause.empty, 0), undefined)
  })

  it("a Cause as the cause of an error, and a Cause that fails with itself", () => {
    const inner = copyError(new Error("outer", { cause: Cause.die(new RangeError("inner")) })).cause
    assert.deepInclude(inner, { kind: "die", type: "RangeError" })
    const self = Cause.fail<unknown>(1)
    Object.assign(self.reasons[0]!, { error: self })
    assert.isTrue(isLogError(causeUnsafe(run(), self, 0)))
  })
})

const anything = fc.anything({
  withBigInt: true,
  withBoxedValues: true,
  withDate: true,
  withMap: true,
  withNullPrototype: true,
  withObjectString: true,
  withSet: true,
  withSparseArray: true,
  withTypedArray: true,
  withUnicodeString: true,
  values: [
    fc.anything(),
    fc.constantFrom<unknown>(undefined, -0, NaN, Symbol("s"), () => {}, Option.none(), new Error("e")),
    fc.string({ unit: "binary" })
  ]
})

describe("any value", () => {
  it("G16 the copy is a LogValue, and survives JSON", () => {
    fc.assert(
      fc.property(anything, (value) => {
        const out = copy(value)
        assert.isTrue(isLogValue(out))
        assert.deepStrictEqual(JSON.parse(JSON.stringify(out)), out)
      }),
      { numRuns: 2000 }
    )
  })

  it("G18 the copy as an error is a LogError", () => {
    fc.assert(fc.property(anything, anything, (value, cause) => {
      assert.isTrue(isLogError(copyError(value)))
      assert.isTrue(isLogError(causeUnsafe(run(), Cause.fail(new Error("e", { cause: value })), 0)))
      assert.isTrue(isLogError(causeUnsafe(run(), Cause.combine(Cause.fail(value), Cause.die(cause)), 0)))
    }))
  })

  it("plain data within the limits stays as it is, without a note", () => {
    fc.assert(fc.property(fc.jsonValue({ maxDepth: 6 }), (value) => {
      assert.deepStrictEqual(noted(value), [JSON.parse(JSON.stringify(value)), undefined])
    }))
  })
})
