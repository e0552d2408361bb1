import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Scheduler from "effect/Scheduler"
import * as TestClock from "effect/testing/TestClock"
import * as AsyncLogging from "../src/AsyncLogging.ts"
import * as Logger from "../src/Logger.ts"
import * as Pipeline from "../src/Pipeline.ts"
import type { QueueOptions } from "../src/Sinks.ts"
import {
  type Answer,
  answering,
  counts,
  gated,
  hung,
  losses,
  notices,
  numbers,
  recording,
  run,
  turns
} from "./support/sinks.ts"

const logAll = (messages: ReadonlyArray<string>) => Effect.forEach(messages, (message) => Effect.logInfo(message))
const infoAll = (messages: ReadonlyArray<string>) => Effect.forEach(messages, (message) => Logger.info(message))

// does something once in each of its turns
const tick = (f: () => void) => Effect.forever(Effect.andThen(Effect.sync(f), Effect.yieldNow), { disableYield: true })

// one record is in flight, so that the worker takes nothing more
const occupy = (sink: { readonly began: Effect.Effect<void> }) => Effect.andThen(Effect.logInfo("first"), sink.began)

describe("dropping", () => {
  it.effect("G1 of n+k offers exactly k are refused, and no call waits", () =>
    Effect.gen(function*() {
      const sink = gated()
      const { report } = yield* run(
        { queue: { capacity: 5, strategy: "dropping" }, sinks: [sink.sink] },
        () =>
          Effect.gen(function*() {
            yield* occupy(sink)
            yield* logAll(numbers(1, 4))
            yield* infoAll(numbers(5, 9))
            assert.deepStrictEqual(losses(yield* counts()), { queue_full: 4 })
            yield* sink.release
          })
      )
      assert.deepStrictEqual(sink.messages(), ["first", ...numbers(1, 5)])
      assert.deepStrictEqual(losses(report.sinks["probe"]!), { queue_full: 4 })
    }))

  it.effect("G3 a protected record evicts the oldest ordinary one, and is refused where there is none", () =>
    Effect.gen(function*() {
      const sink = gated()
      yield* run({ queue: { capacity: 3, strategy: "dropping" }, sinks: [sink.sink] }, () =>
        Effect.gen(function*() {
          yield* occupy(sink)
          yield* logAll(["a", "b", "c"])
          yield* Effect.logError("E1")
          assert.deepStrictEqual(losses(yield* counts()), { evicted: 1 })
          yield* Effect.logFatal("E2")
          yield* Effect.logError("E3")
          yield* Effect.logError("E4")
          yield* Effect.logWarning("w")
          assert.deepStrictEqual(losses(yield* counts()), { evicted: 3, queue_full: 2 })
          yield* sink.release
        }))
      assert.deepStrictEqual(sink.messages(), ["first", "E1", "E2", "E3"])
    }))
})

