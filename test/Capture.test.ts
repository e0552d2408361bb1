import { assert, describe, it } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import * as Logger from "effect/Logger"
import type * as LogLevel from "effect/LogLevel"
import { symbolRedactable } from "effect/Redactable"
import * as Redacted from "effect/Redacted"
import * as References from "effect/References"
import * as Schema from "effect/Schema"
import * as TestClock from "effect/testing/TestClock"
import * as Tracer from "effect/Tracer"
import * as fc from "fast-check"
import * as Calls from "../src/Call.ts"
import * as Capture from "../src/Capture.ts"
import type { LogFields, LogRecord } from "../src/Record.ts"
import * as Record from "../src/Record.ts"
import * as Snapshot from "../src/Snapshot.ts"

/** Where a call comes from. */
interface Origin extends Capture.Surroundings {
  readonly bound: LogFields
}

const originOf = (bound: LogFields = Record.noFields): Origin => ({
  bound,
  logger: "shop",
  context: { service: "shop-api" },
  annotations: {},
  spans: []
})

/** The same, with what Effect knows of a region. */
const regionOf = (fiber: Fiber.Fiber<unknown, unknown>, origin = originOf()): Origin => ({
  ...origin,
  annotations: fiber.getRef(References.CurrentLogAnnotations),
  spans: fiber.getRef(References.CurrentLogSpans)
})

const recordOf = (
  { level, time, ...call }: Omit<Capture.Call, "method" | "surroundings"> & {
    readonly level: LogLevel.Severity
    readonly time: number
  },
  origin: Origin
): LogRecord =>
  Capture.record(
    { ...call, method: Calls.method(level, undefined, origin.bound), surroundings: origin },
    time,
    Snapshot.defaultLimits,
    undefined
  )

/** The record of what Effect hands to a logger. */
const fromEffect = (options: Logger.Options<unknown>, { bound, ...surroundings }: Origin): LogRecord => {
  const { cause, date, fiber, logLevel, message } = options
  const method = { ...Calls.methodOf(logLevel), bound }
  const args = Array.isArray(message) ? message : [message]
  const call = { method, args, cause, fiber, surroundings }
  return Capture.record(call, date.getTime(), Snapshot.defaultLimits, undefined)
}

/** The records of what a program logs through Effect. */
const recordsOf = (program: Effect.Effect<unknown>): Effect.Effect<Array<LogRecord>> =>
  Effect.suspend(() => {
    const records: Array<LogRecord> = []
    const logger = Logger.make((options) => records.push(fromEffect(options, regionOf(options.fiber))))
    return program.pipe(Effect.provide(Logger.layer([logger])), Effect.as(records))
  })

const callWith = (args: ReadonlyArray<unknown>, origin: Origin): Effect.Effect<LogRecord> =>
  Effect.withFiber((fiber) =>
    Effect.succeed(recordOf({ args, cause: Cause.empty, level: "Info", fiber, time: 7 }, regionOf(fiber, origin)))
  )

/** The record of one call with these arguments, outside any region. */
const call = (...args: ReadonlyArray<unknown>): LogRecord => Effect.runSync(callWith(args, originOf()))

const throwing = (): never => {
  throw new Error("from a getter")
}

const revoked = (): object => {
  const { proxy, revoke } = Proxy.revocable({}, {})
  revoke()
  return proxy
}

const isLogRecord = Schema.is(Record.LogRecord)

describe("message", () => {
  it("strings and primitives join with one space", () => {
    assert.strictEqual(
      call("a", 1, -0, true, 5n, null, undefined, Symbol("s"), "").message,
      "a 1 0 true 5 null undefined Symbol(s) "
    )
    assert.strictEqual(call().message, "")
    assert.strictEqual(call({ a: 1 }).message, "")
    assert.strictEqual(call("a", { a: 1 }, "b").message, "a b")
  })

  it("a long message is cut once, at its end", () => {
    const record = call("x".repeat(65_536), "y".repeat(9), "z")
    assert.strictEqual(record.message, `${"x".repeat(65_536)}…[+12 characters]`)
    assert.deepStrictEqual(record.notes, ["truncated"])
    const joined = call("x".repeat(65_530), "y".repeat(100_000))
    assert.strictEqual(joined.message, `${"x".repeat(65_530)} yyyyy…[+99995 characters]`)
    assert.strictEqual(call("x".repeat(65_536)).notes, undefined)
  })
})

