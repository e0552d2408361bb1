import { assert, describe, it } from "@effect/vitest"
import * as Console from "effect/Console"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as HttpClient from "effect/http/HttpClient"
import * as HttpClientResponse from "effect/http/HttpClientResponse"
import * as Layer from "effect/Layer"
import * as EffectLogger from "effect/Logger"
import * as ManagedRuntime from "effect/ManagedRuntime"
import * as References from "effect/References"
import * as TestClock from "effect/testing/TestClock"
import * as Tracer from "effect/Tracer"
import * as AsyncLogging from "../src/AsyncLogging.ts"
import * as Enrichers from "../src/Enrichers.ts"
import * as Filters from "../src/Filters.ts"
import * as Logger from "../src/Logger.ts"
import * as Pipeline from "../src/Pipeline.ts"
import type { LogRecord } from "../src/Record.ts"
import * as Sinks from "../src/Sinks.ts"
import { holdEffect, repeatEffect } from "./support/gates.ts"
import { answering, counts, gated, losses, messagesOf, notices, recording, run, turns } from "./support/sinks.ts"

const start = Effect.forkChild({ startImmediately: true })

const both = (message: string) => Effect.andThen(Effect.logInfo(message), Logger.info(message))

// a logger of the user's, and the messages that it was told
const listener = () => {
  const told: Array<string> = []
  const logger = EffectLogger.make<unknown, void>(({ logLevel, message }) => {
    told.push(`${logLevel} ${(message as ReadonlyArray<unknown>).map((part) => JSON.stringify(part)).join(" ")}`)
  })
  return { told, logger }
}

// a tracer that remembers its spans
const tracing = () => {
  const spans: Array<Tracer.NativeSpan> = []
  const tracer = Tracer.make({
    span(options) {
      const span = new Tracer.NativeSpan(options)
      spans.push(span)
      return span
    }
  })
  return { spans, names: () => spans.map((span) => span.name), layer: Layer.succeed(Tracer.Tracer, tracer) }
}

describe("two layers", () => {
  it.effect("G7 with different configurations share nothing: queues, stats, names, levels, seq, close", () =>
    Effect.gen(function*() {
      const one = gated()
      const two = recording()
      const { layer: writer } = notices()
      const build = (layer: Layer.Layer<AsyncLogging.AsyncLogging, AsyncLogging.ConfigInvalid>) =>
        Layer.build(Layer.fresh(Layer.provide(layer, writer)))
      const first = yield* build(AsyncLogging.layer({
        context: { service: "one" },
        queue: { capacity: 2, strategy: "dropping" },
        sinks: [one.sink]
      }))
      const second = yield* build(AsyncLogging.layer({
        context: { service: "two" },
        minimumLevel: "Debug",
        sinks: [two.sink]
      }))
      const inFirst = Effect.provide(first)
      const inSecond = Effect.provide(second)

      yield* inFirst(Effect.logInfo("flying"))
      yield* one.began
      yield* inFirst(Effect.forEach(["a", "b", "c", "d"], (message) => Logger.info(message)))
      yield* inSecond(Effect.forEach(["e", "f"], (message) => Logger.debug(message)))
      yield* inSecond(Effect.asVoid(AsyncLogging.flush))
      assert.deepStrictEqual(two.messages(), ["e", "f"])
      assert.deepStrictEqual(two.records.map((record) => record.seq), [0, 1])
      assert.deepStrictEqual(two.records.map((record) => record.context), [{ service: "two" }, { service: "two" }])
      assert.deepStrictEqual(losses(yield* inFirst(counts())), { queue_full: 2 })
      assert.deepStrictEqual(losses(yield* inSecond(counts())), {})

      yield* inSecond(AsyncLogging.setLevel("Error"))
      assert.isTrue(yield* inFirst(Logger.isEnabled("Info")))
      assert.isFalse(yield* inSecond(Logger.isEnabled("Info")))

      const closing = yield* start(inFirst(AsyncLogging.close))
      yield* inSecond(Logger.error("g"))
      yield* inSecond(Effect.asVoid(AsyncLogging.flush))
      assert.deepStrictEqual(two.messages(), ["e", "f", "g"])
      yield* one.release
      assert.strictEqual((yield* Fiber.join(closing)).lost, 2)
      assert.deepStrictEqual(one.messages(), ["flying", "a", "b"])
      assert.deepStrictEqual(one.records[0]!.context, { service: "one" })
      assert.deepStrictEqual(one.records.map((record) => record.seq).slice(0, 3), [0, 1, 2])
      yield* inSecond(Logger.error("h"))
      yield* inSecond(Effect.asVoid(AsyncLogging.flush))
      assert.strictEqual((yield* inSecond(counts())).delivered, 4)
    }).pipe(Effect.scoped))

  it.effect("G7 an inner layer replaces an outer one, and the outer one goes on after it", () =>
    Effect.gen(function*() {
      const outer = recording()
      const inner = recording()
      const { report } = yield* run({ minimumLevel: "Warn", sinks: [outer.sink] }, () =>
        Effect.gen(function*() {
          yield* Effect.logWarning("before")
          yield* run({ minimumLevel: "Info", sinks: [inner.sink] }, () => both("inside"))
          yield* Effect.logWarning("after")
          yield* Logger.warn("after")
        }))
      assert.deepStrictEqual(inner.messages(), ["inside", "inside"])
      assert.deepStrictEqual(outer.messages(), ["before", "after", "after"])
      assert.strictEqual(report.sinks["probe"]!.accepted, 3)
      assert.deepStrictEqual(inner.records.map((record) => record.seq), [0, 1])
    }))

  it.effect("G7 one value of a sink in two layers is opened for each", () =>
    Effect.gen(function*() {
      const sink = recording()
      yield* run({ sinks: [sink.sink] }, () => run({ sinks: [sink.sink] }, () => Effect.logInfo("x")))
      assert.deepStrictEqual(sink.events, ["open", "open", "write", "written", "close", "close"])
    }))
})