describe("sliding", () => {
  it.effect("G1 of ten records a queue of three keeps the last three, and seven are evicted", () =>
    Effect.gen(function*() {
      const sink = gated()
      yield* sink.release
      const { report } = yield* run({ queue: { capacity: 3 }, sinks: [sink.sink] }, () => logAll(numbers(1, 10)))
      assert.deepStrictEqual(sink.messages(), ["8", "9", "10"])
      assert.deepStrictEqual(losses(report.sinks["probe"]!), { evicted: 7 })
    }))

  it.effect("G1 a batch in flight is never evicted, and does not count into the capacity", () =>
    Effect.gen(function*() {
      const sink = gated()
      yield* run({ queue: { capacity: 3 }, sinks: [sink.sink] }, () =>
        Effect.gen(function*() {
          yield* logAll(["a", "b", "c"])
          yield* sink.began
          yield* infoAll(numbers(1, 5))
          const { queued, sending } = yield* counts()
          assert.deepStrictEqual({ queued, sending }, { queued: 3, sending: 3 })
          yield* sink.release
        }))
      assert.deepStrictEqual(sink.messages(), ["a", "b", "c", "3", "4", "5"])
    }))

  it.effect("G3 the oldest ordinary record goes first, wherever it stands, and order is kept", () =>
    Effect.gen(function*() {
      const sink = gated()
      yield* run({ queue: { capacity: 4 }, sinks: [sink.sink] }, () =>
        Effect.gen(function*() {
          yield* occupy(sink)
          yield* Effect.logError("E1")
          yield* logAll(["a", "b"])
          yield* Effect.logError("E2")
          yield* logAll(["c"])
          yield* Effect.logError("E3")
          yield* sink.release
        }))
      assert.deepStrictEqual(sink.messages(), ["first", "E1", "E2", "c", "E3"])
    }))

  it.effect("G3 in a queue full of protected ones, an ordinary record is refused and a protected one evicts", () =>
    Effect.gen(function*() {
      const sink = gated()
      yield* run({ queue: { capacity: 2 }, sinks: [sink.sink] }, () =>
        Effect.gen(function*() {
          yield* occupy(sink)
          yield* Effect.logError("E1")
          yield* Effect.logError("E2")
          yield* Effect.logInfo("a")
          assert.deepStrictEqual(losses(yield* counts()), { queue_full: 1 })
          yield* Effect.logError("E3")
          assert.deepStrictEqual(losses(yield* counts()), { queue_full: 1, evicted: 1 })
          yield* sink.release
        }))
      assert.deepStrictEqual(sink.messages(), ["first", "E2", "E3"])
    }))

  it.effect("G3 what is protected may be a filter, another level, or nothing", () =>
    Effect.gen(function*() {
      const kept = Effect.fnUntraced(function*(protect: QueueOptions["protect"]) {
        const sink = gated()
        yield* run({ queue: { capacity: 2, protect }, sinks: [sink.sink] }, () =>
          Effect.gen(function*() {
            yield* occupy(sink)
            yield* Effect.logError("audit")
            yield* Effect.logWarning("warn")
            yield* logAll(["a", "b"])
            yield* sink.release
          }))
        return sink.messages().slice(1)
      })
      assert.deepStrictEqual(yield* kept(undefined), ["audit", "b"])
      assert.deepStrictEqual(yield* kept((record) => record.message === "warn"), ["warn", "b"])
      assert.deepStrictEqual(yield* kept("Warn"), ["audit", "warn"])
      assert.deepStrictEqual(yield* kept("None"), ["a", "b"])
      assert.deepStrictEqual(yield* kept("All"), ["a", "b"])
    }))
})

describe("bytes", () => {
  const text = (name: string) => name + "x".repeat(10_000 - name.length)
  const names = (messages: ReadonlyArray<string>) => messages.map((message) => message.replace(/x+$/, ""))

  it.effect("the queue is bounded by bytes as by records", () =>
    Effect.gen(function*() {
      const sink = gated()
      yield* run({ queue: { maxBytes: 35_000 }, sinks: [sink.sink] }, () =>
        Effect.gen(function*() {
          yield* occupy(sink)
          yield* logAll(["a", "b", "c", "d", "e"].map(text))
          const { bytes, depth } = (yield* AsyncLogging.stats).sinks["probe"]!
          assert.strictEqual(depth, 3)
          assert.isAtMost(bytes, 35_000)
          assert.deepStrictEqual(losses(yield* counts()), { evicted: 2 })
          yield* sink.release
        }))
      assert.deepStrictEqual(names(sink.messages()), ["first", "c", "d", "e"])
    }))

  it.effect("G6 what a stage makes of the record that it was given counts, however it does that", () =>
    Effect.gen(function*() {
      const sink = gated()
      const grow = Pipeline.enrich((record) => Object.assign(record, { fields: { text: "x".repeat(10_000) } }), "grow")
      yield* run(
        { queue: { maxBytes: 35_000, strategy: "dropping" }, stages: [grow], sinks: [sink.sink] },
        () =>
          Effect.gen(function*() {
            yield* occupy(sink)
            for (let i = 0; i < 10; i++) yield* Logger.info("grown", { i })
            assert.strictEqual((yield* AsyncLogging.stats).sinks["probe"]!.depth, 3)
            yield* sink.release
          })
      )
    }))

  it.effect("a record larger than maxBytes is admitted into an empty queue, and only there", () =>
    Effect.gen(function*() {
      const sink = gated()
      yield* run(
        { queue: { maxBytes: 5_000, strategy: "dropping" }, sinks: [sink.sink] },
        () =>
          Effect.gen(function*() {
            yield* occupy(sink)
            yield* logAll(["a", "b"].map(text))
            assert.deepStrictEqual(losses(yield* counts()), { queue_full: 1 })
            yield* sink.release
          })
      )
      assert.deepStrictEqual(names(sink.messages()), ["first", "a"])
    }))

  it.effect("a caller with a record larger than maxBytes waits till the queue is empty, not for ever", () =>
    Effect.gen(function*() {
      const sink = gated()
      yield* run(
        { queue: { maxBytes: 5_000, strategy: "backpressure" }, batch: { size: 1 }, sinks: [sink.sink] },
        () =>
          Effect.gen(function*() {
            yield* occupy(sink)
            yield* Logger.info("small")
            const fiber = yield* Effect.forkChild(Logger.info(text("large")))
            yield* turns
            assert.isUndefined(fiber.pollUnsafe())
            yield* sink.step
            yield* Fiber.join(fiber)
            yield* sink.release
          })
      )
      assert.deepStrictEqual(names(sink.messages()), ["first", "small", "large"])
    }))

  it.effect("the overdraft is bounded by bytes as by records", () =>
    Effect.gen(function*() {
      const sink = gated()
      yield* run({ queue: { capacity: 4, maxBytes: 20_500, strategy: "backpressure" }, sinks: [sink.sink] }, () =>
        Effect.gen(function*() {
          yield* occupy(sink)
          yield* logAll(["a", "b", "c", "d", "e"].map(text))
          const { bytes, depth } = (yield* AsyncLogging.stats).sinks["probe"]!
          assert.strictEqual(depth, 4)
          assert.isAtMost(bytes, 41_000)
          assert.deepStrictEqual(losses(yield* counts()), { overdraft: 1 })
          yield* sink.release
        }))
      assert.deepStrictEqual(names(sink.messages()), ["first", "a", "b", "c", "d"])
    }))
})

