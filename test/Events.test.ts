import { assert, describe, it } from "@effect/vitest"
import * as Clock from "effect/Clock"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/testing/TestClock"
import * as AsyncLogging from "../src/AsyncLogging.ts"
import * as Events from "../src/Events.ts"
import * as Ledger from "../src/Ledger.ts"
import * as Sinks from "../src/Sinks.ts"
import { counts, gated, hung, losses, notices, numbers, planned, type Probe, run, turns } from "./support/sinks.ts"

const logAll = (messages: ReadonlyArray<string>) => Effect.forEach(messages, (message) => Effect.logInfo(message))
const occupy = (sink: Probe) => Effect.andThen(Effect.logInfo("first"), sink.began)

/** Listens from now on, also when the program has ended. `seen` grows with what it is told. */
const listen = Effect.fnUntraced(function*<R>(
  events: Stream.Stream<AsyncLogging.Event, never, R>,
  onEvent: (event: AsyncLogging.Event) => Effect.Effect<unknown> = () => Effect.void
) {
  const seen: Array<AsyncLogging.Event> = []
  const heard = Stream.runForEach(
    events,
    (event) => Effect.andThen(Effect.sync(() => void seen.push(event)), onEvent(event))
  )
  return { seen, fiber: yield* Effect.forkDetach(heard, { startImmediately: true }) }
})

/** What was lost according to the events of the sink "probe", as `losses` has it. */
const summed = (events: ReadonlyArray<AsyncLogging.Event>): { readonly [reason: string]: number } => {
  const out: { [reason: string]: number } = {}
  for (const event of events) {
    if (event.sink !== "probe" || (event._tag !== "Dropped" && event._tag !== "Failed")) continue
    const key = event._tag === "Dropped" ? event.reason : `failed: ${event.reason}`
    out[key] = (out[key] ?? 0) + event.count
  }
  return out
}

const queue = { capacity: 1, strategy: "dropping" } as const

