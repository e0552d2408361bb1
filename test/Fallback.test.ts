import { assert, describe, it } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/testing/TestClock"
import * as AsyncLogging from "../src/AsyncLogging.ts"
import * as Logger from "../src/Logger.ts"
import type { LogRecord } from "../src/Record.ts"
import * as Sinks from "../src/Sinks.ts"
import { answering, counts, gated, hung, losses, numbers, planned, recording, run, turns } from "./support/sinks.ts"

const logAll = (messages: ReadonlyArray<string>) => Effect.forEach(messages, (message) => Effect.logInfo(message))
const down = () => Effect.fail("down")
const spare = (options?: Sinks.SinkOptions) => recording({ name: "spare", ...options })

// one batch for each record
const logApart = (messages: ReadonlyArray<string>) =>
  Effect.forEach(messages, (message) => Effect.andThen(Effect.logInfo(message), turns))

// what of a ledger is not zero
const told = ({ dropped: _, failed: __, ...terms }: AsyncLogging.SinkCounts): { readonly [term: string]: number } =>
  Object.fromEntries(Object.entries(terms).filter(([, n]) => n > 0))

describe("fallback", () => {
  it.effect("G23 gets a record whose maxAttempts are made: it is counted as that, not as delivered by the first", () =>
    Effect.gen(function*() {
      const main = answering(down, { fallback: "spare", retry: { maxAttempts: 2, initial: "1 second" } })
      const other = spare()
      const { report } = yield* run({ sinks: [main.sink, other.sink] }, () =>
        Effect.gen(function*() {
          yield* logAll(["1", "2"])
          yield* turns
          assert.deepStrictEqual(told(yield* counts()), { accepted: 2, sending: 2 })
          yield* TestClock.adjust("2 seconds")
          assert.deepStrictEqual(told(yield* counts()), { accepted: 2, divertedOut: 2 })
          assert.deepStrictEqual(told(yield* counts("spare")), { divertedIn: 2, delivered: 2 })
        }))
      assert.deepStrictEqual(other.messages(), ["1", "2"])
      assert.strictEqual(main.writes.length, 2)
      assert.strictEqual(report.lost, 0)
    }))

  it.effect("takes nothing else, and enables no level", () =>
    Effect.gen(function*() {
      const other = spare({ minimumLevel: "Trace" })
      const main = recording({ fallback: "spare", minimumLevel: "Warn" })
      const { value } = yield* run({ sinks: [other.sink, main.sink] }, () =>
        Effect.gen(function*() {
          yield* Effect.logInfo("a")
          yield* Effect.logError("b")
          return yield* Logger.isEnabled("Info")
        }))
      assert.isFalse(value)
      assert.deepStrictEqual([main.messages(), other.messages()], [["b"], []])
    }))

  it.effect("has its own filter, and its own level: not the layer's", () =>
    Effect.gen(function*() {
      const main = answering(down, { fallback: "spare", minimumLevel: "Debug", breaker: { failures: 1 } })
      const picky = answering(down, {
        name: "picky",
        fallback: "choosy",
        minimumLevel: "Debug",
        breaker: { failures: 1 }
      })
      const other = spare({ filter: (record) => record.message !== "noise" })
      const choosy = recording({ name: "choosy", minimumLevel: "Error" })
      yield* run({ sinks: [main.sink, picky.sink, other.sink, choosy.sink], minimumLevel: "Fatal" }, () =>
        Effect.gen(function*() {
          yield* Effect.logDebug("debug")
          yield* Effect.logInfo("noise")
          yield* Effect.logError("error")
          yield* turns
          assert.deepStrictEqual(told(yield* counts("spare")), { divertedIn: 3, filteredHere: 1, delivered: 2 })
          assert.deepStrictEqual(told(yield* counts("choosy")), { divertedIn: 3, filteredHere: 2, delivered: 1 })
          yield* AsyncLogging.setLevel("Warn", { sink: "spare" })
          yield* Effect.logInfo("info")
          yield* turns
        }))
      assert.deepStrictEqual(other.messages(), ["debug", "error"])
      assert.deepStrictEqual(choosy.messages(), ["error"])
    }))

  it.effect("of a sink that is finished gets its batch, its queue, and all that comes", () =>
    Effect.gen(function*() {
      const main = planned([Effect.fail(Sinks.fatal({ cause: "over" }))], { fallback: "spare", batch: { size: 2 } })
      const other = spare()
      const { report } = yield* run({ sinks: [main.sink, other.sink] }, () =>
        Effect.gen(function*() {
          yield* logAll(numbers(1, 5))
          yield* turns
          yield* logAll(numbers(6, 7))
        }))
      assert.deepStrictEqual(other.messages(), numbers(1, 7))
      assert.strictEqual(main.writes.length, 1)
      assert.deepStrictEqual(told(report.sinks["probe"]!), { accepted: 7, divertedOut: 7 })
    }))

  it.effect("that ends after its sink has leaves nowhere to go: what is left is dropped, and the ended sink left alone", () =>
    Effect.gen(function*() {
      const fatal = () => Effect.fail(Sinks.fatal())
      const main = answering(fatal, { fallback: "spare", batch: { size: 1 } })
      const other = answering(() => Effect.andThen(turns, fatal()), { name: "spare", batch: { size: 1 } })
      const { report } = yield* run(
        { sinks: [main.sink, other.sink] },
        () => Effect.andThen(logApart(numbers(1, 3)), logAll(numbers(4, 6)))
      )
      assert.deepStrictEqual([main.writes.length, other.writes.length], [1, 1])
      assert.strictEqual(report.lost, 6)
    }))

  it.effect("may have a fallback itself; what two sinks divert to it counts twice", () =>
    Effect.gen(function*() {
      const breaker = { failures: 1 }
      const sinks = [
        answering(down, { name: "a", fallback: "b", breaker }),
        answering(down, { name: "b", fallback: "c", breaker }),
        recording({ name: "c" }),
        answering(down, { name: "d", fallback: "c", breaker })
      ]
      const { report } = yield* run({ sinks: sinks.map(({ sink }) => sink) }, () => logApart(numbers(1, 3)))
      assert.deepStrictEqual(Object.values(report.sinks).map(told), [
        { accepted: 3, divertedOut: 3 },
        { accepted: 3, divertedOut: 3 },
        { divertedIn: 3, divertedOut: 3 },
        { divertedIn: 6, delivered: 6 }
      ])
      assert.deepStrictEqual(sinks[2]!.messages(), ["1", "1", "2", "2", "3", "3"])
    }))

  it.effect("that is full has the sink wait, whatever its strategy: it is not overrun", () =>
    Effect.gen(function*() {
      const options = { fallback: "spare", breaker: { failures: 1 }, batch: { size: 5 } }
      for (const strategy of ["backpressure", "dropping", "sliding"] as const) {
        const main = answering(down, options)
        const other = gated({ name: "spare", queue: { capacity: 1, strategy }, batch: { size: 1 } })
        const { report } = yield* run({ sinks: [main.sink, other.sink] }, () =>
          Effect.gen(function*() {
            yield* logAll(numbers(1, 5))
            yield* turns
            const { divertedIn, queued, waiting } = yield* counts("spare")
            assert.deepStrictEqual([divertedIn, queued, waiting], [5, 1, 3])
            yield* logAll(numbers(6, 9))
            yield* turns
            // the worker waits: the queue of its own sink fills, and no other
            assert.deepStrictEqual([(yield* counts()).queued, (yield* counts("spare")).waiting], [4, 3])
            yield* other.release
          }))
        assert.deepStrictEqual(other.messages(), numbers(1, 9))
        assert.strictEqual(report.lost, 0)
      }
    }))

  it.effect("gets a whole queue at once when the breaker opens, and loses nothing of it", () =>
    Effect.gen(function*() {
      const main = answering(() => Effect.andThen(turns, Effect.fail("down")), {
        fallback: "spare",
        breaker: { failures: 1 }
      })
      const other = spare({ queue: { capacity: 500 }, batch: { size: 100 } })
      const { report } = yield* run({ sinks: [main.sink, other.sink] }, () => logAll(numbers(1, 5_000)))
      assert.deepStrictEqual(other.messages(), numbers(1, 5_000))
      assert.strictEqual(report.lost, 0)
    }))

  it.effect("that has ended itself takes nothing: the sink is tried again instead", () =>
    Effect.gen(function*() {
      let isDown = true
      const main = answering(() => isDown ? Effect.fail("down") : Effect.void, {
        fallback: "spare",
        breaker: { failures: 1 }
      })
      const other = answering(() => Effect.fail(Sinks.fatal()), { name: "spare" })
      const { report } = yield* run({ sinks: [main.sink, other.sink] }, () =>
        Effect.gen(function*() {
          yield* logApart(numbers(1, 5))
          isDown = false
          yield* TestClock.adjust("1 minute")
        }))
      assert.deepStrictEqual(main.messages(), numbers(2, 5))
      assert.deepStrictEqual(losses(report.sinks["spare"]!), { "failed: fatal": 1 })
    }))

  it.effect("under layerSync gets what a sink could not write, before the call returns", () =>
    Effect.gen(function*() {
      const written: Array<string> = []
      const sync = (
        name: string,
        writeSync: (batch: ReadonlyArray<LogRecord>) => void,
        options: Sinks.SinkOptions = {}
      ) => Sinks.make({ name, ...options, write: () => Effect.void, writeSync })
      const broken = () => {
        throw new Error("down")
      }
      const poison = () => {
        throw Sinks.rejected()
      }
      const sinks = [
        sync("broken", broken, { fallback: "spare", breaker: { failures: 2 } }),
        sync("poison", poison, { deadLetter: "dead" }),
        sync("spare", (batch) => void written.push(...batch.map(({ message }) => `spare ${message}`))),
        sync("dead", (batch) => void written.push(...batch.map(({ message }) => `dead ${message}`)))
      ] as const
      yield* Effect.gen(function*() {
        yield* Effect.logInfo("1")
        assert.deepStrictEqual(written, ["spare 1", "dead 1"])
        yield* logAll(["2", "3"])
        const { sinks } = yield* AsyncLogging.stats
        assert.deepStrictEqual(told(sinks["broken"]!.ledger), { accepted: 3, divertedOut: 3 })
        assert.strictEqual(sinks["broken"]!.attempts, 2)
        assert.deepStrictEqual(told(sinks["dead"]!.ledger), { divertedIn: 3, delivered: 3 })
      }).pipe(Effect.provide(Layer.provide(
        AsyncLogging.layerSync({ sinks }),
        Layer.succeed(AsyncLogging.NoticeWriter, () => {})
      )))
    }))
})