describe("backpressure, Logger.*", () => {
  it.effect("G2 a record whose context is larger than all that a call may say waits like any other", () =>
    Effect.gen(function*() {
      const sink = gated()
      const queue = { strategy: "backpressure", maxBytes: 10_000, overdraft: 0 } as const
      yield* run({ limits: { recordBytes: 300 }, queue, sinks: [sink.sink] }, () =>
        Effect.gen(function*() {
          const log = Logger.info("1").pipe(Logger.withContext({ custom: { text: "x".repeat(2000) } }))
          const fiber = yield* Effect.forkChild(Effect.repeat(log, { times: 19 }))
          yield* turns
          yield* sink.release
          yield* Fiber.join(fiber)
          yield* AsyncLogging.flush
          assert.strictEqual((yield* counts()).delivered, 20)
        }))
    }))

  it.effect("G2 the first record that does not fit suspends its fiber, others run on, everything arrives in order", () =>
    Effect.gen(function*() {
      const sink = gated()
      const { report } = yield* run(
        { queue: { capacity: 3, strategy: "backpressure" }, sinks: [sink.sink] },
        () =>
          Effect.gen(function*() {
            yield* occupy(sink)
            const done: Array<string> = []
            const fiber = yield* Effect.forkChild(
              Effect.forEach(numbers(1, 10), (n) => Effect.tap(Logger.info(n), () => Effect.sync(() => done.push(n))))
            )
            let others = 0
            yield* Effect.forkChild(tick(() => others++))
            yield* turns
            assert.deepStrictEqual(done, ["1", "2", "3"])
            assert.strictEqual((yield* counts()).waiting, 1)
            assert.isAbove(others, 50)
            yield* sink.release
            yield* Fiber.join(fiber)
          })
      )
      assert.deepStrictEqual(sink.messages(), ["first", ...numbers(1, 10)])
      assert.deepStrictEqual(losses(report.sinks["probe"]!), {})
    }))

  it.effect("G2 those who wait are admitted in the order in which they came", () =>
    Effect.gen(function*() {
      const sink = gated()
      yield* run(
        { queue: { capacity: 1, strategy: "backpressure" }, batch: { size: 1 }, sinks: [sink.sink] },
        () =>
          Effect.gen(function*() {
            yield* occupy(sink)
            const fibers = yield* Effect.forEach(numbers(1, 20), (n) => Effect.forkChild(Logger.info(n)))
            yield* turns
            assert.strictEqual((yield* counts()).waiting, 19)
            yield* sink.release
            yield* Fiber.joinAll(fibers)
          })
      )
      assert.deepStrictEqual(sink.messages(), ["first", ...numbers(1, 20)])
    }))

  it.effect("G2 a newcomer does not overtake those who wait, although it would fit", () =>
    Effect.gen(function*() {
      const sink = gated()
      yield* run({ queue: { maxBytes: 30_000, strategy: "backpressure" }, sinks: [sink.sink] }, () =>
        Effect.gen(function*() {
          yield* occupy(sink)
          yield* Logger.info("a".repeat(20_000))
          const large = yield* Effect.forkChild(Logger.info("b".repeat(20_000)))
          yield* turns
          const small = yield* Effect.forkChild(Logger.info("small"))
          yield* turns
          assert.strictEqual((yield* counts()).waiting, 2)
          yield* sink.release
          yield* Fiber.joinAll([large, small])
        }))
      assert.deepStrictEqual(
        sink.messages().map((message) =>
          message.slice(0, 5)
        ),
        ["first", "aaaaa", "bbbbb", "small"]
      )
    }))

  it.effect("G2 with more callers than room, those who are let in log on before the others, who keep their turns", () =>
    Effect.gen(function*() {
      const callers = numbers(0, 299)
      const sink = gated()
      const settings = { queue: { capacity: 200, strategy: "backpressure" }, batch: { size: 200 } } as const
      yield* run({ ...settings, sinks: [sink.sink] }, () =>
        Effect.gen(function*() {
          yield* occupy(sink)
          const log = (caller: string) => infoAll(numbers(0, 3).map((call) => `${caller}:${call}`))
          const fibers = yield* Effect.forEach(callers, (caller) => Effect.forkChild(log(caller)))
          yield* turns
          yield* sink.step
          yield* turns
          yield* sink.release
          yield* Fiber.joinAll(fibers)
        }))
      const [, ...messages] = sink.messages()
      assert.strictEqual(messages.length, 1200)
      for (const caller of callers) {
        const calls = messages.filter((message) => message.startsWith(`${caller}:`))
        assert.deepStrictEqual(calls, numbers(0, 3).map((call) => `${caller}:${call}`))
      }
      assert.deepStrictEqual(
        messages.filter((message) => message.endsWith(":0")),
        callers.map((caller) => `${caller}:0`)
      )
      // the first 50 filled the queue
      assert.isBelow(messages.indexOf("60:3"), messages.indexOf("200:0"))
    }))

  it.effect("G2 when the first of those who wait gives up, the next one may fit", () =>
    Effect.gen(function*() {
      const sink = gated()
      yield* run({ queue: { maxBytes: 30_000, strategy: "backpressure" }, sinks: [sink.sink] }, () =>
        Effect.gen(function*() {
          yield* occupy(sink)
          yield* Logger.info("a".repeat(20_000))
          const large = yield* Effect.forkChild(Logger.info("b".repeat(20_000)))
          const small = yield* Effect.forkChild(infoAll(["small", "smaller"]))
          yield* turns
          assert.strictEqual((yield* counts()).waiting, 2)
          yield* Fiber.interrupt(large)
          yield* Fiber.join(small)
          assert.strictEqual((yield* counts()).queued, 3)
          yield* sink.release
        }))
      assert.deepStrictEqual(sink.messages().slice(2), ["small", "smaller"])
    }))

  it.effect("G2 an interrupted waiter is counted, is not delivered, and those behind it move up", () =>
    Effect.gen(function*() {
      const sink = gated()
      const { report } = yield* run(
        { queue: { capacity: 1, strategy: "backpressure" }, sinks: [sink.sink] },
        () =>
          Effect.gen(function*() {
            yield* occupy(sink)
            const fibers = yield* Effect.forEach(numbers(1, 5), (n) => Effect.forkChild(Logger.info(n)))
            yield* turns
            yield* Fiber.interrupt(fibers[2]!)
            const { dropped, queued, sending, waiting } = yield* counts()
            assert.deepStrictEqual([queued, sending, waiting, dropped.interrupted], [1, 1, 3, 1])
            yield* sink.release
            yield* Fiber.awaitAll(fibers)
          })
      )
      assert.deepStrictEqual(sink.messages(), ["first", "1", "2", "4", "5"])
      assert.deepStrictEqual(losses(report.sinks["probe"]!), { interrupted: 1 })
    }))

  it.effect("G2 a caller that is interrupted in the moment it begins to wait is counted, whenever its fiber yields", () =>
    Effect.gen(function*() {
      for (let ops = 2; ops <= 40; ops++) {
        const sink = gated()
        const { report } = yield* run(
          { queue: { capacity: 1, strategy: "backpressure" }, sinks: [sink.sink] },
          () =>
            Effect.gen(function*() {
              yield* occupy(sink)
              yield* Logger.info("1")
              const fiber = yield* Logger.info("2").pipe(
                Effect.provideService(Scheduler.MaxOpsBeforeYield, ops),
                Effect.forkChild({ startImmediately: true })
              )
              yield* Fiber.interrupt(fiber)
              const { accepted, dropped, waiting } = yield* counts()
              assert.strictEqual(waiting, 0, `nobody waits, with a yield after ${ops} operations`)
              assert.strictEqual(dropped.interrupted, accepted - 2)
              yield* sink.release
            })
        )
        assert.deepStrictEqual(sink.messages(), ["first", "1"])
        assert.strictEqual(report.lost, report.sinks["probe"]!.dropped.interrupted)
      }
    }))

  it.effect("G2 maxWait refuses at exactly that time", () =>
    Effect.gen(function*() {
      const sink = gated()
      yield* run({ queue: { capacity: 1, strategy: "backpressure", maxWait: "5 seconds" }, sinks: [sink.sink] }, () =>
        Effect.gen(function*() {
          yield* occupy(sink)
          yield* Logger.info("1")
          const fiber = yield* Effect.forkChild(Logger.info("2"))
          yield* TestClock.adjust("4999 millis")
          assert.isUndefined(fiber.pollUnsafe())
          assert.strictEqual((yield* counts()).waiting, 1)
          yield* TestClock.adjust("1 millis")
          assert.deepStrictEqual(fiber.pollUnsafe(), Exit.void)
          assert.deepStrictEqual(losses(yield* counts()), { wait_timeout: 1 })
          yield* sink.release
        }))
      assert.deepStrictEqual(sink.messages(), ["first", "1"])
    }))

  it.effect("G2 a call is offered to all sinks at once and waits for all the full ones together", () =>
    Effect.gen(function*() {
      const a = gated({ name: "a" })
      const b = gated({ name: "b" })
      const free = recording({ name: "free" })
      yield* run(
        { queue: { capacity: 1, strategy: "backpressure" }, sinks: [a.sink, b.sink, free.sink] },
        () =>
          Effect.gen(function*() {
            yield* Effect.logInfo("first")
            yield* Effect.all([a.began, b.began, free.began])
            yield* Logger.info("1")
            const two = yield* Effect.forkChild(Logger.info("2"))
            yield* turns
            assert.deepStrictEqual(free.messages(), ["first", "1", "2"])
            const three = yield* Effect.forkChild(Logger.info("3"))
            yield* a.release
            yield* turns
            assert.isUndefined(two.pollUnsafe())
            assert.deepStrictEqual(a.messages(), ["first", "1", "2", "3"])
            yield* Fiber.interrupt(two)
            assert.deepStrictEqual(losses(yield* counts("a")), {})
            assert.deepStrictEqual(losses(yield* counts("b")), { interrupted: 1 })
            yield* b.release
            yield* Fiber.join(three)
          })
      )
      assert.deepStrictEqual(b.messages(), ["first", "1", "3"])
    }))

  it.effect("G2 a call that gets its room while it is still offered to another sink goes on", () =>
    Effect.gen(function*() {
      const a = gated({ name: "a" })
      const b = recording({
        name: "b",
        filter: ({ message }) => {
          if (message === "2") Effect.runSync(a.release)
          return true
        }
      })
      yield* run(
        { queue: { capacity: 1, strategy: "backpressure" }, sinks: [a.sink, b.sink] },
        () =>
          Effect.gen(function*() {
            yield* occupy(a)
            yield* b.began
            yield* infoAll(["1", "2"])
            assert.strictEqual((yield* counts("a")).waiting, 0)
          })
      )
      assert.deepStrictEqual(a.messages(), ["first", "1", "2"])
      assert.deepStrictEqual(b.messages(), ["first", "1", "2"])
    }))

  it.effect("G2 in an uninterruptible region it does not wait: it takes the overdraft", () =>
    Effect.gen(function*() {
      const sink = gated()
      yield* run(
        { queue: { capacity: 1, overdraft: 1, strategy: "backpressure" }, sinks: [sink.sink] },
        () =>
          Effect.gen(function*() {
            yield* occupy(sink)
            yield* Effect.uninterruptible(infoAll(["1", "2", "3"]))
            assert.strictEqual((yield* counts()).queued, 2)
            assert.deepStrictEqual(losses(yield* counts()), { overdraft: 1 })
            yield* sink.release
          })
      )
      assert.deepStrictEqual(sink.messages(), ["first", "1", "2"])
    }))

  it.effect("G2 with a hung sink and a full queue, a finalizer that logs still ends by the deadline", () =>
    Effect.gen(function*() {
      const sink = hung()
      const App = Layer.effectDiscard(Effect.addFinalizer(() => infoAll(numbers(1, 5))))
      const Logging = AsyncLogging.layer({
        queue: { capacity: 1, strategy: "backpressure" },
        drainTimeout: "10 seconds",
        sinks: [sink.sink]
      })
      const program = Effect.gen(function*() {
        yield* Effect.addFinalizer(() => Logger.info("bye"))
        yield* occupy(sink)
        yield* Logger.info("fills it")
      })
      const fiber = yield* Effect.scoped(program).pipe(
        Effect.provide(App.pipe(Layer.provideMerge(Logging), Layer.provide(notices().layer))),
        Effect.forkChild
      )
      yield* turns
      assert.isUndefined(fiber.pollUnsafe())
      yield* TestClock.adjust("10 seconds")
      assert.deepStrictEqual(fiber.pollUnsafe(), Exit.void)
    }))

  it.effect("slots that a take frees go to those who wait first, above the capacity if need be", () =>
    Effect.gen(function*() {
      const sink = gated()
      yield* run(
        { queue: { capacity: 2, overdraft: 4, strategy: "backpressure" }, batch: { size: 1 }, sinks: [sink.sink] },
        () =>
          Effect.gen(function*() {
            yield* occupy(sink)
            yield* logAll(numbers(1, 4))
            const waiting = yield* Effect.forkChild(Logger.info("waiter"))
            yield* turns
            assert.isUndefined(waiting.pollUnsafe())
            yield* sink.step
            yield* sink.began
            yield* Fiber.join(waiting)
            assert.strictEqual((yield* counts()).queued, 4)
            yield* logAll(["after"])
            yield* sink.release
          })
      )
      assert.deepStrictEqual(sink.messages(), ["first", ...numbers(1, 4), "waiter", "after"])
    }))
})