describe("fields", () => {
  it("plain objects merge from left to right", () => {
    assert.deepStrictEqual(call("m", { a: 1, b: 1 }, Object.assign(Object.create(null), { b: 2 }), { c: 3 }).fields, {
      a: 1,
      b: 2,
      c: 3
    })
  })

  it("lists, Maps, Dates, functions and instances go to data, as a list if several", () => {
    class Point {
      x = 1
    }
    assert.deepStrictEqual(call("m", [1, 2]).fields, { data: [1, 2] })
    assert.deepStrictEqual(call("m", new Map([["a", 1]]), new Date(0), new Point(), Math.max).fields, {
      data: [{ a: 1 }, "1970-01-01T00:00:00.000Z", { x: 1 }, "[Function max]"]
    })
    assert.deepStrictEqual(call(Buffer.from("a")).fields, { data: "[Buffer(1) 61]" })
  })

  it("a key data of the call's own stays, and comes first", () => {
    assert.deepStrictEqual(call({ data: "own" }, [1]).fields, { data: ["own", [1]] })
    assert.deepStrictEqual(call([1], { data: "own" }, [2]).fields, { data: ["own", [1], [2]] })
  })

  it("bound fields lie below the call's own keys, annotations below both", () => {
    const bound = { a: "bound", b: "bound", ["__proto__x"]: 1 }
    const annotations = { a: "annotated", b: "annotated", c: "annotated", d: Symbol("d") }
    const record = Effect.runSync(
      callWith(["m", { a: "own" }], originOf(bound)).pipe(Effect.annotateLogs(annotations))
    )
    assert.deepStrictEqual(record.fields, {
      a: "own",
      b: "bound",
      "__proto__x": 1,
      c: "annotated",
      d: "Symbol(d)"
    })
    assert.strictEqual(Effect.runSync(callWith(["m"], originOf(bound))).fields, bound)
  })

  it("a call without fields shares the empty ones", () => {
    assert.strictEqual(call("m").fields, Record.noFields)
  })

  it("a circular object refers to itself once", () => {
    const value: { a: number; self?: unknown } = { a: 1 }
    value.self = value
    assert.deepStrictEqual(call(value, [value]).fields, {
      a: 1,
      self: "[circular]",
      data: [{ a: 1, self: "[circular]" }]
    })
  })

  it("__proto__ is an ordinary key", () => {
    const { fields } = call(JSON.parse(`{"__proto__":1,"a":2}`), { toJSON: () => JSON.parse(`{"__proto__":3}`) })
    assert.strictEqual(JSON.stringify(fields), `{"__proto__":3,"a":2}`)
  })
})