describe("breaker", () => {
  it.effect("G25 opens at the fifth failure in a row, lets one probe through after 30 s, reopens anew, closes on success", () =>
    Effect.gen(function*() {
      let isDown = true
      const main = answering(() => isDown ? Effect.fail("down") : Effect.void, { fallback: "spare" })
      const other = spare()
      const { notices } = yield* run({ sinks: [main.sink, other.sink] }, () =>
        Effect.gen(function*() {
          const state = Effect.map(AsyncLogging.stats, ({ sinks }) => sinks["probe"]!.breaker)
          assert.strictEqual(yield* state, "closed")
          yield* Effect.logInfo("1")
          yield* turns
          // 200 + 400 + 800 + 1,600 ms, with jitter
          yield* TestClock.adjust("2 seconds")
          assert.deepStrictEqual([main.writes.length < 5, yield* state], [true, "closed"])
          yield* TestClock.adjust("2 seconds")
          assert.deepStrictEqual([main.writes.length, yield* state], [5, "open"])
          assert.deepStrictEqual(other.messages(), ["1"])

          yield* logApart(["2", "3"])
          assert.deepStrictEqual([main.writes.length, other.messages()], [5, ["1", "2", "3"]])

          yield* TestClock.adjust("30 seconds")
          yield* logApart(["4", "5"])
          assert.deepStrictEqual([main.writes.length, yield* state], [6, "open"])
          yield* TestClock.adjust("29 seconds")
          yield* logApart(["6"])
          assert.deepStrictEqual([main.writes.length, other.messages()], [6, numbers(1, 6)])

          isDown = false
          yield* TestClock.adjust("1 second")
          yield* logApart(["7", "8"])
          assert.deepStrictEqual([main.messages(), yield* state], [["7", "8"], "closed"])

          isDown = true
          yield* Effect.logInfo("9")
          yield* turns
          yield* TestClock.adjust("2 seconds")
          assert.strictEqual(yield* state, "closed")
          isDown = false
          yield* TestClock.adjust("2 seconds")
          assert.deepStrictEqual(main.messages(), ["7", "8", "9"])
        }))
      assert.deepStrictEqual(notices.slice(0, 2), [
        "effect-async-logging: sink \"probe\" failed: down",
        "effect-async-logging: sink \"probe\" failed 5 times in a row: \"spare\" takes over"
      ])
      assert.include(notices, "effect-async-logging: sink \"probe\" takes records again")
    }))

  it.effect("tells its changes as events, the end of its sink too", () =>
    Effect.gen(function*() {
      const main = planned([Effect.fail("down"), Effect.void, Effect.fail(Sinks.fatal())], {
        fallback: "spare",
        breaker: { failures: 1, probeAfter: "1 second" }
      })
      const states: Array<string> = []
      yield* run({ sinks: [main.sink, spare().sink] }, () =>
        Effect.gen(function*() {
          const changes = Stream.filter(AsyncLogging.events, (event) => event._tag === "BreakerChanged")
          yield* Effect.forkChild(
            Stream.runForEach(changes, ({ sink, state }) => Effect.sync(() => void states.push(`${sink} ${state}`))),
            { startImmediately: true }
          )
          yield* logApart(["1", "2"])
          yield* TestClock.adjust("1 second")
          yield* logApart(["3", "4"])
          yield* TestClock.adjust("1 hour")
          yield* logApart(["5"])
          assert.strictEqual((yield* AsyncLogging.stats).sinks["probe"]!.breaker, "open")
        }))
      assert.deepStrictEqual(states, ["probe open", "probe closed", "probe open"])
      assert.strictEqual(main.writes.length, 3)
    }))

  it.effect("breaker.failures and breaker.probeAfter are when it opens, and for how long", () =>
    Effect.gen(function*() {
      const main = answering(down, { fallback: "spare", breaker: { failures: 1, probeAfter: "1 second" } })
      yield* run({ sinks: [main.sink, spare().sink] }, () =>
        Effect.gen(function*() {
          yield* logApart(["1", "2"])
          assert.strictEqual(main.writes.length, 1)
          yield* TestClock.adjust("1 second")
          yield* logApart(["3", "4"])
          assert.strictEqual(main.writes.length, 2)
        }))
    }))

  it.effect("counts failures in a row: a batch of which a part arrived, or was refused, is none", () =>
    Effect.gen(function*() {
      const main = answering(
        (batch, attempt) =>
          attempt % 2 === 1
            ? Effect.fail("down")
            : batch.length > 1
            ? Effect.fail(Sinks.unavailable({ delivered: 1 }))
            : Effect.fail(Sinks.rejected()),
        { fallback: "spare", breaker: { failures: 2 }, batch: { size: 2 } }
      )
      const other = spare()
      yield* run({ sinks: [main.sink, other.sink] }, () =>
        Effect.gen(function*() {
          yield* logAll(numbers(1, 4))
          yield* turns
          yield* TestClock.adjust("1 minute")
        }))
      assert.deepStrictEqual(other.messages(), [])
      assert.deepStrictEqual(main.messages(), ["1"])
    }))
})