describe("events", () => {
  it.effect("say what was lost: at which sink, why, how many, and when", () =>
    Effect.gen(function*() {
      const sink = gated({ queue })
      yield* run({ sinks: [sink.sink] }, () =>
        Effect.gen(function*() {
          const { seen } = yield* listen(AsyncLogging.events)
          yield* occupy(sink)
          yield* TestClock.adjust("20 seconds")
          yield* logAll(numbers(1, 4))
          yield* turns
          assert.deepStrictEqual(seen, [
            { _tag: "Dropped", time: 20_000, sink: "probe", reason: "queue_full", count: 3 }
          ])
          yield* sink.release
        }))
    }))

  it.effect("tell of a failed attempt, what lastError says, and of records that failed for good", () =>
    Effect.gen(function*() {
      const sink = planned([Effect.fail("down"), Effect.fail(Sinks.rejected({ indexes: [0, 1], cause: "poison" }))])
      yield* run({ sinks: [sink.sink] }, () =>
        Effect.gen(function*() {
          const { seen } = yield* listen(AsyncLogging.events)
          yield* logAll(["1", "2"])
          yield* turns
          assert.deepStrictEqual(seen.splice(0), [
            { _tag: "Trouble", time: 0, sink: "probe", message: "down", count: 1 }
          ])
          yield* TestClock.adjust("1 minute")
          yield* turns
          const { lastError } = (yield* AsyncLogging.stats).sinks["probe"]!
          assert.deepStrictEqual(seen, [
            { _tag: "Trouble", ...lastError!, sink: "probe", count: 1 },
            { _tag: "Failed", time: lastError!.time, sink: "probe", reason: "rejected", count: 2 }
          ])
          assert.isAbove(lastError!.time, 0)
        }))
    }))

  it.effect("of one turn are one per sink and reason, however many records they are", () =>
    Effect.gen(function*() {
      const sink = gated({ queue })
      yield* run({ sinks: [sink.sink] }, () =>
        Effect.gen(function*() {
          const { seen } = yield* listen(AsyncLogging.events)
          yield* occupy(sink)
          const context = yield* Effect.context<never>()
          for (let i = 0; i < 20_000; i++) Effect.runSyncWith(context)(Effect.logInfo("x"))
          assert.deepStrictEqual(seen, [])
          yield* turns
          assert.deepStrictEqual(seen.length, 1)
          assert.deepStrictEqual(summed(seen), { queue_full: 19_999 })
          yield* sink.release
        }))
    }))

  it.effect("of one turn come by sink, in the order of the layer, causes before their effects", () =>
    Effect.gen(function*() {
      const clock = yield* Clock.Clock
      const events = Events.make(clock)
      const ledgers = ["a", "b"].map((name) => {
        const ledger = Ledger.makeSink("accepted")
        Events.addUnsafe(events, name, ledger)
        return ledger
      })
      const { seen } = yield* listen(Events.stream(events))
      for (const ledger of ledgers.toReversed()) {
        Ledger.queued(ledger)
        Ledger.taken(ledger, 1)
        Ledger.ended(ledger, "sending", Ledger.failed("rejected"), 0, 0)
        Ledger.refused(ledger, "queue_full", 0, 0)
        Ledger.refused(ledger, "overdraft", 0, 0)
      }
      for (const name of ["b", "a"]) {
        Events.breakerUnsafe(events, name, "open")
        Events.troubleUnsafe(events, name, "down")
      }
      yield* turns
      assert.deepStrictEqual(
        seen.map((event) => [event.sink, event._tag, "reason" in event ? event.reason : ""]),
        ["a", "b"].flatMap((name) => [
          [name, "Trouble", ""],
          [name, "BreakerChanged", ""],
          [name, "Dropped", "queue_full"],
          [name, "Dropped", "overdraft"],
          [name, "Failed", "rejected"]
        ])
      )
    }))

  it.effect("begin with the subscription: what was lost before is not in them", () =>
    Effect.gen(function*() {
      const sink = gated({ queue })
      yield* run({ sinks: [sink.sink] }, () =>
        Effect.gen(function*() {
          yield* occupy(sink)
          yield* logAll(numbers(1, 4))
          const { seen } = yield* listen(AsyncLogging.events)
          yield* turns
          assert.deepStrictEqual(seen, [])
          yield* logAll(numbers(5, 6))
          yield* turns
          assert.deepStrictEqual(summed(seen), { queue_full: 2 })
          yield* sink.release
        }))
    }))

  it.effect("of a layer are told to each of its subscribers, and to none of another layer", () =>
    Effect.gen(function*() {
      const sinks = [gated({ queue }), gated({ queue })] as const
      yield* run({ sinks: [sinks[0].sink] }, () =>
        Effect.gen(function*() {
          const outer = [yield* listen(AsyncLogging.events), yield* listen(AsyncLogging.events)]
          yield* occupy(sinks[0])
          const inner = yield* run({ sinks: [sinks[1].sink] }, () =>
            Effect.gen(function*() {
              const inner = yield* listen(AsyncLogging.events)
              yield* occupy(sinks[1])
              yield* logAll(numbers(1, 3))
              yield* turns
              yield* sinks[1].release
              return inner
            }))
          yield* Fiber.join(inner.value.fiber)
          assert.deepStrictEqual(summed(inner.value.seen), { queue_full: 2 })
          assert.deepStrictEqual(outer.map(({ seen }) => seen), [[], []])
          yield* logAll(numbers(1, 5))
          yield* turns
          assert.deepStrictEqual(outer.map(({ seen }) => summed(seen)), [{ queue_full: 4 }, { queue_full: 4 }])
          yield* sinks[0].release
        }))
    }))

  it("of a synchronous layer are those of its sinks", async () => {
    const sink = Sinks.make({
      name: "probe",
      write: () => Effect.die("a synchronous layer writes nothing later"),
      writeSync: () => {
        throw new Error("disk full")
      }
    })
    const program = Effect.gen(function*() {
      const { fiber, seen } = yield* listen(AsyncLogging.events)
      yield* logAll(numbers(1, 3))
      const { lastError, ledger } = (yield* AsyncLogging.stats).sinks["probe"]!
      yield* AsyncLogging.close
      yield* Fiber.join(fiber)
      assert.deepStrictEqual(summed(seen), losses(ledger))
      assert.deepStrictEqual(seen[0], { _tag: "Trouble", ...lastError!, sink: "probe", count: 3 })
    })
    const logging = Layer.provide(AsyncLogging.layerSync({ sinks: [sink] }), notices().layer)
    await Effect.runPromise(Effect.provide(program, logging))
  })
})

