import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { setFlagsFromString } from "node:v8"
import { runInNewContext } from "node:vm"
import type * as Steps from "../../src/Files/Steps.ts"
import * as InFlight from "../../src/Sinks/InFlight.ts"

setFlagsFromString("--expose-gc")
const collectGarbage: () => void = runInNewContext("gc")

/** Operations that end when the test says so. */
const operations = () => {
  const ends: Array<Steps.Callback<number>> = []
  return { ends, start: (callback: Steps.Callback<number>) => void ends.push(callback) }
}

describe("InFlight", () => {
  it.effect("one operation at a time, in the order they were asked for", () =>
    Effect.gen(function*() {
      const inFlight = InFlight.make()
      const { ends, start } = operations()
      const settled: Array<string> = []
      const run = (name: string) => Effect.forkChild(inFlight.run(start, (n) => settled.push(`${name} ${n}`)))
      const fibers = [yield* run("a"), yield* run("b"), yield* run("c")]
      yield* Effect.yieldNow
      for (let i = 0; i < 3; i++) {
        assert.lengthOf(ends, i + 1)
        ends[i]!(null, i)
      }
      yield* Fiber.joinAll(fibers)
      assert.deepStrictEqual(settled, ["a 0", "b 1", "c 2"])
      assert.isFalse(inFlight.busyUnsafe())
    }))

  it.effect("G24 an operation that ends twice ends once", () =>
    Effect.gen(function*() {
      const inFlight = InFlight.make()
      const { ends, start } = operations()
      const settled: Array<number> = []
      const first = yield* Effect.forkChild(inFlight.run(start, (n) => settled.push(n)))
      yield* Effect.yieldNow
      ends[0]!(null, 1)
      yield* Fiber.join(first)
      const second = yield* Effect.forkChild(inFlight.run(start, (n) => settled.push(n)))
      yield* Effect.yieldNow
      ends[0]!(null, 1)
      ends[0]!(new Error("late"), 1)
      assert.isTrue(inFlight.busyUnsafe())
      ends[1]!(null, 2)
      yield* Fiber.join(second)
      assert.deepStrictEqual(settled, [1, 2])
    }))

  it.effect("an operation whose fiber was interrupted still settles", () =>
    Effect.gen(function*() {
      const inFlight = InFlight.make()
      const { ends, start } = operations()
      const settled: Array<number> = []
      const fiber = yield* Effect.forkChild(inFlight.run(start, (n) => settled.push(n)))
      yield* Effect.yieldNow
      yield* Fiber.interrupt(fiber)
      assert.isTrue(inFlight.busyUnsafe())
      ends[0]!(null, 7)
      yield* inFlight.idle
      assert.deepStrictEqual(settled, [7])
    }))

  it.effect("fails with the error of the operation, thrown or called back", () =>
    Effect.gen(function*() {
      const inFlight = InFlight.make()
      const error = new Error("boom")
      const called = inFlight.run<number>((callback) => callback(error, 0))
      const thrown = inFlight.run<number>(() => {
        throw error
      })
      assert.strictEqual(yield* Effect.flip(called), error)
      assert.strictEqual(yield* Effect.flip(thrown), error)
      assert.isFalse(inFlight.busyUnsafe())
    }))

  it.effect("whoever waits is called when nothing is under way any more, unless it was taken back", () =>
    Effect.gen(function*() {
      const inFlight = InFlight.make()
      const { ends, start } = operations()
      const calls: Array<string> = []
      inFlight.whenIdleUnsafe(() => calls.push("at once"))
      yield* Effect.forkChild(inFlight.run(start))
      yield* Effect.yieldNow
      yield* Effect.forkChild(inFlight.run(start))
      yield* Effect.yieldNow
      inFlight.whenIdleUnsafe(() => calls.push("in the end"))
      inFlight.whenIdleUnsafe(() => calls.push("never"))()
      ends[0]!(null, 0)
      assert.deepStrictEqual(calls, ["at once"])
      ends[1]!(null, 0)
      assert.deepStrictEqual(calls, ["at once", "in the end"])
    }))

  it.effect("an operation that was given up settles nothing, and its fiber goes on", () =>
    Effect.gen(function*() {
      const inFlight = InFlight.make()
      const { ends, start } = operations()
      const settled: Array<number> = []
      const fiber = yield* Effect.forkChild(inFlight.run(start, (n) => settled.push(n)))
      yield* Effect.yieldNow
      inFlight.abandonUnsafe()
      assert.isFalse(inFlight.busyUnsafe())
      ends[0]!(null, 1)
      yield* Fiber.join(fiber)
      assert.deepStrictEqual(settled, [])
    }))

  it.effect("whoever was called is not called again when the next operation ends", () =>
    Effect.gen(function*() {
      const inFlight = InFlight.make()
      const { ends, start } = operations()
      let calls = 0
      for (let i = 0; i < 2; i++) {
        yield* Effect.forkChild(inFlight.run(start))
        yield* Effect.yieldNow
        if (i === 0) inFlight.whenIdleUnsafe(() => calls++)
        ends[i]!(null, 0)
        assert.strictEqual(calls, 1)
      }
    }))

  it.effect("G35 whoever is interrupted while an operation hangs is forgotten", () =>
    Effect.gen(function*() {
      const inFlight = InFlight.make()
      yield* Effect.forkChild(inFlight.run(operations().start), { startImmediately: true })
      const interrupted = Effect.gen(function*() {
        const fiber = yield* Effect.forkChild(inFlight.idle, { startImmediately: true })
        yield* Fiber.interrupt(fiber)
        return new WeakRef(fiber)
      })
      const fiber = yield* interrupted
      // a `WeakRef` keeps its target to the end of the turn
      yield* Effect.promise(() => new Promise((resolve) => setImmediate(resolve)))
      collectGarbage()
      assert.isTrue(inFlight.busyUnsafe())
      assert.isUndefined(fiber.deref())
    }))
})
