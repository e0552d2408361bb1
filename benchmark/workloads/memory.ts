/**
 * Bytes of heap that a queued record keeps, after garbage collection: what the heap has more when the queue is full than
 * when it was empty, over the number of records in it. The sink takes one record and never returns, so that nothing
 * leaves the queue.
 *
 * A string among the fields is the record's own, as an id is that comes with a request: one that all records share would
 * cost nothing. The message, and the names of the fields, are literals of the program.
 */
import * as Effect from "effect/Effect"
import { AsyncLogging, Logger, Sinks } from "../../src/index.ts"
import * as Heap from "../Heap.ts"
import type { Log } from "../programs.ts"
import { logAll } from "../programs.ts"
import * as Subject from "../Subject.ts"
import type { Contender, Job, Sample, Workload } from "../Workload.ts"

// the default of a queue
const capacity = 16_384

const heap = Effect.promise(Heap.retained)

const fill = (log: Log) =>
  Effect.gen(function*() {
    yield* log(0)
    // the sink takes the first one
    yield* Effect.sleep("10 millis")
    const empty = yield* heap
    yield* logAll(log, capacity)
    const full = yield* heap
    const { depth } = (yield* AsyncLogging.stats).sinks["gated"]!
    return { bytes: (full.heap - empty.heap) / depth, depth }
  }).pipe(
    Effect.provide(AsyncLogging.layer({
      drainTimeout: "10 millis",
      sinks: [Sinks.make({ name: "gated", write: () => Effect.never, timeout: "1 day", batch: { size: 1 } })]
    })),
    Effect.provideService(AsyncLogging.NoticeWriter, () => {})
  )

const contender = (title: string, log: Log): Contender => ({
  title,
  run: async (_: Job): Promise<Sample> => {
    // code is compiled, caches are filled
    await Effect.runPromise(fill(log))
    const { bytes, depth } = await Effect.runPromise(fill(log))
    return {
      figures: { bytes },
      wrong: depth === capacity ? undefined : `${depth} records in the queue, not ${capacity}`
    }
  }
})

// six characters, as in the other workloads
const customer = (i: number): string => `c-${1000 + i % 9000}`

/**
 * The workload. How many records there are is what the queue holds.
 */
export const memory: Workload = {
  title: `retained by each of ${capacity} queued records, after garbage collection`,
  figures: { bytes: "bytes/record" },
  contenders: {
    fields0: contender("no fields", () => Logger.info(Subject.message)),
    fields2: contender(
      "2 fields: a number, a string of 6",
      (i) => Logger.info(Subject.message, { orderId: i, customer: customer(i) })
    ),
    fields10: contender("10 fields: 5 numbers, 5 strings of 6", (i) =>
      Logger.info(Subject.message, {
        orderId: i,
        customer: customer(i),
        items: 3,
        currency: customer(i + 1),
        total: i + 2,
        shop: customer(i + 3),
        discount: 0,
        coupon: customer(i + 4),
        attempt: 1,
        region: customer(i + 5)
      }))
  }
}
