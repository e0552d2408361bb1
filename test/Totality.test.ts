import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as EffectLogger from "effect/Logger"
import * as Result from "effect/Result"
import * as TestClock from "effect/testing/TestClock"
import * as fs from "node:fs"
import { join } from "node:path"
import { isProxy } from "node:util/types"
import * as AsyncLogging from "../src/AsyncLogging.ts"
import * as Filters from "../src/Filters.ts"
import * as JsonLine from "../src/JsonLine.ts"
import * as Logger from "../src/Logger.ts"
import type { StageInput } from "../src/Pipeline.ts"
import * as Pipeline from "../src/Pipeline.ts"
import type { LogNote, LogRecord } from "../src/Record.ts"
import type { SinkOptions } from "../src/Sinks.ts"
import * as Sinks from "../src/Sinks.ts"
import { directory } from "./support/files.ts"
import { counts, notices, recording, run, turns } from "./support/sinks.ts"

const broken = (): never => {
  throw new Error("broken")
}

const brokenGate: Pipeline.Gate = { push: broken, close: broken, held: 0, made: 0 }

// what is thrown may itself be hostile
const hostileError = new Proxy(new Error("hostile"), { get: broken, getPrototypeOf: broken })

const throwsHostile = (): never => {
  throw hostileError
}

const stageOf = (enrich: (record: LogRecord) => unknown): Pipeline.Stage =>
  // an enricher without types
  Pipeline.enrich(enrich as Pipeline.Enricher, "bad")

// the lines of the sink, whatever breaks
const writer = (options: SinkOptions = {}) => {
  const lines: Array<string> = []
  const sink = Sinks.make({
    name: "probe",
    ...options,
    write: (batch, format) => Effect.sync(() => void lines.push(...batch.map(format)))
  })
  return { sink, lines }
}

const decode = (line: string): LogRecord => Result.getOrThrow(JsonLine.decode(line))

