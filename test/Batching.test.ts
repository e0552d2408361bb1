import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Scheduler from "effect/Scheduler"
import * as TestClock from "effect/testing/TestClock"
import * as AsyncLogging from "../src/AsyncLogging.ts"
import * as Logger from "../src/Logger.ts"
import * as Pipeline from "../src/Pipeline.ts"
import * as Sinks from "../src/Sinks.ts"
import { directory } from "./support/files.ts"
import { answering, gated, numbers, recording, run, turns } from "./support/sinks.ts"

const logAll = (messages: ReadonlyArray<string>) => Effect.forEach(messages, (message) => Effect.logInfo(message))

describe("batches", () => {
  it.effect("G27 without linger, what is there is taken, at most 512 records", () =>
    Effect.gen(function*() {
      const sink = recording()
      yield* run({ sinks: [sink.sink] }, () =>
        Effect.gen(function*() {
          yield* Effect.logInfo("1")
          yield* turns
          yield* logAll(["2", "3"])
          yield* turns
          // in one turn of this fiber
          yield* Effect.provideService(logAll(numbers(1, 2600)), Scheduler.MaxOpsBeforeYield, 1e6)
          yield* turns
        }))
      assert.deepStrictEqual(sink.writes.map((batch) => batch.length), [1, 2, 512, 512, 512, 512, 512, 40])
    }))

  it.effect("G27 a sink of lines takes up to 4,096 records, unless the layer or its own options say otherwise", () =>
    Effect.gen(function*() {
      const path = yield* directory
      const batch = { size: 1500 }
      for (const [own, layer, attempts] of [[{}, {}, 2], [{}, { batch }, 4], [{ batch }, {}, 4]] as const) {
        const sinks = [Sinks.file({ path: `${path}/app.log`, ...own })]
        const { value } = yield* run({ ...layer, sinks }, () =>
          Effect.gen(function*() {
            yield* Effect.provideService(logAll(numbers(1, 5000)), Scheduler.MaxOpsBeforeYield, 1e6)
            yield* AsyncLogging.flush
            return yield* AsyncLogging.stats
          }))
        assert.strictEqual(value.sinks["file"]?.attempts, attempts)
      }
    }))

  it.effect("G27 by age, also when a stage has answered a record without a time", () =>
    Effect.gen(function*() {
      const sink = recording({ batch: { linger: "1 second" } })
      const stages = [Pipeline.enrich((record) => ({ ...record, time: Number.NaN }))]
      yield* run({ stages, sinks: [sink.sink] }, () =>
        Effect.gen(function*() {
          yield* Effect.logInfo("1")
          yield* turns
          yield* TestClock.adjust("1 second")
          assert.deepStrictEqual(sink.records.map(({ message, notes }) => [message, notes]), [["1", [
            "enricher_failed"
          ]]])
        }))
    }))

  it.effect("G27 by size at once, without time", () =>
    Effect.gen(function*() {
      const sink = recording({ batch: { size: 3, linger: "1 hour" } })
      yield* run({ sinks: [sink.sink] }, () =>
        Effect.gen(function*() {
          yield* logAll(numbers(1, 2))
          yield* turns
          assert.deepStrictEqual(sink.batches(), [])
          yield* Effect.logInfo("3")
          yield* turns
          assert.deepStrictEqual(sink.batches(), [numbers(1, 3)])
          yield* logAll(numbers(4, 10))
          yield* turns
          assert.deepStrictEqual(sink.batches(), [numbers(1, 3), numbers(4, 6), numbers(7, 9)])
        }))
      assert.deepStrictEqual(sink.batches().at(-1), ["10"])
    }))

  it.effect("G27 by age, with no further log call: the age of the oldest record", () =>
    Effect.gen(function*() {
      const sink = recording({ batch: { size: 100, linger: "10 seconds" } })
      yield* run({ sinks: [sink.sink] }, () =>
        Effect.gen(function*() {
          yield* Effect.logInfo("1")
          yield* turns
          yield* TestClock.adjust("6 seconds")
          yield* Effect.logInfo("2")
          yield* TestClock.adjust("3999 millis")
          assert.deepStrictEqual(sink.batches(), [])
          yield* TestClock.adjust("1 millis")
          assert.deepStrictEqual(sink.batches(), [["1", "2"]])
          yield* TestClock.adjust("1 hour")
          yield* Effect.logInfo("3")
          yield* turns
          yield* TestClock.adjust("9999 millis")
          assert.strictEqual(sink.writes.length, 1)
          yield* TestClock.adjust("1 millis")
          assert.deepStrictEqual(sink.batches(), [["1", "2"], ["3"]])
        }))
    }))

  it.effect("G27 a record whose time lies in the future lingers no longer than any other", () =>
    Effect.gen(function*() {
      const ahead = Pipeline.enrich((record) => ({ ...record, time: record.time + 86_400_000 }))
      const sink = recording({ batch: { size: 100, linger: "10 seconds" } })
      yield* run({ stages: [ahead], sinks: [sink.sink] }, () =>
        Effect.gen(function*() {
          yield* Effect.logInfo("1")
          yield* turns
          yield* TestClock.adjust("9999 millis")
          assert.deepStrictEqual(sink.batches(), [])
          yield* TestClock.adjust("1 millis")
          assert.deepStrictEqual(sink.batches(), [["1"]])
        }))
    }))

  it.effect("G27 a queue that is full ends the linger: by records, by bytes, and where one waits for room", () =>
    Effect.gen(function*() {
      const batch = { size: 100, linger: "1 hour" } as const
      const records = recording({ name: "records", batch, queue: { capacity: 5 } })
      const bytes = recording({ name: "bytes", batch, queue: { maxBytes: 50_000, strategy: "backpressure" } })
      yield* run({ sinks: [records.sink, bytes.sink] }, () =>
        Effect.gen(function*() {
          for (const n of numbers(1, 12)) {
            yield* Effect.logInfo(n, { text: "x".repeat(9000) })
            yield* turns
          }
          assert.deepStrictEqual(records.batches(), [numbers(1, 5), numbers(6, 10)])
          assert.deepStrictEqual(bytes.batches(), [numbers(1, 6), numbers(7, 12)])
          const { sinks } = yield* AsyncLogging.stats
          assert.strictEqual(sinks["bytes"]!.ledger.dropped.overdraft, 0)
        }))
    }))

  it.effect("G27 nothing lingers while a caller waits for room by bytes, whatever was taken since", () =>
    Effect.gen(function*() {
      const sink = recording({
        batch: { size: 3, linger: "1 hour" },
        queue: { maxBytes: 60_000, strategy: "backpressure", overdraft: 0 }
      })
      yield* run({ sinks: [sink.sink] }, () =>
        Effect.gen(function*() {
          const small = (n: string) => Logger.info(n, { text: "x".repeat(9000) })
          yield* Effect.forEach(["1", "2"], small)
          yield* turns
          assert.deepStrictEqual(sink.batches(), [])
          // the room that the first three leave is not enough for it
          const large = Array.from({ length: 5 }, () => "x".repeat(9000))
          const waiting = yield* Effect.forkChild(
            Effect.andThen(Effect.forEach(["3", "4", "5"], small), Logger.info("large", { large }))
          )
          yield* turns
          assert.deepStrictEqual(sink.batches(), [["1", "2", "3"], ["4", "5"]])
          yield* Fiber.join(waiting)
        }))
      assert.deepStrictEqual(sink.batches().at(-1), ["large"])
    }))

  it.effect("G27 no batch is ever empty", () =>
    Effect.gen(function*() {
      const sink = gated({ batch: { size: 2, linger: "1 second" }, queue: { capacity: 3 } })
      const rejecting = answering((batch) => Effect.succeed(batch.map(() => "rejected" as const)), {
        name: "rejecting",
        batch: { size: 1 }
      })
      yield* run({ sinks: [sink.sink, rejecting.sink] }, () =>
        Effect.gen(function*() {
          yield* AsyncLogging.flush
          yield* TestClock.adjust("1 minute")
          yield* logAll(numbers(1, 20))
          yield* TestClock.adjust("1 minute")
          yield* sink.release
          yield* AsyncLogging.flush
          yield* TestClock.adjust("1 minute")
          yield* AsyncLogging.flush
        }))
      for (const { writes } of [sink, rejecting]) {
        assert.isAbove(writes.length, 0)
        assert.isTrue(writes.every((batch) => batch.length > 0))
      }
    }))

  it.effect("a sink's own batch options win over those of the layer, one by one", () =>
    Effect.gen(function*() {
      const plain = recording({ name: "plain" })
      const sized = recording({ name: "sized", batch: { size: 2 } })
      const quick = recording({ name: "quick", batch: { linger: 0 } })
      const left = recording({ name: "left", batch: { size: undefined, linger: undefined } })
      yield* run({ batch: { size: 3, linger: "1 hour" }, sinks: [plain.sink, sized.sink, quick.sink, left.sink] }, () =>
        Effect.gen(function*() {
          yield* Effect.logInfo("1")
          yield* turns
          yield* logAll(["2", "3", "4"])
          yield* turns
          assert.deepStrictEqual(plain.batches(), [["1", "2", "3"]])
          assert.deepStrictEqual(sized.batches(), [["1", "2"], ["3", "4"]])
          assert.deepStrictEqual(quick.batches(), [["1"], ["2", "3", "4"]])
          assert.deepStrictEqual(left.batches(), plain.batches())
        }))
    }))
})