describe("the other loggers of the set", () => {
  it.effect("are called for enabled records only, by Effect.log* and by Logger.*; the default logger is replaced", () =>
    Effect.gen(function*() {
      const { logger, told } = listener()
      const sink = recording()
      const printed: Array<unknown> = []
      const console = new Proxy(globalThis.console, { get: () => (...line: Array<unknown>) => printed.push(line) })
      yield* run({ sinks: [sink.sink] }, () =>
        Effect.gen(function*() {
          yield* both("yes")
          yield* Effect.andThen(Effect.logDebug("no"), Logger.debug("no", () => told.push("a thunk")))
          yield* Logger.named("auth", { component: "login" }).warn("named", { a: 1 })
          yield* Logger.acknowledged("Error", "acknowledged")
          yield* Effect.provideService(Effect.logInfo("no"), References.MinimumLogLevel, "Error")
          yield* AsyncLogging.setLevel("Error")
          yield* both("no")
        })).pipe(
          Effect.provide(EffectLogger.layer([logger, EffectLogger.defaultLogger])),
          Effect.provideService(Console.Console, console)
        )
      assert.deepStrictEqual(printed, [])
      yield* Effect.provideService(Effect.logInfo("outside"), Console.Console, console)
      assert.strictEqual(printed.length, 1)
      assert.deepStrictEqual(told, [
        "Info \"yes\"",
        "Info \"yes\"",
        "Warn \"named\" {\"a\":1} {\"component\":\"login\"}",
        "Error \"acknowledged\""
      ])
      assert.strictEqual(sink.records.length, 4)
    }))

  it.effect("the tracer logger writes the events of the caller's span, of enabled records only", () =>
    Effect.gen(function*() {
      const sink = recording()
      const { layer, spans } = tracing()
      const program = Effect.gen(function*() {
        yield* both("yes")
        yield* Effect.andThen(Effect.logDebug("no"), Logger.debug("no"))
      }).pipe(Effect.withSpan("work"))
      yield* run({ sinks: [sink.sink] }, () => program).pipe(Effect.provide(layer))
      assert.deepStrictEqual(spans.map((span) => [span.name, span.events.map(([name]) => name)]), [
        ["work", ["yes", "yes"]]
      ])
      assert.deepStrictEqual(sink.records.map((record) => record.spanId), [spans[0]!.spanId, spans[0]!.spanId])
    }))

  it.effect("one that throws harms nobody, and is told", () =>
    Effect.gen(function*() {
      const { logger, told } = listener()
      const bad = EffectLogger.make(() => {
        throw new Error("bad logger")
      })
      const sink = recording()
      const ran = yield* run({ sinks: [sink.sink] }, () => both("x")).pipe(
        Effect.provide(EffectLogger.layer([bad, logger]))
      )
      assert.strictEqual(told.length, 2)
      assert.deepStrictEqual(sink.messages(), ["x", "x"])
      assert.match(ran.notices.join("\n"), /another logger failed: Error: bad logger/)
    }))

  it.effect("an inner layer inherits those of an outer one, but not the outer one", () =>
    Effect.gen(function*() {
      const { logger, told } = listener()
      const outer = recording()
      const inner = recording()
      yield* run({ sinks: [outer.sink] }, () => run({ minimumLevel: "Info", sinks: [inner.sink] }, () => both("x")))
        .pipe(
          Effect.provide(EffectLogger.layer([logger]))
        )
      assert.deepStrictEqual([told.length, inner.messages().length, outer.messages().length], [2, 2, 0])
    }))

  it.effect("are called after the close of the layer too", () =>
    Effect.gen(function*() {
      const { logger, told } = listener()
      const sink = recording()
      yield* run({ sinks: [sink.sink] }, () => Effect.andThen(AsyncLogging.close, both("late"))).pipe(
        Effect.provide(EffectLogger.layer([logger]))
      )
      assert.deepStrictEqual(told, ["Info \"late\"", "Info \"late\""])
      assert.deepStrictEqual(sink.messages(), [])
    }))
})