describe("Rejected without indexes", () => {
  const refusing = (bad: ReadonlyArray<string>, options: Sinks.SinkOptions = {}) =>
    answering(
      (batch) => batch.some(({ message }) => bad.includes(message)) ? Effect.fail(Sinks.rejected()) : Effect.void,
      options
    )

  it.effect("G26 the poison record is isolated in few writes, and its neighbours are delivered in order", () =>
    Effect.gen(function*() {
      const main = refusing(["37"])
      const { report } = yield* run({ sinks: [main.sink] }, () => logAll(numbers(1, 64)))
      assert.deepStrictEqual(main.messages(), numbers(1, 64).filter((n) => n !== "37"))
      assert.deepStrictEqual(losses(report.sinks["probe"]!), { "failed: rejected": 1 })
      // the batch, and two halves six times
      assert.isAtMost(main.writes.length, 13)
    }))

  it.effect("G26 several, the first, the last and all of them", () =>
    Effect.gen(function*() {
      for (const bad of [["1"], ["7"], ["1", "7"], ["3", "4"], numbers(1, 7)]) {
        const main = refusing(bad, { deadLetter: "dead" })
        const dead = recording({ name: "dead" })
        const { report } = yield* run({ sinks: [main.sink, dead.sink] }, () => logAll(numbers(1, 7)))
        assert.deepStrictEqual(main.messages(), numbers(1, 7).filter((n) => !bad.includes(n)))
        assert.deepStrictEqual(dead.messages(), bad)
        assert.strictEqual(report.lost, 0)
      }
    }))

  it.effect("trouble in between is retried, half by half, with attempts of its own", () =>
    Effect.gen(function*() {
      const main = answering(
        (batch, attempt) =>
          attempt % 2 === 0
            ? Effect.fail("down")
            : batch.some(({ message }) => message === "3")
            ? Effect.fail(Sinks.rejected())
            : Effect.void,
        { retry: { maxAttempts: 3 } }
      )
      const { report } = yield* run({ sinks: [main.sink] }, () =>
        Effect.gen(function*() {
          yield* logAll(numbers(1, 4))
          yield* turns
          yield* TestClock.adjust("1 minute")
        }))
      assert.deepStrictEqual(main.messages(), ["1", "2", "4"])
      assert.deepStrictEqual(losses(report.sinks["probe"]!), { "failed: rejected": 1 })
    }))
})

