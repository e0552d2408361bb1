import { assert, describe, it } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as EffectLogger from "effect/Logger"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as References from "effect/References"
import * as Schema from "effect/Schema"
import * as SchemaTransformation from "effect/SchemaTransformation"
import * as AsyncLogging from "../src/AsyncLogging.ts"
import * as Call from "../src/Call.ts"
import * as Capture from "../src/Capture.ts"
import * as Filters from "../src/Filters.ts"
import * as Formatters from "../src/Formatters.ts"
import * as LogEvent from "../src/LogEvent.ts"
import * as Logger from "../src/Logger.ts"
import * as Record from "../src/Record.ts"
import * as Snapshot from "../src/Snapshot.ts"
import { gated, recording, run, turns } from "./support/sinks.ts"

const secret = "4111-1111-1111-1111"
const card = Redacted.make(secret)

const OrderPaid = LogEvent.make("OrderPaid", {
  level: "Info",
  message: "order paid",
  fields: { orderId: Schema.Int, card: Schema.Redacted(Schema.String) }
})

const records = <E>(program: Effect.Effect<unknown, E, AsyncLogging.AsyncLogging>) =>
  AsyncLogging.TestLog.pipe(
    Effect.flatMap((log) => Effect.andThen(program, log.records)),
    Effect.provide(AsyncLogging.layerTest())
  )

/** The one record that a program logs. */
const record = <E>(program: Effect.Effect<unknown, E, AsyncLogging.AsyncLogging>) =>
  Effect.map(records(program), (records) => {
    assert.strictEqual(records.length, 1)
    return records[0]!
  })

// a call that the compiler refuses
const untyped = (event: unknown) => event as (fields?: unknown) => Effect.Effect<void>