describe("backpressure, Effect.log*", () => {
  it.effect("G2 a record goes above the capacity into the overdraft, and from there on is refused", () =>
    Effect.gen(function*() {
      const sink = gated()
      yield* run(
        { queue: { capacity: 3, overdraft: 2, strategy: "backpressure" }, sinks: [sink.sink] },
        () =>
          Effect.gen(function*() {
            yield* occupy(sink)
            yield* logAll(numbers(1, 7))
            assert.strictEqual((yield* counts()).queued, 5)
            assert.deepStrictEqual(losses(yield* counts()), { overdraft: 2 })
            yield* Effect.logError("E")
            assert.deepStrictEqual(losses(yield* counts()), { overdraft: 2, evicted: 1 })
            yield* sink.release
          })
      )
      assert.deepStrictEqual(sink.messages(), ["first", "2", "3", "4", "5", "E"])
    }))

  it.effect("G2 the overdraft is as large as the capacity unless it is given", () =>
    Effect.gen(function*() {
      const sink = gated()
      yield* run({ queue: { capacity: 3, strategy: "backpressure" }, sinks: [sink.sink] }, () =>
        Effect.gen(function*() {
          yield* occupy(sink)
          yield* logAll(numbers(1, 7))
          assert.deepStrictEqual(losses(yield* counts()), { overdraft: 1 })
          yield* sink.release
        }))
    }))

  // how many turns another fiber gets while this one logs above the capacity
  const turnsWhileLogging = Effect.gen(function*() {
    const sink = gated()
    let others = 0
    let gained = 0
    yield* run(
      { queue: { capacity: 1, overdraft: 100, strategy: "backpressure" }, sinks: [sink.sink] },
      () =>
        Effect.gen(function*() {
          yield* occupy(sink)
          yield* Effect.logInfo("fills it")
          yield* Effect.forkChild(tick(() => others++))
          yield* Effect.yieldNow
          const before = others
          for (let i = 0; i < 10; i++) yield* Effect.logInfo("overdrawn")
          yield* Effect.void
          gained = others - before
          yield* sink.release
        })
    )
    return gained
  })

  it.effect("G2 a call above the capacity yields once", () =>
    Effect.gen(function*() {
      assert.strictEqual(yield* turnsWhileLogging, 10)
    }))

  it.effect("G2 with PreventSchedulerYield it does not yield", () =>
    Effect.gen(function*() {
      const sink = gated()
      yield* run({ queue: { capacity: 1, overdraft: 100, strategy: "backpressure" }, sinks: [sink.sink] }, () =>
        Effect.gen(function*() {
          yield* occupy(sink)
          yield* Effect.logInfo("fills it")
          let others = 0
          yield* Effect.forkChild(Effect.sync(() =>
            others++
          ))
          yield* logAll(numbers(1, 10)).pipe(
            Effect.andThen(Effect.sync(() => assert.strictEqual(others, 0))),
            Effect.provideService(Scheduler.PreventSchedulerYield, true)
          )
          yield* sink.release
        }))
    }))

  it.effect("G2 a burst loses nothing, because each call above the capacity lets the worker have its turn", () =>
    Effect.gen(function*() {
      const sink = recording()
      const { report } = yield* run(
        { queue: { capacity: 8, strategy: "backpressure" }, sinks: [sink.sink] },
        () =>
          Effect.gen(function*() {
            for (const n of numbers(1, 2000)) yield* Effect.logInfo(n)
          })
      )
      assert.strictEqual(report.lost, 0)
      assert.deepStrictEqual(sink.messages(), numbers(1, 2000))
    }))

  it.effect("G2 with a sink dead for an hour, 1,000 fibers make progress", () =>
    Effect.gen(function*() {
      const sink = answering(() => Effect.fail("down"))
      yield* run(
        { queue: { capacity: 10, strategy: "backpressure" }, drainTimeout: "1 millis", sinks: [sink.sink] },
        () =>
          Effect.gen(function*() {
            yield* Effect.logInfo("first")
            yield* TestClock.adjust("1 hour")
            yield* Effect.forEach(numbers(1, 1000), () => logAll(numbers(1, 10)), { concurrency: "unbounded" })
            const { accepted, queued, sending } = yield* counts()
            assert.strictEqual(accepted, 10_001)
            assert.isAtMost(queued, 20)
            assert.isAtMost(sending, 512)
            yield* Effect.forkDetach(TestClock.adjust("1 minute"))
          })
      )
    }))
})

