import { assert, describe, it, vi } from "@effect/vitest"
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
  /** How the queue answered, since it was last looked at. */
  readonly verdicts: Array<string>
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
  const logs = { evicted, admitted, woken: [], taken: [], verdicts: [] }
  const real: Real = { world, queue: exit.value, waiters: new Map(), ...logs, offers: 0 }
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
  assert.deepStrictEqual(Queue.peekUnsafe(queue)?.value, entries[0], "the oldest one is the head")
  assert.strictEqual(Queue.isIdle(queue), entries.length + line.length === 0, "idle")
  const isFull = model.pressed || line.length > 0 || entries.length >= bounds.capacity
  assert.strictEqual(Queue.isFull(queue), isFull, "full")
  assert.deepStrictEqual(real.evicted.splice(0), model.evicted.splice(0), "evictions")
  // with one value in it, a queue that had been empty may be over its bytes
  assert.isAtMost(queue.size, Models.sizeLimit(bounds))
  if (queue.size > 1) assert.isAtMost(queue.bytes, Models.bytesLimit(bounds))
  if (line.length > 0) assert.isAbove(queue.size, 0, "nobody waits for an empty queue")
}

// -----------------------------------------------------------------------------
// callers
// -----------------------------------------------------------------------------

type What = Pick<Item, "bytes" | "isProtected" | "more">

// A caller that waits offers more at once when it has room, and stops where it has to wait again.
const offerReal = (real: Real, what: What, canWait: boolean): string => {
  const item: Item = { ...what, id: real.offers++ }
  const { bytes, isProtected } = what
  const crowded = Queue.isCrowded(real.queue, bytes)
  const verdict = Queue.offerUnsafe(real.queue, item, bytes, isProtected, canWait)
  real.verdicts.push(verdict)
  if (verdict !== "must_wait") return verdict
  assert.isTrue(crowded, "a queue where one must wait says so before")
  const waiter = Queue.waitUnsafe(real.queue, item, bytes, isProtected)
  waiter.resume = () => {
    real.woken.push(item.id)
    if (waiter.state === "admitted") offerMore(item, (next) => offerReal(real, next, true))
  }
  real.waiters.set(item.id, waiter)
  return verdict
}

const offerModel = (model: Model, verdicts: Array<string>, what: What, canWait: boolean): string => {
  const item: Item = { ...what, id: model.offers++ }
  const verdict = Models.offer(model, item, canWait)
  verdicts.push(verdict)
  if (verdict === "must_wait") model.line.push(item)
  return verdict
}

const offerMore = ({ bytes, isProtected, more }: Item, offer: (what: What) => string): void => {
  for (let rest = more - 1; rest >= 0; rest--) if (offer({ bytes, isProtected, more: rest }) === "must_wait") return
}

// Those who waited are resumed later, group by group, in the order in which their wait ended, and nobody else is.
const checkWoken = (model: Model, real: Real): void => {
  assert.deepStrictEqual(real.woken, [], "nobody is woken from inside an operation")
  assert.deepStrictEqual(real.admitted, ids(model.admitted), "let in from the line, in order")
  const woken: Array<number> = []
  const verdicts: Array<string> = []
  Models.runGroups(model, (item) => {
    woken.push(item.id)
    offerMore(item, (next) => offerModel(model, verdicts, next, true))
  })
  real.world.settle()
  assert.deepStrictEqual(real.verdicts.splice(0), verdicts, "what those who were woken offered")
  assert.deepStrictEqual(real.woken.splice(0), woken, "woken")
  const admitted = ids(model.admitted.splice(0))
  assert.deepStrictEqual(real.admitted.splice(0), admitted, "let in from the line, in order")
  for (const id of admitted) {
    const waiter = real.waiters.get(id)!
    assert.strictEqual(waiter.state, "admitted")
    assert.isAtLeast(waiter.order, 0)
  }
}

// -----------------------------------------------------------------------------
// commands
// -----------------------------------------------------------------------------

