import { assert, describe, it } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as TestClock from "effect/testing/TestClock"
import * as AsyncLogging from "../src/AsyncLogging.ts"
import * as Logger from "../src/Logger.ts"
import type { LogRecord } from "../src/Record.ts"
import type { SinkOptions } from "../src/Sinks.ts"
import * as Sinks from "../src/Sinks.ts"
import { holdEffect } from "./support/gates.ts"
import type { FakeProcess } from "./support/hostProcess.ts"
import { fakeProcess } from "./support/hostProcess.ts"
import { counts, hung, losses, numbers, recording, turns } from "./support/sinks.ts"

const logAll = (messages: ReadonlyArray<string>) => Effect.forEach(messages, (message) => Effect.logInfo(message))

/** A local sink whose writes hang, and which can write at once. */
const local = (options: SinkOptions = {}, onWrite: (batch: ReadonlyArray<LogRecord>) => void = () => {}) => {
  const records: Array<LogRecord> = []
  const sink = Sinks.make({
    name: "local",
    ...options,
    write: () => Effect.never,
    writeSync: (batch) => {
      onWrite(batch)
      records.push(...batch)
    }
  })
  return {
    sink,
    records,
    lines: () => records.map((r) => `${r.message}${r.notes === undefined ? "" : ` (${r.notes.join()})`}`)
  }
}

/** Runs a program under a layer in a process. It is interrupted in the end: what hangs must not be waited for. */
const under = <A, E>(
  process: FakeProcess,
  layer: Layer.Layer<AsyncLogging.AsyncLogging, E>,
  program: Effect.Effect<A, unknown, AsyncLogging.AsyncLogging>
) =>
  Effect.gen(function*() {
    const done = yield* Deferred.make<A, unknown>()
    const fiber = yield* Effect.forkChild(
      Effect.provide(Effect.andThen(Deferred.into(program, done), Effect.never), Layer.provide(layer, process.layer)),
      { startImmediately: true }
    )
    const exit = yield* Effect.exit(Deferred.await(done))
    const interrupted = yield* Effect.forkChild(Fiber.interrupt(fiber), { startImmediately: true })
    yield* TestClock.adjust("1 minute")
    yield* Fiber.join(interrupted)
    assert.deepStrictEqual(process.listeners(), {}, "no listener is left")
    return yield* exit
  })

const messages = (records: ReadonlyArray<LogRecord>) => records.map((record) => record.message)

describe("the registration at the process", () => {
  it.effect("G35 is one for all layers, and gone with the last of them, 100 times", () =>
    Effect.gen(function*() {
      const process = fakeProcess()
      const layer = AsyncLogging.layer({ sinks: [Sinks.memory()] }).pipe(Layer.provide(process.layer), Layer.fresh)
      const one = { exit: 1, uncaughtExceptionMonitor: 1 }
      for (let i = 0; i < 100; i++) {
        yield* Effect.gen(function*() {
          assert.deepStrictEqual(process.listeners(), one)
          yield* Effect.provide(Effect.sync(() => assert.deepStrictEqual(process.listeners(), one)), layer)
          assert.deepStrictEqual(process.listeners(), one)
          // closed, and not only left
          if (i % 2 === 0) {
            yield* AsyncLogging.close
            assert.deepStrictEqual(process.listeners(), {})
          }
        }).pipe(Effect.provide(layer))
        assert.deepStrictEqual(process.listeners(), {})
      }
    }))

  it.effect("G35 at the real process too", () =>
    Effect.gen(function*() {
      const listeners = () =>
        process.eventNames().map((name) => [String(name), process.listenerCount(name as "exit")] as const).toSorted()
      const before = listeners()
      for (let i = 0; i < 100; i++) {
        yield* Effect.provide(
          Effect.sync(() => assert.strictEqual(process.listenerCount("uncaughtExceptionMonitor"), 1)),
          AsyncLogging.layer({ sinks: [Sinks.memory()] })
        )
      }
      assert.deepStrictEqual(listeners(), before)
    }))

  it.effect("is not made by a layer that cannot be built, or without a process", () =>
    Effect.gen(function*() {
      const process = fakeProcess()
      const broken = Sinks.scoped({ open: Effect.fail("no") as Effect.Effect<Sinks.Handle, string> })
      yield* Effect.flip(
        Effect.provide(Effect.void, Layer.provide(AsyncLogging.layer({ sinks: [broken] }), process.layer))
      )
      assert.deepStrictEqual(process.listeners(), {})
      const memory = Sinks.memory()
      yield* Effect.logInfo("1").pipe(
        Effect.provide(AsyncLogging.layer({ sinks: [memory] })),
        Effect.provideService(AsyncLogging.CurrentProcess, undefined)
      )
      assert.deepStrictEqual(messages(yield* memory.records), ["1"])
    }))
})

