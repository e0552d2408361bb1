import { assert, describe, it } from "@effect/vitest"
import { execFile } from "node:child_process"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import { sinkImbalance } from "../src/AsyncLogging.ts"
import type { OutageCase, OutageResult } from "./support/outageChild.ts"

const child = fileURLToPath(new URL("support/outageChild.ts", import.meta.url))

// 5,000 records a second
const perTick = 500
const perSecond = 10 * perTick
const perMinute = 60 * perSecond

// the batch that was taken when the destination had just gone down
const inFlight = perTick

const through = async (wanted: Omit<OutageCase, "burst">): Promise<OutageResult> => {
  // the code of what is not called any more would go in the middle of it, and hide megabytes
  const args = ["--expose-gc", "--no-flush-bytecode", child, JSON.stringify({ ...wanted, burst: perTick })]
  const { stdout } = await promisify(execFile)(process.execPath, args)
  const result: OutageResult = JSON.parse(stdout)
  const { counts, logged } = result
  assert.strictEqual(logged, (wanted.before + wanted.down + wanted.after) * perSecond)
  assert.strictEqual(counts.accepted, logged)
  assert.strictEqual(sinkImbalance(counts), 0)
  return result
}

const mebi = 1024 * 1024
const timeout = 240_000

const dropped = ({ dropped }: OutageResult["counts"]): { readonly [reason: string]: number } =>
  Object.fromEntries(Object.entries(dropped).filter(([, n]) => n > 0))

const capacity = 16_384

describe.concurrent("G32 a destination that is down", () => {
  it("G32 for ten minutes at 5,000 records a second: memory flat, the count exact, order kept on recovery", {
    timeout
  }, async () => {
    // the longest pause between two attempts is 36 seconds
    const { arrived, counts, gaps, logged, minutes } = await through({ queue: {}, before: 10, down: 600, after: 40 })

    const heaps = minutes.map(({ heap }) => heap)
    assert.strictEqual(heaps.length, 10)
    assert.isBelow(Math.max(...heaps) - Math.min(...heaps), 4 * mebi, heaps.join())
    const [first, ...others] = minutes
    assert.deepStrictEqual(
      [first!.depth, first!.logged, first!.lost],
      [capacity, perMinute, perMinute - inFlight - capacity]
    )
    for (const { depth, logged, lost } of others) {
      assert.deepStrictEqual([depth, logged, lost], [capacity, perMinute, perMinute])
    }

    // all that came before, the newest that the queue held, and all that came after; each once, in order
    assert.strictEqual(arrived.length, 2)
    const [[begin, lastBefore], [firstAfter, end]] = arrived as [[number, number], [number, number]]
    assert.deepStrictEqual([begin, end], [0, logged - 1])
    assert.strictEqual(lastBefore, 10 * perSecond + inFlight - 1)
    assert.isAtLeast(firstAfter, 610 * perSecond - capacity)
    assert.isAtMost(firstAfter, (610 + 36) * perSecond - capacity)
    const lost = firstAfter - lastBefore - 1
    assert.deepStrictEqual(dropped(counts), { evicted: lost })
    assert.strictEqual(counts.delivered, logged - lost)
    // one line tells of them, between the two
    const since = Math.floor((lastBefore + 1) / perTick) * 100
    assert.deepStrictEqual(gaps, [{ lost, since, reasons: { evicted: lost }, behind: lastBefore + 1 }])
  })

  const keeping: ReadonlyArray<readonly [strategy: "dropping" | "backpressure", reason: string, limit: number]> = [
    ["dropping", "queue_full", capacity],
    ["backpressure", "overdraft", 2 * capacity]
  ]
  for (const [strategy, reason, limit] of keeping) {
    it(`G32 for half a minute: under ${strategy} the oldest are kept, and those that came meanwhile are counted`, {
      timeout
    }, async () => {
      const { arrived, counts, gaps, logged, minutes } = await through({
        queue: { strategy },
        before: 1,
        down: 30,
        after: 40
      })
      const meanwhile = 30 * perSecond
      assert.deepStrictEqual(minutes.map(({ depth, lost }) => [depth, lost]), [[limit, meanwhile - inFlight - limit]])
      assert.strictEqual(arrived.length, 2)
      const [[begin, lastBefore], [firstAfter, end]] = arrived as [[number, number], [number, number]]
      assert.deepStrictEqual([begin, end], [0, logged - 1])
      assert.strictEqual(lastBefore, perSecond + inFlight + limit - 1)
      const lost = firstAfter - lastBefore - 1
      assert.isAtLeast(lost, meanwhile - inFlight - limit)
      assert.deepStrictEqual(dropped(counts), { [reason]: lost })
      assert.strictEqual(counts.delivered, logged - lost)
      const since = Math.floor((lastBefore + 1) / perTick) * 100
      assert.deepStrictEqual(gaps, [{ lost, since, reasons: { [reason]: lost }, behind: lastBefore + 1 }])
    })
  }

  for (const strategy of ["sliding", "dropping", "backpressure"] as const) {
    it(`G32 for less than the queue can hold: nothing is lost, under ${strategy}`, { timeout }, async () => {
      // five seconds, and the rest of the pause after the attempt that failed last: 7.5 seconds at most
      const { arrived, counts, gaps, logged, minutes } = await through({
        queue: { capacity: 40_000, strategy, overdraft: 0 },
        before: 1,
        down: 5,
        after: 5
      })
      assert.strictEqual(minutes[0]!.depth, 5 * perSecond - inFlight)
      assert.deepStrictEqual(arrived, [[0, logged - 1]])
      assert.deepStrictEqual([gaps, dropped(counts), counts.delivered], [[], {}, logged])
    })
  }
})