type Command = fc.Command<Model, Real>

const command = (name: string, run: (model: Model, real: Real) => void): Command => ({
  check: () => true,
  run: (model, real) => {
    run(model, real)
    checkWoken(model, real)
    check(model, real)
  },
  toString: () => name
})

const offerBoth = (model: Model, real: Real, what: What, canWait: boolean): void => {
  const verdicts: Array<string> = []
  offerReal(real, what, canWait)
  offerModel(model, verdicts, what, canWait)
  assert.deepStrictEqual(real.verdicts.splice(0), verdicts)
}

const offer = (bytes: number, isProtected: boolean, canWait: boolean, more: number): Command =>
  command(
    `offer(${bytes}, ${isProtected}, ${canWait}, ${more})`,
    (model, real) => offerBoth(model, real, { bytes, isProtected, more }, canWait)
  )

const takeBoth = (model: Model, real: Real, n: number): void => {
  const entries = Queue.takeUnsafe(real.queue, n)
  const expected = Models.take(model, n)
  assert.deepStrictEqual(entries.map(({ value }) => value), expected, "taken in the order of admission")
  assert.deepStrictEqual(entries.map(({ bytes }) => bytes), expected.map(({ bytes }) => bytes))
  for (const entry of entries) {
    assert.isAbove(entry.order, real.taken.at(-1)?.order ?? -1, "the places increase")
    real.taken.push(entry)
  }
}

const take = (n: number): Command => command(`take(${n})`, (model, real) => takeBoth(model, real, n))

// Somebody offers, and somebody leaves the line, before those who were let in have run.
const takeAndRun = (n: number, bytes: number, canWait: boolean, pick: number): Command =>
  command(`takeAndRun(${n}, ${bytes}, ${canWait}, ${pick})`, (model, real) => {
    takeBoth(model, real, n)
    offerBoth(model, real, { bytes, isProtected: false, more: 0 }, canWait)
    leaveBoth(model, real, pick)
  })

const leaveBoth = (model: Model, real: Real, pick: number): void => {
  const all = [...real.waiters.entries()]
  const chosen = all[pick % Math.max(1, all.length)]
  if (chosen === undefined) return
  const [id, waiter] = chosen
  assert.strictEqual(Queue.leaveUnsafe(real.queue, waiter), Models.leave(model, id))
  assert.isFalse(Queue.leaveUnsafe(real.queue, waiter), "it leaves once")
}

const leave = (pick: number): Command => command(`leave(${pick})`, (model, real) => leaveBoth(model, real, pick))

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
  // sent away, and woken all at once
  real.world.settle()
  assert.deepStrictEqual(real.woken.splice(0), ids(line))
})

// -----------------------------------------------------------------------------
// the property
// -----------------------------------------------------------------------------

const bounds = (strategy: Bounds["strategy"]): fc.Arbitrary<Bounds> =>
  fc.record({
    strategy: fc.constant(strategy),
    capacity: fc.integer({ min: 1, max: 6 }),
    maxBytes: fc.integer({ min: 1, max: 40 }),
    overdraft: fc.nat({ max: 6 }),
    groupSize: fc.integer({ min: 1, max: 4 })
  })

const size = fc.integer({ min: 1, max: 24 })
const few = fc.integer({ min: 1, max: 8 })
const offers = fc.tuple(size, fc.boolean(), fc.boolean(), fc.nat({ max: 3 })).map((args) => offer(...args))
const takes = fc.tuple(few, size, fc.boolean(), fc.nat({ max: 20 })).map((args) => takeAndRun(...args))