describe("deadLetter", () => {
  it.effect("gets what is refused for good, by outcome and by index too, and without a fallback what is exhausted", () =>
    Effect.gen(function*() {
      const main = planned([
        Effect.succeed(["delivered", "rejected"] as const),
        Effect.fail(Sinks.rejected({ indexes: [0] })),
        Effect.void,
        Effect.fail("down")
      ], { deadLetter: "dead", batch: { size: 2 }, retry: { maxAttempts: 1 } })
      const dead = recording({ name: "dead" })
      const { report } = yield* run({ sinks: [main.sink, dead.sink] }, () => logAll(numbers(1, 6)))
      assert.deepStrictEqual(main.messages(), ["1", "4"])
      assert.deepStrictEqual(dead.messages(), ["2", "3", "5", "6"])
      assert.deepStrictEqual(told(report.sinks["probe"]!), { accepted: 6, delivered: 2, divertedOut: 4 })
      assert.deepStrictEqual(told(report.sinks["dead"]!), { divertedIn: 4, delivered: 4 })
    }))

  it.effect("beside a fallback gets only what is refused", () =>
    Effect.gen(function*() {
      const main = planned([Effect.fail(Sinks.rejected()), Effect.fail("down")], {
        deadLetter: "dead",
        fallback: "spare",
        retry: { maxAttempts: 1 }
      })
      const dead = recording({ name: "dead" })
      const other = spare()
      yield* run({ sinks: [main.sink, dead.sink, other.sink] }, () => logApart(["1", "2"]))
      assert.deepStrictEqual([dead.messages(), other.messages()], [["1"], ["2"]])
    }))
})