describe("an event", () => {
  it.effect("is a record with its name, level, message and encoded fields", () =>
    Effect.gen(function*() {
      const { event, fields, level, logger, message, notes } = yield* record(OrderPaid({ orderId: 7, card }))
      assert.deepStrictEqual({ event, fields, level, logger, message, notes }, {
        event: "OrderPaid",
        fields: { orderId: 7, card: "<redacted>" },
        level: "Info",
        logger: undefined,
        message: "order paid",
        notes: undefined
      })
    }))

  it.effect("has the level, logger and message of its options; by default the logger around it, and its name as message", () =>
    Effect.gen(function*() {
      const Failed = LogEvent.make("Failed", {
        level: "Error",
        logger: "shop",
        message: ({ why }) => `failed: ${why}`,
        fields: { why: Schema.String }
      })
      const Plain = LogEvent.make("Plain", { level: "Warn" })
      const [failed, plain] = yield* records(
        Logger.withName(Effect.andThen(Failed({ why: "late" }), Plain()), "around")
      )
      assert.deepStrictEqual([failed!.level, failed!.logger, failed!.message], ["Error", "shop", "failed: late"])
      assert.deepStrictEqual([plain!.level, plain!.logger, plain!.message, plain!.fields], [
        "Warn",
        "around",
        "Plain",
        {}
      ])
    }))

  it.effect("takes the schema of a whole struct or class, and what a schema encodes is what is logged", () =>
    Effect.gen(function*() {
      class Order extends Schema.Class<Order>("Order")({ id: Schema.Int, at: Schema.DateTimeUtcFromString }) {}
      const Struct = LogEvent.make("Struct", {
        level: "Info",
        fields: Schema.Struct({ id: Schema.NumberFromString, note: Schema.optionalKey(Schema.String) }).pipe(
          Schema.encodeKeys({ id: "order_id" })
        )
      })
      const Class = LogEvent.make("Class", { level: "Info", message: (order) => `${order.id}`, fields: Order })
      const [struct, order] = yield* records(Effect.andThen(
        Struct({ id: 7 }),
        Class(new Order({ id: 8, at: DateTime.makeUnsafe(0) }))
      ))
      assert.deepStrictEqual(struct!.fields, { order_id: "7" })
      assert.deepStrictEqual([order!.message, order!.fields], ["8", { id: 8, at: "1970-01-01T00:00:00.000Z" }])
    }))

  it.effect("logs no field that its schema does not know, and none at all without one", () =>
    Effect.gen(function*() {
      const more = { orderId: 7, card, password: secret }
      const Nothing = LogEvent.make("Nothing", { level: "Info", fields: {} })
      const all = yield* records(Effect.all([
        OrderPaid(more),
        untyped(Nothing)(more),
        untyped(LogEvent.make("None", { level: "Info" }))(more)
      ]))
      assert.deepStrictEqual(all.map(({ fields }) => Object.keys(fields)), [["orderId", "card"], [], []])
      assert.notInclude(JSON.stringify(all), secret)
    }))

  it.effect("logs nothing of what is in a struct without fields, wherever it stands", () =>
    Effect.gen(function*() {
      const Empty = Schema.Struct({})
      class Nobody extends Schema.Class<Nobody>("Nobody")({}) {}
      const fields = {
        plain: Empty,
        optional: Schema.optionalKey(Empty),
        missing: Schema.optionalKey(Empty),
        left: Schema.optional(Empty),
        checked: Empty.check(Schema.makeFilter(() => true)),
        list: Schema.Array(Empty),
        table: Schema.Record(Schema.String, Empty),
        either: Schema.Union([Schema.Struct({ id: Schema.Int }), Empty]),
        option: Schema.Option(Schema.Struct({ inner: Empty })),
        later: Schema.suspend(() => Empty),
        text: Schema.fromJsonString(Empty),
        through: Schema.String.pipe(
          Schema.decodeTo(
            Empty,
            SchemaTransformation.transform({ decode: () => ({}), encode: (value) => Object.values(value).join() })
          )
        ),
        nobody: Nobody
      }
      const more = () => ({ password: secret })
      const event = yield* record(
        untyped(LogEvent.make("Empty", { level: "Info", fields }))({
          plain: more(),
          optional: more(),
          left: undefined,
          checked: more(),
          list: [more()],
          table: { one: more() },
          either: more(),
          option: Option.some({ inner: more() }),
          later: more(),
          text: more(),
          through: more(),
          nobody: Object.assign(new Nobody(), more())
        })
      )
      assert.notInclude(JSON.stringify(event), secret)
      assert.deepStrictEqual([event.notes, event.fields], [undefined, {
        plain: {},
        optional: {},
        checked: {},
        list: [{}],
        table: { one: {} },
        either: {},
        option: { _id: "Option", _tag: "Some", value: { inner: {} } },
        later: {},
        text: "{}",
        through: "",
        nobody: {}
      }])
    }))

  it.effect("is an Effect like that of Logger.info: run twice it logs twice, with the annotations and spans around it", () =>
    Effect.gen(function*() {
      const once = OrderPaid({ orderId: 7, card })
      const all = yield* records(
        Effect.andThen(once, once).pipe(Effect.annotateLogs({ tenant: "acme", orderId: 8 }), Effect.withLogSpan("pay"))
      )
      assert.deepStrictEqual(all.map(({ fields }) => fields), [
        { orderId: 7, card: "<redacted>", tenant: "acme" },
        { orderId: 7, card: "<redacted>", tenant: "acme" }
      ])
      assert.deepStrictEqual(all.map(({ spans }) => Object.keys(spans!)), [["pay"], ["pay"]])
    }))

  it.effect("has a name, a level and a schema; two events of one name are both that", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual([OrderPaid.name, OrderPaid.level], ["OrderPaid", "Info"])
      assert.isTrue(Schema.is(OrderPaid.schema)({ orderId: 7, card }))
      const Again = LogEvent.make("OrderPaid", { level: "Info", fields: { id: Schema.String } })
      const all = yield* records(Effect.andThen(OrderPaid({ orderId: 7, card }), Again({ id: "a" })))
      assert.deepStrictEqual(all.map(({ event }) => event), ["OrderPaid", "OrderPaid"])
    }))

  it.effect("G20 whose level is disabled reads no field, encodes nothing and makes no message", () => {
    const probe = recording()
    let work = 0
    const Lazy = LogEvent.make("Lazy", {
      level: "Debug",
      message: () => `${++work}`,
      fields: {
        n: Schema.Int.pipe(Schema.decodeTo(
          Schema.Int,
          SchemaTransformation.transform({
            decode: (n) => n,
            encode: (n) => {
              work++
              return n
            }
          })
        ))
      }
    })
    const input = Object.defineProperty({}, "n", { enumerable: true, get: () => ++work }) as { readonly n: number }
    return run({ sinks: [probe.sink] }, () =>
      Effect.gen(function*() {
        assert.isFalse(yield* Lazy.isEnabled)
        yield* Lazy(input)
        const refused = yield* Effect.flip(Lazy.acknowledged(input))
        assert.deepStrictEqual([work, refused.reason], [0, "disabled"])
        assert.strictEqual((yield* AsyncLogging.stats).ledger.offered, 0)
        yield* AsyncLogging.setLevel("Debug")
        assert.isTrue(yield* Lazy.isEnabled)
        yield* Lazy(input)
        // the getter, the encoding, the message
        assert.strictEqual(work, 3)
      }))
  })

  it.effect("G2 waits for room under backpressure", () => {
    const probe = gated({ queue: { capacity: 1, strategy: "backpressure" }, batch: { size: 1 } })
    return run({ sinks: [probe.sink] }, () =>
      Effect.gen(function*() {
        const log = (orderId: number) => OrderPaid({ orderId, card })
        yield* log(1)
        yield* probe.began
        yield* log(2)
        const third = yield* Effect.forkChild(log(3))
        yield* turns
        assert.isUndefined(third.pollUnsafe())
        yield* probe.release
        yield* Fiber.join(third)
        yield* AsyncLogging.flush
        assert.deepStrictEqual(probe.records.map(({ fields }) => fields["orderId"]), [1, 2, 3])
      }))
  })

  it.effect("acknowledged is delivered when it returns, and without a layer not accepted", () => {
    const probe = recording()
    return run({ sinks: [probe.sink] }, () =>
      Effect.gen(function*() {
        const receipt = yield* OrderPaid.acknowledged({ orderId: 7, card })
        assert.deepStrictEqual(receipt.sinks, { probe: "delivered" })
        assert.deepStrictEqual(probe.records.map(({ event }) => event), ["OrderPaid"])
      })).pipe(
        Effect.andThen(Effect.flip(OrderPaid.acknowledged({ orderId: 7, card }))),
        Effect.map(({ reason }) => assert.strictEqual(reason, "no_layer"))
      )
  })

  it.effect("without a layer goes to Effect's loggers, with its name; and with one to the other loggers of the set", () =>
    Effect.gen(function*() {
      const heard: Array<unknown> = []
      const other = EffectLogger.layer([EffectLogger.make(({ message }) => heard.push(message))])
      const log = OrderPaid({ orderId: 7, card })
      yield* Effect.provide(log, other)
      yield* log.pipe(Effect.provide(AsyncLogging.layerTest()), Effect.provide(other))
      yield* log.pipe(Effect.provide(other), Effect.provideService(References.MinimumLogLevel, "Error"))
      const message = ["order paid", { orderId: 7, card: "<redacted>" }, { event: "OrderPaid" }]
      assert.deepStrictEqual(heard, [message, message])
      assert.notInclude(JSON.stringify(heard), secret)
    }))
})