describe("errors", () => {
  class NotFound extends Data.TaggedError("NotFound")<{ readonly id: number }> {}

  it("G18 an error is the error, a further one its other", () => {
    const record = call("m", new NotFound({ id: 1 }), new TypeError("second"), { a: 1 })
    assert.deepInclude(record.error, { type: "NotFound", fields: { id: 1 } })
    assert.include(record.error?.stack, "Capture.test.ts")
    assert.deepStrictEqual(record.error?.others?.map(({ message }) => message), ["second"])
    assert.deepStrictEqual([record.message, record.fields], ["m", { a: 1 }])
  })

  it("G18 a Cause is the error too, an empty one is nothing", () => {
    assert.deepInclude(call("m", Cause.die("d")).error, { kind: "die", message: "d" })
    assert.deepInclude(call("m", Cause.interrupt(3)).error, { kind: "interrupt", message: "interrupted by fiber #3" })
    const empty = call("m", Cause.fromReasons([]))
    assert.deepStrictEqual([empty.error, empty.fields], [undefined, {}])
  })

  it("what makes the record too large is cut before its error is", () => {
    const large = Array.from({ length: 256 }, () => "x".repeat(60_000))
    const record = Effect.runSync(
      callWith(["m", large, { large }, new Error("boom")], originOf()).pipe(
        Effect.withParentSpan(Tracer.externalSpan({ traceId: "trace", spanId: "span" }))
      )
    )
    assert.deepStrictEqual([record.message, record.traceId, record.spanId], ["m", "trace", "span"])
    assert.strictEqual(record.error?.message, "boom")
    assert.include(record.error?.stack, "Capture.test.ts")
    assert.isBelow(Record.estimateBytes(record), Snapshot.defaultLimits.recordBytes + 2000)
    assert.deepStrictEqual(record.notes, ["truncated"])
  })

  it.effect("G18 the Cause of an Effect keeps failure, defect and interruption apart", () =>
    Effect.gen(function*() {
      const [record] = yield* recordsOf(Effect.logError(
        "m",
        Cause.fail(new NotFound({ id: 1 })),
        new RangeError("argument"),
        Cause.combine(Cause.interrupt(4), Cause.die("d"))
      ))
      assert.strictEqual(record?.error?.message, "argument")
      assert.deepStrictEqual(record?.error?.others?.map(({ kind, type }) => [kind, type]), [["fail", "NotFound"]])
      assert.deepStrictEqual(record?.error?.others?.[0]?.others?.map(({ kind }) => kind), ["interrupt", "die"])
    }))
})

describe("redaction", () => {
  const Reader = Context.Reference<string>("test/Reader", { defaultValue: () => "nobody" })
  const shown = (context: Context.Context<never>) => ({ shownTo: Context.get(context, Reader) })
  const plain = { planted: "planted", [symbolRedactable]: shown }
  class Instance {
    [symbolRedactable] = shown
    readonly planted = "planted"
  }

  it.effect("a Redactable is asked with the context of the call", () =>
    Effect.gen(function*() {
      const log = Effect.log("m", plain, new Instance(), Redacted.make("planted"), { deep: [new Instance()] })
      const records = yield* recordsOf(Effect.andThen(log, Effect.provideService(log, Reader, "auditor")))
      assert.deepStrictEqual(
        records.map(({ fields }) => fields),
        ["nobody", "auditor"].map((shownTo) => ({
          shownTo,
          data: [{ shownTo }, "<redacted>"],
          deep: [{ shownTo }]
        }))
      )
    }))

  it("a plain object that is redacted into something else goes to data; one that throws shows nothing", () => {
    assert.deepStrictEqual(call({ planted: "planted", [symbolRedactable]: () => "***" }).fields, { data: "***" })
    const record = call({ planted: "planted", [symbolRedactable]: throwing }, "m")
    assert.deepStrictEqual([record.fields, record.notes], [{ data: "[unprintable]" }, ["unprintable"]])
  })
})