describe("who waits", () => {
  const open = { fallback: "spare", breaker: { failures: 1 } }

  it.effect("G9 a flush follows what is diverted: it is pending while the fallback is, and says what became of it", () =>
    Effect.gen(function*() {
      const main = gated(open)
      const other = gated({ name: "spare", batch: { size: 1 } })
      const failing = answering(() => Effect.andThen(main.release, Effect.fail("down")), open)
      yield* run({ sinks: [failing.sink, other.sink] }, () =>
        Effect.gen(function*() {
          yield* logAll(["1", "2"])
          const flush = yield* Effect.forkChild(AsyncLogging.flush, { startImmediately: true })
          yield* turns
          assert.isUndefined(flush.pollUnsafe())
          assert.strictEqual((yield* counts()).divertedOut, 2)
          yield* other.release
          const report = yield* Fiber.join(flush)
          assert.isTrue(report.complete)
          assert.deepStrictEqual(report.sinks["probe"], {
            delivered: 0,
            diverted: 2,
            failed: 0,
            dropped: 0,
            pending: 0,
            durable: true
          })
          // what the fallback got for this flush is durable too
          assert.deepStrictEqual(other.events.slice(-1), ["flush"])
          assert.isAbove(other.events.lastIndexOf("flush"), other.events.lastIndexOf("written"))
        }))
    }))

  it.effect("G9 a record that was diverted before the call is not counted for one that was not", () =>
    Effect.gen(function*() {
      const main = answering(
        (batch) => batch[0]!.message === "1" ? Effect.fail(Sinks.rejected()) : Effect.fail("down"),
        { deadLetter: "dead", batch: { size: 1 } }
      )
      const dead = gated({ name: "dead" })
      yield* run({ sinks: [main.sink, dead.sink], drainTimeout: "1 second" }, () =>
        Effect.gen(function*() {
          yield* Effect.forkChild(Logger.acknowledged("Info", "1"), { startImmediately: true })
          yield* turns
          yield* Effect.logInfo("2")
          yield* turns
          const flush = yield* Effect.forkChild(AsyncLogging.flushWithin("1 minute"), { startImmediately: true })
          yield* dead.release
          yield* turns
          assert.isUndefined(flush.pollUnsafe())
          yield* TestClock.adjust("1 minute")
          const { complete, sinks } = yield* Fiber.join(flush)
          assert.deepStrictEqual([complete, sinks["probe"]!.pending, sinks["probe"]!.diverted], [false, 1, 0])
          yield* Effect.forkDetach(Effect.andThen(turns, TestClock.adjust("1 second")))
        }))
    }))

  it.effect("G9 a flush stands behind those who wait for room at a fallback", () =>
    Effect.gen(function*() {
      const main = answering(down, open)
      const other = gated({ name: "spare", queue: { capacity: 1 }, batch: { size: 1 } })
      yield* run({ sinks: [main.sink, other.sink] }, () =>
        Effect.gen(function*() {
          yield* logAll(numbers(1, 5))
          yield* turns
          const flush = yield* Effect.forkChild(AsyncLogging.flush, { startImmediately: true })
          yield* turns
          yield* other.release
          const { complete, sinks } = yield* Fiber.join(flush)
          assert.deepStrictEqual([complete, sinks["spare"]!.delivered], [true, 5])
          assert.deepStrictEqual(other.messages(), numbers(1, 5))
        }))
    }))

  it.effect("G9 a flush makes durable at the end of a chain, and later records do not hold it up", () =>
    Effect.gen(function*() {
      const a = answering(() => Effect.andThen(turns, Effect.fail("down")), {
        name: "a",
        fallback: "b",
        breaker: { failures: 1 }
      })
      const b = answering(() => Effect.andThen(turns, Effect.fail("down")), {
        name: "b",
        fallback: "c",
        breaker: { failures: 1 }
      })
      const c = answering((batch) => batch[0]!.message === "late" ? Effect.never : Effect.void, {
        name: "c",
        batch: { size: 1 }
      })
      yield* run({ sinks: [a.sink, b.sink, c.sink] }, () =>
        Effect.gen(function*() {
          yield* Effect.logInfo("1")
          const { complete, sinks } = yield* AsyncLogging.flush
          assert.deepStrictEqual([complete, sinks["a"]!.diverted, sinks["c"]!.durable], [true, 1, true])
          assert.isAbove(c.events.lastIndexOf("flush"), c.events.lastIndexOf("written"))
        }))
    }))

  it.effect("G9 flush ∥ close: it follows what is diverted in the drain", () =>
    Effect.gen(function*() {
      const main = answering(() => Effect.andThen(turns, Effect.fail("down")), { fallback: "spare" })
      const other = answering(() => turns, { name: "spare" })
      yield* run({ sinks: [main.sink, other.sink] }, () =>
        Effect.gen(function*() {
          yield* Effect.logInfo("1")
          yield* turns
          const [{ complete, sinks }] = yield* Effect.all([AsyncLogging.flush, AsyncLogging.close], {
            concurrency: "unbounded"
          })
          assert.deepStrictEqual([complete, sinks["probe"]!.diverted, sinks["probe"]!.pending], [true, 1, 0])
        }))
    }))

  it.effect("G9 a flush says what the fallback lost, or did not want", () =>
    Effect.gen(function*() {
      const lossy = answering(() => Effect.fail(Sinks.rejected()), {
        name: "spare",
        filter: ({ message }) => message !== "2"
      })
      const failing = answering(() => Effect.andThen(turns, Effect.fail("down")), open)
      yield* run({ sinks: [failing.sink, lossy.sink] }, () =>
        Effect.gen(function*() {
          yield* logAll(["1", "2"])
          const { complete, sinks } = yield* AsyncLogging.flush
          assert.isTrue(complete)
          const { delivered, diverted, dropped, failed } = sinks["probe"]!
          assert.deepStrictEqual([delivered, diverted, dropped, failed], [0, 0, 0, 2])
        }))
    }))

  it.effect("G23 acknowledged succeeds when the fallback has delivered, and fails when it has not", () =>
    Effect.gen(function*() {
      const main = answering(down, open)
      const other = planned([Effect.void, Effect.fail(Sinks.rejected())], { name: "spare" })
      yield* run({ sinks: [main.sink, other.sink] }, () =>
        Effect.gen(function*() {
          assert.deepStrictEqual(yield* Logger.acknowledged("Info", "1"), { sinks: { probe: "diverted" } })
          const { reason, sinks } = yield* Effect.flip(Logger.acknowledged("Info", "2"))
          assert.deepStrictEqual([reason, sinks], ["rejected", { probe: "rejected" }])
        }))
    }))
})

