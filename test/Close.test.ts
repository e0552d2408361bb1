import { assert, describe, it } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Scheduler from "effect/Scheduler"
import * as TestClock from "effect/testing/TestClock"
import * as AsyncLogging from "../src/AsyncLogging.ts"
import * as Logger from "../src/Logger.ts"
import * as Sinks from "../src/Sinks.ts"
import { holdEffect, repeatEffect } from "./support/gates.ts"
import {
  answering,
  counts,
  gated,
  hung,
  losses,
  notices,
  numbers,
  type Probe,
  recording,
  refuse,
  run,
  runExit,
  turns
} from "./support/sinks.ts"

const logAll = (messages: ReadonlyArray<string>) => Effect.forEach(messages, (message) => Effect.logInfo(message))

const start = Effect.forkChild({ startImmediately: true })

// runs a program under a layer in the background, and answers its notices
const inBackground = <A, E>(
  layer: Layer.Layer<AsyncLogging.AsyncLogging, E>,
  program: Effect.Effect<A, never, AsyncLogging.AsyncLogging>
) =>
  Effect.gen(function*() {
    const { layer: writer, lines } = notices()
    const fiber = yield* start(Effect.provide(program, Layer.provide(layer, writer)))
    yield* turns
    return { fiber, lines }
  })

describe("leaving the scope", () => {
  const ends: ReadonlyArray<readonly [string, Effect.Effect<unknown, string>]> = [
    ["success", Effect.succeed("fine")],
    ["failure", Effect.fail("no")],
    ["defect", Effect.die("boom")],
    ["interruption", Effect.interrupt]
  ]
  for (const [name, end] of ends) {
    it.effect(`G11 by ${name}: the sink has everything, closed once, after its last batch`, () =>
      Effect.gen(function*() {
        const sink = answering(() => Effect.yieldNow)
        const { exit, report } = yield* runExit(
          { batch: { size: 7 }, sinks: [sink.sink] },
          () => Effect.andThen(logAll(numbers(1, 100)), end)
        )
        assert.deepStrictEqual(exit, yield* Effect.exit(end))
        assert.deepStrictEqual(sink.messages(), numbers(1, 100))
        assert.strictEqual(report.lost, 0)
        assert.strictEqual(sink.events[0], "open")
        assert.deepStrictEqual(sink.events.slice(-2), ["written", "close"])
        assert.strictEqual(sink.events.filter((event) => event === "close").length, 1)
      }))
  }

  it.effect("G11 by interruption from outside, in mid-burst, under every strategy", () =>
    Effect.gen(function*() {
      for (const strategy of ["sliding", "dropping", "backpressure"] as const) {
        const sink = answering(() => Effect.yieldNow)
        let report: AsyncLogging.CloseReport | undefined
        const layer = AsyncLogging.layer({
          queue: { capacity: 10, strategy },
          sinks: [sink.sink],
          onClose: (r) => Effect.sync(() => report = r)
        })
        const { fiber } = yield* inBackground(
          layer,
          Effect.forever(Effect.andThen(Logger.info("x"), Effect.yieldNow))
        )
        yield* Fiber.interrupt(fiber)
        const { accepted, delivered, dropped } = report!.sinks["probe"]!
        assert.strictEqual(delivered, sink.messages().length)
        assert.strictEqual(delivered, accepted - dropped.evicted - dropped.queue_full - dropped.interrupted)
        assert.isAbove(delivered, 0)
      }
    }))

  it.effect("G11 a sink that waits for full batches delivers the 95 of 100 that it holds", () =>
    Effect.gen(function*() {
      const sink = recording({ batch: { size: 100, linger: "1 hour" } })
      yield* run({ sinks: [sink.sink] }, () => Effect.andThen(logAll(numbers(1, 95)), turns))
      assert.deepStrictEqual(sink.batches(), [numbers(1, 95)])
    }))

  it.effect("G11 a record that waits for its backoff is tried at once, and delivered", () =>
    Effect.gen(function*() {
      const sink = answering((_, attempt) => attempt === 1 ? Effect.fail("down") : Effect.void)
      yield* run({ sinks: [sink.sink] }, () => Effect.andThen(Effect.logInfo("1"), turns))
      assert.deepStrictEqual(sink.messages(), ["1"])
      assert.strictEqual(yield* Clock.currentTimeMillis, 0)
    }))

  it.effect("callers that wait are admitted and delivered, in order, after what the gates still held", () =>
    Effect.gen(function*() {
      const sink = gated({ batch: { size: 2 } })
      yield* run(
        { queue: { capacity: 2, strategy: "backpressure" }, stages: [holdEffect(1, "release")], sinks: [sink.sink] },
        () =>
          Effect.gen(function*() {
            yield* Effect.logError("E1")
            yield* sink.began
            yield* Effect.logError("E2")
            yield* Effect.logError("E3")
            const waiting = yield* Effect.forkChild(Effect.forEach(numbers(1, 3), (n) => Logger.error(`W${n}`), {
              concurrency: "unbounded"
            }))
            yield* turns
            yield* Logger.info("held")
            const close = yield* start(AsyncLogging.close)
            yield* turns
            yield* sink.release
            yield* Fiber.join(waiting)
            assert.strictEqual((yield* Fiber.join(close)).lost, 0)
          })
      )
      assert.deepStrictEqual(sink.messages(), ["E1", "E2", "E3", "held", "W1", "W2", "W3"])
    }))

  it.effect("what a gate makes at the close is delivered, what it discards is filtered", () =>
    Effect.gen(function*() {
      const sink = recording()
      yield* run({ stages: [repeatEffect], sinks: [sink.sink] }, () => logAll(["a", "b", "b", "b"]))
      assert.deepStrictEqual(sink.messages(), ["a", "b", "repeated 2 times"])

      const holding = recording()
      yield* run({ stages: [holdEffect(2)], sinks: [holding.sink] }, () =>
        Effect.gen(function*() {
          yield* logAll(["a", "b", "c"])
          assert.strictEqual((yield* AsyncLogging.stats).ledger.held, 2)
          yield* AsyncLogging.close
          const { ledger } = yield* AsyncLogging.stats
          assert.deepStrictEqual([ledger.held, ledger.filtered], [0, { hold: 3 }])
          yield* counts()
        }))
      assert.deepStrictEqual(holding.messages(), [])
    }))
})