describe("accounting", () => {
  it.effect("G5 10,000 fibers that log 100 times each: every record is accounted for", () =>
    Effect.gen(function*() {
      const take: Answer = () => Effect.yieldNow
      const sliding = answering(take, { name: "sliding" })
      const dropping = answering(take, { name: "dropping", queue: { strategy: "dropping" } })
      const { report } = yield* run({ queue: { capacity: 1000 }, sinks: [sliding.sink, dropping.sink] }, () =>
        Effect.gen(function*() {
          yield* Effect.forEach(
            numbers(1, 10_000),
            (fiber) =>
              Effect.forEach(numbers(1, 100), (n) => Effect.logInfo(`${fiber}.${n}`), { discard: true }),
            { concurrency: "unbounded", discard: true }
          )
          const { ledger } = yield* AsyncLogging.stats
          assert.strictEqual(ledger.offered, 1_000_000)
          yield* counts("sliding")
          yield* counts("dropping")
        }))
      for (const probe of [sliding, dropping]) {
        const name = probe === sliding ? "sliding" : "dropping"
        const { accepted, delivered, dropped } = report.sinks[name]!
        assert.strictEqual(accepted, 1_000_000)
        assert.strictEqual(delivered, probe.messages().length)
        assert.strictEqual(delivered + dropped.evicted + dropped.queue_full, 1_000_000)
        const seqs = probe.records.flatMap((record) =>
          record.seq ?? []
        )
        assert.isTrue(seqs.every((seq, i) => i === 0 || seq > seqs[i - 1]!), `${name} keeps the order`)
      }
    }))

  it.effect("G5 the high watermark is the most records that were ever in the queue", () =>
    Effect.gen(function*() {
      const sink = gated()
      yield* run({ sinks: [sink.sink] }, () =>
        Effect.gen(function*() {
          const highest = Effect.map(AsyncLogging.stats, ({ sinks }) => sinks["probe"]!.highWatermark)
          assert.strictEqual(yield* highest, 0)
          yield* occupy(sink)
          yield* logAll(numbers(1, 700))
          yield* sink.release
          yield* AsyncLogging.flush
          yield* logAll(numbers(1, 300))
          assert.strictEqual(yield* highest, 700)
        }))
    }))
})