describe("G15 snapshot", () => {
  it("G15 what is changed right after the call appears as it was", () => {
    const object = { a: 1, deep: { b: [1] } }
    const list = [1, { c: 1 }]
    const map = new Map<string, unknown>([["k", object.deep]])
    const date = new Date(0)
    const error: Error & { code?: number } = Object.assign(new Error("before"), { code: 1 })
    const annotated = { x: { y: 1 } }
    const record = Effect.runSync(
      callWith(["m", object, list, map, date, error], originOf()).pipe(Effect.annotateLogs(annotated))
    )
    const before = JSON.stringify(record)
    object.a = 2
    object.deep.b.push(2)
    list.length = 0
    map.clear()
    date.setTime(5)
    error.message = "after"
    error.code = 2
    annotated.x.y = 2
    assert.strictEqual(JSON.stringify(record), before)
    assert.deepStrictEqual(record.fields, {
      a: 1,
      deep: { b: [1] },
      data: [[1, { c: 1 }], { k: { b: [1] } }, "1970-01-01T00:00:00.000Z"],
      x: { y: 1 }
    })
    assert.deepInclude(record.error, { message: "before", fields: { code: 1 } })
  })

  it.effect("the arguments of a log effect are the same on its second run", () =>
    Effect.gen(function*() {
      const log = Effect.log("m", { a: 1 }, [1], new Error("e"), "n")
      const [first, second] = yield* recordsOf(Effect.andThen(log, log))
      assert.deepStrictEqual(first, second)
      assert.strictEqual(first?.message, "m n")
    }))
})

describe("what surrounds a call", () => {
  it.effect("G19 annotations, spans, trace ids, fiber, level and time of a real program", () =>
    Effect.gen(function*() {
      const program = Effect.gen(function*() {
        yield* TestClock.adjust(100)
        yield* Effect.gen(function*() {
          yield* TestClock.adjust(20)
          yield* Effect.logWarning("m", { own: 1 })
        }).pipe(Effect.withLogSpan("inner"))
        return yield* Effect.withFiber((fiber) => Effect.succeed([fiber.id, fiber.cache.span] as const))
      }).pipe(
        Effect.annotateLogs({ requestId: "r-1", own: "lower" }),
        Effect.withLogSpan("outer"),
        Effect.withSpan("traced")
      )
      let around: readonly [number, Tracer.AnySpan | undefined] | undefined
      const [record] = yield* recordsOf(Effect.tap(program, (value) => Effect.sync(() => around = value)))
      assert.deepStrictEqual(
        record,
        Record.make({
          time: 120,
          level: "Warn",
          logger: "shop",
          message: "m",
          fields: { own: 1, requestId: "r-1" },
          context: { service: "shop-api" },
          spans: { outer: 120, inner: 20 },
          traceId: around![1]!.traceId,
          spanId: around![1]!.spanId,
          fiber: around![0]
        })
      )
      assert.match(record!.traceId!, /^[0-9a-f]{32}$/)
    }))

  it.effect("of two spans with one label the innermost counts", () =>
    Effect.gen(function*() {
      const inner = Effect.andThen(TestClock.adjust(5), Effect.log("m")).pipe(Effect.withLogSpan("s"))
      const [record] = yield* recordsOf(Effect.andThen(TestClock.adjust(10), inner).pipe(Effect.withLogSpan("s")))
      assert.deepStrictEqual(record?.spans, { s: 5 })
    }))

  it.effect("G19 outside a span there are no ids, an external one has its own, an untraced one none", () =>
    Effect.gen(function*() {
      const log = Effect.log("m")
      const external = Tracer.externalSpan({ traceId: "trace", spanId: "span" })
      const records = yield* recordsOf(Effect.all([
        log,
        Effect.withParentSpan(log, external),
        log.pipe(Effect.withSpan("untraced"), Effect.withTracerEnabled(false))
      ], { discard: true }))
      assert.deepStrictEqual(records.map(({ spanId, traceId }) => [traceId, spanId]), [
        [undefined, undefined],
        ["trace", "span"],
        [undefined, undefined]
      ])
    }))

  it.effect("G19 annotations of one fiber are not seen in another one", () =>
    Effect.gen(function*() {
      const records = yield* recordsOf(Effect.all([
        Effect.annotateLogs(Effect.log("a"), "only", "a"),
        Effect.log("b")
      ], { concurrency: "unbounded", discard: true }))
      assert.deepStrictEqual(records.map(({ fields, message }) => [message, fields]), [["a", { only: "a" }], ["b", {}]])
    }))

  it("a message that is no list, and the ends of the scale of levels", () => {
    const of = (logLevel: LogLevel.LogLevel) =>
      Effect.runSync(Effect.withFiber((fiber) =>
        Effect.succeed(
          fromEffect({ message: "m", logLevel, cause: Cause.empty, fiber, date: new Date(5) }, originOf())
        )
      ))
    assert.deepInclude(of("All"), { message: "m", level: "Trace", time: 5 })
    assert.strictEqual(of("None").level, "Fatal")
  })
})