describe("an event that does not fit its schema", () => {
  const Signup = LogEvent.make("Signup", {
    level: "Info",
    message: ({ age }) => `signed up at ${age}`,
    fields: {
      age: Schema.Int.check(Schema.isGreaterThan(17)),
      card: Schema.Redacted(Schema.String.check(Schema.isMinLength(16))),
      plan: Schema.optionalKey(Schema.String)
    }
  })

  it.effect("is logged with what fits, without its own message, and with the note event_invalid", () =>
    Effect.gen(function*() {
      const { event, fields, message, notes } = yield* record(Signup({ age: 3, card, plan: "free" }))
      assert.deepStrictEqual({ event, fields, message, notes }, {
        event: "Signup",
        fields: { age: "[invalid]", card: "<redacted>", plan: "free" },
        message: "Signup",
        notes: ["event_invalid"]
      })
      assert.strictEqual((yield* record(OrderPaid({ orderId: 0.5, card }))).message, "order paid")
    }))

  it.effect("never fails, throws or leaks, whatever untyped code gives it", () =>
    Effect.gen(function*() {
      const throwing = Object.defineProperty({}, "age", {
        enumerable: true,
        get: () => {
          throw new Error(secret)
        }
      })
      const { proxy, revoke } = Proxy.revocable({}, {})
      revoke()
      const wrong: ReadonlyArray<unknown> = [
        undefined,
        null,
        secret,
        [secret],
        () => secret,
        proxy,
        throwing,
        { age: 20, card: secret },
        { age: 20, card: Redacted.make("short-4111") },
        { age: secret, card: { [secret]: secret } },
        new Map([["card", secret]])
      ]
      for (const input of wrong) {
        const one = yield* record(untyped(Signup)(input))
        assert.deepStrictEqual([one.event, one.notes], ["Signup", ["event_invalid"]])
        assert.strictEqual(one.fields["card"], "[invalid]")
        assert.notInclude(JSON.stringify(one), "4111")
      }
    }))

  it.effect("says each field where only the whole does not fit, and none of a schema that is no plain struct", () =>
    Effect.gen(function*() {
      const range = Schema.Struct({ from: Schema.Int, to: Schema.Int })
      const ordered = range.check(Schema.makeFilter(({ from, to }) => from <= to))
      const Ordered = LogEvent.make("Ordered", { level: "Info", fields: ordered })
      const Renamed = LogEvent.make("Renamed", {
        level: "Info",
        fields: range.pipe(Schema.encodeKeys({ to: "until" }))
      })
      const [whole, renamed] = yield* records(
        Effect.andThen(Ordered({ from: 2, to: 1 }), Renamed({ from: 0.5, to: 1 }))
      )
      assert.deepStrictEqual([whole!.fields, whole!.notes], [{ from: 2, to: 1 }, ["event_invalid"]])
      assert.deepStrictEqual([renamed!.fields, renamed!.notes], [{}, ["event_invalid"]])
    }))

  it.effect("is one whose message throws or is no text; its fields stay", () =>
    Effect.gen(function*() {
      const throws = () => {
        throw new Error(secret)
      }
      for (const message of [throws, (() => 7) as unknown as () => string]) {
        const Bad = LogEvent.make("Bad", { level: "Info", message, fields: { n: Schema.Int } })
        const one = yield* record(Bad({ n: 1 }))
        assert.deepStrictEqual([one.message, one.fields, one.notes], ["Bad", { n: 1 }, ["event_invalid"]])
      }
    }))

  it.effect("is one whose encoding throws, waits, or has no end", () =>
    Effect.gen(function*() {
      const through = (encode: (n: number) => Effect.Effect<number>) =>
        Schema.Int.pipe(Schema.decodeTo(
          Schema.Int,
          SchemaTransformation.transformEffect({ decode: Effect.succeed, encode })
        ))
      const throwing = through(() => {
        throw new Error(secret)
      })
      const waiting = through((n) => Effect.delay(Effect.succeed(n), "1 day"))
      for (const n of [throwing, waiting]) {
        const one = yield* record(LogEvent.make("Bad", { level: "Info", fields: { n, m: Schema.Int } })({ n: 1, m: 2 }))
        assert.deepStrictEqual([one.fields, one.notes], [{ n: "[invalid]", m: 2 }, ["event_invalid"]])
      }
      interface Tree {
        readonly next?: Tree
      }
      const Tree = Schema.Struct({ next: Schema.optionalKey(Schema.suspend((): Schema.Codec<Tree> => Tree)) })
      const circular: { next?: Tree } = {}
      circular.next = circular
      const one = yield* record(LogEvent.make("Bad", { level: "Info", fields: Tree })(circular))
      assert.deepStrictEqual([one.fields, one.notes], [{ next: "[invalid]" }, ["event_invalid"]])
    }))
})

