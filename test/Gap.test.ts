import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as TestClock from "effect/testing/TestClock"
import * as AsyncLogging from "../src/AsyncLogging.ts"
import * as Logger from "../src/Logger.ts"
import * as Sinks from "../src/Sinks.ts"
import { answering, counts, gated, numbers, planned, type Probe, refuse, run, turns } from "./support/sinks.ts"

const logAll = (messages: ReadonlyArray<string>) => Effect.forEach(messages, (message) => Effect.logInfo(message))
const occupy = (sink: Probe) => Effect.andThen(Effect.logInfo("first"), sink.began)
const shown = (sink: Probe) => sink.records.map((record) => record.gap === undefined ? record.message : record.gap.lost)

describe("gap records", () => {
  it.effect("after evictions there is one, in front of the first record behind the gap", () =>
    Effect.gen(function*() {
      const sink = gated()
      yield* run({ context: { service: "shop" }, queue: { capacity: 2 }, sinks: [sink.sink] }, () =>
        Effect.gen(function*() {
          yield* TestClock.adjust("1 minute")
          yield* occupy(sink)
          yield* Effect.logError("kept")
          yield* logAll(["1"])
          yield* TestClock.adjust("5 seconds")
          yield* logAll(["2", "3"])
          yield* TestClock.adjust("5 seconds")
          yield* sink.release
          yield* AsyncLogging.flush
          const { ledger, injected } = (yield* AsyncLogging.stats).sinks["probe"]!
          assert.strictEqual(injected, 1)
          assert.deepStrictEqual([ledger.accepted, ledger.delivered, ledger.dropped.evicted], [5, 3, 2])
          yield* counts()
          yield* logAll(["4"])
        }))
      assert.deepStrictEqual(shown(sink), ["first", "kept", 2, "3", "4"])
      const [gap] = sink.gaps()
      assert.deepStrictEqual(gap, {
        ...gap!,
        time: 70_000,
        level: "Warn",
        logger: "effect-async-logging",
        message: "lost 2 records (evicted 2)",
        fields: {},
        context: { service: "shop" },
        seq: undefined,
        gap: { lost: 2, since: 60_000, reasons: { evicted: 2 } }
      })
    }))

  it.effect("after refusals, it stands behind what was admitted before them", () =>
    Effect.gen(function*() {
      const sink = gated()
      yield* run({ queue: { capacity: 2, strategy: "dropping" }, sinks: [sink.sink] }, () =>
        Effect.gen(function*() {
          yield* occupy(sink)
          yield* logAll(numbers(1, 5))
          yield* sink.release
          yield* turns
          assert.deepStrictEqual(shown(sink), ["first", "1", "2"])
          yield* logAll(["6", "7"])
          yield* turns
        }))
      assert.deepStrictEqual(shown(sink), ["first", "1", "2", 3, "6", "7"])
    }))

  it.effect("there is one per gap, with all its reasons", () =>
    Effect.gen(function*() {
      const sink = gated({ queue: { capacity: 1, overdraft: 0, strategy: "backpressure", maxWait: "1 second" } })
      yield* run({ sinks: [sink.sink] }, () =>
        Effect.gen(function*() {
          yield* occupy(sink)
          yield* logAll(["1", "2", "3"])
          const timedOut = yield* Effect.forkChild(Logger.info("4"))
          const interrupted = yield* Effect.forkChild(Logger.info("5"))
          yield* turns
          yield* Fiber.interrupt(interrupted)
          yield* TestClock.adjust("1 second")
          yield* Fiber.join(timedOut)
          yield* sink.step
          yield* sink.began
          yield* Effect.logInfo("6")
          yield* sink.step
          yield* sink.began
          yield* logAll(["7", "8"])
          yield* sink.release
          yield* turns
          yield* logAll(["9"])
        }))
      assert.deepStrictEqual(shown(sink), ["first", "1", 4, "6", "7", 1, "9"])
      assert.deepStrictEqual(sink.gaps().map((record) => record.gap!.reasons), [
        { overdraft: 2, interrupted: 1, wait_timeout: 1 },
        { overdraft: 1 }
      ])
    }))

  it.effect("after a rejection, it stands in the next batch", () =>
    Effect.gen(function*() {
      const sink = planned([Effect.succeed(["delivered", "rejected", "rejected", "delivered"])], { batch: { size: 4 } })
      yield* run({ sinks: [sink.sink] }, () => Effect.andThen(logAll(numbers(1, 6)), turns))
      assert.deepStrictEqual(shown(sink), ["1", "4", 2, "5", "6"])
      assert.deepStrictEqual(sink.gaps()[0]!.gap!.reasons, { rejected: 2 })
    }))

  it.effect("after a rejection inside a batch, it stands in front of the neighbour that is tried again", () =>
    Effect.gen(function*() {
      const sink = planned([Effect.fail(Sinks.rejected({ indexes: [1] }))], { batch: { size: 3 } })
      yield* run({ sinks: [sink.sink] }, () => logAll(numbers(1, 4)))
      assert.deepStrictEqual(shown(sink), ["1", 1, "3", "4"])
    }))

  it.effect("it tells since when, and stands where the first loss was, also when that is known last", () =>
    Effect.gen(function*() {
      const sink = answering(
        (batch, attempt) => attempt === 1 ? Effect.andThen(Effect.sleep("20 seconds"), refuse(batch)) : Effect.void,
        { batch: { size: 2 }, queue: { capacity: 2, strategy: "dropping" } }
      )
      yield* run({ sinks: [sink.sink] }, () =>
        Effect.gen(function*() {
          yield* logAll(["1", "2"])
          yield* sink.began
          yield* TestClock.adjust("10 seconds")
          yield* logAll(["3", "4", "5"])
          yield* TestClock.adjust("1 minute")
        }))
      assert.deepStrictEqual(shown(sink), [3, "3", "4"])
      assert.deepStrictEqual(sink.gaps()[0]!.gap, { lost: 3, since: 0, reasons: { queue_full: 1, rejected: 2 } })
    }))

  it.effect("a loss at the end is in no line of the sink, only in the report", () =>
    Effect.gen(function*() {
      const sink = answering(() => Effect.fail(Sinks.rejected()))
      const { report } = yield* run({ sinks: [sink.sink] }, () => logAll(["1"]))
      assert.deepStrictEqual(shown(sink), [])
      assert.strictEqual(report.lost, 1)
    }))

  it.effect("a line that the sink did not take is told again: every loss is told once", () =>
    Effect.gen(function*() {
      const sink = answering(
        (batch, attempt) => attempt <= 3 ? refuse(batch) : Effect.void,
        { batch: { size: 2 } }
      )
      const exhausted = answering((_, attempt) => attempt <= 3 ? Effect.fail("down") : Effect.void, {
        name: "exhausted",
        batch: { size: 2 },
        retry: { maxAttempts: 1 }
      })
      yield* run({ sinks: [sink.sink, exhausted.sink] }, () =>
        Effect.gen(function*() {
          for (const n of numbers(1, 6)) {
            yield* Effect.logInfo(n)
            yield* turns
          }
        }))
      assert.deepStrictEqual(shown(sink), [3, "4", "5", "6"])
      assert.deepStrictEqual(shown(exhausted), [3, "4", "5", "6"])
      assert.deepStrictEqual(exhausted.gaps()[0]!.gap!.reasons, { retry_exhausted: 3 })
    }))

  it.effect("a sink that takes no such lines gets its records all the same", () =>
    Effect.gen(function*() {
      for (const size of [1, 2]) {
        const sink = answering(
          (batch) => Effect.succeed(batch.map((record) => record.gap === undefined ? "delivered" : "rejected")),
          { batch: { size }, queue: { capacity: 5 } }
        )
        yield* run({ sinks: [sink.sink] }, () =>
          Effect.gen(function*() {
            yield* logAll(numbers(1, 7))
            yield* turns
            yield* logAll(numbers(8, 9))
            yield* turns
            assert.strictEqual((yield* AsyncLogging.stats).sinks["probe"]!.injected, 0)
            assert.isBelow(sink.writes.length, 20)
          }))
        assert.deepStrictEqual(shown(sink), [...numbers(3, 9)])
      }
    }))

  it.effect("a line takes no slot in the queue, and a batch with it is no larger than batch.size", () =>
    Effect.gen(function*() {
      for (const size of [1, 2, 3]) {
        const sink = gated({ batch: { size }, queue: { capacity: 4 } })
        yield* run({ sinks: [sink.sink] }, () =>
          Effect.gen(function*() {
            yield* occupy(sink)
            yield* logAll(numbers(1, 10))
            assert.strictEqual((yield* AsyncLogging.stats).sinks["probe"]!.depth, 4)
            yield* sink.release
          }))
        assert.deepStrictEqual(shown(sink), ["first", 6, ...numbers(7, 10)])
        assert.isTrue(sink.writes.every((batch) => batch.length <= size), `size ${size}`)
      }
    }))

  it.effect("a batch that is tried again keeps its line, which is counted once", () =>
    Effect.gen(function*() {
      const sink = answering((_, attempt) =>
        attempt === 1 ? Effect.void : attempt < 5 ? Effect.fail("down") : Effect.void
      )
      yield* run({ queue: { capacity: 2 }, sinks: [sink.sink] }, () =>
        Effect.gen(function*() {
          yield* occupy(sink)
          yield* logAll(numbers(1, 3))
          yield* TestClock.adjust("1 hour")
          assert.strictEqual((yield* AsyncLogging.stats).sinks["probe"]!.injected, 1)
        }))
      assert.deepStrictEqual(shown(sink), ["first", 1, "2", "3"])
    }))

  it.effect("the formatted line has the key gap and no seq, and is kept from the sink's own filter and level", () =>
    Effect.gen(function*() {
      const lines: Array<string> = []
      const sink = Sinks.make({
        name: "probe",
        minimumLevel: "Error",
        filter: (record) => record.message !== "x",
        queue: { capacity: 1 },
        write: (batch, format) => Effect.sync(() => void lines.push(...batch.map(format)))
      })
      yield* run({ sinks: [sink] }, () => Effect.all([Effect.logError("a"), Effect.logError("b")]))
      assert.strictEqual(lines.length, 2)
      const line = JSON.parse(lines[0]!)
      assert.deepStrictEqual(line, {
        timestamp: "1970-01-01T00:00:00.000Z",
        level: "WARN",
        logger: "effect-async-logging",
        message: "lost 1 record (evicted 1)",
        gap: { lost: 1, since: "1970-01-01T00:00:00.000Z", reasons: { evicted: 1 } }
      })
      assert.strictEqual(JSON.parse(lines[1]!).seq, 1)
    }))
})