describe("the deadline", () => {
  it.effect("G12 with three hung sinks, close returns by drainTimeout in total, with the exact numbers", () =>
    Effect.gen(function*() {
      const sinks = ["a", "b", "c"].map((name) => hung({ name, batch: { size: 2 } }))
      const free = recording({ name: "free" })
      let report: AsyncLogging.CloseReport | undefined
      const layer = AsyncLogging.layer({
        drainTimeout: "10 seconds",
        sinks: [...sinks.map(({ sink }) => sink), free.sink],
        onClose: (r) => Effect.sync(() => report = r)
      })
      const { fiber, lines } = yield* inBackground(layer, logAll(numbers(1, 5)))
      yield* TestClock.adjust("10 seconds")
      assert.deepStrictEqual(Exit.isSuccess(fiber.pollUnsafe()!), true)
      assert.strictEqual(report!.lost, 15)
      for (const name of ["a", "b", "c"]) {
        const counts = report!.sinks[name]!
        assert.strictEqual(AsyncLogging.sinkImbalance(counts), 0)
        assert.strictEqual(counts.dropped.shutdown_timeout, 3)
        assert.strictEqual(counts.failed.shutdown_timeout, 2)
      }
      assert.strictEqual(report!.sinks["free"]!.delivered, 5)
      assert.deepStrictEqual(report!.abandoned, [])
      assert.deepStrictEqual(lines, [
        "effect-async-logging: closed; lost 15 records " +
        "(a: shutdown_timeout 5; b: shutdown_timeout 5; c: shutdown_timeout 5)"
      ])
      yield* TestClock.adjust("1 hour")
      for (const sink of sinks) {
        assert.strictEqual(sink.writes.length, 1, "nothing is started after the close")
        assert.strictEqual(sink.events.at(-1), "close")
      }
    }))

  it.effect("G12 also with writes that cannot be interrupted", () =>
    Effect.gen(function*() {
      const sinks = ["a", "b", "c"].map((name) =>
        answering(() => Effect.uninterruptible(Effect.never), { name, batch: { size: 2 } })
      )
      const layer = AsyncLogging.layer({ drainTimeout: "10 seconds", sinks: sinks.map(({ sink }) => sink) })
      const { fiber, lines } = yield* inBackground(layer, logAll(numbers(1, 5)))
      yield* TestClock.adjust("10 seconds")
      assert.isDefined(fiber.pollUnsafe())
      assert.match(lines.join("\n"), /lost 15 records/)
    }))

  it.effect("G12 also when the hung sink is in its backoff, in its reopening, or in its opening", () =>
    Effect.gen(function*() {
      const failing = answering(() => Effect.fail("down"), { name: "failing" })
      const reopening = answering(() => Effect.fail(Sinks.unavailable({ reopen: true })), { name: "reopening" })
      const opening = Sinks.scoped({
        name: "opening",
        onOpenFailure: "retry",
        open: Effect.gen(function*() {
          opens++
          if (opens === 1) return yield* Effect.fail("not yet")
          yield* Effect.addFinalizer(() => Effect.never)
          return yield* Effect.never
        })
      })
      let opens = 0
      const layer = AsyncLogging.layer({ drainTimeout: "10 seconds", sinks: [failing.sink, reopening.sink, opening] })
      const { fiber } = yield* inBackground(layer, logAll(numbers(1, 5)))
      yield* TestClock.adjust("5 seconds")
      assert.isUndefined(fiber.pollUnsafe())
      yield* TestClock.adjust("5 seconds")
      assert.isDefined(fiber.pollUnsafe())
      const writes = [failing.writes.length, reopening.writes.length, opens]
      yield* TestClock.adjust("1 hour")
      assert.deepStrictEqual([failing.writes.length, reopening.writes.length, opens], writes)
    }))

  it.effect("G12 also when a sink hangs in its flush", () =>
    Effect.gen(function*() {
      for (const flush of [Effect.never, Effect.uninterruptible(Effect.never)]) {
        const sink = Sinks.make({ name: "probe", write: () => Effect.void, flush })
        const { fiber } = yield* inBackground(
          AsyncLogging.layer({ drainTimeout: "10 seconds", sinks: [sink] }),
          Effect.andThen(Effect.logInfo("1"), AsyncLogging.flushWithin("1 second"))
        )
        yield* TestClock.adjust("1 second")
        assert.isUndefined(fiber.pollUnsafe())
        yield* TestClock.adjust("10 seconds")
        assert.isDefined(fiber.pollUnsafe())
      }
    }))

  it.effect("G12 a sink whose own close hangs is left behind, and named", () =>
    Effect.gen(function*() {
      for (const finalizer of [Effect.never, Effect.interruptible(Effect.never)]) {
        const sink = Sinks.scoped({
          name: "stuck",
          open: Effect.as(Effect.addFinalizer(() => finalizer), { write: () => Effect.void })
        })
        let report: AsyncLogging.CloseReport | undefined
        const layer = AsyncLogging.layer({
          drainTimeout: "10 seconds",
          sinks: [sink],
          onClose: (r) => Effect.sync(() => report = r)
        })
        const { fiber, lines } = yield* inBackground(layer, Effect.logInfo("1"))
        assert.isUndefined(fiber.pollUnsafe())
        yield* TestClock.adjust("10 seconds")
        assert.isDefined(fiber.pollUnsafe())
        assert.deepStrictEqual([report!.lost, report!.abandoned], [0, ["stuck"]])
        assert.deepStrictEqual(lines, ["effect-async-logging: closed; left behind while closing: stuck"])
      }
    }))

  it.effect("G12 a sink whose own close dies hides nothing, and harms nobody", () =>
    Effect.gen(function*() {
      const sink = Sinks.scoped({
        name: "dying",
        open: Effect.as(Effect.addFinalizer(() => Effect.die("boom")), { write: () => Effect.void })
      })
      const other = recording({ name: "other" })
      const { report } = yield* run({ sinks: [sink, other.sink] }, () => Effect.logInfo("1"))
      assert.strictEqual(report.sinks["dying"]!.delivered, 1)
      assert.deepStrictEqual(other.events.slice(-1), ["close"])
    }))

  it.effect("G12 a drain that ends in time keeps nothing of its limit", () =>
    Effect.gen(function*() {
      const slow = answering(() => Effect.sleep("1 second"), { batch: { size: 1 } })
      let report: AsyncLogging.CloseReport | undefined
      const layer = AsyncLogging.layer({
        drainTimeout: "10 seconds",
        sinks: [slow.sink],
        onClose: (r) => Effect.sync(() => report = r)
      })
      const { fiber } = yield* inBackground(layer, logAll(numbers(1, 5)))
      yield* TestClock.adjust("5 seconds")
      assert.isDefined(fiber.pollUnsafe())
      assert.deepStrictEqual(slow.messages(), numbers(1, 5))
      assert.deepStrictEqual([report!.lost, report!.duration], [0, 5000])
    }))

  it.effect("G12 the default of drainTimeout is ten seconds", () =>
    Effect.gen(function*() {
      const sink = hung()
      const { fiber } = yield* inBackground(AsyncLogging.layer({ sinks: [sink.sink] }), Effect.logInfo("1"))
      yield* TestClock.adjust("8 seconds")
      assert.isUndefined(fiber.pollUnsafe())
      yield* TestClock.adjust("2 seconds")
      assert.isDefined(fiber.pollUnsafe())
    }))

  it.live("G12 a hung sink and the real clock", () =>
    Effect.gen(function*() {
      const { layer, lines } = notices()
      const sink = hung()
      const before = yield* Clock.currentTimeMillis
      yield* Effect.provide(
        Effect.logInfo("1"),
        Layer.provide(AsyncLogging.layer({ drainTimeout: "100 millis", sinks: [sink.sink] }), layer)
      )
      const took = (yield* Clock.currentTimeMillis) - before
      assert.isAtLeast(took, 80)
      assert.isBelow(took, 1000)
      assert.deepStrictEqual(lines, ["effect-async-logging: closed; lost 1 record (probe: shutdown_timeout 1)"])
    }))
})

