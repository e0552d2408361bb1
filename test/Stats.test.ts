import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/testing/TestClock"
import * as AsyncLogging from "../src/AsyncLogging.ts"
import * as Record from "../src/Record.ts"
import * as Sinks from "../src/Sinks.ts"
import {
  answering,
  counts,
  gated,
  losses,
  numbers,
  planned,
  type Probe,
  recording,
  run,
  turns
} from "./support/sinks.ts"

const logAll = (messages: ReadonlyArray<string>) => Effect.forEach(messages, (message) => Effect.logInfo(message))
const ten = numbers(1, 10)

const statsOf = (name = "probe") => Effect.map(AsyncLogging.stats, ({ sinks }) => sinks[name]!)

// what happens from now on, added up
const listen = Effect.gen(function*() {
  const seen = { trouble: 0, lost: 0, messages: new Set<string>() }
  yield* AsyncLogging.events.pipe(
    Stream.runForEach((event) =>
      Effect.sync(() => {
        if (event._tag === "Trouble") {
          seen.trouble += event.count
          seen.messages.add(event.message)
        } else if (event._tag !== "BreakerChanged") {
          seen.lost += event.count
        }
      })
    ),
    Effect.forkChild({ startImmediately: true })
  )
  return seen
})

const failures = (n: number) =>
  Array.from(
    { length: n },
    (_, i) => Effect.fail(Sinks.unavailable({ cause: `down ${i + 1}`, retryAfter: "1 second" }))
  )

describe("G34 after 10 records and 3 failed deliveries stats say 10 and 3", () => {
  it.effect("G34 in one batch that fails 3 times, at every instant on the way", () =>
    Effect.gen(function*() {
      const sink = planned(failures(3))
      yield* run({ sinks: [sink.sink] }, () =>
        Effect.gen(function*() {
          const seen = yield* listen
          yield* logAll(ten)
          const queued = yield* statsOf()
          assert.deepStrictEqual([queued.ledger.queued, queued.depth, queued.highWatermark], [10, 10, 10])
          assert.deepStrictEqual([queued.attempts, queued.retries, queued.lastError], [0, 0, undefined])
          for (let failed = 1; failed <= 3; failed++) {
            yield* turns
            const { attempts, bytes, depth, lastError, ledger, retries } = yield* statsOf()
            assert.deepStrictEqual([attempts, retries], [failed, failed - 1])
            assert.deepStrictEqual([ledger.sending, ledger.delivered, depth, bytes], [10, 0, 0, 0])
            assert.deepStrictEqual(lastError, { time: (failed - 1) * 1000, message: `down ${failed}` })
            assert.strictEqual(seen.trouble, failed)
            yield* TestClock.adjust("1 second")
          }
          const { ledger } = yield* AsyncLogging.stats
          assert.deepStrictEqual([ledger.offered, ledger.accepted, ledger.held], [10, 10, 0])
          const { attempts, depth, injected, ledger: sinkLedger, retries } = yield* statsOf()
          assert.deepStrictEqual([sinkLedger.accepted, sinkLedger.delivered, sinkLedger.sending, depth], [10, 10, 0, 0])
          assert.deepStrictEqual([attempts, retries, injected], [4, 3, 0])
          assert.deepStrictEqual([seen.trouble, seen.lost], [3, 0])
          assert.deepStrictEqual([...seen.messages], ["down 1", "down 2", "down 3"])
        }))
      assert.strictEqual(sink.writes.length, 4)
    }))

  it.effect("G34 in ten batches, of which three fail once", () =>
    Effect.gen(function*() {
      // writes: 1 and its repetition, 2, 3, 4 and its repetition, …
      const sink = answering((_, attempt) => [1, 5, 12].includes(attempt) ? Effect.fail("down") : Effect.void, {
        batch: { size: 1 }
      })
      yield* run({ sinks: [sink.sink] }, () =>
        Effect.gen(function*() {
          const seen = yield* listen
          yield* logAll(ten)
          yield* turns
          yield* TestClock.adjust("1 minute")
          const { attempts, ledger, retries } = yield* statsOf()
          assert.deepStrictEqual([ledger.accepted, ledger.delivered, attempts, retries], [10, 10, 13, 3])
          assert.deepStrictEqual([seen.trouble, seen.lost], [3, 0])
        }))
      assert.deepStrictEqual(sink.messages(), ten)
      assert.strictEqual(sink.writes.length, 13)
    }))

  it.effect("G34 when the three are given up, and the report of the close and that of a flush say so too", () =>
    Effect.gen(function*() {
      const sink = answering((batch) => ["2", "5", "9"].includes(batch[0]!.message) ? Effect.fail("no") : Effect.void, {
        batch: { size: 1 },
        retry: { maxAttempts: 1 }
      })
      const { report } = yield* run({ sinks: [sink.sink] }, () =>
        Effect.gen(function*() {
          const seen = yield* listen
          yield* logAll(ten)
          const flushed = yield* AsyncLogging.flush
          assert.deepStrictEqual(
            [flushed.sinks["probe"]!.delivered, flushed.sinks["probe"]!.failed, flushed.sinks["probe"]!.pending],
            [7, 3, 0]
          )
          yield* turns
          const { attempts, injected, retries } = yield* statsOf()
          assert.deepStrictEqual(losses(yield* counts()), { "failed: retry_exhausted": 3 })
          assert.deepStrictEqual([attempts - injected, retries], [10, 0])
          assert.deepStrictEqual([seen.trouble, seen.lost], [3, 3])
        }))
      assert.deepStrictEqual([report.sinks["probe"]!.accepted, report.sinks["probe"]!.delivered], [10, 7])
      assert.strictEqual(report.lost, 3)
      assert.deepStrictEqual(sink.messages(), ["1", "3", "4", "6", "7", "8", "10"])
    }))

  it.effect("G34 when the sink refuses three of the ten, and writes the lines that tell of them", () =>
    Effect.gen(function*() {
      const sink = planned([Effect.fail(Sinks.rejected({ indexes: [1, 4, 8], cause: "no" }))])
      const { report } = yield* run({ sinks: [sink.sink] }, () =>
        Effect.gen(function*() {
          yield* logAll(ten)
          yield* turns
          const { attempts, injected, ledger, retries } = yield* statsOf()
          assert.deepStrictEqual([ledger.accepted, ledger.delivered, ledger.failed.rejected], [10, 7, 3])
          assert.deepStrictEqual([attempts, retries, injected], [2, 1, sink.gaps().length])
        }))
      assert.strictEqual(report.lost, 3)
      assert.strictEqual(sink.gaps().reduce((sum, { gap }) => sum + gap!.lost, 0), 3)
    }))

  it.effect("G34 for each of two sinks and a fallback by itself", () =>
    Effect.gen(function*() {
      const main = planned(failures(3), { fallback: "spare", breaker: { failures: 3 }, batch: { size: 1 } })
      const spare = recording({ name: "spare" })
      const other = recording({ name: "other" })
      yield* run({ sinks: [main.sink, spare.sink, other.sink] }, () =>
        Effect.gen(function*() {
          const seen = yield* listen
          yield* logAll(ten)
          yield* TestClock.adjust("10 seconds")
          const { other, probe, spare } = (yield* AsyncLogging.stats).sinks
          assert.deepStrictEqual(
            [probe!.ledger.accepted, probe!.ledger.divertedOut, probe!.attempts, probe!.retries, probe!.breaker],
            [10, 10, 3, 2, "open"]
          )
          assert.deepStrictEqual([spare!.ledger.divertedIn, spare!.ledger.delivered, spare!.retries], [10, 10, 0])
          assert.deepStrictEqual([other!.ledger.accepted, other!.ledger.delivered, other!.attempts], [10, 10, 1])
          assert.deepStrictEqual([seen.trouble, seen.lost], [3, 0])
          assert.deepStrictEqual([other!.lastError, spare!.lastError, probe!.lastError?.message], [
            undefined,
            undefined,
            "down 3"
          ])
        }))
    }))

  it.effect("G34 under layerSync, before the call returns", () =>
    Effect.gen(function*() {
      let writes = 0
      const sink = Sinks.make({
        name: "probe",
        write: () => Effect.void,
        writeSync: () => {
          if ([2, 5, 9].includes(++writes)) throw new Error("no")
        }
      })
      const program = Effect.gen(function*() {
        yield* logAll(ten)
        const { attempts, injected, lastError, ledger } = yield* statsOf()
        assert.deepStrictEqual([ledger.accepted, ledger.delivered + injected, attempts], [10, 7 + injected, 10])
        assert.strictEqual(ledger.failed.retry_exhausted, 3)
        assert.strictEqual(lastError?.message, "Error: no")
      })
      yield* program.pipe(
        Effect.provide(AsyncLogging.layerSync({ sinks: [sink] })),
        Effect.provideService(AsyncLogging.NoticeWriter, () => {})
      )
    }))
})