describe("the end of the process", () => {
  it.effect("G14 a sink that can writes at once what was under way, noted, and what is queued, in order", () =>
    Effect.gen(function*() {
      const process = fakeProcess()
      const sink = local({ batch: { size: 2 } })
      yield* under(
        process,
        AsyncLogging.layer({ sinks: [sink.sink] }),
        Effect.gen(function*() {
          yield* logAll(numbers(1, 2))
          yield* turns
          yield* logAll(numbers(3, 5))
          process.emit("exit")
          assert.deepStrictEqual(sink.lines(), ["1 (repeated)", "2 (repeated)", "3", "4", "5"])
          assert.strictEqual((yield* counts("local")).delivered, 5)
          assert.deepStrictEqual(process.notices, [])
          yield* Logger.info("late")
          assert.deepStrictEqual(losses(yield* counts("local")), { already_shutdown: 1 })
        })
      )
      assert.strictEqual(sink.records.length, 5, "nothing is written twice")
    }))

  it.effect("G14 with what gates hold, those who wait, and the line that tells of losses", () =>
    Effect.gen(function*() {
      const process = fakeProcess()
      const waiting = local({ batch: { size: 1 }, queue: { capacity: 1, strategy: "backpressure" } })
      const lossy = local({ name: "lossy", batch: { size: 1 }, queue: { capacity: 2, strategy: "sliding" } })
      yield* under(
        process,
        AsyncLogging.layer({ stages: [holdEffect(1, "release")], sinks: [waiting.sink, lossy.sink] }),
        Effect.gen(function*() {
          yield* Logger.error("1")
          yield* turns
          yield* Effect.forkChild(Effect.forEach(numbers(2, 5), (n) => Logger.error(n), { concurrency: "unbounded" }))
          yield* turns
          yield* Logger.info("held")
          process.emit("exit")
          assert.deepStrictEqual(waiting.lines(), ["1 (repeated)", "2", "held", "3", "4", "5"])
          // a held one is an ordinary one
          assert.deepStrictEqual(lossy.lines(), ["1 (repeated)", "lost 3 records (evicted 2, queue_full 1)", "4", "5"])
          yield* counts("local")
          yield* counts("lossy")
          assert.deepStrictEqual(process.notices, [
            "effect-async-logging: the process ended; lost 3 records (lossy: evicted 2, queue_full 1)"
          ])
        })
      )
    }))

  it.effect("G14 what a remote sink holds is counted, and named in one line", () =>
    Effect.gen(function*() {
      const process = fakeProcess()
      const remote = hung({ name: "remote", batch: { size: 2 } })
      const sink = local()
      yield* under(
        process,
        AsyncLogging.layer({ sinks: [remote.sink, sink.sink] }),
        Effect.gen(function*() {
          yield* logAll(numbers(1, 2))
          yield* turns
          yield* Effect.logInfo("3")
          process.emit("exit")
          assert.deepStrictEqual(losses(yield* counts("remote")), {
            shutdown_timeout: 1,
            "failed: shutdown_timeout": 2
          })
          assert.strictEqual(sink.records.length, 3)
        })
      )
      assert.strictEqual(
        process.notices[0],
        "effect-async-logging: the process ended; lost 3 records (remote: shutdown_timeout 3)"
      )
    }))

  it.effect("G14 what a remote sink holds goes to its fallback, whatever their order, and is written there", () =>
    Effect.gen(function*() {
      const process = fakeProcess()
      const remote = hung({ name: "remote", fallback: "local", batch: { size: 2 } })
      // with room for one of its batches only
      const sink = local({ queue: { capacity: 2 } })
      yield* under(
        process,
        AsyncLogging.layer({ sinks: [sink.sink, remote.sink] }),
        Effect.gen(function*() {
          yield* logAll(numbers(1, 2))
          yield* turns
          yield* logAll(numbers(3, 9))
          process.emit("exit")
          assert.deepStrictEqual(sink.lines(), numbers(1, 9))
          assert.strictEqual((yield* counts("remote")).divertedOut, 9)
          assert.deepStrictEqual(process.notices, [])
        })
      )
    }))

  it.effect("G14 that line is written at once where notices go to stderr", () =>
    Effect.gen(function*() {
      const process = fakeProcess()
      const failing = local({}, () => assert.fail("no"))
      yield* Effect.andThen(Effect.logInfo("1"), Effect.sync(() => process.emit("exit"))).pipe(
        Effect.provide(AsyncLogging.layer({ sinks: [failing.sink] })),
        Effect.provideService(AsyncLogging.CurrentProcess, process)
      )
      assert.deepStrictEqual(process.lines, [
        "effect-async-logging: the process ended; lost 1 record (local: shutdown_timeout 1)"
      ])
    }))

  it.effect("G14 a write that has come back, and was not settled yet, is not repeated", () =>
    Effect.gen(function*() {
      const process = fakeProcess()
      const sink = recording({ name: "probe" })
      yield* under(
        process,
        AsyncLogging.layer({ sinks: [sink.sink] }),
        Effect.gen(function*() {
          yield* logAll(numbers(1, 3))
          yield* Effect.yieldNow
          process.emit("exit")
          const { delivered } = yield* counts()
          assert.strictEqual(delivered, sink.records.length)
        })
      )
    }))

  it.effect("G14 a sink that fails costs its own records, and nothing is thrown", () =>
    Effect.gen(function*() {
      const process = fakeProcess()
      const bad = local({ name: "bad", batch: { size: 2 } }, () => {
        throw Sinks.unavailable({ delivered: 1 })
      })
      const good = local({ name: "good" })
      yield* under(
        process,
        AsyncLogging.layer({ sinks: [bad.sink, good.sink] }),
        Effect.gen(function*() {
          yield* logAll(numbers(1, 5))
          process.emit("exit")
          const { delivered, dropped, failed } = yield* counts("bad")
          assert.deepStrictEqual([delivered, failed.shutdown_timeout, dropped.shutdown_timeout], [1, 1, 3])
          assert.strictEqual((yield* counts("good")).delivered, 5)
        })
      )
    }))

  it.effect("G14 it is bounded in time: a slow sink takes its share of a second, and leaves the others theirs", () =>
    Effect.gen(function*() {
      const process = fakeProcess()
      const slow = local({ name: "slow", batch: { size: 1 } }, () => process.pass(100))
      const fast = local({ name: "fast", batch: { size: 1 } }, () => process.pass(1))
      yield* under(
        process,
        AsyncLogging.layer({ sinks: [slow.sink, fast.sink] }),
        Effect.gen(function*() {
          yield* logAll(numbers(1, 100))
          process.emit("exit")
          assert.strictEqual(slow.records.length, 5)
          assert.strictEqual(fast.records.length, 100)
          assert.strictEqual((yield* counts("slow")).dropped.shutdown_timeout, 95)
        })
      )
    }))

  it.effect("G14 all layers write, and none takes what the end of another logs", () =>
    Effect.gen(function*() {
      const process = fakeProcess()
      const sinks = [local(), local()]
      const [outer, inner] = sinks.map(({ sink }) =>
        Layer.provide(AsyncLogging.layer({ sinks: [sink] }), process.layer)
      )
      yield* under(
        process,
        outer!,
        Effect.gen(function*() {
          yield* Effect.logInfo("outer")
          yield* Effect.forkChild(
            Effect.provide(Effect.andThen(Effect.logInfo("inner"), Effect.never), Layer.fresh(inner!)),
            { startImmediately: true }
          )
          process.emit("exit")
          assert.deepStrictEqual(sinks.map(({ records }) => messages(records)), [["outer"], ["inner"]])
        })
      )
    }))
})