describe("what breaks costs a note, never the record", () => {
  interface Case {
    readonly note: LogNote | undefined
    readonly tells: string
    readonly stages?: ReadonlyArray<StageInput>
    readonly sink?: SinkOptions
  }

  const cases: { readonly [what: string]: Case } = {
    "an enricher": { note: "enricher_failed", tells: `"bad" failed: Error: broken`, stages: [stageOf(broken)] },
    "a filter": { note: "filter_failed", tells: `"bad" failed`, stages: [Filters.where(broken, "bad")] },
    "a gate": { note: "gate_failed", tells: `"bad" failed`, stages: [Pipeline.gate(brokenGate, "bad")] },
    "a redactor": { note: "redactor_failed", tells: `"bad" failed`, stages: [Pipeline.redact(broken, "bad")] },
    "a formatter": { note: "formatter_failed", tells: `formatter of sink "probe" failed`, sink: { format: broken } },
    "the filter of a sink": { note: "filter_failed", tells: `filter of sink "probe" failed`, sink: { filter: broken } },
    "a protect filter": {
      note: undefined,
      tells: `protect of sink "probe" failed`,
      sink: { queue: { protect: broken } }
    },
    "an enricher that throws what cannot be read": {
      note: "enricher_failed",
      tells: "[unprintable]",
      stages: [stageOf(throwsHostile)]
    },
    "an enricher that answers nothing": { note: "enricher_failed", tells: "LogRecord", stages: [stageOf(() => {})] },
    "an enricher that answers half a record": {
      note: "enricher_failed",
      tells: "LogRecord",
      stages: [stageOf(() => ({ message: "half" }))]
    },
    "an enricher that answers a level that there is not": {
      note: "enricher_failed",
      tells: "LogRecord",
      stages: [stageOf((record) => ({ ...record, level: "Loud" }))]
    },
    "a formatter that answers no text": {
      note: "formatter_failed",
      tells: "string",
      sink: { format: (() => undefined) as unknown as Pipeline.Formatter }
    }
  }

  for (const [what, { note, sink, stages = [], tells }] of Object.entries(cases)) {
    it.effect(`${what}: the program goes on, one notice in ten seconds, then the number of those left out`, () =>
      Effect.gen(function*() {
        const { lines, sink: probe } = writer(sink)
        const { notices, report, value } = yield* run({ stages, sinks: [probe] }, (said) =>
          Effect.gen(function*() {
            yield* Effect.logInfo("a")
            yield* Logger.info("b")
            yield* turns
            assert.strictEqual(said.length, 1)
            yield* TestClock.adjust(9_999)
            yield* Effect.logInfo("c")
            yield* turns
            assert.strictEqual(said.length, 1)
            yield* TestClock.adjust(1)
            yield* Effect.logInfo("d")
            yield* turns
            return said.length
          }))
        assert.strictEqual(value, 2)
        assert.strictEqual(notices[0]!.includes(tells), true, notices[0])
        assert.isTrue(notices[1]!.endsWith("(and 2 more like this)"), notices[1])
        assert.strictEqual(report.sinks["probe"]!.delivered, 4)
        const records = lines.map(decode)
        assert.deepStrictEqual(records.map((record) => record.notes), records.map(() => note && [note]))
        assert.deepStrictEqual(records.map((record) => record.seq), [0, 1, 2, 3])
        if (note !== "redactor_failed") {
          assert.deepStrictEqual(records.map((record) => record.message), ["a", "b", "c", "d"])
        }
      }))
  }

  it.effect("values that are no JSON, from an enricher without types, cost the record nothing but its body", () =>
    Effect.gen(function*() {
      const circular: { [key: string]: unknown } = { password: "hunter2" }
      circular["self"] = circular
      const deep = Array.from({ length: 50_000 }).reduce<object>((inner) => ({ inner }), {})
      for (
        const value of [circular, deep, { big: 1n }, Object.defineProperty({}, "x", { enumerable: true, get: broken })]
      ) {
        const { lines, sink } = writer()
        const stages = [stageOf((record) => record.message === "bad" ? { ...record, fields: value } : record)]
        yield* run({ stages, sinks: [sink] }, () => Effect.all([Effect.logInfo("bad"), Effect.logInfo("next")]))
        assert.deepStrictEqual(lines.map((line) => decode(line).message), ["bad", "next"])
      }
    }))

  it.effect("a lazy argument that throws becomes the error of its record", () =>
    Effect.gen(function*() {
      const { lines, sink } = writer()
      yield* run({ sinks: [sink] }, () => Effect.all([Logger.info("lazy", broken), Logger.info("x", throwsHostile)]))
      const [first, second] = lines.map(decode)
      assert.strictEqual(first!.message, "lazy")
      assert.strictEqual(first!.error?.message, "a lazy argument of a log call threw")
      assert.strictEqual(first!.error?.cause?.message, "broken")
      assert.strictEqual(second!.message, "x")
      assert.isDefined(second!.error)
    }))

  it.effect("a notice writer that throws is not asked twice, and harms nobody", () =>
    Effect.gen(function*() {
      const { lines, sink } = writer()
      let asked = 0
      const layer = Layer.provide(
        AsyncLogging.layer({ stages: [stageOf(broken)], sinks: [sink] }),
        Layer.succeed(AsyncLogging.NoticeWriter, () => {
          asked++
          throw new Error("no stderr")
        })
      )
      yield* Effect.all([Effect.logInfo("a"), Logger.info("b")]).pipe(Effect.provide(layer))
      assert.deepStrictEqual(lines.map((line) => decode(line).message), ["a", "b"])
      // the notice, and at the close the one that was left out
      assert.strictEqual(asked, 2)
    }))

  it.effect("another logger that throws keeps neither the sinks nor the loggers behind it from the record", () =>
    Effect.gen(function*() {
      const { lines, sink } = writer()
      const heard: Array<unknown> = []
      const said = notices()
      const others = EffectLogger.layer([
        EffectLogger.make(broken),
        EffectLogger.make(({ message }) => void heard.push(message))
      ])
      yield* Effect.all([Effect.logInfo("a"), Logger.info("b")]).pipe(
        Effect.provide(Layer.provide(AsyncLogging.layer({ sinks: [sink] }), [said.layer, others]))
      )
      assert.deepStrictEqual(lines.map((line) => decode(line).message), ["a", "b"])
      assert.deepStrictEqual(heard, [["a"], ["b"]])
      assert.match(said.lines[0]!, /another logger failed: Error: broken$/)
      assert.match(said.lines[1]!, /logger_failed: 1 more/)
      assert.strictEqual(said.lines.length, 2)
    }))
})