describe("G28 a sink stays out of the program's observations", () => {
  it.effect("what it logs and traces does not feed itself, and goes nowhere else", () =>
    Effect.gen(function*() {
      const { logger, told } = listener()
      const outer = recording({ name: "outer" })
      const { layer, names } = tracing()
      const noise = Effect.andThen(
        both("from a sink"),
        Effect.asVoid(Effect.exit(Logger.acknowledged("Fatal", "from a sink")))
      ).pipe(Effect.withSpan("of a sink"))
      const written: Array<LogRecord> = []
      const noisy = Sinks.scoped({
        name: "noisy",
        open: Effect.as(Effect.acquireRelease(noise, () => noise), {
          write: (batch: ReadonlyArray<LogRecord>) =>
            Effect.andThen(noise, Effect.sync(() => void written.push(...batch))),
          flush: noise
        })
      })
      yield* run({ sinks: [outer.sink] }, () =>
        run({ minimumLevel: "Info", sinks: [noisy] }, () =>
          Effect.gen(function*() {
            yield* both("from the program")
            yield* AsyncLogging.flush
            yield* turns
            assert.strictEqual((yield* counts("noisy")).accepted, 2)
          }).pipe(Effect.withSpan("of the program")))).pipe(
          Effect.provide(Layer.merge(layer, EffectLogger.layer([logger])))
        )
      assert.deepStrictEqual(messagesOf(written), ["from the program", "from the program"])
      assert.deepStrictEqual(outer.messages(), [])
      assert.deepStrictEqual(told, ["Info \"from the program\"", "Info \"from the program\""])
      assert.deepStrictEqual(names(), ["of the program"])
    }))

  it.effect("its HTTP requests have no span, and carry no trace of the caller's", () =>
    Effect.gen(function*() {
      const headers: Array<ReadonlyArray<string>> = []
      const client = HttpClient.make((request) => {
        headers.push(Object.keys(request.headers))
        return Effect.succeed(HttpClientResponse.fromWeb(request, new Response()))
      })
      const send = Effect.flatMap(HttpClient.HttpClient, (client) => client.post("http://localhost/logs"))
      const { layer, names } = tracing()
      const seen: Array<unknown> = []
      const sink = Sinks.make({
        write: () =>
          Effect.gen(function*() {
            seen.push(
              yield* Tracer.DisablePropagation,
              yield* References.TracerEnabled,
              yield* References.CurrentLoggers
            )
            yield* send
          })
      })
      const Logging = AsyncLogging.layer({ sinks: [sink] })
      yield* Effect.gen(function*() {
        yield* Effect.logInfo("x")
        yield* AsyncLogging.flush
        assert.deepStrictEqual(headers, [[]])
        // what the client does outside of a sink: without this the test could not fail
        yield* send
        assert.include(headers[1]!, "traceparent")
      }).pipe(
        Effect.withSpan("of the program"),
        Effect.provide(Logging),
        Effect.withSpan("around the layer"),
        Effect.provide(Layer.merge(layer, Layer.succeed(HttpClient.HttpClient, client)))
      )
      assert.deepStrictEqual(seen, [true, false, new Set()])
      assert.deepStrictEqual(names(), ["around the layer", "of the program", "POST"])
    }))
})

