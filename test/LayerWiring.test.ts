import { assert, describe, it } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as EffectLogger from "effect/Logger"
import * as Option from "effect/Option"
import * as References from "effect/References"
import * as TestClock from "effect/testing/TestClock"
import * as nodeFs from "node:fs"
import { join } from "node:path"
import * as AsyncLogging from "../src/AsyncLogging.ts"
import * as Logger from "../src/Logger.ts"
import * as Sinks from "../src/Sinks.ts"
import { directory } from "./support/files.ts"
import { counts, messagesOf, notices, recording, run, turns } from "./support/sinks.ts"

describe("layers in layers", () => {
  it.effect("an inner one takes the level of the outer one, unless it has its own", () =>
    Effect.gen(function*() {
      const outer = recording()
      const enabled = (level: "Warn" | undefined) =>
        Effect.provide(
          Effect.map(
            Effect.all([Logger.isEnabled("Debug"), Logger.isEnabled("Info"), Logger.isEnabled("Warn")]),
            (levels) => levels.join()
          ),
          AsyncLogging.layer({ minimumLevel: level, sinks: [recording().sink] })
        )
      yield* run({ minimumLevel: "Info", sinks: [outer.sink] }, () =>
        Effect.gen(function*() {
          assert.strictEqual(yield* enabled(undefined), "false,true,true")
          assert.strictEqual(yield* enabled("Warn"), "false,false,true")
          yield* AsyncLogging.setLevel("Debug")
          assert.strictEqual(yield* enabled(undefined), "true,true,true")
          assert.strictEqual(
            yield* Effect.provideService(enabled(undefined), References.MinimumLogLevel, "Error"),
            "false,false,false"
          )
        }))
    }))

  it.effect("one layer value in two places of a program is built once, and closed once", () =>
    Effect.gen(function*() {
      const sink = recording()
      const Logging = AsyncLogging.layer({ sinks: [sink.sink] })
      const A = Layer.effectDiscard(Effect.logInfo("A")).pipe(Layer.provide(Logging))
      const B = Layer.effectDiscard(Effect.logInfo("B")).pipe(Layer.provide(Logging))
      yield* Effect.provide(Effect.logInfo("program"), Layer.provideMerge(Layer.mergeAll(A, B), Logging))
      assert.sameMembers([...sink.messages()], ["A", "B", "program"])
      assert.deepStrictEqual(sink.events.filter((event) => event !== "write" && event !== "written"), ["open", "close"])
    }))

  it.effect("G11 a fiber that is forked under it, and ends with the program, is captured", () =>
    Effect.gen(function*() {
      const sink = recording()
      yield* run({ sinks: [sink.sink] }, () =>
        Effect.gen(function*() {
          yield* Effect.forkChild(Effect.andThen(Effect.logInfo("child"), Effect.never))
          yield* Effect.forkDetach(Effect.logInfo("detached"))
          yield* turns
        }))
      assert.deepStrictEqual(sink.messages(), ["child", "detached"])
    }))
})

describe("other loggers", () => {
  it.effect("get from Logger.* what they get from Effect.log*", () =>
    Effect.gen(function*() {
      const seen: Array<EffectLogger.Options<unknown>> = []
      const logger = EffectLogger.make<unknown, void>((options) => void seen.push(options))
      const args = ["paid", { orderId: 7 }, Cause.fail("no"), new Error("boom"), Cause.die("bug")]
      yield* TestClock.adjust("5 seconds")
      yield* run({ sinks: [recording().sink] }, () => Effect.andThen(Effect.logWarning(...args), Logger.warn(...args)))
        .pipe(
          Effect.provideService(References.CurrentLoggers, new Set([logger]))
        )
      const told = seen.map(({ cause, date, logLevel, message }) => ({ cause, date, logLevel, message }))
      assert.deepStrictEqual(told[1], told[0])
      assert.strictEqual(seen[1]!.fiber, seen[0]!.fiber)
    }))
})

describe("a sink", () => {
  it.effect("G28 sees no span around it: not that of the program, nor that of where the layer was built", () =>
    Effect.gen(function*() {
      const seen: Array<string> = []
      const look = (what: string) =>
        Effect.map(Effect.option(Effect.currentParentSpan), (span) => void seen.push(`${what} ${Option.isSome(span)}`))
      const sink = Sinks.scoped({
        name: "probe",
        open: Effect.gen(function*() {
          yield* look("open")
          yield* Effect.addFinalizer(() => look("close"))
          return { write: () => look("write"), flush: look("flush") }
        })
      })
      yield* run({ sinks: [sink] }, () => Effect.andThen(Effect.logInfo("1"), AsyncLogging.flush)).pipe(
        Effect.withSpan("around")
      )
      assert.deepStrictEqual(seen, ["open false", "write false", "flush false", "close false"])
    }))
})

const syncSink = (writeSync: Sinks.WriteSync) => Sinks.make({ name: "probe", write: () => Effect.void, writeSync })

describe("layerSync", () => {
  it.live("G8 loses nothing that is logged while a flush is under way", () =>
    Effect.gen(function*() {
      const path = `${yield* directory}/app.log`
      const flushing = Effect.repeat(AsyncLogging.flush, { times: 50 })
      const logging = Effect.repeat(Effect.andThen(Effect.logInfo("1"), Effect.yieldNow), { times: 499 })
      const stats = yield* Effect.all([flushing, logging], { concurrency: 2 }).pipe(
        Effect.andThen(AsyncLogging.stats),
        Effect.provide(AsyncLogging.layerSync({ sinks: [Sinks.file({ path })] }))
      )
      assert.strictEqual(stats.sinks["file"]?.ledger.delivered, 500)
    }))

  it("closes in Effect.runSync too", () => {
    const written: Array<string> = []
    const exit = Effect.runSyncExit(Effect.provide(
      Effect.logInfo("a"),
      AsyncLogging.layerSync({ sinks: [syncSink((batch) => void written.push(...messagesOf(batch)))] })
    ))
    assert.isTrue(Exit.isSuccess(exit), String(exit))
    assert.deepStrictEqual(written, ["a"])
  })

  it.effect("G28 a sink that logs with each write does not keep its caller for ever", () =>
    Effect.gen(function*() {
      let writes = 0
      let context: Context.Context<never> = Context.empty()
      const sink = syncSink(() => {
        if (++writes < 100_000) Effect.runSyncWith(context)(Effect.logInfo("and again"))
      })
      yield* Effect.provide(
        Effect.gen(function*() {
          context = yield* Effect.context<never>()
          yield* Effect.logInfo("a")
          yield* counts()
        }),
        Layer.provide(AsyncLogging.layerSync({ sinks: [sink] }), notices().layer)
      )
      assert.isBelow(writes, 100)
    }))

  it.live("writes to a real file", () =>
    Effect.gen(function*() {
      const path = join(yield* directory, "app.log")
      yield* Effect.provide(
        Effect.gen(function*() {
          yield* Effect.logInfo("a")
          assert.strictEqual(JSON.parse(nodeFs.readFileSync(path, "utf8")).message, "a")
        }),
        AsyncLogging.layerSync({ sinks: [Sinks.file({ path })] })
      )
    }))
})
