import { assert, describe, it } from "@effect/vitest"
import * as Channel from "effect/Channel"
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import * as fc from "fast-check"
import * as AsyncLogging from "../src/AsyncLogging.ts"
import { dropReasons, failReasons } from "../src/Ledger.ts"
import * as Logger from "../src/Logger.ts"
import * as Sinks from "../src/Sinks.ts"
import { parameters, timeout } from "./support/runs.ts"
import * as World from "./support/scheduler.ts"

/** What a program does: it logs in one go, maybe as one who can wait, or lets time pass. */
const step = fc.oneof(
  fc.record({ logs: fc.integer({ min: 1, max: 20 }), waits: fc.boolean() }),
  fc.record({ millis: fc.nat({ max: 50 }) })
)

/** What a sink does with its writes, one after the other. Then it takes everything, or hangs. */
interface SinkSpec {
  readonly answers: ReadonlyArray<"taken" | "down" | "rejected" | "first rejected" | "fatal">
  readonly hangs: boolean
  readonly pace: number
  readonly maxAttempts: number | undefined
  readonly capacity: number
  readonly strategy: "sliding" | "dropping" | "backpressure"
}

const sinkSpec = fc.record<SinkSpec>({
  answers: fc.array(fc.constantFrom("taken", "down", "rejected", "first rejected", "fatal"), { maxLength: 6 }),
  hangs: fc.boolean(),
  pace: fc.nat({ max: 10 }),
  maxAttempts: fc.constantFrom(undefined, 1),
  capacity: fc.integer({ min: 1, max: 5 }),
  strategy: fc.constantFrom("sliding", "dropping", "backpressure")
})

/** Who listens: from when on, and how long they need for an event. */
const subscriber = fc.record({ from: fc.nat({ max: 100 }), pace: fc.constantFrom(0, 0, 1, 30, 5000) })

const makeSink = ({ answers, capacity, hangs, maxAttempts, pace, strategy }: SinkSpec, index: number) => {
  let attempts = 0
  return Sinks.make({
    name: `sink ${index}`,
    queue: { capacity, overdraft: 2, strategy },
    batch: { size: 3 },
    retry: { maxAttempts },
    write: () =>
      Effect.andThen(
        Effect.sleep(pace),
        Effect.suspend((): Effect.Effect<void, unknown> => {
          const answer = answers[attempts++] ?? (hangs ? "hangs" : "taken")
          switch (answer) {
            case "taken":
              return Effect.void
            case "hangs":
              return Effect.never
            case "down":
              return Effect.fail("down")
            case "fatal":
              return Effect.fail(Sinks.fatal())
            case "rejected":
              return Effect.fail(Sinks.rejected())
            case "first rejected":
              return Effect.fail(Sinks.rejected({ indexes: [0] }))
          }
        })
      )
  })
}

/** Losses by sink, kind and reason. */
type Losses = Map<string, number>

const lossesOf = (sinks: { readonly [name: string]: AsyncLogging.SinkCounts }): Losses => {
  const out: Losses = new Map()
  for (const [name, { dropped, failed }] of Object.entries(sinks)) {
    for (const reason of dropReasons) out.set(`${name} Dropped ${reason}`, dropped[reason])
    for (const reason of failReasons) out.set(`${name} Failed ${reason}`, failed[reason])
  }
  return out
}

type Layer = Context.Service.Shape<typeof AsyncLogging.AsyncLogging>

const lossesNow = (layer: Layer): Losses =>
  lossesOf(
    Object.fromEntries(
      Object.entries(Effect.runSync(layer.stats).sinks).map(([name, { ledger }]) => [name, ledger] as const)
    )
  )

/** What had been lost when somebody began to listen, and what they were told since. */
interface Listener {
  readonly pace: number
  readonly before: Losses
  readonly told: Losses
}

const knowsAll = ({ before, told }: Listener, lost: Losses): void => {
  for (const [key, count] of lost) {
    // one that came after the close has seen more before
    assert.strictEqual(told.get(key) ?? 0, Math.max(0, count - before.get(key)!), key)
  }
}

/** Listens to the end. */
const listen = Effect.fnUntraced(function*(layer: Layer, pace: number, onStart: (listener: Listener) => void) {
  const scope = yield* Effect.scope
  // in one step: in between something may be lost
  const { listener, pull } = yield* Effect.sync(() => ({
    listener: { pace, before: lossesNow(layer), told: new Map() } satisfies Listener,
    pull: Effect.runSync(Channel.toPullScoped(layer.events.channel, scope))
  }))
  onStart(listener)
  yield* Stream.runForEach(Stream.fromPull(Effect.succeed(pull)), (event) => {
    if (event._tag === "Dropped" || event._tag === "Failed") {
      assert.isAbove(event.count, 0)
      const key = `${event.sink} ${event._tag} ${event.reason}`
      listener.told.set(key, (listener.told.get(key) ?? 0) + event.count)
    }
    return pace === 0 ? Effect.void : Effect.sleep(pace)
  })
})

describe("events", { timeout }, () => {
  it("add up to the ledger's numbers: for the fast whenever all is at rest, for the slow in the end", () => {
    const sinkSpecs = fc.array(sinkSpec, { minLength: 1, maxLength: 3 })
    const steps = fc.array(step, { maxLength: 15 })
    const subscribers = fc.array(subscriber, { minLength: 1, maxLength: 4 })
    fc.assert(
      fc.property(World.choices, sinkSpecs, steps, subscribers, (choices, sinkSpecs, steps, subscribers) => {
        const listeners: Array<Listener> = []
        let layer: Layer | undefined
        let report: AsyncLogging.CloseReport | undefined
        const world = World.make(choices, () => {
          if (world.ready() > 0 || layer === undefined || report !== undefined) return
          const lost = lossesNow(layer)
          for (const listener of listeners) if (listener.pace === 0) knowsAll(listener, lost)
        })
        const logging = AsyncLogging.layer({
          sinks: sinkSpecs.map(makeSink),
          onClose: (closed) =>
            Effect.sync(() => {
              report = closed
            })
        })
        const app = Effect.gen(function*() {
          const self = layer = yield* AsyncLogging.AsyncLogging
          const listening = yield* Effect.forEach(subscribers, ({ from, pace }) => {
            const heard = Effect.scoped(listen(self, pace, (listener) => void listeners.push(listener)))
            return Effect.forkDetach(Effect.delay(heard, from))
          })
          for (const step of steps) {
            if ("millis" in step) yield* Effect.sleep(step.millis)
            else if (step.waits) yield* Effect.forkChild(Effect.repeat(Logger.info("x"), { times: step.logs - 1 }))
            else yield* Effect.repeat(Effect.logInfo("x"), { times: step.logs - 1 })
          }
          return listening
        })
        const fiber = world.fork(
          app.pipe(Effect.provide(logging), Effect.provideService(AsyncLogging.NoticeWriter, () => {}))
        )
        world.advance(3_600_000)
        for (const each of Effect.runSync(World.exitOf(fiber))) Effect.runSync(World.exitOf(each))
        const lost = lossesOf(report!.sinks)
        for (const listener of listeners) knowsAll(listener, lost)
        assert.strictEqual(listeners.length, subscribers.length)
        assert.strictEqual(world.sleeping(), 0, "no timer is left")
      }),
      parameters
    )
  })
})
