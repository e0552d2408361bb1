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
 * A program that logs from some fibers until its process ends: which sinks it has, how their writes go, how many records
 * each fiber logs, how far they come, and at which synchronous write a sink fails, after how many records.
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

type Program = typeof program extends fc.Arbitrary<infer P> ? P : never

/** A sink that goes by the program, until its process is over. */
const probe = ({ capacity, failure, size, strategy, write }: Program, name: string) => {
  const arrived: Array<LogRecord> = []
  let calls = 0
  let isOver = false
  const take = (batch: ReadonlyArray<LogRecord>) =>
    Effect.sync(() => {
      // nothing goes on behind the end of a process
      if (!isOver) arrived.push(...batch)
    })
  const answers = {
    hangs: () => Effect.never,
    fails: () => Effect.fail("down"),
    arrives: take,
    yields: (batch: ReadonlyArray<LogRecord>) => Effect.andThen(Effect.yieldNow, take(batch))
  }
  const options = { name, batch: { size }, queue: { capacity, strategy } }
  const writeSync = (batch: ReadonlyArray<LogRecord>) => {
    const taken = calls++ === failure?.at ? batch.slice(0, failure.delivered) : batch
    arrived.push(...taken)
    if (taken !== batch) throw Sinks.unavailable({ delivered: taken.length })
  }
  return {
    local: Sinks.make({ ...options, write: answers[write], writeSync }),
    remote: Sinks.make({ ...options, write: answers[write], fallback: "other" }),
    arrived,
    end: () => {
      isOver = true
    }
  }
}

/** Runs the program until the end of its process, with some time to go on, and answers the terms of its sinks then. */
const run = (
  { fibers, gate, turns }: Program,
  probes: ReadonlyArray<ReturnType<typeof probe>>,
  sinks: ReadonlyArray<Sinks.Sink>
) =>
  Effect.gen(function*() {
    const process = fakeProcess()
    const layer = AsyncLogging.layer({ stages: gate ? [holdEffect(2, "release")] : [], sinks })
    const ended = Effect.gen(function*() {
      for (const levels of fibers) {
        yield* Effect.forkChild(Effect.forEach(levels, (level) => Logger.log(level)("x")))
      }
      yield* Effect.repeat(Effect.yieldNow, { times: turns })
      process.emit("exit")
      for (const { end } of probes) end()
      const stats = yield* AsyncLogging.stats
      assert.strictEqual(AsyncLogging.layerImbalance(stats.ledger), 0)
      assert.strictEqual(stats.ledger.held, 0)
      for (const { ledger } of Object.values(stats.sinks)) {
        assert.strictEqual(AsyncLogging.sinkImbalance(ledger), 0)
        assert.deepStrictEqual([ledger.waiting, ledger.queued, ledger.sending], [0, 0, 0])
      }
      yield* Logger.info("late")
      return { arrived: probes.map(({ arrived }) => arrived.length), sinks: stats.sinks }
    })
    const fiber = yield* Effect.forkChild(Effect.provide(ended, Layer.provide(layer, process.layer)), {
      startImmediately: true
    })
    while (fiber.pollUnsafe() === undefined) yield* TestClock.adjust("1 minute")
    const { arrived, sinks: left } = yield* Fiber.join(fiber)
    assert.deepStrictEqual(arrived, probes.map(({ arrived }) => arrived.length), "nothing is written afterwards")
    assert.deepStrictEqual(process.listeners(), {})
    return left
  }).pipe(Effect.provide(TestClock.layer()), Effect.runPromise)

const lost = ({ dropped, failed }: AsyncLogging.SinkCounts): number =>
  Object.values(dropped).reduce((a, b) => a + b) + failed.shutdown_timeout

const seqsOf = (records: ReadonlyArray<LogRecord>): ReadonlyArray<number> => records.flatMap(({ seq }) => seq ?? [])

describe("the end of the process", () => {
  it(
    "G14 at any moment: each record has one end, what the sink took is delivered, in order, and no other is",
    () =>
      fc.assert(
        fc.asyncProperty(program, async (program) => {
          const own = probe(program, "probe")
          const { ledger } = (await run(program, [own], [own.local]))["probe"]!
          const seqs = seqsOf(own.arrived)
          assert.strictEqual(ledger.delivered, new Set(seqs).size)
          // a write that arrived, and was not heard of, is repeated, and says so
          const numbered = own.arrived.filter(({ seq }) => seq !== undefined)
          const again = numbered.filter(({ notes }, i) => seqs.indexOf(seqs[i]!) < i && notes === undefined)
          assert.deepStrictEqual(again, [])
          if (program.strategy !== "backpressure") {
            assert.deepStrictEqual([...new Set(seqs)], [...new Set(seqs)].toSorted((a, b) => a - b))
          } else if (program.failure === undefined) {
            // what a gate gives at its close is admitted before those who wait, and cannot wait itself
            assert.isAtMost(ledger.dropped.overdraft, program.gate ? 2 : 0)
            assert.strictEqual(lost(ledger) - ledger.dropped.overdraft, 0)
          }
        }),
        parameters
      ),
    timeout
  )

  it("G14 what a remote sink holds goes to its fallback, which writes it", () =>
    fc.assert(
      fc.asyncProperty(program, async (program) => {
        const remote = probe(program, "probe")
        const other = probe(program, "other")
        const sinks = await run(program, [remote, other], [other.local, remote.remote])
        assert.strictEqual(sinks["other"]!.ledger.delivered, new Set(seqsOf(other.arrived)).size)
        assert.strictEqual(lost(sinks["probe"]!.ledger), lostBefore(sinks["probe"]!.ledger))
        assert.isAtMost(sinks["probe"]!.ledger.dropped.overdraft, program.gate ? 2 : 0)
        if (program.strategy === "backpressure" && program.failure === undefined) {
          assert.strictEqual(lost(sinks["other"]!.ledger), 0)
        }
      }),
      parameters
    ), timeout)
})

/** What the strategy costs, while the process lives, and a gate that gives more than there is room for. */
const lostBefore = ({ dropped }: AsyncLogging.SinkCounts): number =>
  dropped.evicted + dropped.queue_full + dropped.overdraft