describe("the Redacted fields of an event", () => {
  const lines = (event: unknown, fields: object) =>
    Effect.map(record(untyped(event)(fields)), (record) => {
      assert.isUndefined(record.notes)
      return [Formatters.json, Formatters.logfmt, Formatters.pretty()].map((format) => format(record)).join("\n")
    })

  it.effect("G22 are not unwrapped, whatever their schema encodes and wherever it stands", () =>
    Effect.gen(function*() {
      const FromValue = Schema.RedactedFromValue(Schema.String)
      class Payment extends Schema.Class<Payment>("Payment")({ card: FromValue, id: Schema.NumberFromString }) {}
      interface Chain {
        readonly card: Redacted.Redacted<string>
        readonly next?: Chain
      }
      const Chain: Schema.Codec<Chain, unknown> = Schema.Struct({
        card: FromValue,
        next: Schema.optionalKey(Schema.suspend(() => Chain))
      })
      const cases: ReadonlyArray<readonly [schema: Schema.ConstraintEncoder<unknown>, value: unknown]> = [
        [Schema.Redacted(Schema.String), card],
        [FromValue, card],
        [Schema.RedactedFromValue(Schema.NumberFromString), Redacted.make(4111)],
        [Schema.RedactedFromValue(Schema.String, { disallowEncode: true }), card],
        [FromValue.annotate({ title: "card" }), card],
        [FromValue.check(Schema.makeFilter(() => true)), card],
        [Schema.optionalKey(FromValue), card],
        [Schema.UndefinedOr(FromValue), card],
        [Schema.Array(FromValue), [card]],
        [Schema.Tuple([Schema.Int, FromValue]), [1, card]],
        [Schema.Record(Schema.String, FromValue), { a: card }],
        [Schema.Option(FromValue), Option.some(card)],
        [Schema.Union([Schema.Int, FromValue]), card],
        [Schema.Struct({ card: FromValue }), { card }],
        [Schema.Struct({ card: FromValue }).pipe(Schema.encodeKeys({ card: "number" })), { card }],
        [Schema.fromJsonString(Schema.Struct({ card: FromValue })), { card }],
        [Schema.toCodecJson(Schema.Struct({ card: Schema.Redacted(Schema.String) })), { card }],
        [Payment, new Payment({ card, id: 1 })],
        [Chain, { card, next: { card } }]
      ]
      for (const [value, input] of cases) {
        const Event = LogEvent.make("Event", { level: "Info", fields: { value } })
        const text = yield* lines(Event, { value: input })
        assert.include(text, "<redacted>")
        assert.notInclude(text, "4111")
      }
      const Whole = LogEvent.make("Whole", { level: "Info", fields: Payment })
      const text = yield* lines(Whole, new Payment({ card, id: 1 }))
      assert.include(text, `"fields":{"card":"<redacted>","id":"1"}`)
    }))

  it.effect("G22 are not unwrapped by a schema that encodes what is around them", () =>
    Effect.gen(function*() {
      const unwrapping = Schema.Struct({ card: Schema.Redacted(Schema.String) }).pipe(
        Schema.encodeTo(
          Schema.Struct({ number: Schema.String }),
          SchemaTransformation.transform<{ readonly card: Redacted.Redacted<string> }, { readonly number: string }>({
            decode: ({ number }) => ({ card: Redacted.make(number) }),
            encode: ({ card }) => ({ number: Redacted.value(card) })
          })
        )
      )
      for (const fields of [{ value: unwrapping }, unwrapping]) {
        const Event = LogEvent.make("Event", { level: "Info", fields })
        const [record] = yield* records(untyped(Event)("value" in fields ? { value: { card } } : { card }))
        assert.deepStrictEqual(record!.notes, ["event_invalid"])
        assert.notInclude(JSON.stringify(record), "4111")
      }
    }))

  it.effect("G22 reach neither other loggers nor, through a stage that fails, a line", () =>
    Effect.gen(function*() {
      const probe = recording()
      const { notices } = yield* run({
        redact: ["orderId"],
        stages: [Filters.where(() => {
          throw new Error("no")
        })],
        sinks: [probe.sink]
      }, () => OrderPaid({ orderId: 7, card }))
      const [one] = probe.records
      assert.deepStrictEqual([one!.event, one!.fields, one!.notes], [
        "OrderPaid",
        { orderId: "[redacted]", card: "<redacted>" },
        ["filter_failed"]
      ])
      assert.notInclude(notices.join(), secret)
    }))
})

