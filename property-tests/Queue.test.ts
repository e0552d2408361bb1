import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as fc from "fast-check"
import * as Queue from "../src/Queue/BoundedQueue.ts"
import type { Waiter } from "../src/Queue/Waiters.ts"
import type { Bounds, Item, Model } from "./support/queueModel.ts"
import * as Models from "./support/queueModel.ts"
import { queueRegressions } from "./support/regressions.ts"
import { parameters, timeout } from "./support/runs.ts"
import * as World from "./support/scheduler.ts"

interface Real {
  readonly world: World.World
  readonly queue: Queue.BoundedQueue<Item>
  readonly waiters: Map<number, Waiter<Item>>
  readonly evicted: Array<Item>
  /** Who was let in from the line, in order. */
  readonly admitted: Array<number>
  /** Whose callers were resumed, in order. */
  readonly woken: Array<number>
  readonly taken: Array<Queue.Entry<Item>>
  offers: number
}

const setup = (bounds: Bounds): { model: Model; real: Real } => {
  const world = World.make(World.inOrder)
  const evicted: Array<Item> = []
  const admitted: Array<number> = []
  const options: Queue.Options<Item> = {
    ...bounds,
    onEvict: ({ value }) => void evicted.push(value),
    onAdmit: ({ value }) => void admitted.push(value.id)
  }
  const made = world.fork(Queue.make(options))
  world.settle()
  const exit = World.exitOf(made)
  if (Exit.isFailure(exit)) throw new Error("the queue was not made")
  const real = { world, queue: exit.value, waiters: new Map(), evicted, admitted, woken: [], taken: [], offers: 0 }
  return { model: Models.make(bounds), real }
}

// -----------------------------------------------------------------------------
// what holds after every command
// -----------------------------------------------------------------------------

const ids = (items: ReadonlyArray<Item>): ReadonlyArray<number> => items.map(({ id }) => id)

const check = (model: Model, real: Real): void => {
  const { queue } = real
  const { bounds, entries, line } = model
  assert.strictEqual(queue.size, entries.length, "size")
  assert.strictEqual(queue.bytes, Models.bytes(entries), "bytes")
  assert.strictEqual(queue.waiters.size, line.length, "waiters")
  assert.strictEqual(queue.highWatermark, model.highWatermark, "the high watermark is the true maximum")
  assert.strictEqual(Queue.peekUnsafe(queue)?.value, entries[0], "the oldest one is the head")
  assert.strictEqual(Queue.isIdle(queue), entries.length + line.length === 0, "idle")
  assert.strictEqual(Queue.isFull(queue), model.pressed || entries.length >= bounds.capacity, "full")
  assert.deepStrictEqual(real.evicted.splice(0), model.evicted.splice(0), "evictions")
  // with one value in it, a queue that had been empty may be over its bytes
  assert.isAtMost(queue.size, Models.sizeLimit(bounds))
  if (queue.size > 1) assert.isAtMost(queue.bytes, Models.bytesLimit(bounds))
  if (line.length > 0) assert.isAbove(queue.size, 0, "nobody waits for an empty queue")
}

// Those who waited are resumed later, in the order in which their wait ended, and nobody else is.
const checkWoken = ({ woken, world }: Real, expected: ReadonlyArray<number>): void => {
  assert.deepStrictEqual(woken, [], "nobody is woken from inside an operation")
  world.settle()
  assert.deepStrictEqual(woken.splice(0), expected, "woken")
}

// -----------------------------------------------------------------------------
// commands
// -----------------------------------------------------------------------------

type Command = fc.Command<Model, Real>

const command = (name: string, run: (model: Model, real: Real) => void): Command => ({
  check: () => true,
  run: (model, real) => {
    run(model, real)
    check(model, real)
  },
  toString: () => name
})