describe("a redactor that fails", () => {
  it.effect("G22 leaks nothing: not in the line, not in the notice", () =>
    Effect.gen(function*() {
      const secret = "hunter2"
      const { lines, sink } = writer()
      const stages = [
        Pipeline.redact((record) => {
          throw new Error(`cannot redact ${JSON.stringify(record)}`)
        }, "mask")
      ]
      const { notices } = yield* run({ context: { custom: { secret } }, stages, sinks: [sink] }, () =>
        Effect.logError(`login with ${secret}`, { secret }, new Error(secret)).pipe(
          Effect.annotateLogs({ [secret]: secret }),
          Effect.withLogSpan(secret),
          Logger.withContext({ userId: secret })
        ))
      assert.notInclude(lines.join() + notices.join(), secret)
      const record = decode(lines[0]!)
      assert.deepStrictEqual([record.level, record.time, record.seq], ["Error", 0, 0])
      assert.deepStrictEqual([record.fields, record.context, record.error, record.spans], [
        {},
        {},
        undefined,
        undefined
      ])
      assert.match(notices[0]!, /the stage "mask" failed$/)
    }))
})

// -----------------------------------------------------------------------------
// hostile values, through the whole layer into a real file
// -----------------------------------------------------------------------------

const revoked = (): object => {
  const { proxy, revoke } = Proxy.revocable({}, {})
  revoke()
  return proxy
}

const circular: { [key: string]: unknown } = { name: "circular" }
circular["self"] = circular

const hostile: { readonly [name: string]: () => unknown } = {
  circular: () => circular,
  bigint: () => ({ n: 2n ** 70n }),
  symbol: () => ({ s: Symbol("s"), [Symbol("key")]: 1 }),
  function: () => ({ f: () => 1 }),
  "invalid date": () => ({ d: new Date(Number.NaN) }),
  "throwing getter": () => Object.defineProperty({ ok: 1 }, "bad", { enumerable: true, get: broken }),
  "throwing toJSON": () => ({ value: { toJSON: broken } }),
  "revoked proxy": () => revoked(),
  "a revoked proxy inside": () => ({ proxy: revoked() }),
  "a proxy whose traps throw": () => new Proxy({}, { get: broken, ownKeys: broken, getPrototypeOf: broken }),
  "20,000 levels": () => Array.from({ length: 20_000 }).reduce<object>((inner) => ({ inner }), {}),
  "100,000 keys": () => Object.fromEntries(Array.from({ length: 100_000 }, (_, i) => [`k${i}`, i])),
  "1,000,000 items": () => ({ items: Array.from({ length: 1_000_000 }, (_, i) => i) }),
  "50 MiB": () => ({ text: "x".repeat(50 * 1024 * 1024) }),
  "50 MiB of a message": () => "x".repeat(50 * 1024 * 1024),
  nul: () => "a\0b",
  "a lone surrogate": () => "a\ud800b",
  "line breaks": () => "a\r\nb\u2028c\u2029d\u0085e",
  "an error that cannot be read": () => hostileError,
  "an error that throws in message": () => Object.defineProperty(new Error(), "message", { get: broken }),
  "a null prototype": () => Object.assign(Object.create(null), { __proto__: { a: 1 } }),
  nothing: () => undefined
}

const neighbour = (index: number) => `neighbour ${index}`

const logHostile = (log: (...args: ReadonlyArray<unknown>) => Effect.Effect<void>) =>
  Effect.gen(function*() {
    for (const [index, value] of Object.values(hostile).entries()) {
      yield* Effect.logInfo(neighbour(index))
      yield* log(value())
    }
    yield* Effect.logInfo("last")
  })

// Before any logger, Effect itself asks each argument whether it is a Cause, and a revoked proxy throws there.
const logInfo = (...args: ReadonlyArray<unknown>) =>
  Effect.logInfo(...args.map((value) => isProxy(value) ? { value } : value))

const calls: { readonly [name: string]: (...args: ReadonlyArray<unknown>) => Effect.Effect<void> } = {
  "Effect.log*": logInfo,
  "Logger.*": Logger.info,
  "a lazy argument": (value) => Logger.info(() => value),
  "an annotation": (value) => Effect.annotateLogs(Effect.logInfo("x"), { value }),
  "withContext": (value) => Logger.withContext(Effect.logInfo("x"), { custom: { value } }),
  "a failure": (value) => Effect.logInfo(Exit.fail(value), "x")
}