describe("a slow subscriber", () => {
  it.effect("holds up neither the callers nor the sink, and is told later of all that it missed, summed", () =>
    Effect.gen(function*() {
      const sink = gated({ queue, batch: { size: 1 } })
      const gate = yield* Deferred.make<void>()
      yield* run({ sinks: [sink.sink] }, () =>
        Effect.gen(function*() {
          const { seen } = yield* listen(AsyncLogging.events, () => Deferred.await(gate))
          yield* occupy(sink)
          for (let i = 0; i < 50; i++) {
            yield* logAll(numbers(1, 100))
            yield* turns
          }
          assert.strictEqual(seen.length, 1)
          yield* sink.release
          yield* AsyncLogging.flush
          yield* Deferred.succeed(gate, undefined)
          yield* turns
          assert.strictEqual(seen.length, 2)
          assert.deepStrictEqual(summed(seen), { queue_full: 4999 })
          assert.deepStrictEqual(summed(seen), losses(yield* counts()))
        }))
    }))

  it.effect("sees of a breaker the state that lasts, and none twice in a row", () =>
    Effect.gen(function*() {
      const events = Events.make(yield* Clock.Clock)
      Events.addUnsafe(events, "a", Ledger.makeSink("accepted"))
      const gate = yield* Deferred.make<void>()
      const fast = yield* listen(Events.stream(events))
      const slow = yield* listen(Events.stream(events), () => Deferred.await(gate))
      const states: ReadonlyArray<AsyncLogging.BreakerState> = ["open", "half_open", "half_open", "open", "half_open"]
      for (const state of states) {
        Events.breakerUnsafe(events, "a", state)
        yield* turns
        yield* TestClock.adjust("30 seconds")
      }
      Events.breakerUnsafe(events, "a", "closed")
      Events.breakerUnsafe(events, "a", "open")
      yield* turns
      const changed = (time: number, state: AsyncLogging.BreakerState): Events.BreakerChanged => ({
        _tag: "BreakerChanged",
        time,
        sink: "a",
        state
      })
      assert.deepStrictEqual(fast.seen, [
        changed(0, "open"),
        changed(30_000, "half_open"),
        changed(90_000, "open"),
        changed(120_000, "half_open"),
        changed(150_000, "open")
      ])
      yield* Deferred.succeed(gate, undefined)
      yield* turns
      assert.deepStrictEqual(slow.seen, [changed(0, "open")])
      Events.breakerUnsafe(events, "a", "closed")
      Events.closeUnsafe(events)
      yield* Fiber.join(slow.fiber)
      assert.deepStrictEqual(slow.seen.at(-1), changed(150_000, "closed"))
    }))
})

describe("the end of the events", () => {
  it.effect("comes with the close: its losses are told, those after it are not", () =>
    Effect.gen(function*() {
      const sink = hung({ queue: { capacity: 5, strategy: "dropping" } })
      yield* run({ sinks: [sink.sink] }, () =>
        Effect.gen(function*() {
          const gate = yield* Deferred.make<void>()
          const fast = yield* listen(AsyncLogging.events)
          const slow = yield* listen(AsyncLogging.events, () => Deferred.await(gate))
          yield* occupy(sink)
          yield* logAll(numbers(1, 8))
          const close = yield* Effect.forkChild(AsyncLogging.close, { startImmediately: true })
          yield* Effect.logInfo("during the close")
          yield* TestClock.adjust("10 seconds")
          const report = yield* Fiber.join(close)
          yield* Effect.logInfo("after the close")
          yield* Fiber.join(fast.fiber)
          yield* Deferred.succeed(gate, undefined)
          yield* Fiber.join(slow.fiber)
          const lost = { queue_full: 3, already_shutdown: 1, shutdown_timeout: 5, "failed: shutdown_timeout": 1 }
          for (const { seen } of [fast, slow]) assert.deepStrictEqual(summed(seen), lost)
          assert.deepStrictEqual(losses(report.sinks["probe"]!), lost)
          assert.strictEqual((yield* counts()).dropped.already_shutdown, 2)
        }))
    }))

  it.effect("is at once for those who subscribe after it", () =>
    Effect.gen(function*() {
      yield* run({ sinks: [gated().sink] }, () =>
        Effect.gen(function*() {
          yield* AsyncLogging.close
          yield* Effect.logInfo("lost")
          assert.deepStrictEqual(yield* Stream.runCollect(AsyncLogging.events), [])
        }))
    }))

  it.effect("comes to those who have nothing to hear, and outlive the layer", () =>
    Effect.gen(function*() {
      const { value } = yield* run({ sinks: [gated().sink] }, () => listen(AsyncLogging.events))
      yield* Fiber.join(value.fiber)
      assert.deepStrictEqual(value.seen, [])
    }))
})