const offer = (bytes: number, isProtected: boolean, canWait: boolean): Command =>
  command(`offer(${bytes}, ${isProtected}, ${canWait})`, (model, real) => {
    const item: Item = { id: real.offers++, bytes, isProtected }
    const crowded = Queue.isCrowded(real.queue, bytes)
    const verdict = Queue.offerUnsafe(real.queue, item, bytes, isProtected, canWait)
    assert.strictEqual(verdict, Models.offer(model, item, canWait))
    if (verdict === "must_wait") {
      assert.isTrue(crowded, "a queue where one must wait says so before")
      const waiter = Queue.waitUnsafe(real.queue, item, bytes, isProtected)
      waiter.resume = () => real.woken.push(item.id)
      real.waiters.set(item.id, waiter)
      model.line.push(item)
    }
    model.admitted.length = 0
    assert.deepStrictEqual(real.admitted, [], "an offer lets in nobody else")
    checkWoken(real, [])
  })

const take = (n: number): Command =>
  command(`take(${n})`, (model, real) => {
    const entries = Queue.takeUnsafe(real.queue, n)
    const expected = Models.take(model, n)
    assert.deepStrictEqual(entries.map(({ value }) => value), expected, "taken in the order of admission")
    assert.deepStrictEqual(entries.map(({ bytes }) => bytes), expected.map(({ bytes }) => bytes))
    for (const entry of entries) {
      assert.isAbove(entry.order, real.taken.at(-1)?.order ?? -1, "the places increase")
      real.taken.push(entry)
    }
    checkAdmitted(model, real)
  })

const leave = (pick: number): Command =>
  command(`leave(${pick})`, (model, real) => {
    const all = [...real.waiters.entries()]
    const chosen = all[pick % Math.max(1, all.length)]
    if (chosen === undefined) return
    const [id, waiter] = chosen
    assert.strictEqual(Queue.leaveUnsafe(real.queue, waiter), Models.leave(model, id))
    assert.isFalse(Queue.leaveUnsafe(real.queue, waiter), "it leaves once")
    checkAdmitted(model, real)
  })

const checkAdmitted = (model: Model, real: Real): void => {
  const admitted = ids(model.admitted.splice(0))
  assert.deepStrictEqual(real.admitted.splice(0), admitted, "let in from the line, in order")
  for (const id of admitted) {
    const waiter = real.waiters.get(id)!
    assert.strictEqual(waiter.state, "admitted")
    assert.isAtLeast(waiter.order, 0)
  }
  checkWoken(real, admitted)
}

const close: Command = command("close()", (model, real) => {
  Queue.closeUnsafe(real.queue)
  model.closed = true
})

const clear: Command = command("clear()", (model, real) => {
  const { entries, waiters } = Queue.clearUnsafe(real.queue)
  assert.deepStrictEqual(entries.map(({ value }) => value), model.entries.splice(0))
  const line = model.line.splice(0)
  assert.deepStrictEqual(waiters.map(({ value }) => value), line)
  model.closed = true
  checkWoken(real, ids(line))
})

// -----------------------------------------------------------------------------
// the property
// -----------------------------------------------------------------------------

const bounds = (strategy: Bounds["strategy"]): fc.Arbitrary<Bounds> =>
  fc.record({
    strategy: fc.constant(strategy),
    capacity: fc.integer({ min: 1, max: 6 }),
    maxBytes: fc.integer({ min: 1, max: 40 }),
    overdraft: fc.nat({ max: 6 })
  })

const offers = fc.tuple(fc.integer({ min: 1, max: 24 }), fc.boolean(), fc.boolean()).map((args) => offer(...args))

const commands = fc.commands(
  [
    offers,
    offers,
    offers,
    offers,
    fc.integer({ min: 1, max: 8 }).map(take),
    fc.nat({ max: 20 }).map(leave),
    fc.constantFrom(close, ...Array.from({ length: 8 }, () => take(1))),
    fc.constantFrom(clear, ...Array.from({ length: 8 }, () => take(2)))
  ],
  { maxCommands: 60, size: "max" }
)

// What is left at the end comes out in order, and every place in the order of admission was given once.
const drain = (model: Model, real: Real): void => {
  while (!Queue.isIdle(real.queue)) take(3).run(model, real)
  assert.deepStrictEqual([model.entries, model.line], [[], []])
}

const run = (bounds: Bounds, commands: Iterable<Command>): void => {
  const { model, real } = setup(bounds)
  fc.modelRun(() => ({ model, real }), commands)
  drain(model, real)
}

