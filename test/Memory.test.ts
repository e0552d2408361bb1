import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { execFile } from "node:child_process"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import { directory } from "./support/files.ts"
import type { MemoryCase, MemoryResult } from "./support/memoryChild.ts"

const child = fileURLToPath(new URL("support/memoryChild.ts", import.meta.url))

const measured = async (wanted: MemoryCase): Promise<MemoryResult> => {
  const args = ["--expose-gc", child, JSON.stringify(wanted)]
  const { stdout } = await promisify(execFile)(process.execPath, args)
  const result: MemoryResult = JSON.parse(stdout)
  assert.isBelow(result.kept, constant, "the end of the layer gives all of it back")
  return result
}

const mebi = 1024 * 1024

// what does not depend on how much is logged: compiled code, caches, rounding of arrays
const constant = 2 * mebi

// a record of these tests, measured: its own shape, two fields, a message, and its place in the queue
const recordBytes = 400

const million = 1_000_000
const timeout = 120_000

describe.concurrent("G6 the memory of a dead sink", () => {
  it("G6 of a million offers the heap keeps what the queue holds, as it does of a tenth of them", {
    timeout
  }, async () => {
    const capacity = 16_384
    const [few, many] = await Promise.all(
      [million / 10, million].map((offers) => measured({ queue: { capacity }, offers, payload: 0 }))
    )
    assert.deepStrictEqual([many!.accepted, many!.depth, many!.highWatermark], [million, capacity, capacity])
    assert.strictEqual(many!.dropped, million - capacity - 1)
    assert.isBelow(many!.held, capacity * recordBytes + constant)
    // the records are really there, and the measurement sees them
    assert.isAbove(many!.held, capacity * 100)
    assert.isBelow(Math.abs(many!.held - few!.held), mebi)
  })

  const others: ReadonlyArray<readonly [name: string, limit: number, wanted: Partial<MemoryCase>]> = [
    ["dropping", 4096, { queue: { capacity: 4096, strategy: "dropping" } }],
    ["backpressure, with its overdraft", 5000, {
      queue: { capacity: 4096, strategy: "backpressure", overdraft: 904 },
      yields: true
    }],
    ["sliding, by Logger.*", 4096, { queue: { capacity: 4096 }, by: "Logger" }]
  ]
  for (const [name, limit, wanted] of others) {
    it(`G6 the heap keeps what the queue holds: ${name}`, { timeout }, async () => {
      const offers = million / 5
      const result = await measured({ queue: {}, offers, payload: 0, ...wanted })
      assert.deepStrictEqual([result.depth, result.highWatermark, result.accepted], [limit, limit, offers])
      assert.isBelow(result.held, limit * recordBytes + constant)
    })
  }

  for (const strategy of ["sliding", "dropping", "backpressure"] as const) {
    it(`G6 maxBytes bounds large records, long before capacity does: ${strategy}`, { timeout }, async () => {
      const maxBytes = 16 * mebi
      const payload = 32 * 1024
      const yields = strategy === "backpressure"
      const result = await measured({ queue: { maxBytes, strategy, overdraft: 0 }, offers: 5000, payload, yields })
      assert.isAtMost(result.bytes, maxBytes)
      assert.isAbove(result.bytes, maxBytes - 2 * payload)
      assert.isBelow(result.depth, maxBytes / payload)
      // the estimate is about right
      assert.isBelow(result.held, 1.25 * maxBytes + constant)
      assert.isAbove(result.held, 0.75 * maxBytes)
    })
  }
})

describe.concurrent("the memory of a sink that works", () => {
  const young = fileURLToPath(new URL("support/youngChild.ts", import.meta.url))
  // 200,000 records are some 40 MiB; what a small garbage collection finds in the queue may grow old
  const grown = 4 * mebi

  for (const kind of ["file", "custom", "late"]) {
    it.effect(
      `G6 a record that was delivered is garbage for the next small collection, it does not grow old (${kind})`,
      () =>
        Effect.gen(function*() {
          const path = `${yield* directory}/app.log`
          // a full collection makes all old that is there at that moment, and lets what is behind it grow old with it: there is
          // none before so many megabytes are old
          const args = ["--initial-old-space-size=256", young, kind, path]
          const { stdout } = yield* Effect.promise(() => promisify(execFile)(process.execPath, args))
          assert.match(stdout, /^-?\d+$/)
          assert.isBelow(Number(stdout), grown)
        }),
      timeout
    )
  }
})
