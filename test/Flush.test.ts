import { assert, describe, it } from "@effect/vitest"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as TestClock from "effect/testing/TestClock"
import * as nodeFs from "node:fs"
import { join } from "node:path"
import * as AsyncLogging from "../src/AsyncLogging.ts"
import * as Logger from "../src/Logger.ts"
import * as Sinks from "../src/Sinks.ts"
import { directory } from "./support/files.ts"
import { answering, counts, gated, hung, numbers, planned, recording, run, turns } from "./support/sinks.ts"

const logAll = (messages: ReadonlyArray<string>) => Effect.forEach(messages, (message) => Effect.logInfo(message))

// it sees what is outstanding now, before any other fiber has its turn
const start = Effect.forkChild({ startImmediately: true })

const nothing = { delivered: 0, diverted: 0, failed: 0, dropped: 0, pending: 0 }

describe("AsyncLogging.flush", () => {
  it.effect("G9 is pending while the sink is gated, and completes when all prior records are in the sink", () =>
    Effect.gen(function*() {
      const sink = gated({ batch: { size: 2 } })
      yield* run({ sinks: [sink.sink] }, () =>
        Effect.gen(function*() {
          yield* logAll(numbers(1, 5))
          yield* sink.began
          const flush = yield* start(AsyncLogging.flush)
          yield* turns
          assert.isUndefined(flush.pollUnsafe())
          yield* sink.step
          yield* turns
          assert.isUndefined(flush.pollUnsafe())
          yield* sink.release
          assert.deepStrictEqual(yield* Fiber.join(flush), {
            complete: true,
            sinks: { probe: { ...nothing, delivered: 5, durable: true } }
          })
          assert.deepStrictEqual(sink.messages(), numbers(1, 5))
        }))
    }))

  it.effect("G9 ends under continuous logging, and reports what was outstanding at the call alone", () =>
    Effect.gen(function*() {
      const sink = answering(() => Effect.yieldNow)
      yield* run({ batch: { size: 3 }, sinks: [sink.sink] }, () =>
        Effect.gen(function*() {
          const endless = yield* Effect.forkChild(
            Effect.forever(Effect.andThen(logAll(["x", "x", "x", "x"]), Effect.yieldNow))
          )
          yield* logAll(numbers(1, 10))
          const { complete, sinks } = yield* AsyncLogging.flush
          assert.isTrue(complete)
          assert.strictEqual(sinks["probe"]!.delivered, 10)
          assert.isUndefined(endless.pollUnsafe())
          yield* Fiber.interrupt(endless)
        }))
    }))

  it.effect("G9 sends a partial batch at once, whatever the linger, and needs no time", () =>
    Effect.gen(function*() {
      const sink = recording({ batch: { size: 100, linger: "30 seconds" } })
      yield* run({ sinks: [sink.sink] }, () =>
        Effect.gen(function*() {
          yield* Effect.logInfo("1")
          yield* turns
          assert.deepStrictEqual(sink.messages(), [])
          assert.isTrue((yield* AsyncLogging.flush).complete)
          assert.deepStrictEqual(sink.messages(), ["1"])
          assert.strictEqual(yield* Clock.currentTimeMillis, 0)
        }))
    }))

  it.effect("G9 returns at once when nothing is outstanding", () =>
    Effect.gen(function*() {
      const sink = recording()
      yield* run({ sinks: [sink.sink] }, () =>
        Effect.gen(function*() {
          for (let i = 0; i < 3; i++) {
            assert.deepStrictEqual(yield* AsyncLogging.flush, {
              complete: true,
              sinks: { probe: { ...nothing, durable: true } }
            })
          }
          assert.deepStrictEqual(sink.messages(), [])
          assert.strictEqual(yield* Clock.currentTimeMillis, 0)
        }))
    }))

  it.live("G9 returns in well under a second with a linger of 30 s, and on an idle event loop", () =>
    Effect.gen(function*() {
      const sink = recording({ batch: { size: 100, linger: "30 seconds" } })
      yield* run({ sinks: [sink.sink] }, () =>
        Effect.gen(function*() {
          const before = yield* Clock.currentTimeMillis
          yield* Effect.logInfo("1")
          yield* AsyncLogging.flush
          yield* AsyncLogging.flush
          assert.isBelow((yield* Clock.currentTimeMillis) - before, 500)
          assert.deepStrictEqual(sink.messages(), ["1"])
        }))
    }))

  it.effect("G9 flush ∥ flush: each has its own result", () =>
    Effect.gen(function*() {
      const sink = gated()
      yield* run({ sinks: [sink.sink] }, () =>
        Effect.gen(function*() {
          yield* logAll(["1", "2"])
          const first = yield* start(AsyncLogging.flush)
          yield* sink.began
          yield* logAll(["3", "4", "5"])
          const second = yield* start(AsyncLogging.flush)
          const short = yield* start(AsyncLogging.flushWithin("1 second"))
          yield* turns
          yield* TestClock.adjust("1 second")
          assert.deepStrictEqual((yield* Fiber.join(short)).sinks["probe"], { ...nothing, pending: 5, durable: false })
          yield* sink.release
          assert.strictEqual((yield* Fiber.join(first)).sinks["probe"]!.delivered, 2)
          assert.strictEqual((yield* Fiber.join(second)).sinks["probe"]!.delivered, 5)
        }))
    }))

  it.effect("G9 flush ∥ close: the flush ends with the drain, and both tell the truth", () =>
    Effect.gen(function*() {
      const sink = gated()
      yield* run({ sinks: [sink.sink] }, () =>
        Effect.gen(function*() {
          yield* logAll(numbers(1, 5))
          const flush = yield* start(AsyncLogging.flush)
          const close = yield* start(AsyncLogging.close)
          const late = yield* start(AsyncLogging.flush)
          yield* turns
          assert.isUndefined(flush.pollUnsafe())
          yield* sink.release
          const { lost, sinks } = yield* Fiber.join(close)
          assert.deepStrictEqual([lost, sinks["probe"]!.delivered], [0, 5])
          for (const fiber of [flush, late]) {
            const report = yield* Fiber.join(fiber)
            assert.isTrue(report.complete)
            assert.strictEqual(report.sinks["probe"]!.delivered, 5)
          }
          assert.deepStrictEqual((yield* AsyncLogging.flush).sinks["probe"], { ...nothing, durable: false })
        }))
    }))

  it.effect("G9 flush ∥ close of a hung sink: the flush ends with the close, and says that nothing arrived", () =>
    Effect.gen(function*() {
      const sink = hung({ batch: { size: 2 } })
      yield* run({ drainTimeout: "4 seconds", sinks: [sink.sink] }, () =>
        Effect.gen(function*() {
          yield* logAll(numbers(1, 5))
          const flush = yield* start(AsyncLogging.flushWithin("1 hour"))
          const close = yield* start(AsyncLogging.close)
          yield* turns
          yield* TestClock.adjust("4 seconds")
          const { complete, sinks } = yield* Fiber.join(flush)
          assert.isFalse(complete)
          assert.deepStrictEqual(sinks["probe"], { ...nothing, failed: 2, dropped: 3, durable: false })
          assert.strictEqual((yield* Fiber.join(close)).lost, 5)
        }))
    }))

  it.effect("G9 with a hung sink it ends at exactly its limit, drainTimeout by default, and is no success", () =>
    Effect.gen(function*() {
      const sink = hung({ name: "hung" })
      const free = recording({ name: "free" })
      yield* run({ drainTimeout: "7 seconds", sinks: [sink.sink, free.sink] }, () =>
        Effect.gen(function*() {
          yield* logAll(numbers(1, 3))
          const flush = yield* start(AsyncLogging.flush)
          const within = yield* start(AsyncLogging.flushWithin("2 seconds"))
          const expected = {
            complete: false,
            sinks: {
              hung: { ...nothing, pending: 3, durable: false },
              free: { ...nothing, delivered: 3, durable: true }
            }
          }
          yield* turns
          yield* TestClock.adjust("1999 millis")
          assert.isUndefined(within.pollUnsafe())
          yield* TestClock.adjust("1 millis")
          assert.deepStrictEqual(yield* Fiber.join(within), expected)
          yield* TestClock.adjust("4999 millis")
          assert.isUndefined(flush.pollUnsafe())
          yield* TestClock.adjust("1 millis")
          assert.deepStrictEqual(yield* Fiber.join(flush), expected)
          const close = yield* start(AsyncLogging.close)
          yield* turns
          yield* TestClock.adjust("7 seconds")
          yield* Fiber.join(close)
        }))
    }))

  it.effect("G9 a limit that is no duration does not fail it", () =>
    Effect.gen(function*() {
      const sink = recording()
      yield* run({ sinks: [sink.sink] }, () =>
        Effect.gen(function*() {
          yield* Effect.logInfo("1")
          const broken = ["soon", undefined] as unknown as ReadonlyArray<"1 second">
          for (const limit of broken) assert.isTrue((yield* AsyncLogging.flushWithin(limit)).complete)
          // Effect reads NaN as no time at all
          assert.isBoolean((yield* AsyncLogging.flushWithin(Number.NaN)).complete)
          assert.isTrue((yield* AsyncLogging.flushWithin("1 day")).complete)
          assert.isTrue((yield* AsyncLogging.flushWithin(Number.POSITIVE_INFINITY)).complete)
        }))
    }))

  it.effect("ends a running backoff with one immediate attempt", () =>
    Effect.gen(function*() {
      const sink = planned([Effect.fail("down"), Effect.fail("still down")])
      yield* run({ sinks: [sink.sink] }, () =>
        Effect.gen(function*() {
          yield* Effect.logInfo("1")
          yield* turns
          assert.strictEqual(sink.writes.length, 1)
          const one = yield* start(AsyncLogging.flush)
          yield* turns
          assert.strictEqual(sink.writes.length, 2)
          assert.isUndefined(one.pollUnsafe())
          const two = yield* start(AsyncLogging.flush)
          yield* turns
          assert.strictEqual(sink.writes.length, 3)
          assert.strictEqual((yield* Fiber.join(one)).sinks["probe"]!.delivered, 1)
          assert.strictEqual((yield* Fiber.join(two)).sinks["probe"]!.delivered, 1)
        }))
    }))

  it.effect("is not held up by a later record of the same batch that has to be tried again", () =>
    Effect.gen(function*() {
      const sink = answering((batch) =>
        Effect.succeed(batch.map((record) => record.message === "later" ? "retry" : "delivered"))
      )
      yield* run({ drainTimeout: "10 seconds", sinks: [sink.sink] }, () =>
        Effect.gen(function*() {
          yield* Effect.logInfo("before")
          const flush = yield* start(AsyncLogging.flush)
          yield* Effect.logInfo("later")
          yield* turns
          assert.deepStrictEqual(sink.batches()[0], ["before", "later"])
          assert.isDefined(flush.pollUnsafe())
          assert.deepStrictEqual(yield* Fiber.join(flush), {
            complete: true,
            sinks: { probe: { ...nothing, delivered: 1, durable: true } }
          })
          yield* Effect.forkDetach(Effect.andThen(turns, TestClock.adjust("10 seconds")))
        }))
    }))

  it.effect("G9 is not satisfied by a later record of the same batch that arrived in the place of its own", () =>
    Effect.gen(function*() {
      const sink = answering((batch, attempt) =>
        Effect.succeed(batch.map(({ message }) => message === "before" && attempt === 1 ? "retry" : "delivered"))
      )
      yield* run({ sinks: [sink.sink] }, () =>
        Effect.gen(function*() {
          yield* Effect.logInfo("before")
          const flush = yield* start(AsyncLogging.flush)
          yield* Effect.logInfo("later")
          yield* turns
          assert.deepStrictEqual(sink.messages(), ["later"])
          assert.isUndefined(flush.pollUnsafe())
          yield* TestClock.adjust("240 millis")
          assert.strictEqual((yield* Fiber.join(flush)).sinks["probe"]!.delivered, 1)
          assert.deepStrictEqual(sink.messages(), ["later", "before"])
        }))
    }))

  it.effect("counts what was evicted and what was refused for good, while it waited", () =>
    Effect.gen(function*() {
      const sink = gated()
      const picky = answering(
        (batch) => Effect.succeed(batch.map((record) => record.message === "4" ? "rejected" : "delivered")),
        { name: "picky" }
      )
      yield* run({ queue: { capacity: 3 }, sinks: [sink.sink, picky.sink] }, () =>
        Effect.gen(function*() {
          yield* logAll(["1", "2", "3"])
          yield* sink.began
          yield* logAll(["4", "5", "6"])
          const flush = yield* start(AsyncLogging.flush)
          yield* turns
          yield* logAll(["7", "8"])
          yield* sink.release
          const { complete, sinks } = yield* Fiber.join(flush)
          assert.deepStrictEqual(sinks["probe"], { ...nothing, delivered: 4, dropped: 2, durable: true })
          assert.deepStrictEqual(sinks["picky"], { ...nothing, delivered: 2, failed: 1, durable: true })
          assert.isTrue(complete)
        }))
    }))
})