describe("the close", () => {
  const letGo = Effect.forkDetach(Effect.andThen(turns, TestClock.adjust("10 seconds")))

  it.effect("G12 a record that is diverted during the drain arrives: a fallback closes after what points at it", () =>
    Effect.gen(function*() {
      const main = answering(() => Effect.andThen(turns, Effect.fail("down")), { fallback: "spare" })
      const other = answering(() => Effect.andThen(turns, Effect.fail("down")), { name: "spare", fallback: "last" })
      const last = recording({ name: "last" })
      const { report } = yield* run({ sinks: [last.sink, main.sink, other.sink] }, () => logAll(numbers(1, 3)))
      assert.deepStrictEqual(last.messages(), numbers(1, 3))
      assert.strictEqual(report.lost, 0)
      // one attempt while it is open, one in the drain
      assert.isAtMost(main.writes.length, 2)
    }))

  it.effect("G12 what a hung sink holds and has queued goes to its fallback in time, with those who wait for room", () =>
    Effect.gen(function*() {
      const queue = { strategy: "backpressure", capacity: 2, overdraft: 1 } as const
      const main = hung({ fallback: "spare", batch: { size: 1 }, queue })
      const other = spare()
      const { report } = yield* run({ sinks: [main.sink, other.sink] }, () =>
        Effect.gen(function*() {
          yield* Logger.info("1")
          yield* turns
          for (const n of numbers(2, 5)) yield* Effect.forkChild(Logger.info(n), { startImmediately: true })
          yield* turns
          assert.strictEqual((yield* counts()).waiting, 2)
          yield* Effect.forkDetach(Effect.andThen(turns, TestClock.adjust("10 seconds")))
          return yield* AsyncLogging.close
        }))
      assert.deepStrictEqual(other.messages(), numbers(1, 5))
      assert.strictEqual(report.lost, 0)
      assert.isAtMost(report.duration, 10_000)
    }))

  it.effect("G12 what stands in line at a slow fallback when its source runs out of time still arrives, in order", () =>
    Effect.gen(function*() {
      for (const strategy of ["backpressure", "sliding"] as const) {
        const main = hung({ fallback: "spare", batch: { size: 3 } })
        const other = answering(() => Effect.sleep("400 millis"), {
          name: "spare",
          batch: { size: 1 },
          queue: { capacity: 2, strategy }
        })
        const { report } = yield* run({ sinks: [main.sink, other.sink] }, () =>
          Effect.gen(function*() {
            yield* logAll(numbers(1, 10))
            yield* turns
            yield* Effect.forkDetach(Effect.andThen(turns, TestClock.adjust("10 seconds")))
          }))
        assert.deepStrictEqual(other.messages(), numbers(1, 10))
        assert.strictEqual(report.lost, 0)
      }
    }))

  it.effect("G12 a fallback in backoff is tried at once when the close begins", () =>
    Effect.gen(function*() {
      const main = answering(down, { fallback: "spare", breaker: { failures: 1 } })
      const other = planned([Effect.fail(Sinks.unavailable({ retryAfter: "1 hour" }))], {
        name: "spare",
        queue: { capacity: 1 },
        batch: { size: 1 }
      })
      const { report } = yield* run({ sinks: [main.sink, other.sink] }, () =>
        Effect.gen(function*() {
          yield* logAll(numbers(1, 4))
          yield* turns
          assert.deepStrictEqual([other.writes.length, (yield* counts("spare")).waiting], [1, 2])
        }))
      assert.deepStrictEqual(other.messages(), numbers(1, 4))
      assert.strictEqual(report.duration, 0)
    }))

  it.effect("a dead letter leaves its source nearly all of the time", () =>
    Effect.gen(function*() {
      const main = answering(() => Effect.sleep("1 second"), { deadLetter: "dead", batch: { size: 1 } })
      const dead = recording({ name: "dead" })
      const { report } = yield* run(
        { sinks: [main.sink, dead.sink] },
        () => Effect.andThen(logAll(numbers(1, 7)), letGo)
      )
      assert.deepStrictEqual(main.messages(), numbers(1, 7))
      assert.strictEqual(report.lost, 0)
    }))

  it.effect("G12 hung sinks with hung fallbacks end by the deadline, and the numbers are exact", () =>
    Effect.gen(function*() {
      const a = hung({ name: "a", fallback: "b" })
      const b = hung({ name: "b", fallback: "c" })
      const c = hung({ name: "c" })
      const { report } = yield* run(
        { sinks: [a.sink, b.sink, c.sink] },
        () => Effect.andThen(logAll(numbers(1, 3)), letGo)
      )
      assert.deepStrictEqual(Object.values(report.sinks).map((sink) => [told(sink), losses(sink)]), [
        [{ accepted: 3, divertedOut: 3 }, {}],
        [{ divertedIn: 3, divertedOut: 3 }, {}],
        [{ divertedIn: 3 }, { "failed: shutdown_timeout": 3 }]
      ])
      assert.isAtMost(report.duration, 10_000)
    }))
})

