/**
 * What is left behind when somebody stops waiting: nothing. `npm run test:mutation` takes each finalizer away and
 * expects a test to fail; here are those that no other test needs.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Scheduler from "effect/Scheduler"
import * as Scope from "effect/Scope"
import * as TestClock from "effect/testing/TestClock"
import * as AsyncLogging from "../src/AsyncLogging.ts"
import * as Barriers from "../src/Barriers.ts"
import * as Current from "../src/Current.ts"
import * as Detached from "../src/Detached.ts"
import * as Events from "../src/Events.ts"
import { json } from "../src/Formatters.ts"
import * as Ledger from "../src/Ledger.ts"
import * as Links from "../src/Link.ts"
import * as Logger from "../src/Logger.ts"
import * as Notices from "../src/Notices.ts"
import * as Outlets from "../src/Outlet.ts"
import * as Pipeline from "../src/Pipeline.ts"
import * as Queue from "../src/Queue/BoundedQueue.ts"
import * as Record from "../src/Record.ts"
import * as Settings from "../src/Settings.ts"
import * as Sinks from "../src/Sinks.ts"
import { holdEffect } from "./support/gates.ts"
import { fakeProcess } from "./support/hostProcess.ts"
import { answering, counts, gated, run, turns } from "./support/sinks.ts"

const start = Effect.forkChild({ startImmediately: true })

const record = Record.make({ level: "Info", message: "x" })

// the outlet of a sink that nobody empties
const outlet = (queue: Sinks.QueueOptions) =>
  Effect.gen(function*() {
    const sink = Sinks.memory({ queue })
    const settings = Settings.sinks({ sinks: [sink] })
    if (settings instanceof Settings.ConfigInvalid) throw settings
    const clock = yield* Clock.Clock
    return yield* Outlets.make(sink, settings[0]!, Notices.make(() => {}, clock), Events.make(clock), () => true)
  })

describe("a caller that is interrupted", () => {
  it.effect("G2 in the moment acknowledged begins to wait for room is counted, whenever its fiber yields", () =>
    Effect.gen(function*() {
      for (let ops = 2; ops <= 40; ops++) {
        const sink = gated()
        yield* run(
          { queue: { capacity: 1, strategy: "backpressure" }, sinks: [sink.sink] },
          () =>
            Effect.gen(function*() {
              yield* Effect.logInfo("first")
              yield* sink.began
              yield* Logger.info("1")
              const fiber = yield* start(
                Effect.provideService(Logger.acknowledged("Info", "2"), Scheduler.MaxOpsBeforeYield, ops)
              )
              yield* Fiber.interrupt(fiber)
              const { accepted, dropped, waiting } = yield* counts()
              assert.strictEqual(waiting, 0, `nobody waits, with a yield after ${ops} operations`)
              assert.strictEqual(dropped.interrupted, accepted - 2)
              yield* sink.release
            })
        )
        assert.deepStrictEqual(sink.messages(), ["first", "1"])
      }
    }))

  it.effect("G2 leaves no timer behind when it may wait for a time, nor does one that got its room", () =>
    Effect.gen(function*() {
      const clock = yield* Clock.Clock
      let timers = 0
      const counting: Clock.Clock = {
        ...clock,
        sleep: (duration) =>
          Effect.acquireUseRelease(
            Effect.sync(() => timers++),
            () => clock.sleep(duration),
            () => Effect.sync(() => timers--)
          )
      }
      const sink = gated()
      yield* run(
        { queue: { capacity: 1, strategy: "backpressure", maxWait: "1 minute" }, sinks: [sink.sink] },
        () =>
          Effect.gen(function*() {
            yield* Effect.logInfo("first")
            yield* sink.began
            yield* Logger.info("1")
            const [two, three] = yield* Effect.forEach(
              ["2", "3"],
              (n) => start(Effect.provideService(Logger.info(n), Clock.Clock, counting))
            )
            assert.strictEqual(timers, 2)
            yield* Fiber.interrupt(two!)
            assert.strictEqual(timers, 1)
            yield* sink.release
            yield* Fiber.join(three!)
            assert.strictEqual(timers, 0)
          })
      )
      assert.deepStrictEqual(sink.messages(), ["first", "1", "3"])
    }))

  it.effect("G9 in a flush leaves the linger as it was", () =>
    Effect.gen(function*() {
      const sink = gated({ batch: { linger: "10 seconds" } })
      yield* run({ sinks: [sink.sink] }, () =>
        Effect.gen(function*() {
          yield* Effect.logInfo("1")
          const flush = yield* start(AsyncLogging.flush)
          yield* sink.began
          yield* Fiber.interrupt(flush)
          yield* sink.release
          yield* Effect.logInfo("2")
          yield* turns
          assert.deepStrictEqual(sink.messages(), ["1"])
          yield* TestClock.adjust("10 seconds")
          assert.deepStrictEqual(sink.messages(), ["1", "2"])
        }))
    }))

  it.effect("G9 in a flush hurries no backoff", () =>
    Effect.gen(function*() {
      const first = yield* Deferred.make<void>()
      const sink = answering((_, attempt) =>
        attempt === 1
          ? Deferred.await(first)
          : attempt === 2
          ? Effect.succeed(["delivered", "retry"])
          : Effect.void
      )
      yield* run({ sinks: [sink.sink] }, () =>
        Effect.gen(function*() {
          yield* Effect.logInfo("1")
          yield* sink.began
          yield* Effect.logInfo("2")
          const flush = yield* start(AsyncLogging.flush)
          yield* turns
          yield* Fiber.interrupt(flush)
          yield* Effect.logInfo("3")
          yield* Deferred.succeed(first, undefined)
          yield* turns
          assert.deepStrictEqual(sink.batches(), [["1"], ["2", "3"]])
          yield* TestClock.adjust("1 second")
          assert.deepStrictEqual(sink.batches(), [["1"], ["2", "3"], ["3"]])
        }))
    }))

  it.effect("while the layer is built interrupts the opening of its sinks, and closes those that are open", () =>
    Effect.gen(function*() {
      const open = answering(() => Effect.void)
      let interrupted = 0
      const opening = Sinks.scoped({
        name: "opening",
        open: Effect.onInterrupt(Effect.never, () => Effect.sync(() => interrupted++))
      })
      const layer = AsyncLogging.layer({ sinks: [open.sink, opening] })
      const building = yield* start(Effect.scoped(Layer.build(layer)))
      yield* turns
      yield* Fiber.interrupt(building)
      assert.strictEqual(interrupted, 1)
      assert.deepStrictEqual(open.events, ["open", "close"])
    }))
})

describe("a layer whose build is interrupted", () => {
  it.effect("leaves neither a sink open nor a listener at the process, whenever its fiber yields", () =>
    Effect.gen(function*() {
      const built: Array<number> = []
      for (let ops = 2; built.length === 0; ops++) {
        const process = fakeProcess()
        const sink = answering(() => Effect.void)
        const layer = Layer.provide(AsyncLogging.layer({ sinks: [sink.sink] }), process.layer)
        const building = yield* start(
          Effect.scoped(Effect.andThen(
            Layer.build(layer),
            Effect.sync(() => built.push(ops))
          )).pipe(Effect.provideService(Scheduler.MaxOpsBeforeYield, ops))
        )
        yield* Fiber.interrupt(building)
        const why = `with a yield after ${ops} operations`
        assert.deepStrictEqual(process.listeners(), {}, why)
        assert.strictEqual(sink.events.includes("open"), sink.events.includes("close"), why)
      }
    }))
})

describe("a flush that was answered", () => {
  it.effect("G9 has asked the sink once, whenever the fiber of its caller yields", () =>
    Effect.gen(function*() {
      for (let ops = 4; ops <= 40; ops++) {
        const first = yield* Deferred.make<void>()
        const sink = answering((_, attempt) => attempt === 1 ? Deferred.await(first) : Effect.void)
        yield* run({ sinks: [sink.sink] }, () =>
          Effect.gen(function*() {
            yield* Effect.logInfo("1")
            yield* sink.began
            const flush = yield* start(Effect.provideService(AsyncLogging.flush, Scheduler.MaxOpsBeforeYield, ops))
            yield* turns
            yield* Effect.logInfo("2")
            yield* Deferred.succeed(first, undefined)
            yield* Fiber.join(flush)
            yield* turns
            assert.deepStrictEqual(
              sink.events,
              ["open", "write", "written", "flush", "write", "written"],
              `with a yield after ${ops} operations`
            )
          }))
      }
    }))
})

describe("what runs in a fiber of its own", () => {
  it.effect("is interrupted with its caller", () =>
    Effect.gen(function*() {
      let interrupted = 0
      const effect = Effect.onInterrupt(Effect.never, () => Effect.sync(() => interrupted++))
      const caller = yield* start(Detached.within(effect, "1 hour"))
      yield* Fiber.interrupt(caller)
      yield* turns
      assert.strictEqual(interrupted, 1)
    }))

  const link = (write: Effect.Effect<void>) => {
    const scope = Scope.makeUnsafe()
    const settings = { timeout: "1 hour", name: "probe" }
    const link = Links.make({ settings } as unknown as Outlets.Outlet, scope)
    link.connection = { handle: { write: () => write }, scope, format: json }
    return link
  }

  it.effect("G12 a write is interrupted with its worker, whenever that yields", () =>
    Effect.gen(function*() {
      for (let ops = 2; ops <= 60; ops++) {
        let began = 0
        let interrupted = 0
        const write = Effect.onInterrupt(
          Effect.andThen(Effect.sync(() => began++), Effect.never),
          () => Effect.sync(() => interrupted++)
        )
        const attempt = Links.makeAttempt()
        const worker = yield* start(
          Effect.provideService(Links.write(link(write), [record], attempt), Scheduler.MaxOpsBeforeYield, ops)
        )
        yield* Fiber.interrupt(worker)
        yield* turns
        assert.strictEqual(interrupted, began, `with a yield after ${ops} operations`)
      }
    }))

  it.effect("G12 a write that ended is known to have, although its worker was interrupted before it heard of it", () =>
    Effect.gen(function*() {
      for (let ops = 4; ops <= 60; ops++) {
        let end: (() => void) | undefined
        const write = Effect.callback<void>((resume) => {
          end = () => resume(Effect.void)
        })
        const attempt = Links.makeAttempt()
        const worker = yield* start(
          Effect.provideService(Links.write(link(write), [record], attempt), Scheduler.MaxOpsBeforeYield, ops)
        )
        yield* turns
        end!()
        worker.interruptUnsafe()
        const heard = yield* Fiber.await(worker)
        const exit = Exit.isSuccess(heard) ? heard.value : attempt.exit
        assert.isDefined(exit, `with a yield after ${ops} operations`)
      }
    }))
})

describe("an opening that fails", () => {
  it.effect("G35 leaves nothing open, long before the layer closes", () =>
    Effect.gen(function*() {
      let open = 0
      let opened = 0
      const sink = Sinks.scoped({
        name: "probe",
        onOpenFailure: "retry",
        open: Effect.andThen(
          Effect.acquireRelease(
            Effect.sync(() => {
              opened++
              open++
            }),
            () => Effect.sync(() => open--)
          ),
          Effect.suspend(() => opened < 5 ? Effect.fail("down") : Effect.succeed({ write: () => Effect.void }))
        )
      })
      yield* run({ sinks: [sink] }, () =>
        Effect.gen(function*() {
          assert.deepStrictEqual([opened, open], [1, 0])
          yield* Effect.logInfo("1")
          yield* TestClock.adjust("1 minute")
          assert.deepStrictEqual([opened, open], [5, 1])
        }))
      assert.strictEqual(open, 0)
    }))
})

describe("what has come to its end is forgotten", () => {
  it("by the barriers: a record that was watched, and a flush whose records have settled or that has gone", () => {
    const barriers = Barriers.make()
    const told: Array<string> = []
    Barriers.watchUnsafe(barriers, 0, (end) => told.push(end._tag))
    Barriers.addUnsafe(barriers, 0, 1, () => told.push("settled"))
    const gone = Barriers.addUnsafe(barriers, 1, 2, () => told.push("gone"))
    Barriers.settleUnsafe(barriers, 0, Ledger.delivered)
    assert.isFalse(Barriers.isEmpty(barriers))
    Barriers.removeUnsafe(barriers, gone)
    assert.isTrue(Barriers.isEmpty(barriers))
    Barriers.settleUnsafe(barriers, 1, Ledger.delivered)
    Barriers.watchUnsafe(barriers, 2, (end) => told.push(end._tag))
    Barriers.takeUnsafe(barriers, 2)
    assert.isTrue(Barriers.isEmpty(barriers))
    assert.deepStrictEqual(told, ["delivered", "settled"])
  })

  it.effect("by the outlet: a watched record whose caller got its room, or left the line", () =>
    Effect.gen(function*() {
      const self = yield* outlet({ capacity: 1, strategy: "backpressure" })
      const told: Array<string> = []
      const offer = () =>
        Outlets.offerUnsafe(self, record, 1, { canWait: true, watch: () => (end) => told.push(end._tag) })
      assert.strictEqual(offer(), "queued")
      offer()
      const third = offer()
      assert.strictEqual(self.watched.size, 2)
      Queue.takeUnsafe(self.queue, 1)
      assert.strictEqual(self.watched.size, 1)
      if (typeof third === "object") yield* Outlets.awaitAllUnsafe(third, Context.empty(), () => {})
      assert.strictEqual(self.watched.size, 0)
      assert.deepStrictEqual(told, ["dropped"])
    }))

  it.effect("by the layer: such a pipeline also when a gate saw no record, or when others around it are open", () =>
    run({ stages: [holdEffect(1)], sinks: [Sinks.memory()] }, () =>
      Effect.gen(function*() {
        const backend = (yield* Current.CurrentBackend)!
        const two = Pipeline.layer([holdEffect(1), holdEffect(1)])
        yield* Effect.gen(function*() {
          yield* Effect.logInfo("x")
          for (let i = 0; i < 10; i++) yield* Effect.provide(Effect.logInfo("x"), two)
          // that of the gate around them, and the last one, whose second gate has closed without telling
          assert.isAtMost(backend.lookout.gated.size, 2)
        }).pipe(Effect.provide(Pipeline.layer([holdEffect(1)])))
      })))

  it.effect("by the layer: a pipeline around a part of the program whose gates have closed", () =>
    run({ sinks: [Sinks.memory()] }, () =>
      Effect.gen(function*() {
        const backend = (yield* Current.CurrentBackend)!
        const gates = Pipeline.layer([holdEffect(1)])
        for (let i = 0; i < 3; i++) {
          yield* Effect.provide(Effect.logInfo("x"), gates)
          assert.strictEqual(backend.lookout.gated.size, 0)
        }
      })))
})

describe("the bell", () => {
  it.effect("does not ring for a consumer that is not waiting for it", () =>
    Effect.gen(function*() {
      const { queue } = yield* outlet({ capacity: 10 })
      const offer = () => Queue.offerUnsafe(queue, record, 1, false, false)
      const first = yield* start(Queue.awaitBell(queue, 1))
      offer()
      yield* Fiber.join(first)
      offer()
      Queue.takeUnsafe(queue, 2)
      const second = yield* start(Queue.awaitBell(queue, 1))
      yield* turns
      assert.isUndefined(second.pollUnsafe())
      offer()
      yield* Fiber.join(second)
    }))
})