describe("the name of an event", () => {
  it.effect("G17 stands beside the fields in every format, where no field can stand for it", () =>
    Effect.gen(function*() {
      const Named = LogEvent.make("Named", { level: "Info", fields: { event: Schema.String } })
      const one = yield* record(Named({ event: "forged" }))
      const at = { ...one, time: 0, fiber: undefined, seq: undefined }
      assert.strictEqual(
        Formatters.json(at),
        `{"timestamp":"1970-01-01T00:00:00.000Z","level":"INFO","message":"Named","event":"Named",` +
          `"fields":{"event":"forged"}}`
      )
      assert.strictEqual(
        Formatters.logfmt(at),
        "time=1970-01-01T00:00:00.000Z level=info msg=Named event=Named fields.event=forged"
      )
      assert.strictEqual(
        Formatters.pretty({ utc: true })(at),
        "00:00:00.000 INFO  Named event=Named event=forged"
      )
      const plain = yield* record(Logger.info("plain", { event: "forged" }))
      assert.isFalse(Object.hasOwn(plain, "event"))
      assert.notMatch(Formatters.logfmt(plain), / event=/)
    }))

  it("is not that of every record when Object.prototype has such a key", () => {
    const plain = Record.make({ level: "Info", message: "m" })
    const lines = () => [Formatters.json, Formatters.logfmt, Formatters.pretty()].map((format) => format(plain))
    const before = lines()
    const polluted = Object.prototype as { event?: string }
    polluted.event = "forged"
    try {
      assert.deepStrictEqual(lines(), before)
    } finally {
      delete polluted.event
    }
  })

  it.effect("stays when a stage makes another record, and when the redaction drops the body", () =>
    Effect.gen(function*() {
      const probe = recording()
      const redact = ["a"]
      yield* run(
        { redact, context: { service: "shop" }, sinks: [probe.sink] },
        () => OrderPaid({ orderId: 7, card }).pipe(Logger.withContext({ requestId: "r-1" }))
      )
      assert.strictEqual(probe.records[0]!.event, "OrderPaid")
      const noted = Record.withNote(Record.withFields(probe.records[0]!, { more: 1 }), "truncated")
      assert.strictEqual(Record.withSeq(noted, 9).event, "OrderPaid")
    }))

  it("is counted as one slot more, and what the capture knows of the size of the record is so", () =>
    Effect.runSync(Effect.withFiber((fiber) =>
      Effect.sync(() => {
        for (const isValid of [true, false]) {
          const surroundings = { context: Record.emptyContext, logger: undefined, annotations: {}, spans: [] }
          const method = Call.method("Info", undefined, undefined, { name: "E", isValid })
          const call: Capture.Call = { args: ["m", { n: 1 }], cause: Cause.empty, fiber, method, surroundings }
          const record = Capture.record(call, 0, Snapshot.defaultLimits, 0)
          const { event: _, ...plain } = record
          assert.strictEqual(Record.estimateBytes(record), Record.estimateBytes(plain) + 8)
          if (isValid) assert.deepStrictEqual([call.sized, call.bytes], [record, Record.estimateBytes(record)])
          else assert.notStrictEqual(call.sized, record)
        }
      })
    )))
})