describe("requirements", () => {
  class Region extends Context.Service<Region, string>()("test/Region") {}
  class Store extends Context.Service<Store, Array<string>>()("test/Store") {}

  it.effect("of stages and sinks are provided where the layer is built, not where it is used", () =>
    Effect.gen(function*() {
      const store: Array<string> = []
      const closed: Array<string> = []
      const stage = Effect.gen(function*() {
        const region = yield* Region
        yield* Effect.addFinalizer(() => Effect.sync(() => closed.push(region)))
        return Pipeline.enrich((record) => ({ ...record, logger: region }))
      })
      const put = (batch: ReadonlyArray<LogRecord>) =>
        Effect.gen(function*() {
          const store = yield* Store
          for (const { logger, message } of batch) store.push(`${logger} ${message}`)
        })
      const sink = Sinks.make({ write: put })
      const opened = Sinks.scoped({ name: "opened", open: Effect.as(Region, { write: put }) })
      const Logging = AsyncLogging.layer({ stages: [stage, Enrichers.process], sinks: [sink, opened] })
      const program: Effect.Effect<void, never, AsyncLogging.AsyncLogging> = Effect.gen(function*() {
        yield* Effect.logInfo("x")
        yield* AsyncLogging.flush
        assert.deepStrictEqual(closed, [])
      })
      yield* Effect.provide(
        program,
        Layer.provide(Logging, Layer.merge(Layer.succeed(Region, "eu"), Layer.succeed(Store, store)))
      )
      assert.deepStrictEqual(store, ["eu x", "eu x"])
      assert.deepStrictEqual(closed, ["eu"])
    }))

  it.effect("a stage that cannot be built fails the layer with its own error", () =>
    Effect.gen(function*() {
      const sink = recording()
      const layer = AsyncLogging.layer({ stages: [Effect.fail("no stage" as const)], sinks: [sink.sink] })
      const exit = yield* Effect.exit(Effect.provide(Effect.void, layer))
      assert.deepStrictEqual(exit, Exit.fail("no stage" as const))
      assert.deepStrictEqual(sink.events, [])
    }))
})