describe("onClose", () => {
  it.effect("is the last step, has at least a second of the limit, and is left behind when it hangs", () =>
    Effect.gen(function*() {
      const hanging = Sinks.scoped({
        name: "hanging",
        open: Effect.as(Effect.addFinalizer(() => Effect.never), { write: () => Effect.never })
      })
      const sink = hung()
      let at: number | undefined
      const layer = AsyncLogging.layer({
        drainTimeout: "10 seconds",
        sinks: [sink.sink, hanging],
        onClose: () => Effect.andThen(Effect.map(Clock.currentTimeMillis, (now) => at = now), Effect.never)
      })
      const { fiber, lines } = yield* inBackground(layer, Effect.logInfo("1"))
      yield* TestClock.adjust("9 seconds")
      assert.strictEqual(at, 9000)
      assert.isUndefined(fiber.pollUnsafe())
      yield* TestClock.adjust("1 second")
      assert.isDefined(fiber.pollUnsafe())
      assert.strictEqual(sink.events.at(-1), "close")
      assert.strictEqual(lines.at(-1), "effect-async-logging: onClose did not return in time")
    }))

  it.effect("that fails, dies or throws is told, and changes nothing", () =>
    Effect.gen(function*() {
      const thrower = (): Effect.Effect<void> => {
        throw new Error("boom")
      }
      for (const onClose of [() => Effect.fail("no"), () => Effect.die("boom"), thrower]) {
        const { layer, lines } = notices()
        const sink = recording()
        yield* Effect.provide(
          Effect.logInfo("1"),
          Layer.provide(AsyncLogging.layer({ sinks: [sink.sink], onClose }), layer)
        )
        assert.deepStrictEqual(sink.messages(), ["1"])
        assert.deepStrictEqual(lines, ["effect-async-logging: onClose failed"])
      }
    }))

  it.effect("gets the report that those who close get", () =>
    Effect.gen(function*() {
      const sink = answering(refuse, { batch: { size: 2 } })
      const { notices, report, value } = yield* run({ sinks: [sink.sink] }, () =>
        Effect.andThen(logAll(numbers(1, 3)), AsyncLogging.close))
      assert.strictEqual(value, report)
      assert.strictEqual(report.lost, 3)
      assert.deepStrictEqual(losses(report.sinks["probe"]!), { "failed: rejected": 3 })
      assert.deepStrictEqual(notices, [
        "effect-async-logging: sink \"probe\" failed: Rejected",
        "effect-async-logging: closed; lost 3 records (probe: rejected 3)",
        "effect-async-logging: sink probe: 1 more notices were left out"
      ])
    }))

  it.effect("logs to what is around the layer, whether the scope closes or the program", () =>
    Effect.gen(function*() {
      for (const program of [Effect.void, AsyncLogging.close]) {
        const around = recording()
        const inner = recording()
        yield* run({ sinks: [around.sink] }, () =>
          Effect.provide(
            program,
            AsyncLogging.layer({ sinks: [inner.sink], onClose: ({ lost }) => Logger.info(`closed, lost ${lost}`) })
          ))
        assert.deepStrictEqual(around.messages(), ["closed, lost 0"])
        assert.deepStrictEqual(inner.messages(), [])
      }
    }))

  it.effect("nothing is said where nothing was lost", () =>
    Effect.gen(function*() {
      const { notices } = yield* run({ sinks: [recording().sink] }, () => logAll(numbers(1, 3)))
      assert.deepStrictEqual(notices, [])
    }))
})