describe("an exception that nobody caught", () => {
  it.effect("G14 becomes a Fatal record of every layer, and changes nothing else", () =>
    Effect.gen(function*() {
      const process = fakeProcess()
      const sink = local({ batch: { size: 1 }, queue: { capacity: 1, overdraft: 9, strategy: "backpressure" } })
      const memory = Sinks.memory()
      yield* under(
        process,
        AsyncLogging.layer({ context: { service: "shop" }, sinks: [sink.sink, memory] }),
        Effect.gen(function*() {
          yield* Logger.info("1")
          yield* turns
          yield* Logger.info("2")
          process.emit("uncaughtExceptionMonitor", new TypeError("boom"), "uncaughtException")
          process.emit("uncaughtExceptionMonitor", "no error", "unhandledRejection")
          assert.deepStrictEqual([process.exits, sink.records], [[], []])
          yield* Logger.info("the program lives on").pipe(Effect.forkChild)
          yield* turns
          const [, , fatal, second] = yield* memory.records
          assert.deepStrictEqual(
            [fatal!.level, fatal!.message, fatal!.error?.type, fatal!.error?.message, fatal!.context],
            ["Fatal", "uncaught exception", "TypeError", "boom", { service: "shop" }]
          )
          assert.include(fatal!.error?.stack, "ExitGuard.test.ts")
          assert.deepStrictEqual([second!.level, second!.message], ["Fatal", "unhandled rejection no error"])
          process.emit("exit")
          assert.deepStrictEqual(messages(sink.records).slice(0, 3), ["1", "2", "uncaught exception"])
        })
      )
    }))

  it.effect("whatever was thrown, nothing is thrown out of the hook", () =>
    Effect.gen(function*() {
      const process = fakeProcess()
      const memory = Sinks.memory()
      const { proxy, revoke } = Proxy.revocable({}, {})
      revoke()
      yield* under(
        process,
        AsyncLogging.layer({ sinks: [memory] }),
        Effect.gen(function*() {
          for (const error of [undefined, null, proxy, () => "x", { toString: () => assert.fail() }]) {
            process.emit("uncaughtExceptionMonitor", error, "uncaughtException")
          }
          yield* turns
          assert.strictEqual((yield* memory.records).length, 5)
        })
      )
    }))
})