describe("Pipeline.layer", () => {
  const mark = (name: string) => Pipeline.layer([Pipeline.enrich((r) => ({ ...r, message: `${r.message} ${name}` }))])

  it.effect("stacked layers of it run in their order before the layer's own stages, for what runs under them", () =>
    Effect.gen(function*() {
      const sink = recording()
      const own = Pipeline.enrich((r) => ({ ...r, message: `${r.message} own` }))
      yield* run({ stages: [own], sinks: [sink.sink] }, () =>
        Effect.gen(function*() {
          yield* both("x")
          yield* Effect.provide(both("x"), mark("b"))
          yield* Effect.provide(both("x"), Layer.provideMerge(mark("c"), mark("b")))
          yield* both("x")
        })).pipe(Effect.provide(mark("a")))
      const expected = ["x a own", "x a b own", "x a b c own", "x a own"]
      assert.deepStrictEqual(sink.messages(), expected.flatMap((message) => [message, message]))
    }))

  it.effect("its filters are counted with the layer's, and an inner layer has its own count", () =>
    Effect.gen(function*() {
      const sink = recording()
      const none = Pipeline.layer([Filters.where(() => false, "none")])
      yield* run({ sinks: [sink.sink] }, () =>
        Effect.gen(function*() {
          yield* Effect.provide(both("x"), none)
          assert.deepStrictEqual((yield* AsyncLogging.stats).ledger.filtered, { none: 2 })
        }))
    }))

  it.effect("a gate in it closes with it, and its records arrive through the stages behind it", () =>
    Effect.gen(function*() {
      const sink = recording()
      const own = Pipeline.enrich((r) => ({ ...r, message: `${r.message} own` }))
      yield* run({ stages: [own], sinks: [sink.sink] }, () =>
        Effect.gen(function*() {
          yield* Effect.gen(function*() {
            yield* both("x")
            assert.strictEqual((yield* AsyncLogging.stats).ledger.held, 2)
          }).pipe(Effect.provide(Pipeline.layer([holdEffect(5, "release")])))
          const { accepted, held } = (yield* AsyncLogging.stats).ledger
          assert.deepStrictEqual({ accepted, held }, { accepted: 2, held: 0 })
          yield* Effect.provide(both("y"), Pipeline.layer([repeatEffect]))
          yield* AsyncLogging.flush
          assert.deepStrictEqual(sink.messages(), ["x own", "x own", "y own", "repeated 1 times own"])
        }))
    }))

  it.effect("a gate around the layer closes with the layer", () =>
    Effect.gen(function*() {
      const sink = recording()
      yield* run({ sinks: [sink.sink] }, () => both("x")).pipe(
        Effect.provide(Pipeline.layer([holdEffect(5, "release")]))
      )
      assert.deepStrictEqual(sink.messages(), ["x", "x"])
    }))
})

describe("where it is provided", () => {
  const App = (name: string) =>
    Layer.effectDiscard(Effect.acquireRelease(both(`${name} opens`), () => both(`${name} closes`)))

  it.effect("App.pipe(Layer.provideMerge(Logging)) has what the finalizers of the app log", () =>
    Effect.gen(function*() {
      const sink = recording()
      const Logging = AsyncLogging.layer({ sinks: [sink.sink] })
      yield* Effect.provide(both("program"), Layer.provideMerge(App("app"), Logging))
      assert.deepStrictEqual(sink.messages(), [
        ...["app opens", "app opens"],
        ...["program", "program"],
        ...["app closes", "app closes"]
      ])
    }))

  it.effect("Layer.mergeAll(App, Logging) has nothing of the app", () =>
    Effect.gen(function*() {
      const { logger } = listener()
      const sink = recording()
      const Logging = AsyncLogging.layer({ sinks: [sink.sink] })
      yield* Effect.provide(both("program"), Layer.mergeAll(App("app"), Logging)).pipe(
        Effect.provide(EffectLogger.layer([logger]))
      )
      assert.deepStrictEqual(sink.messages(), ["program", "program"])
    }))

  it.effect("Layer.provide(Logging) has the app, and not the program that uses it", () =>
    Effect.gen(function*() {
      const { logger, told } = listener()
      const sink = recording()
      const Logging = AsyncLogging.layer({ sinks: [sink.sink] })
      yield* Effect.provide(both("program"), Layer.provide(App("app"), Logging)).pipe(
        Effect.provide(EffectLogger.layer([logger]))
      )
      assert.deepStrictEqual(sink.messages(), ["app opens", "app opens", "app closes", "app closes"])
      assert.strictEqual(told.filter((line) => line.includes("program")).length, 2)
    }))

  it("a ManagedRuntime that is disposed has delivered everything", async () => {
    const sink = answering(() => Effect.yieldNow)
    const reports: Array<AsyncLogging.CloseReport> = []
    const runtime = ManagedRuntime.make(AsyncLogging.layer({
      sinks: [sink.sink],
      onClose: (report) => Effect.sync(() => void reports.push(report))
    }))
    await runtime.runPromise(both("a"))
    runtime.runSync(both("b"))
    await runtime.dispose()
    assert.deepStrictEqual(sink.messages(), ["a", "a", "b", "b"])
    assert.deepStrictEqual(reports.map((report) => report.lost), [0])
    assert.deepStrictEqual(sink.events.slice(-1), ["close"])
  })

  it.effect("in a test of the user's own it needs no time", () =>
    Effect.gen(function*() {
      const memory = Sinks.memory()
      yield* Effect.gen(function*() {
        yield* both("x")
        yield* AsyncLogging.flush
        assert.strictEqual((yield* memory.records).length, 2)
        yield* TestClock.adjust("1 hour")
        yield* both("y")
      }).pipe(Effect.provide(AsyncLogging.layer({ sinks: [memory] })))
      assert.deepStrictEqual((yield* memory.records).map((record) => record.time), [0, 0, 3_600_000, 3_600_000])
    }))
})