describe("hostile values", () => {
  for (const [name, call] of Object.entries(calls)) {
    it.live(`G16 by ${name}: one valid line each in a file, and their neighbours intact`, () =>
      Effect.gen(function*() {
        const path = join(yield* directory, "app.log")
        const { notices, report } = yield* run({ sinks: [Sinks.file({ path })] }, () => logHostile(call))
        assert.deepStrictEqual(notices, [])
        const lines = fs.readFileSync(path, "utf8").split("\n")
        assert.strictEqual(lines.pop(), "")
        const n = Object.keys(hostile).length
        assert.strictEqual(report.sinks["file"]!.delivered, 2 * n + 1)
        const records = lines.map(decode)
        assert.deepStrictEqual(records.map((record) => record.seq), lines.map((_, index) => index))
        assert.deepStrictEqual(
          records.filter((_, index) => index % 2 === 0).map((record) => record.message),
          [...Array.from({ length: n }, (_, index) => neighbour(index)), "last"]
        )
        assert.isTrue(lines.every((line) => line.length < 1024 * 1024))
      }))
  }

  it.effect("G16 limits as wide as they can be do not change that", () =>
    Effect.gen(function*() {
      const { lines, sink } = writer()
      const limits = {
        recordBytes: Number.MAX_SAFE_INTEGER,
        stringLength: 1000,
        depth: 64,
        keys: 100_000,
        items: 1000
      }
      const { notices } = yield* run({ limits, redact: ["password"], sinks: [sink] }, () => logHostile(logInfo))
      assert.deepStrictEqual(notices, [])
      assert.strictEqual(lines.map(decode).length, 2 * Object.keys(hostile).length + 1)
    }))
})

describe("after close", () => {
  it.effect("G13 no log call throws, waits or calls a thunk; all are counted, and one notice tells", () =>
    Effect.gen(function*() {
      const sink = recording({ queue: { capacity: 1, strategy: "backpressure" } })
      let thunks = 0
      const { notices } = yield* run(
        { stages: [stageOf(broken)], sinks: [sink.sink] },
        (said) =>
          Effect.gen(function*() {
            yield* AsyncLogging.close
            yield* logHostile(logInfo)
            yield* logHostile(Logger.info)
            const exit = yield* Effect.exit(Logger.acknowledged("Error", "late"))
            assert.strictEqual(Exit.isFailure(exit), true)
            yield* Logger.info("lazy", () => thunks++)
            const { accepted, dropped } = yield* counts()
            const n = 2 * (2 * Object.keys(hostile).length + 1) + 2
            assert.deepStrictEqual([accepted, dropped.already_shutdown], [n, n])
            assert.strictEqual(said.length, 1)
            yield* TestClock.adjust("10 seconds")
            yield* Effect.logInfo("later")
            assert.isTrue(said[1]!.endsWith(`(and ${n - 1} more like this)`), said[1])
          })
      )
      assert.match(notices[0]!, /after the logging layer had closed/)
      assert.deepStrictEqual(sink.records, [])
      assert.strictEqual(thunks, 0)
    }))

  it.effect("G13 also for a fiber that outlives the layer", () =>
    Effect.gen(function*() {
      const sink = recording()
      const said = notices()
      const layer = Layer.provide(AsyncLogging.layer({ sinks: [sink.sink] }), said.layer)
      const context = yield* Effect.scoped(Layer.build(layer))
      yield* Effect.all([Effect.logError("a"), Logger.error("b")]).pipe(Effect.provideContext(context))
      assert.deepStrictEqual(sink.records, [])
      assert.strictEqual(said.lines.length, 1)
    }))
})

describe("a stage without types", () => {
  const circular: Array<unknown> = []
  circular.push(circular)
  const broken: { readonly [what: string]: object } = {
    "notes that are none": { notes: circular },
    "a message that can be read once": {
      get message() {
        return ++reads > 1 ? assert.fail("broken") : "1"
      }
    },
    "fields that cannot be written": { fields: new Proxy({}, { ownKeys: () => assert.fail("broken") }) }
  }
  let reads = 0
  for (const [what, parts] of Object.entries(broken)) {
    it.effect(`G16 ${what} cost one record its line, not the sink`, () =>
      Effect.gen(function*() {
        const path = `${yield* directory}/app.log`
        const stages = [
          Pipeline.enrich((record) =>
            record.message === "1"
              ? Object.defineProperties({ ...record }, Object.getOwnPropertyDescriptors(parts))
              : record
          )
        ]
        yield* run({ stages, sinks: [Sinks.file({ path })] }, () =>
          Effect.gen(function*() {
            for (const message of ["1", "2"]) yield* Effect.logInfo(message)
            const report = yield* AsyncLogging.flush
            assert.strictEqual(report.sinks["file"]?.delivered, 2)
          }))
        const lines = fs.readFileSync(path, "utf8").trim().split("\n").map((line) => JSON.parse(line))
        assert.strictEqual(lines.length, 2)
        assert.strictEqual(lines[1].message, "2")
      }))
  }
})