describe("signals", () => {
  const hanging = () => AsyncLogging.layer({ drainTimeout: "10 seconds", sinks: [hung({ name: "remote" }).sink] })

  /** Ends a program with a hung sink, runs `during` in its drain, and lets it end. */
  const draining = (
    process: FakeProcess,
    program: Effect.Effect<unknown, never, AsyncLogging.AsyncLogging>,
    during: Effect.Effect<void>,
    isInterrupted = false
  ) =>
    Effect.gen(function*() {
      const fiber = yield* Effect.forkChild(Effect.provide(program, Layer.provide(hanging(), process.layer)), {
        startImmediately: true
      })
      yield* turns
      if (isInterrupted) {
        assert.deepStrictEqual(process.listeners(), { exit: 1, uncaughtExceptionMonitor: 1 })
        yield* Effect.forkChild(Fiber.interrupt(fiber), { startImmediately: true })
        yield* turns
      }
      assert.deepStrictEqual(process.listeners(), { exit: 1, uncaughtExceptionMonitor: 1, SIGINT: 1, SIGTERM: 1 })
      yield* during
      yield* TestClock.adjust("10 seconds")
      assert.isDefined(fiber.pollUnsafe())
      assert.deepStrictEqual(process.listeners(), {})
    })

  const emit = (process: FakeProcess, signal: string) => Effect.sync(() => process.emit(signal, signal))

  it.effect("G14 the first one in a drain that an interruption began is the second one, and ends the process", () =>
    Effect.gen(function*() {
      for (const [signal, code] of [["SIGTERM", 143], ["SIGINT", 130]] as const) {
        const process = fakeProcess()
        yield* draining(process, Effect.andThen(Effect.logInfo("1"), Effect.never), emit(process, signal), true)
        assert.deepStrictEqual(process.exits, [code])
        const ended = "effect-async-logging: the process ended; lost 1 record (remote: shutdown_timeout 1)"
        assert.strictEqual(process.notices[0], ended)
      }
    }))

  it.effect("G14 in any other drain the first one is left to the program, and the second ends the process", () =>
    Effect.gen(function*() {
      for (const program of [Effect.logInfo("1"), Effect.andThen(Effect.logInfo("1"), AsyncLogging.close)]) {
        const process = fakeProcess()
        const heard: Array<string> = []
        const listener = (signal: string) => void heard.push(signal)
        process.on("SIGTERM", listener)
        process.on("SIGINT", listener)
        const fiber = yield* Effect.forkChild(Effect.provide(program, Layer.provide(hanging(), process.layer)), {
          startImmediately: true
        })
        yield* turns
        yield* emit(process, "SIGTERM")
        assert.deepStrictEqual(process.exits, [])
        yield* emit(process, "SIGINT")
        assert.deepStrictEqual([heard, process.exits], [["SIGTERM", "SIGINT"], [130]])
        yield* TestClock.adjust("10 seconds")
        yield* Fiber.join(fiber)
        assert.deepStrictEqual(process.listeners(), { SIGTERM: 1, SIGINT: 1 })
      }
    }))

  it.effect("G14 one that is noted in a drain is not remembered in the next", () =>
    Effect.gen(function*() {
      const process = fakeProcess()
      process.on("SIGTERM", () => {})
      for (let i = 0; i < 2; i++) {
        const fiber = yield* Effect.forkChild(
          Effect.provide(Effect.logInfo("1"), Layer.provide(hanging(), process.layer)),
          { startImmediately: true }
        )
        yield* turns
        yield* emit(process, "SIGTERM")
        yield* TestClock.adjust("10 seconds")
        yield* Fiber.join(fiber)
      }
      assert.deepStrictEqual(process.exits, [])
    }))

  it.effect("G14 one that the program does not listen for ends the process, as it would without the drain", () =>
    Effect.gen(function*() {
      const process = fakeProcess()
      yield* draining(process, Effect.logInfo("1"), emit(process, "SIGTERM"))
      assert.deepStrictEqual(process.exits, [143])
    }))
})