describe("wrong options", () => {
  const failure = (sinks: ReadonlyArray<Sinks.AnySink>) =>
    Effect.map(Effect.exit(Effect.scoped(Layer.build(AsyncLogging.layer({ sinks })))), (exit) => {
      const error = Exit.isFailure(exit) ? Cause.squash(exit.cause) : undefined
      assert.instanceOf(error, AsyncLogging.ConfigInvalid)
      return [error.field, error.message]
    })
  const memory = (name: string, options: Sinks.SinkOptions = {}) => Sinks.memory({ name, ...options })

  it.effect("G25 a fallback or dead letter that is not there, or leads back, fails the layer", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* failure([memory("a", { fallback: "b" })]), [
        "sinks[0].fallback",
        "sinks[0].fallback: there is no sink \"b\"; there are \"a\""
      ])
      assert.deepStrictEqual(yield* failure([memory("a"), memory("b", { deadLetter: "c" })]), [
        "sinks[1].deadLetter",
        "sinks[1].deadLetter: there is no sink \"c\"; there are \"a\", \"b\""
      ])
      assert.deepStrictEqual(yield* failure([memory("a", { fallback: "a" })]), [
        "sinks[0].fallback",
        "sinks[0].fallback: \"a\" leads back to \"a\""
      ])
      const cycle = [memory("a", { fallback: "b" }), memory("b", { deadLetter: "c" }), memory("c", { fallback: "a" })]
      assert.deepStrictEqual((yield* failure(cycle))[0], "sinks[0].fallback")
      assert.deepStrictEqual((yield* failure([memory("d", { fallback: "a" }), ...cycle]))[0], "sinks[1].fallback")
    }))

  it.effect("a breaker without a fallback fails the layer", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual((yield* failure([memory("a", { breaker: { failures: 1 } })]))[0], "sinks[0].breaker")
    }))
})