describe("the bounded queue", { timeout }, () => {
  it("G1 sliding: admits, evicts, refuses and gives out exactly as an array would", () => {
    fc.assert(fc.property(bounds("sliding"), commands, run), parameters)
  })

  it("G1 dropping: admits, evicts, refuses and gives out exactly as an array would", () => {
    fc.assert(fc.property(bounds("dropping"), commands, run), parameters)
  })

  it("G2 backpressure: admits, queues up, overdraws and gives out exactly as an array would", () => {
    fc.assert(fc.property(bounds("backpressure"), commands, run), parameters)
  })

  it("G3 while an ordinary value waits, no protected one is refused or evicted", () => {
    const strategy = fc.constantFrom("sliding" as const, "dropping" as const, "backpressure" as const)
    const items = fc.array(fc.tuple(fc.integer({ min: 1, max: 24 }), fc.boolean(), fc.nat({ max: 4 })), {
      maxLength: 60,
      size: "max"
    })
    fc.assert(
      fc.property(strategy.chain(bounds), items, (bounds, items) => {
        const { real: { evicted, queue } } = setup(bounds)
        const ordinary = () => queue.ordinary.messages.length
        for (const [bytes, isProtected, taken] of items) {
          if (taken > 2) Queue.takeUnsafe(queue, taken)
          const verdict = Queue.offerUnsafe(queue, { id: 0, bytes, isProtected }, bytes, isProtected, false)
          const lost = evicted.splice(0).filter((item) => item.isProtected).length
          if (lost > 0 || (isProtected && verdict !== "admitted" && verdict !== "overdrawn")) {
            assert.strictEqual(ordinary(), 0)
          }
        }
      }),
      parameters
    )
  })

  for (const [name, { bounds, commands }] of Object.entries(queueRegressions)) {
    it(name, () =>
      run(
        bounds,
        commands.map((command) => command[0] === "offer" ? offer(command[1], command[2], command[3]) : take(command[1]))
      ))
  }

  it.effect("G6 who stands in line gets an overdraft under backpressure alone", () =>
    Effect.gen(function*() {
      for (const strategy of ["sliding", "dropping", "backpressure"] as const) {
        const options = { capacity: 2, maxBytes: 10, overdraft: 2, strategy, onEvict: () => {}, onAdmit: () => {} }
        const queue = yield* Queue.make<string>(options)
        Queue.offerUnsafe(queue, "a", 5, false, false)
        Queue.offerUnsafe(queue, "b", 5, false, false)
        Queue.waitUnsafe(queue, "c", 8, false)
        Queue.waitUnsafe(queue, "d", 8, false)
        assert.deepStrictEqual(Queue.waitersUnsafe(queue).map(({ value }) => value), ["c", "d"])
        Queue.takeUnsafe(queue, 2)
        assert.strictEqual(queue.bytes, strategy === "backpressure" ? 16 : 8)
      }
    }))

  it("its consumer is woken when there is something to take, and not before", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5 }), fc.nat({ max: 5 }), World.choices, (n, k, choices) => {
        const world = World.make(choices)
        let woken = 0
        const waits = world.fork(Effect.gen(function*() {
          const queue = yield* Queue.make<number>({
            capacity: 5,
            maxBytes: 100,
            strategy: "dropping",
            overdraft: 0,
            onEvict: () => {},
            onAdmit: () => {}
          })
          yield* Effect.forkChild(Effect.tap(Queue.awaitBell(queue, n), () => Effect.sync(() => woken++)))
          yield* Effect.sleep(1)
          for (let i = 0; i < k; i++) Queue.offerUnsafe(queue, i, 1, false, false)
          yield* Effect.sleep(1)
          const before = woken
          Queue.ringUnsafe(queue)
          yield* Effect.sleep(1)
          return before
        }))
        world.advance(3)
        assert.deepStrictEqual(World.exitOf(waits), Exit.succeed(k >= n ? 1 : 0))
        assert.strictEqual(woken, 1)
      }),
      parameters
    )
  })
})