describe("closing twice", () => {
  const closesOnce = (sink: Probe) => assert.strictEqual(sink.events.filter((event) => event === "close").length, 1)

  it.effect("G13 close is idempotent, and concurrent closers and the scope share one result", () =>
    Effect.gen(function*() {
      const sink = gated()
      const { report } = yield* run({ sinks: [sink.sink] }, () =>
        Effect.gen(function*() {
          yield* logAll(["1", "2"])
          const closers = yield* Effect.forEach(numbers(1, 5), () => Effect.forkChild(AsyncLogging.close))
          yield* turns
          yield* sink.release
          const reports = yield* Effect.forEach(closers, Fiber.join)
          assert.strictEqual(new Set([...reports, yield* AsyncLogging.close]).size, 1)
        }))
      assert.strictEqual(report.sinks["probe"]!.delivered, 2)
      closesOnce(sink)
    }))

  it.effect("G13 a closer that is interrupted leaves a close that goes on, whenever its fiber yields", () =>
    Effect.gen(function*() {
      for (let ops = 2; ops <= 40; ops++) {
        const sink = gated()
        yield* run({ sinks: [sink.sink] }, () =>
          Effect.gen(function*() {
            yield* Effect.logInfo("1")
            const closer = yield* start(
              Effect.provideService(AsyncLogging.close, Scheduler.MaxOpsBeforeYield, ops)
            )
            yield* Fiber.interrupt(closer)
            yield* sink.release
            const second = yield* Effect.forkChild(AsyncLogging.close)
            yield* turns
            assert.isDefined(
              second.pollUnsafe(),
              `the second closer has a result, with a yield after ${ops} operations`
            )
          }))
        assert.deepStrictEqual(sink.messages(), ["1"])
        closesOnce(sink)
      }
    }))

  it.effect("G13 its time is that of the layer, whatever clock the closer has", () =>
    Effect.gen(function*() {
      const sink = hung()
      const { lines, layer } = notices()
      const live = yield* TestClock.withLive(Clock.Clock)
      const close = AsyncLogging.close.pipe(Effect.provideService(Clock.Clock, live))
      const fiber = yield* start(Effect.provide(
        Effect.andThen(Effect.logInfo("1"), close),
        Layer.provide(AsyncLogging.layer({ drainTimeout: "10 seconds", sinks: [sink.sink] }), layer)
      ))
      yield* turns
      yield* TestClock.adjust("10 seconds")
      assert.isDefined(fiber.pollUnsafe())
      assert.strictEqual(lines.length, 1)
    }))
})

