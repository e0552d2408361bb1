/**
 * What a sink in trouble costs the program that logs: the time of each call on the caller's fiber, and the longest
 * that the event loop stands still. The program logs at a steady rate, in bursts, into a file that works. Beside it is
 * nothing, or a sink that works, or one in trouble, whose queue has been full since before the measurement.
 *
 * The file is read back: it has every line, in order. A round whose trouble did not happen is void as well.
 */
import * as Effect from "effect/Effect"
import { join } from "node:path"
import { AsyncLogging, Logger, Sinks } from "../../src/index.ts"
import * as EventLoop from "../EventLoop.ts"
import * as Statistics from "../Statistics.ts"
import * as Subject from "../Subject.ts"
import type { Contender, Job, Sample, Workload } from "../Workload.ts"

// 2,000 records a second
const burst = 20
const period = 10

// the warm-up is in more of a hurry
const warmUp = 3000
const warmUpPeriod = 1

// Logs at a steady rate, also after a delay; answers the time of each call in milliseconds.
const logSteadily = Effect.fnUntraced(function*(from: number, records: number, period: number) {
  const times = new Float64Array(records)
  const start = performance.now()
  for (let i = 0; i < records; i++) {
    if (i % burst === 0) yield* Effect.sleep(Math.max(1, start + (i / burst) * period - performance.now()))
    const before = performance.now()
    yield* Logger.info(Subject.message, Subject.fields(from + i))
    times[i] = performance.now() - before
  }
  return times
})

const measure = Effect.fnUntraced(function*(records: number) {
  yield* logSteadily(0, warmUp, warmUpPeriod)
  const stop = EventLoop.watch()
  const times = yield* logSteadily(warmUp, records, period)
  const blocks = stop()
  const { sinks } = yield* AsyncLogging.stats
  return {
    figures: {
      median: Statistics.quantile(times, 0.5) * 1000,
      p99: Statistics.quantile(times, 0.99) * 1000,
      max: Statistics.quantile(times, 1),
      block: blocks.longest,
      computing: blocks.computing
    },
    sinks
  }
})

type Stats = AsyncLogging.Stats["sinks"]

const contender = (
  title: string,
  sinks: ReadonlyArray<Sinks.Sink>,
  happened: (stats: Stats) => boolean
): Contender => ({
  title,
  run: async ({ directory, records }: Job): Promise<Sample> => {
    const path = join(directory, "measured.log")
    // what a sink in trouble still owes at the end is not waited for
    const layer = AsyncLogging.layer({ drainTimeout: "500 millis", sinks: [Sinks.file({ path }), ...sinks] })
    const { figures, sinks: stats } = await Effect.runPromise(Effect.provide(measure(records), layer))
    return {
      figures,
      wrong: happened(stats) ? await Subject.checkFile(path, warmUp + records) : `not what it says: ${title}`
    }
  }
})

// Impatient: as much goes on beside the caller as there can be.
const beside = (write: (attempt: number) => Effect.Effect<void, unknown>, options?: Sinks.SinkOptions): Sinks.Sink => {
  let attempt = 0
  return Sinks.make({
    name: "beside",
    queue: { capacity: 1000 },
    retry: { initial: "1 millis", max: "10 millis" },
    timeout: "50 millis",
    ...options,
    write: () => write(++attempt)
  })
}

const down = () => Effect.fail("down")

// one of three: it fails; it throws; it answers when nobody waits for that any more
const troubles: ReadonlyArray<() => Effect.Effect<void, unknown>> = [
  down,
  () => {
    throw new Error("down")
  },
  () => Effect.uninterruptible(Effect.sleep("70 millis"))
]

/**
 * The workload.
 */
export const faults: Workload = {
  title: "Logger.info into a file at 2,000 records/s, and beside it",
  figures: {
    median: "µs/call, median",
    p99: "µs/call, p99",
    max: "ms, longest call",
    block: "ms, longest block",
    computing: "ms, longest computing"
  },
  contenders: {
    nothing: contender("nothing", [], () => true),
    healthy: contender(
      "a sink that works",
      [beside(() => Effect.void)],
      ({ beside }) => beside!.ledger.delivered > warmUp && beside!.retries === 0
    ),
    dead: contender(
      "dead: each write fails",
      [beside(down)],
      ({ beside }) => beside!.ledger.delivered === 0 && beside!.ledger.dropped.evicted > 0 && beside!.retries > 5
    ),
    hanging: contender(
      "hanging: no write returns",
      [beside(() => Effect.never)],
      ({ beside }) => beside!.ledger.delivered === 0 && beside!.ledger.dropped.evicted > 0 && beside!.retries > 5
    ),
    failing: contender(
      "failing: fails, throws, late",
      [beside((attempt) => (troubles[attempt % 4] ?? (() => Effect.void))())],
      ({ beside }) => beside!.ledger.delivered > 0 && beside!.retries > 5
    ),
    fallback: contender(
      "dead, with a fallback",
      [
        beside(down, { fallback: "spare", breaker: { probeAfter: "50 millis" } }),
        Sinks.make({ name: "spare", write: () => Effect.void })
      ],
      ({ beside, spare }) => beside!.attempts > 5 && beside!.ledger.delivered === 0 && spare!.ledger.delivered > warmUp
    )
  }
}