describe("layerTest", () => {
  it.effect("has every level, as soon as the call has returned, and forgets when told to", () =>
    Effect.gen(function*() {
      const log = yield* AsyncLogging.TestLog
      yield* Effect.logTrace("a", { x: 1 })
      assert.deepStrictEqual(yield* log.messages, ["a"])
      yield* Logger.debug("b")
      assert.deepStrictEqual((yield* log.records).map(({ fields, level }) => ({ fields, level })), [
        { fields: { x: 1 }, level: "Trace" },
        { fields: {}, level: "Debug" }
      ])
      yield* log.clear
      yield* Effect.logInfo("c")
      assert.deepStrictEqual(yield* log.messages, ["c"])
      assert.deepStrictEqual(yield* Logger.acknowledged("Info", "d"), { sinks: { test: "delivered" } })
    }).pipe(Effect.provide(AsyncLogging.layerTest())))

  it.effect("takes the options of a layer", () =>
    Effect.gen(function*() {
      const log = yield* AsyncLogging.TestLog
      yield* Effect.logInfo("no")
      yield* Effect.logWarning("yes", { password: "p" })
      assert.deepStrictEqual(yield* log.messages, ["yes!"])
      const [record] = yield* log.records
      assert.deepStrictEqual(record!.context, { service: "s" })
      assert.notStrictEqual(record!.fields["password"], "p")
    }).pipe(Effect.provide(AsyncLogging.layerTest({
      minimumLevel: "Warn",
      context: { service: "s" },
      redact: ["password"],
      stages: [Pipeline.enrich((record) => ({ ...record, message: `${record.message}!` }))]
    }))))

  const Shared = AsyncLogging.layerTest()
  for (const name of ["one", "two"]) {
    it.effect(`each program under one value of it has its own log: ${name}`, () =>
      Effect.gen(function*() {
        yield* Effect.logInfo(name)
        assert.deepStrictEqual(yield* AsyncLogging.TestLog.use((log) => log.messages), [name])
      }).pipe(Effect.provide(Shared)))
  }
})

it.layer(AsyncLogging.layerTest())("layerTest under it.layer", (it) => {
  it.effect("is shared by the tests of the block", () =>
    Effect.gen(function*() {
      yield* both("x")
      assert.deepStrictEqual(yield* AsyncLogging.TestLog.use((log) => log.messages), ["x", "x"])
    }))
})