const commands = fc.commands(
  [
    offers,
    offers,
    offers,
    offers,
    few.map(take),
    takes,
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

const nobody = { onEvict: () => {}, onAdmit: () => {} }

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
          const verdict = Queue.offerUnsafe(queue, { id: 0, bytes, isProtected, more: 0 }, bytes, isProtected, false)
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
        commands.map((command) =>
          command[0] === "offer" ? offer(command[1], command[2], command[3], 0) : take(command[1])
        )
      ))
  }

  it.live("G2 each slot that a take freed goes to who stands in line, group by group, also in the overdraft", () =>
    Effect.gen(function*() {
      const strategy = "backpressure"
      const make = Queue.make<number>({ capacity: 4, maxBytes: 100, overdraft: 4, groupSize: 2, strategy, ...nobody })
      const offer = (queue: Queue.BoundedQueue<number>, canWait: boolean) =>
        Queue.offerUnsafe(queue, 0, 1, false, canWait)
      const crowded = yield* make
      for (let i = 0; i < 8; i++) offer(crowded, false)
      for (let i = 0; i < 8; i++) Queue.waitUnsafe(crowded, 0, 1, false)
      Queue.takeUnsafe(crowded, 4)
      yield* Effect.sleep(1)
      assert.deepStrictEqual([crowded.waiters.size, offer(crowded, false)], [4, "overdraft"])
      // a slot that goes to who logs on is not given twice
      const full = yield* make
      for (let i = 0; i < 4; i++) offer(full, true)
      for (let i = 0; i < 8; i++) Queue.waitUnsafe(full, 0, 1, false)
      Queue.takeUnsafe(full, 4)
      assert.deepStrictEqual([offer(full, true), offer(full, true)], ["admitted", "admitted"])
      yield* Effect.sleep(1)
      assert.deepStrictEqual([full.size, full.waiters.size], [4, 6])
    }))

  it.effect("G6 who stands in line gets an overdraft under backpressure alone", () =>
    Effect.gen(function*() {
      for (const strategy of ["sliding", "dropping", "backpressure"] as const) {
        const options = { capacity: 2, maxBytes: 10, overdraft: 2, groupSize: 2, strategy, ...nobody }
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

  it("its consumer is woken when somebody joins the line, also without an offer", () => {
    const { real: { queue, world } } = setup({
      strategy: "dropping",
      capacity: 5,
      maxBytes: 10,
      overdraft: 0,
      groupSize: 1
    })
    const item: Item = { id: 0, bytes: 8, isProtected: false, more: 0 }
    Queue.offerUnsafe(queue, item, 8, false, false)
    const waits = world.fork(Queue.awaitBell(queue, 5))
    world.settle()
    Queue.waitUnsafe(queue, item, 8, false)
    world.settle()
    assert.deepStrictEqual(World.exitOf(waits), Exit.void)
    assert.isTrue(Queue.isFull(queue))
  })

  it("what one who waited throws when it is woken keeps nobody else asleep, and is its own", () => {
    const later = vi.spyOn(globalThis, "queueMicrotask").mockReturnValue()
    try {
      const { real: { queue, world } } = setup({
        strategy: "backpressure",
        capacity: 6,
        maxBytes: 100,
        overdraft: 0,
        groupSize: 2
      })
      const item = (id: number): Item => ({ id, bytes: 1, isProtected: false, more: 0 })
      for (let i = 0; i < 6; i++) Queue.offerUnsafe(queue, item(i), 1, false, true)
      const woken: Array<number> = []
      for (let i = 0; i < 5; i++) {
        Queue.waitUnsafe(queue, item(i), 1, false).resume = () => {
          woken.push(i)
          if (i % 2 === 0) throw new Error(`thrown by ${i}`)
        }
      }
      Queue.takeUnsafe(queue, 6)
      world.settle()
      assert.deepStrictEqual([woken, queue.waiters.size], [[0, 1, 2, 3, 4], 0])
      assert.strictEqual(later.mock.calls.length, 3)
      for (const [i, [rethrow]] of later.mock.calls.entries()) assert.throws(rethrow, `thrown by ${2 * i}`)
    } finally {
      later.mockRestore()
    }
  })

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
            groupSize: 1,
            ...nobody
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