describe("G34 what stats say beside the counts", () => {
  it.effect("G34 depth and bytes are those of what is queued, and the watermark is the most that ever was", () =>
    Effect.gen(function*() {
      const sink = gated({ batch: { size: 3 }, queue: { capacity: 8 } })
      yield* run({ sinks: [sink.sink] }, () =>
        Effect.gen(function*() {
          const bytesOf = (records: Probe["writes"][number]) =>
            records.reduce((sum, record) => sum + Record.estimateBytes(record), 0)
          yield* logAll(numbers(1, 3))
          yield* sink.began
          yield* logAll(numbers(4, 7))
          const full = yield* statsOf()
          assert.deepStrictEqual([full.depth, full.ledger.queued, full.ledger.sending], [4, 4, 3])
          yield* sink.step
          yield* sink.began
          const less = yield* statsOf()
          assert.deepStrictEqual([less.depth, less.highWatermark, less.ledger.delivered], [1, 4, 3])
          assert.deepStrictEqual(full.bytes - less.bytes, bytesOf(sink.writes[1]!))
          yield* logAll(numbers(8, 20))
          const most = yield* statsOf()
          assert.deepStrictEqual([most.depth, most.highWatermark, most.ledger.dropped.evicted], [8, 8, 6])
          yield* sink.release
          yield* AsyncLogging.flush
          const empty = yield* statsOf()
          assert.deepStrictEqual([empty.depth, empty.bytes, empty.highWatermark], [0, 0, 8])
          assert.deepStrictEqual([empty.injected, sink.gaps().length], [1, 1])
          assert.strictEqual(empty.attempts, sink.writes.length)
        }))
    }))

  it.effect("G34 the rate is that of the last ten seconds, and decays without further records", () =>
    Effect.gen(function*() {
      const sink = recording()
      yield* run({ sinks: [sink.sink] }, () =>
        Effect.gen(function*() {
          assert.strictEqual((yield* statsOf()).deliveredPerSecond, 0)
          yield* logAll(ten)
          yield* turns
          assert.strictEqual((yield* statsOf()).deliveredPerSecond, 1)
          yield* TestClock.adjust("10 seconds")
          assert.approximately((yield* statsOf()).deliveredPerSecond, 1 / Math.E, 1e-9)
          for (let second = 0; second < 100; second++) {
            yield* logAll(ten)
            yield* TestClock.adjust("1 second")
          }
          // read at the end of a second, ten records after the beginning of it
          assert.approximately((yield* statsOf()).deliveredPerSecond, 10, 0.6)
        }))
    }))
})