describe("durability", () => {
  it.effect("the sink makes durable what it wrote, between two writes", () =>
    Effect.gen(function*() {
      const sink = recording()
      yield* run({ sinks: [sink.sink] }, () =>
        Effect.gen(function*() {
          yield* Effect.logInfo("1")
          yield* AsyncLogging.flush
        }))
      assert.deepStrictEqual(sink.events, ["open", "write", "written", "flush", "close"])
    }))

  it.effect("a sink that cannot is written, not durable; one that fails to is not complete, and the failure is told", () =>
    Effect.gen(function*() {
      const plain = Sinks.make({ name: "plain", write: () => Effect.void })
      const failing = Sinks.make({ name: "failing", write: () => Effect.void, flush: Effect.fail("disk full") })
      const { notices } = yield* run({ sinks: [plain, failing] }, () =>
        Effect.gen(function*() {
          yield* Effect.logInfo("1")
          const { complete, sinks } = yield* AsyncLogging.flush
          assert.isFalse(complete)
          assert.deepStrictEqual(sinks["plain"], { ...nothing, delivered: 1, durable: false })
          assert.deepStrictEqual(sinks["failing"], { ...nothing, delivered: 1, durable: false })
          assert.strictEqual((yield* AsyncLogging.stats).sinks["failing"]!.lastError?.message, "disk full")
        }))
      assert.deepStrictEqual(notices, ["effect-async-logging: sink \"failing\" failed: disk full"])
    }))

  it.effect("a sink whose flush hangs is not complete; it goes on after the timeout", () =>
    Effect.gen(function*() {
      const written: Array<string> = []
      const sink = Sinks.make({
        name: "probe",
        timeout: "20 seconds",
        write: (batch) => Effect.sync(() => batch.forEach((record) => written.push(record.message))),
        flush: Effect.never
      })
      yield* run({ sinks: [sink] }, () =>
        Effect.gen(function*() {
          yield* Effect.logInfo("1")
          const flush = yield* start(AsyncLogging.flushWithin("5 seconds"))
          yield* turns
          yield* Effect.logInfo("2")
          yield* TestClock.adjust("5 seconds")
          assert.deepStrictEqual(yield* Fiber.join(flush), {
            complete: false,
            sinks: { probe: { ...nothing, delivered: 1, durable: false } }
          })
          yield* TestClock.adjust("15 seconds")
          yield* turns
          assert.deepStrictEqual(written, ["1", "2"])
        }))
    }))

  it.effect("an interrupted flush asks the sink for nothing any more", () =>
    Effect.gen(function*() {
      const sink = gated()
      yield* run({ sinks: [sink.sink] }, () =>
        Effect.gen(function*() {
          yield* Effect.logInfo("1")
          const flush = yield* start(AsyncLogging.flush)
          yield* sink.began
          yield* turns
          yield* Fiber.interrupt(flush)
          yield* sink.release
          yield* turns
          assert.strictEqual((yield* counts()).delivered, 1)
          assert.deepStrictEqual(sink.events, ["open", "write", "written"])
        }))
    }))

  it.live("G10 log, flush, read gives exactly the records, 1,000 times in a row", () =>
    Effect.gen(function*() {
      const path = join(yield* directory, "app.log")
      const lines = () => nodeFs.readFileSync(path, "utf8").split("\n").slice(0, -1)
      const messages = () => lines().map((line) => JSON.parse(line).message as string)
      yield* run({ sinks: [Sinks.file({ path, batch: { linger: "1 second" } })] }, () =>
        Effect.gen(function*() {
          for (let i = 1; i <= 1000; i++) {
            yield* (i % 2 === 0 ? Effect.logInfo(String(i)) : Logger.info(String(i)))
            const { complete, sinks } = yield* AsyncLogging.flush
            assert.isTrue(complete && sinks["file"]!.durable)
            assert.strictEqual(lines().length, i)
            assert.strictEqual(JSON.parse(lines().at(-1)!).message, String(i))
          }
          assert.deepStrictEqual(messages(), numbers(1, 1000))
        }))
    }))
})
