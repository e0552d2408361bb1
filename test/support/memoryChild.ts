/**
 * A process that logs against a sink that takes nothing: `node --expose-gc memoryChild.ts <case>`. Says on stdout, as
 * JSON, what the heap held and what the ledger counted.
 */
import * as Effect from "effect/Effect"
import * as AsyncLogging from "../../src/AsyncLogging.ts"
import * as Logger from "../../src/Logger.ts"
import type { QueueOptions } from "../../src/Sinks.ts"
import * as Sinks from "../../src/Sinks.ts"

/**
 * What is logged, how often, into which queue.
 */
export interface MemoryCase {
  readonly queue: QueueOptions
  readonly offers: number
  /** Characters in a field of each record. */
  readonly payload: number
  /** Whether each call is followed by a turn of the event loop now and then, as in a program that waits for things. */
  readonly yields?: boolean
  readonly by?: "Effect" | "Logger"
}

/**
 * What came of it. Bytes of heap, after a collection.
 */
export interface MemoryResult {
  /** What was given back when the layer had closed. */
  readonly held: number
  /** What was not. */
  readonly kept: number
  readonly accepted: number
  readonly dropped: number
  readonly depth: number
  readonly bytes: number
  readonly highWatermark: number
}

const heap = Effect.promise(async () => {
  for (let i = 0; i < 4; i++) {
    // what finalizers and ended fibers hold goes with a turn of the event loop
    await new Promise((resolve) => setImmediate(resolve))
    globalThis.gc!()
  }
  return process.memoryUsage().heapUsed
})

const fill = ({ by, offers, payload, queue, yields }: MemoryCase) =>
  Effect.gen(function*() {
    const log = by === "Logger" ? Logger.info : Effect.logInfo
    for (let i = 0; i < offers; i++) {
      // a string of its own for each record: a shared one would cost nothing
      yield* log("offer", { i, payload: Buffer.alloc(payload, String(i)).toString("latin1") })
      // the first one is in flight, the others find no worker any more
      if (i === 0 || (yields === true && i % 1000 === 0)) yield* Effect.yieldNow
    }
    const full = yield* heap
    const { bytes, depth, highWatermark, ledger } = (yield* AsyncLogging.stats).sinks["probe"]!
    const dropped = Object.values(ledger.dropped).reduce((sum, n) => sum + n, 0)
    return { full, accepted: ledger.accepted, dropped, depth, bytes, highWatermark }
  }).pipe(
    Effect.provide(AsyncLogging.layer({
      queue,
      drainTimeout: "10 millis",
      sinks: [Sinks.make({ name: "probe", write: () => Effect.never, timeout: "1 day", batch: { size: 1 } })]
    })),
    Effect.provideService(AsyncLogging.NoticeWriter, () => {}),
    Effect.orDie
  )

const main = (wanted: MemoryCase): Effect.Effect<MemoryResult> =>
  Effect.gen(function*() {
    // code is compiled, caches are filled
    yield* fill({ ...wanted, offers: 100 })
    const before = yield* heap
    const { full, ...rest } = yield* fill(wanted)
    const after = yield* heap
    return { held: full - after, kept: after - before, ...rest }
  })

const wanted: MemoryCase = JSON.parse(process.argv[2]!)
process.stdout.write(JSON.stringify(await Effect.runPromise(main(wanted))))