describe("layerSync", () => {
  const lines = () => {
    const written: Array<string> = []
    const writes: Array<number> = []
    const sink = Sinks.make({
      name: "lines",
      write: () => Effect.die("a synchronous layer writes nothing later"),
      writeSync: (batch) => {
        writes.push(batch.length)
        for (const record of batch) written.push(record.message)
      }
    })
    return { sink, written, writes }
  }

  it("Effect.runSync of a whole program: every record is written before the call returns", () => {
    const { sink, writes, written } = lines()
    const report = Effect.gen(function*() {
      yield* Effect.logInfo("a")
      assert.deepStrictEqual(written, ["a"])
      yield* Logger.info("b")
      assert.deepStrictEqual(written, ["a", "b"])
      assert.deepStrictEqual(yield* Logger.acknowledged("Info", "c"), { sinks: { lines: "delivered" } })
      yield* Logger.debug("no")
      assert.strictEqual((yield* counts("lines")).delivered, 3)
      return yield* AsyncLogging.stats
    }).pipe(Effect.provide(AsyncLogging.layerSync({ sinks: [sink] })), Effect.runSync)
    assert.deepStrictEqual(writes, [1, 1, 1])
    assert.strictEqual(report.sinks["lines"]!.depth, 0)
  })

  it.effect("stages, levels, filters and the ledger are those of layer", () =>
    Effect.gen(function*() {
      const { sink, written } = lines()
      yield* Effect.gen(function*() {
        yield* both("no")
        yield* Effect.logWarning("a")
        yield* AsyncLogging.setLevel("Info")
        yield* both("b")
        yield* Effect.logInfo("noise")
        const { ledger } = yield* AsyncLogging.stats
        assert.deepStrictEqual(ledger, { offered: 4, made: 0, filtered: { noise: 1 }, held: 0, accepted: 3 })
      }).pipe(Effect.provide(AsyncLogging.layerSync({
        minimumLevel: "Warn",
        stages: [Filters.where((record) => record.message !== "noise", "noise")],
        sinks: [sink]
      })))
      assert.deepStrictEqual(written, ["a", "b", "b"])
    }))

  it.effect("what a sink logs while it writes is written after what it writes, once", () =>
    Effect.gen(function*() {
      const order: Array<string> = []
      let inside: Context.Context<never> = Context.empty()
      const sink = Sinks.make({
        write: () => Effect.void,
        writeSync: (batch) => {
          const messages = batch.map((record) => record.message)
          order.push(`begin ${messages}`)
          if (messages.includes("outer")) Effect.runSyncWith(inside)(both("nested"))
          order.push(`end ${messages}`)
        }
      })
      yield* Effect.gen(function*() {
        inside = yield* Effect.context<never>()
        yield* Effect.logInfo("outer")
        assert.strictEqual((yield* counts("custom")).delivered, 3)
      }).pipe(Effect.provide(AsyncLogging.layerSync({ sinks: [sink] })))
      assert.deepStrictEqual(order, ["begin outer", "end outer", "begin nested,nested", "end nested,nested"])
    }))

  it.effect("a write that fails is counted by its reason and told, and the caller and the other sinks go on", () =>
    Effect.gen(function*() {
      const good = lines()
      const failures = [new Error("down"), Sinks.unavailable(), Sinks.rejected({ indexes: [0, 1] }), Sinks.fatal()]
      const bad = Sinks.make({
        name: "bad",
        write: () => Effect.void,
        writeSync: () => {
          throw failures.shift() ?? new Error("called after its end")
        }
      })
      const { layer, lines: said } = notices()
      yield* Effect.gen(function*() {
        yield* Effect.logInfo("a")
        yield* Logger.info("b")
        const errors = yield* Effect.forEach(["c", "d", "e"], (m) => Effect.flip(Logger.acknowledged("Info", m)))
        assert.deepStrictEqual(errors.map((error) => error.reason), ["rejected", "fatal", "sink_ended"])
        assert.deepStrictEqual(losses(yield* counts("bad")), {
          sink_ended: 1,
          "failed: rejected": 1,
          "failed: retry_exhausted": 2,
          "failed: fatal": 1
        })
        assert.match(said[0]!, /"bad" failed: Error: down/)
      }).pipe(Effect.provide(Layer.provide(AsyncLogging.layerSync({ sinks: [bad, good.sink] }), layer)))
      assert.deepStrictEqual(good.written, ["a", "b", "c", "d", "e"])
    }))

  it.effect("a gate's last records are written at the close", () =>
    Effect.gen(function*() {
      const { sink, written } = lines()
      yield* Effect.gen(function*() {
        yield* both("x")
        assert.deepStrictEqual(written, [])
      }).pipe(Effect.provide(AsyncLogging.layerSync({ stages: [holdEffect(5, "release")], sinks: [sink] })))
      assert.deepStrictEqual(written, ["x", "x"])
    }))

  it.effect("backpressure waits for nothing, as nothing is ever queued", () =>
    Effect.gen(function*() {
      const { sink, written } = lines()
      yield* both("x").pipe(
        Effect.repeat({ times: 9 }),
        Effect.provide(AsyncLogging.layerSync({ queue: { capacity: 1, strategy: "backpressure" }, sinks: [sink] }))
      )
      assert.strictEqual(written.length, 20)
    }))
})
