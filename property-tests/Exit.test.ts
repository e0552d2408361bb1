import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as TestClock from "effect/testing/TestClock"
import * as fc from "fast-check"
import * as AsyncLogging from "../src/AsyncLogging.ts"
import * as Logger from "../src/Logger.ts"
import type { LogRecord } from "../src/Record.ts"
import * as Sinks from "../src/Sinks.ts"
import { holdEffect } from "../test/support/gates.ts"
import { fakeProcess } from "../test/support/hostProcess.ts"
import { parameters, timeout } from "./support/runs.ts"

/**
 * A program that logs from some fibers until its process ends: which sink it has, how its writes go, how many records each
 * fiber logs, how far they come, and at which synchronous write the sink fails, after how many records.
 */
const program = fc.record({
  strategy: fc.constantFrom("sliding" as const, "dropping" as const, "backpressure" as const),
  capacity: fc.integer({ min: 1, max: 20 }),
  size: fc.integer({ min: 1, max: 10 }),
  write: fc.constantFrom("hangs" as const, "arrives" as const, "fails" as const, "yields" as const),
  gate: fc.boolean(),
  fibers: fc.array(fc.array(fc.constantFrom("Info" as const, "Error" as const), { maxLength: 15 }), { maxLength: 4 }),
  turns: fc.nat(30),
  failure: fc.option(fc.record({ at: fc.nat(3), delivered: fc.nat(10) }), { nil: undefined })
})

describe("the end of the process", () => {
  it(
    "G14 at any moment: each record has one end, what the sink took is delivered, in order, and no other is",
    () =>
      fc.assert(
        fc.asyncProperty(program, ({ capacity, failure, fibers, gate, size, strategy, turns, write }) =>
          Effect.runPromise(
            Effect.gen(function*() {
              const process = fakeProcess()
              const arrived: Array<LogRecord> = []
              let calls = 0
              let isOver = false
              const take = (batch: ReadonlyArray<LogRecord>) =>
                Effect.sync(() => {
                  // nothing goes on behind the end of a process
                  if (!isOver) {
                    arrived.push(...batch)
                  }
                })
              const sink = Sinks.make({
                name: "probe",
                batch: { size },
                queue: { capacity, strategy },
                write: (batch) =>
                  write === "hangs"
                    ? Effect.never
                    : write === "fails"
                    ? Effect.fail("down")
                    : write === "arrives"
                    ? take(batch)
                    : Effect.andThen(Effect.yieldNow, take(batch)),
                writeSync: (batch) => {
                  const taken = calls++ === failure?.at ? batch.slice(0, failure.delivered) : batch
                  arrived.push(...taken)
                  if (taken !== batch) {
                    throw Sinks.unavailable({ delivered: taken.length })
                  }
                }
              })
              const layer = AsyncLogging.layer({ stages: gate ? [holdEffect(2, "release")] : [], sinks: [sink] })
              const ended = Effect.gen(function*() {
                for (const levels of fibers) {
                  yield* Effect.forkChild(Effect.forEach(levels, (level) =>
                    Logger.log(level)("x")))
                }
                yield* Effect.repeat(Effect.yieldNow, { times: turns })
                process.emit("exit")
                isOver = true
                const { ledger, sinks } = yield* AsyncLogging.stats
                const counts = sinks["probe"]!.ledger
                assert.strictEqual(AsyncLogging.layerImbalance(ledger), 0)
                assert.strictEqual(AsyncLogging.sinkImbalance(counts), 0)
                assert.deepStrictEqual([counts.waiting, counts.queued, counts.sending, ledger.held], [0, 0, 0, 0])
                const own = arrived.filter(({ gap }) => gap === undefined)
                const seqs = own.map(({ seq }) => seq!)
                assert.strictEqual(counts.delivered, new Set(seqs).size)
                // a write that arrived, and was not heard of, is repeated, and says so
                const again = own.filter(({ notes, seq }, i) => seqs.indexOf(seq!) < i && notes === undefined)
                assert.deepStrictEqual(again, [])
                assert.deepStrictEqual([...new Set(seqs)], [...new Set(seqs)].toSorted((a, b) => a - b))
                const lost = Object.values(counts.dropped).reduce((a, b) => a + b) + counts.failed.shutdown_timeout
                if (failure === undefined && strategy === "backpressure") assert.strictEqual(lost, 0)
                yield* Logger.info("late")
                return arrived.length
              })
              const fiber = yield* Effect.forkChild(Effect.provide(ended, Layer.provide(layer, process.layer)), {
                startImmediately: true
              })
              while (fiber.pollUnsafe() === undefined) yield* TestClock.adjust("1 minute")
              assert.strictEqual(yield* Fiber.join(fiber), arrived.length, "nothing is written afterwards")
              assert.deepStrictEqual(process.listeners(), {})
            }).pipe(Effect.provide(TestClock.layer()))
          )),
        parameters
      ),
    timeout
  )
})