describe("totality", () => {
  it("G16 every hostile value costs itself only", () => {
    const circular: { list: Array<unknown> } = { list: [] }
    circular.list.push(circular)
    const hostile = [
      circular,
      12n,
      Symbol("s"),
      throwing,
      new Date(NaN),
      Object.defineProperty({}, "bad", { get: throwing, enumerable: true }),
      { toJSON: throwing },
      revoked(),
      new Proxy({}, { ownKeys: throwing }),
      new Proxy({}, { getPrototypeOf: throwing }),
      new Proxy([], { get: throwing }),
      new Proxy(new Error("e"), { get: throwing }),
      new Proxy(Cause.fail(1), { get: throwing }),
      "a\0b",
      "\ud800",
      { "\ud800": "\udc00" }
    ]
    for (const value of hostile) {
      for (const args of [["before", value, { after: 1 }, "end"], [{ after: 1, value }, "before", "end"]]) {
        const record = call(...args)
        assert.isTrue(isLogRecord(record))
        assert.isTrue(record.message.startsWith("before") && record.message.endsWith("end"))
        assert.strictEqual(record.fields["after"], 1)
        assert.deepStrictEqual(JSON.parse(JSON.stringify(record.fields)), record.fields)
      }
    }
  })

  it("a fiber that is none makes the smallest record", () => {
    // a fiber is made by Effect alone: there is no other way to have a broken one
    const fiber = { getRef: throwing, context: Context.empty(), id: 1 } as unknown as Fiber.Fiber<unknown, unknown>
    const record = recordOf({ args: ["m"], cause: Cause.empty, level: "Error", fiber, time: NaN }, originOf())
    assert.deepStrictEqual(
      record,
      Record.make({
        level: "Error",
        logger: "shop",
        message: "[unprintable]",
        context: { service: "shop-api" },
        notes: ["unprintable"]
      })
    )
  })

  it("annotations, span labels and spans without end are within the limits", () => {
    const spans = Array.from({ length: 1000 }, (_, i): [string, number] => [`s${i}`, i === 0 ? NaN : 0])
    const annotations = Object.fromEntries(spans)
    const record = Effect.runSync(
      callWith(["m"], originOf()).pipe(
        Effect.provideService(References.CurrentLogSpans, spans),
        Effect.provideService(References.CurrentLogAnnotations, annotations)
      )
    )
    assert.deepStrictEqual([Object.keys(record.spans!).length, record.spans!["s0"], record.spans!["s1"]], [256, 0, 7])
    assert.strictEqual(record.fields["…"], "[+744 keys]")
    assert.deepStrictEqual(record.notes, ["truncated"])
  })

  it("G16 any arguments make a LogRecord", () => {
    const arg = fc.anything({
      withBigInt: true,
      withBoxedValues: true,
      withDate: true,
      withMap: true,
      withNullPrototype: true,
      withSet: true,
      withSparseArray: true,
      withTypedArray: true,
      values: [
        fc.anything(),
        fc.constantFrom<unknown>(Symbol("s"), () => {}, new Error("e"), Cause.fail(1), Cause.empty)
      ]
    })
    fc.assert(
      fc.property(fc.array(arg, { maxLength: 5 }), arg, (args, annotated) => {
        const record = Effect.runSync(callWith(args, originOf()).pipe(Effect.annotateLogs("annotated", annotated)))
        assert.isTrue(isLogRecord(record))
        assert.deepStrictEqual(JSON.parse(JSON.stringify(record.fields)), record.fields)
      }),
      { numRuns: 500 }
    )
  })
})
