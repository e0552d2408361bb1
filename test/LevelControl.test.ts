import { assert, describe, it } from "@effect/vitest"
import * as Clock from "effect/Clock"
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import type * as LogLevel from "effect/LogLevel"
import * as Scope from "effect/Scope"
import * as TestClock from "effect/testing/TestClock"
import * as AsyncLogging from "../src/AsyncLogging.ts"
import * as Logger from "../src/Logger.ts"
import { notices, recording, run, turns } from "./support/sinks.ts"

/** A clock that counts who sleeps. */
const counting = Effect.gen(function*() {
  const clock = yield* Clock.Clock
  const sleepers = { n: 0 }
  return {
    sleepers,
    clock: Object.assign(Object.create(clock), {
      sleep: (duration: Duration.Duration) =>
        Effect.acquireUseRelease(
          Effect.sync(() => sleepers.n++),
          () => clock.sleep(duration),
          () => Effect.sync(() => sleepers.n--)
        )
    }) as Clock.Clock
  }
})

const level = Effect.map(AsyncLogging.levels, ({ level }) => level)

const sinkLevel = (name: string) => Effect.map(AsyncLogging.levels, ({ sinks }) => sinks[name]!.level)

describe("setLevelFor", () => {
  it.effect("sets the level at once and returns; when the time is up the level before is back", () => {
    const probe = recording()
    return run({ minimumLevel: "Warn", sinks: [probe.sink] }, (lines) =>
      Effect.gen(function*() {
        yield* AsyncLogging.setLevelFor("10 minutes", "Debug")
        yield* Logger.debug("in the window")
        assert.strictEqual(yield* level, "Debug")
        yield* TestClock.adjust(Duration.millis(10 * 60_000 - 1))
        yield* Logger.debug("at its end")
        yield* TestClock.adjust("1 millis")
        assert.strictEqual(yield* level, "Warn")
        yield* Logger.debug("behind it")
        yield* AsyncLogging.flush
        assert.deepStrictEqual(probe.messages(), ["in the window", "at its end"])
        assert.deepStrictEqual(lines, [])
      }))
  })

  it.effect("gives back what setLevel had set before, also where that is inherit", () =>
    run({ minimumLevel: "Warn", sinks: [recording().sink] }, () =>
      Effect.gen(function*() {
        yield* AsyncLogging.setLevel("Error")
        yield* AsyncLogging.setLevelFor("1 minute", "Debug")
        yield* TestClock.adjust("1 minute")
        assert.strictEqual(yield* level, "Error")
        yield* AsyncLogging.setLevelFor("1 minute", "inherit")
        assert.strictEqual(yield* level, "Warn")
        yield* TestClock.adjust("1 minute")
        assert.strictEqual(yield* level, "Error")
      })))

  it.effect("ends with a setLevel of its scope, whose level lasts", () =>
    run({ minimumLevel: "Warn", sinks: [recording().sink] }, () =>
      Effect.gen(function*() {
        for (const [set, then] of [["Error", "Error"], ["inherit", "Warn"]] as const) {
          yield* AsyncLogging.setLevelFor("10 minutes", "Debug")
          yield* TestClock.adjust("1 minute")
          yield* AsyncLogging.setLevel(set)
          assert.strictEqual(yield* level, then)
          yield* TestClock.adjust("1 hour")
          assert.strictEqual(yield* level, then)
        }
      })))

  it.effect("is replaced by a later one of its scope, be that shorter or longer; behind it is what was before the first", () =>
    run({ minimumLevel: "Warn", sinks: [recording().sink] }, () =>
      Effect.gen(function*() {
        yield* AsyncLogging.setLevelFor("10 minutes", "Debug")
        yield* TestClock.adjust("5 minutes")
        yield* AsyncLogging.setLevelFor("1 minute", "Trace")
        assert.strictEqual(yield* level, "Trace")
        yield* TestClock.adjust("1 minute")
        assert.strictEqual(yield* level, "Warn")
        yield* AsyncLogging.setLevelFor("1 minute", "Debug")
        yield* AsyncLogging.setLevelFor("10 minutes", "Trace")
        yield* TestClock.adjust("9 minutes")
        assert.strictEqual(yield* level, "Trace")
        yield* TestClock.adjust("1 minute")
        assert.strictEqual(yield* level, "Warn")
      })))

  it.effect("that begins in the moment in which the one before ends has its whole time", () =>
    run({ minimumLevel: "Warn", sinks: [recording().sink] }, () =>
      Effect.gen(function*() {
        yield* AsyncLogging.setLevelFor("1 minute", "Debug")
        const next = yield* Effect.forkChild(
          Effect.andThen(Effect.sleep("1 minute"), AsyncLogging.setLevelFor("1 minute", "Trace")),
          { startImmediately: true }
        )
        yield* TestClock.adjust("1 minute")
        yield* Fiber.join(next)
        assert.strictEqual(yield* level, "Trace")
        yield* TestClock.adjust("59 seconds")
        assert.strictEqual(yield* level, "Trace")
        yield* TestClock.adjust("1 second")
        assert.strictEqual(yield* level, "Warn")
      })))

  it.effect("G33 leaves other scopes alone, and narrows to a logger, a sink or both", () => {
    const one = recording({ name: "one" })
    const two = recording({ name: "two", minimumLevel: "Error" })
    return run({ sinks: [one.sink, two.sink] }, () =>
      Effect.gen(function*() {
        yield* AsyncLogging.setLevelFor("1 minute", "Debug", { logger: "auth" })
        yield* AsyncLogging.setLevelFor("2 minutes", "Warn", { sink: "two" })
        yield* AsyncLogging.setLevelFor("3 minutes", "Trace", { sink: "two", logger: "auth" })
        yield* AsyncLogging.setLevelFor("4 minutes", "Warn")
        const seen: Array<ReadonlyArray<unknown>> = []
        for (let i = 0; i < 5; i++) {
          const { level, loggers, sinks } = yield* AsyncLogging.levels
          seen.push([
            level,
            loggers["auth"]?.level,
            sinks["one"]!.level,
            sinks["two"]!.level,
            sinks["two"]!.loggers["auth"]?.level
          ])
          yield* TestClock.adjust("1 minute")
        }
        assert.deepStrictEqual(seen, [
          ["Warn", "Debug", "Warn", "Warn", "Trace"],
          ["Warn", undefined, "Warn", "Warn", "Trace"],
          ["Warn", undefined, "Warn", "Error", "Trace"],
          ["Warn", undefined, "Warn", "Error", undefined],
          ["Info", undefined, "Info", "Error", undefined]
        ])
      }))
  })

  it.effect("G33 says so for a wrong duration, level, sink or logger, and changes nothing", () =>
    run({ sinks: [recording().sink] }, (lines) =>
      Effect.gen(function*() {
        const untyped = AsyncLogging.setLevelFor as unknown as (
          duration: unknown,
          level: unknown,
          scope?: unknown
        ) => Effect.Effect<void, never, AsyncLogging.AsyncLogging>
        const get = () => {
          throw new Error("no")
        }
        const unreadable = Object.defineProperties({}, {
          logger: { get, enumerable: true },
          minutes: { get, enumerable: true }
        })
        const circular: { minutes: number; self?: unknown } = { minutes: 1 }
        circular.self = circular
        const wrong: ReadonlyArray<readonly [unknown, unknown, unknown, RegExp]> = [
          ["ten minutes", "Debug", {}, /setLevelFor: "ten minutes" is not a positive, finite duration/],
          [0, "Debug", {}, /setLevelFor: "0" is not/],
          [-5, "Debug", {}, /setLevelFor: "-5" is not/],
          [Number.NaN, "Debug", {}, /setLevelFor: "NaN" is not/],
          [Duration.infinity, "Debug", {}, /setLevelFor: "Infinity" is not/],
          [undefined, "Debug", {}, /setLevelFor: "undefined" is not/],
          [{ minuts: 10 }, "Debug", {}, /setLevelFor: \{"minuts":10\} is not a positive, finite duration/],
          [{ minutes: 10, secnds: 5 }, "Debug", {}, /setLevelFor: \{"minutes":10,"secnds":5\} is not/],
          [{}, "Debug", {}, /setLevelFor: \{\} is not/],
          [[0, 0], "Debug", {}, /setLevelFor: \[0,0\] is not/],
          [null, "Debug", {}, /setLevelFor: "null" is not/],
          [circular, "Debug", {}, /setLevelFor: "\[unprintable\]" is not/],
          [unreadable, "Debug", {}, /setLevelFor: "\[unprintable\]" is not/],
          [1e300, "Debug", {}, /setLevelFor: "1e\+300" is longer than 36500 days/],
          ["36501 days", "Debug", {}, /setLevelFor: "36501 days" is longer than/],
          [{ weeks: 1e9 }, "Debug", {}, /setLevelFor: \{"weeks":1000000000\} is longer than/],
          ["1 minute", "verbose", {}, /setLevelFor: "verbose" is not a level/],
          ["1 minute", Symbol("s"), {}, /setLevelFor: "Symbol\(s\)" is not a level/],
          ["1 minute", "Debug", { sink: "nobody" }, /setLevelFor: there is no sink "nobody"; there are "probe"/],
          ["1 minute", "Debug", { logger: "" }, /setLevelFor: "" is not the name of a logger/],
          ["1 minute", "Debug", { logger: /a/ }, /setLevelFor: "\/a\/" is not the name of a logger/],
          ["1 minute", "Debug", null, /setLevelFor: the scope cannot be read/],
          ["1 minute", "Debug", unreadable, /setLevelFor: the scope cannot be read/]
        ]
        const before = yield* AsyncLogging.levels
        for (const [duration, level, scope, says] of wrong) {
          yield* untyped(duration, level, scope)
          assert.match(lines.at(-1)!, says)
          assert.deepStrictEqual(yield* AsyncLogging.levels, before)
          yield* TestClock.adjust("10 seconds")
        }
        assert.strictEqual(lines.length, wrong.length)
        yield* AsyncLogging.setLevelFor("36500 days", "Debug")
        yield* AsyncLogging.setLevelFor({ minutes: 10, seconds: undefined }, "Debug")
        assert.strictEqual(lines.length, wrong.length)
      })))

  it.effect("says so below levelFloor, and that a setLevel is wrong by its own name", () =>
    run({ levelFloor: "Info", sinks: [recording().sink] }, (lines) =>
      Effect.gen(function*() {
        yield* AsyncLogging.setLevelFor("1 minute", "Debug")
        assert.match(lines[0]!, /setLevelFor: "Debug" is below levelFloor "Info"/)
        yield* AsyncLogging.setLevel("Debug", { logger: /a/ as unknown as string })
        assert.match(lines[1]!, /setLevel: "\/a\/" is not the name of a logger/)
        yield* Logger.named("a").info("the call is unharmed")
      })))

  it.effect("G35 keeps one timer for each scope, and none when its window is over, replaced or closed", () =>
    Effect.gen(function*() {
      const { clock, sleepers } = yield* counting
      const { layer } = notices()
      const scope = yield* Scope.make()
      const Logging = AsyncLogging.layer({ sinks: [recording().sink] }).pipe(
        Layer.provide(layer),
        Layer.provide(Layer.succeed(Clock.Clock, clock))
      )
      const context = yield* Layer.buildWithScope(Logging, scope)
      const idle = sleepers.n
      yield* Effect.gen(function*() {
        for (let i = 0; i < 100; i++) yield* AsyncLogging.setLevelFor("10 minutes", "Debug")
        yield* AsyncLogging.setLevelFor("10 minutes", "Debug", { logger: "auth" })
        assert.strictEqual(sleepers.n - idle, 2)
        yield* AsyncLogging.setLevel("Info")
        assert.strictEqual(sleepers.n - idle, 1)
        yield* TestClock.adjust("10 minutes")
        assert.strictEqual(sleepers.n - idle, 0)
        yield* AsyncLogging.setLevelFor("10 minutes", "Debug")
        assert.strictEqual(sleepers.n - idle, 1)
      }).pipe(Effect.provide(context))
      yield* Scope.close(scope, Exit.void)
      assert.strictEqual(sleepers.n, 0)
    }))

  it.effect("G35 an explicit close ends its timer too, and one that is begun later leaves none behind the scope", () =>
    Effect.gen(function*() {
      const { clock, sleepers } = yield* counting
      yield* Effect.gen(function*() {
        yield* AsyncLogging.setLevelFor("10 minutes", "Debug")
        yield* AsyncLogging.close
        assert.strictEqual(sleepers.n, 0)
        yield* AsyncLogging.setLevelFor("10 minutes", "Debug")
      }).pipe(
        Effect.provide(Layer.provide(
          AsyncLogging.layer({ sinks: [recording().sink] }),
          Layer.succeed(Clock.Clock, clock)
        ))
      )
      assert.strictEqual(sleepers.n, 0)
    }))

  it.effect("goes on when its caller is interrupted or has ended, on the clock of the layer", () =>
    run({ sinks: [recording().sink] }, () =>
      Effect.gen(function*() {
        const began = yield* Deferred.make<void>()
        const other: Clock.Clock = Object.assign(Object.create(yield* Clock.Clock), { sleep: () => Effect.never })
        const caller = yield* Effect.forkChild(
          AsyncLogging.setLevelFor("1 minute", "Debug").pipe(
            Effect.andThen(Deferred.succeed(began, undefined)),
            Effect.andThen(Effect.never),
            Effect.provideService(Clock.Clock, other)
          )
        )
        yield* Deferred.await(began)
        yield* Fiber.interrupt(caller)
        yield* turns
        assert.strictEqual(yield* level, "Debug")
        yield* TestClock.adjust("1 minute")
        assert.strictEqual(yield* level, "Info")
      })))
})