describe("after the close", () => {
  it.effect("G13 records are counted already_shutdown, with one notice, and nothing throws", () =>
    Effect.gen(function*() {
      const sink = recording()
      const quiet = recording({ name: "quiet", minimumLevel: "Error" })
      const { notices } = yield* run({ sinks: [sink.sink, quiet.sink] }, () =>
        Effect.gen(function*() {
          yield* Effect.logInfo("1")
          yield* AsyncLogging.close
          yield* logAll(["2", "3"])
          yield* Effect.logDebug("disabled")
          yield* Logger.info("4")
          yield* Logger.named("x", { a: 1 }).warn("5")
          yield* Logger.error("6")
          const { reason } = yield* Effect.flip(Logger.acknowledged("Info", "7"))
          assert.strictEqual(reason, "already_shutdown")
          assert.deepStrictEqual(losses(yield* counts()), { already_shutdown: 6 })
          assert.deepStrictEqual(losses(yield* counts("quiet")), { already_shutdown: 1 })
          assert.strictEqual((yield* counts("quiet")).filteredHere, 6)
          assert.strictEqual((yield* AsyncLogging.stats).ledger.accepted, 7)
        }))
      assert.deepStrictEqual(sink.messages(), ["1"])
      assert.deepStrictEqual(notices, [
        "effect-async-logging: a record was logged after the logging layer had closed; it is lost"
      ])
    }))

  it.effect("G13 setLevel, stats, flush and isEnabled still answer", () =>
    Effect.gen(function*() {
      yield* run({ sinks: [recording().sink] }, () =>
        Effect.gen(function*() {
          yield* AsyncLogging.close
          yield* AsyncLogging.setLevel("Debug")
          assert.isTrue(yield* Logger.isEnabled("Debug"))
          assert.isTrue((yield* AsyncLogging.flush).complete)
          assert.strictEqual((yield* AsyncLogging.stats).sinks["probe"]!.depth, 0)
        }))
    }))

  it.effect("G13 also from a fiber that outlives the scope", () =>
    Effect.gen(function*() {
      const sink = recording()
      const { layer, lines } = notices()
      const late = yield* Effect.provide(
        Effect.forkDetach(
          Effect.andThen(Effect.sleep("1 minute"), Effect.all([Effect.logInfo("late"), Logger.info("late")]))
        ),
        Layer.provide(
          AsyncLogging.layer({ queue: { capacity: 1, strategy: "backpressure" }, sinks: [sink.sink] }),
          layer
        )
      )
      yield* TestClock.adjust("1 minute")
      const exit = yield* Fiber.await(late)
      assert.isTrue(Exit.isSuccess(exit), Exit.isFailure(exit) ? Cause.pretty(exit.cause) : "")
      assert.deepStrictEqual(sink.messages(), [])
      assert.strictEqual(lines.length, 1)
    }))
})