describe("a subscriber that has gone", () => {
  it.effect("leaves nothing behind, whether it took what it wanted or was interrupted", () =>
    Effect.gen(function*() {
      const events = Events.make(yield* Clock.Clock)
      const ledger = Ledger.makeSink("accepted")
      Events.addUnsafe(events, "a", ledger)
      const loss = () => Ledger.refused(ledger, "queue_full", 0, 0)
      const isIdle = () => events.waiting.size === 0 && ledger.onLoss === undefined
      assert.isTrue(isIdle())

      const taking = yield* listen(Stream.take(Events.stream(events), 1))
      const other = yield* listen(Events.stream(events))
      assert.isFalse(isIdle())
      loss()
      // until the next turn nobody needs to be told of more
      assert.isTrue(isIdle())
      yield* turns
      yield* Fiber.join(taking.fiber)
      assert.strictEqual(events.waiting.size, 1)

      const third = yield* listen(Events.stream(events))
      yield* Fiber.interrupt(third.fiber)
      assert.isFalse(isIdle())
      loss()
      yield* turns
      assert.deepStrictEqual([taking, other, third].map(({ seen }) => seen.length), [1, 2, 0])
      yield* Fiber.interrupt(other.fiber)
      assert.isTrue(isIdle())

      // between the loss and the turn in which it is told
      const last = yield* listen(Events.stream(events))
      loss()
      yield* Fiber.interrupt(last.fiber)
      yield* turns
      assert.deepStrictEqual(last.seen, [])
      assert.isTrue(isIdle())
    }))
})

describe("a subscriber that logs", () => {
  it.effect("logs ordinary records: reading events makes none", () =>
    Effect.gen(function*() {
      const sink = gated({ queue })
      yield* run({ sinks: [sink.sink] }, () =>
        Effect.gen(function*() {
          const context = yield* Effect.context<AsyncLogging.AsyncLogging>()
          yield* occupy(sink)
          const { seen } = yield* listen(
            AsyncLogging.events,
            // released, the sink loses no more
            () => Effect.all([sink.release, turns, Effect.logWarning("heard")]).pipe(Effect.provideContext(context))
          )
          yield* logAll(numbers(1, 3))
          yield* turns
          yield* turns
          assert.deepStrictEqual(summed(seen), { queue_full: 2 })
          assert.deepStrictEqual(sink.messages(), ["first", "1", "heard"])
        }))
    }))

  it.effect("is told of what it loses itself, once a turn, and nobody else stands still", () =>
    Effect.gen(function*() {
      const sink = gated({ queue })
      yield* run({ sinks: [sink.sink] }, () =>
        Effect.gen(function*() {
          yield* occupy(sink)
          const context = yield* Effect.context<AsyncLogging.AsyncLogging>()
          const { seen } = yield* listen(
            AsyncLogging.events,
            () => Effect.provideContext(Effect.logWarning("heard"), context)
          )
          yield* logAll(numbers(1, 2))
          yield* turns
          assert.isAtMost(seen.length, 101)
          yield* sink.release
          yield* turns
          const told = seen.length
          yield* turns
          assert.strictEqual(seen.length, told)
          assert.deepStrictEqual(summed(seen), losses(yield* counts()))
        }))
    }))
})