describe("levels", () => {
  it.effect("are those that were configured, set, and set for a while, with the time when that ends", () => {
    const plain = recording({ name: "plain" })
    const own = recording({ name: "own", minimumLevel: "Error" })
    return run({ minimumLevel: "Warn", sinks: [plain.sink, own.sink] }, () =>
      Effect.gen(function*() {
        const at = yield* Clock.currentTimeMillis
        const lasting = (level: LogLevel.LogLevel) => ({ level, until: undefined })
        assert.deepStrictEqual(yield* AsyncLogging.levels, {
          ...lasting("Warn"),
          loggers: {},
          sinks: { plain: { ...lasting("Warn"), loggers: {} }, own: { ...lasting("Error"), loggers: {} } }
        })
        yield* AsyncLogging.setLevelFor("1 minute", "Debug")
        yield* AsyncLogging.setLevel("Info", { logger: "__proto__" })
        yield* AsyncLogging.setLevel("None", { sink: "own" })
        yield* AsyncLogging.setLevelFor("2 minutes", "All", { sink: "own", logger: "auth" })
        const levels = yield* AsyncLogging.levels
        assert.deepStrictEqual(Object.entries(levels.loggers), [["__proto__", lasting("Info")]])
        assert.deepStrictEqual({ ...levels, loggers: {} }, {
          level: "Debug",
          until: at + 60_000,
          loggers: {},
          sinks: {
            plain: { level: "Debug", until: at + 60_000, loggers: {} },
            own: { ...lasting("None"), loggers: { auth: { level: "All", until: at + 120_000 } } }
          }
        })
        assert.strictEqual(yield* sinkLevel("plain"), "Debug")
      }))
  })
})