describe("a sink that cannot be opened", () => {
  it.effect("fails the layer with its own error, and the sinks before it are closed", () =>
    Effect.gen(function*() {
      const first = recording({ name: "first" })
      const broken = Sinks.scoped({
        name: "broken",
        open: Effect.fail("no such host") as Effect.Effect<{ write: () => Effect.Effect<void> }, string>
      })
      const never = recording({ name: "never" })
      const error = yield* Effect.flip(Effect.provide(
        Effect.logInfo("1"),
        AsyncLogging.layer({ sinks: [first.sink, broken, never.sink] })
      ))
      assert.strictEqual(error, "no such host")
      assert.deepStrictEqual(first.events, ["open", "close"])
      assert.deepStrictEqual(never.events, [])
    }))
})

describe("an outage at the end", () => {
  it.effect("a backoff that has grown starts anew with the close, so a sink that comes back gets its records", () =>
    Effect.gen(function*() {
      let isDown = true
      const sink = answering(() => isDown ? Effect.fail("down") : Effect.void)
      const stop = yield* Deferred.make<void>()
      let report: AsyncLogging.CloseReport | undefined
      const { fiber } = yield* inBackground(
        AsyncLogging.layer({
          sinks: [sink.sink],
          onClose: (closed) =>
            Effect.sync(() => {
              report = closed
            })
        }),
        Effect.andThen(Effect.logInfo("1"), Deferred.await(stop))
      )
      yield* TestClock.adjust("10 minutes")
      yield* Deferred.succeed(stop, undefined)
      yield* turns
      isDown = false
      yield* TestClock.adjust("1 second")
      yield* Fiber.join(fiber)
      assert.deepStrictEqual([report?.lost, sink.messages()], [0, ["1"]])
    }))
})