describe("Filters.byEvent", () => {
  const events = ["A", "B", "C"].map((name) => LogEvent.make(name, { level: "Info" }))

  const kept = (options: Parameters<typeof Filters.byEvent>[0], name?: string) => {
    const probe = recording()
    return Effect.map(
      run({ stages: [Filters.byEvent(options, name)], sinks: [probe.sink] }, () =>
        Effect.andThen(
          Effect.all([...events.map((event) => event()), Logger.info("plain")]),
          AsyncLogging.stats
        )),
      ({ value }) => ({ messages: probe.messages(), filtered: value.ledger.filtered })
    )
  }

  it.effect("G33 only keeps the named events, except ends them, and both count what they end by name", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual((yield* kept({})).messages, ["A", "B", "C", "plain"])
      assert.deepStrictEqual(yield* kept({ only: ["A", "B"] }), { messages: ["A", "B"], filtered: { byEvent: 2 } })
      assert.deepStrictEqual(yield* kept({ except: ["A"] }), {
        messages: ["B", "C", "plain"],
        filtered: { byEvent: 1 }
      })
      assert.deepStrictEqual(yield* kept({ only: ["A", "B"], except: ["A"] }, "mine"), {
        messages: ["B"],
        filtered: { mine: 3 }
      })
    }))
})

describe("LogEvent.make", () => {
  it("G33 throws for a wrong option, and says which and what is allowed", () => {
    const wrong: ReadonlyArray<readonly [name: unknown, options: unknown, says: RegExp]> = [
      ["", { level: "Info" }, /the name is not a text/],
      [7, { level: "Info" }, /the name is not a text/],
      ["E", undefined, /options of "E"/],
      ["E", {}, /level of "E" is none of Trace, Debug, Info, Warn, Error, Fatal/],
      ["E", { level: "All" }, /level of "E"/],
      ["E", { level: "Info", message: 7 }, /message of "E" is neither a text nor a function/],
      ["E", { level: "Info", logger: 7 }, /logger of "E" is not a text/],
      ["E", { level: "Info", fields: 7 }, /fields of "E" are neither/],
      ["E", { level: "Info", fields: { a: Schema.Int, b: "Int" } }, /fields\.b of "E" is not a Schema/]
    ]
    for (const [name, options, says] of wrong) {
      assert.throws(() => (LogEvent.make as (name: unknown, options: unknown) => unknown)(name, options), says)
    }
  })
})