describe("logFailure", () => {
  const logged = <E>(program: Effect.Effect<unknown, E>) =>
    Effect.gen(function*() {
      const memory = Sinks.memory()
      const exit = yield* program.pipe(
        AsyncLogging.logFailure,
        Effect.provide(AsyncLogging.layer({ sinks: [memory] })),
        Effect.exit
      )
      assert.deepStrictEqual(exit, yield* Effect.exit(program))
      return yield* memory.records
    })

  it.effect("brings the final failure or defect into the sinks as one Fatal record, and fails as before", () =>
    Effect.gen(function*() {
      for (const [program, kind] of [[Effect.fail("no"), "fail"], [Effect.die(new Error("no")), "die"]] as const) {
        const records = yield* logged(program)
        assert.deepStrictEqual(
          records.map(({ error, level, message }) => [level, message, error?.kind, error?.message]),
          [["Fatal", "the program failed", kind, "no"]]
        )
      }
    }))

  it.effect("leaves success and interruption alone", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* logged(Effect.succeed(1)), [])
      assert.deepStrictEqual(yield* logged(Effect.interrupt), [])
    }))

  it.effect("does not wait for room", () =>
    Effect.gen(function*() {
      const sink = hung({ batch: { size: 1 }, queue: { capacity: 1, strategy: "backpressure" } })
      const fiber = yield* Effect.forkChild(
        Effect.andThen(Effect.forEach(numbers(1, 2), (n) => Logger.info(n)), Effect.fail("no")).pipe(
          AsyncLogging.logFailure,
          Effect.provide(AsyncLogging.layer({ drainTimeout: "1 second", sinks: [sink.sink] })),
          Effect.exit
        )
      )
      yield* turns
      yield* TestClock.adjust("1 second")
      assert.isDefined(fiber.pollUnsafe())
    }))
})
