/**
 * What a slow sink does to the event loop: a log server that takes 500 ms for each batch, while the program logs at a
 * steady rate, in bursts. Beside each rate is the same program without logging.
 *
 * The delay of the event loop is what `monitorEventLoopDelay` of `node:perf_hooks` sees: how long after the one before
 * its timer fires, every millisecond when the loop has nothing else to do. So about 1 ms is no delay, and only the
 * difference between two rows means something. On a busy machine most of it is other processes; `computing` leaves them
 * out: how long this thread computed without a break, in the longest hundredth of its turns.
 *
 * The warm-up fills the queue, and the sink takes hardly more than what the lowest rate brings: the queue has been full
 * since before the measurement, and its strategy is the default, `sliding`. A round in which that was not so is void.
 */
import * as Effect from "effect/Effect"
import { monitorEventLoopDelay } from "node:perf_hooks"
import { AsyncLogging, Sinks } from "../../src/index.ts"
import * as EventLoop from "../EventLoop.ts"
import type { Log } from "../programs.ts"
import { info, logAll, logSteadily } from "../programs.ts"
import * as Statistics from "../Statistics.ts"
import * as Subject from "../Subject.ts"
import type { Contender, Job, Sample, Workload } from "../Workload.ts"

// more than the queue holds, and enough for the compiler
const warmUp = 50_000

// The rate whose run is as long as it takes to log all records of the job. The others last as long.
const middleRate = 10_000

// what the server takes in half a second
const batchSize = 512

const measure = Effect.fnUntraced(function*(log: Log, rate: number, records: number) {
  yield* logAll(log, warmUp)
  yield* logSteadily(log, rate, rate)
  const delay = monitorEventLoopDelay({ resolution: 1 })
  const stop = EventLoop.watch()
  delay.enable()
  yield* logSteadily(log, rate, records * rate / middleRate)
  delay.disable()
  return {
    p50: delay.percentile(50) / 1e6,
    p99: delay.percentile(99) / 1e6,
    max: delay.max / 1e6,
    computing: Statistics.quantile(stop().turns, 0.99)
  }
})

// the same objects, for nobody
const nothing: Log = (i) => Effect.sync(() => Subject.fields(i))

const server = Sinks.make({
  name: "server",
  batch: { size: batchSize },
  write: (batch, format) => {
    // the body of the request
    batch.map(format).join("\n")
    return Effect.sleep("500 millis")
  }
})

// what the server still owes at the end is not waited for
const layer = AsyncLogging.layer({ drainTimeout: "100 millis", sinks: [server] })

const measureLibrary = Effect.fnUntraced(function*(rate: number, records: number) {
  const figures = yield* measure(info, rate, records)
  const { depth, ledger } = (yield* AsyncLogging.stats).sinks["server"]!
  const evicted = ledger.dropped.evicted
  const isFull = depth > 16_384 - 2 * batchSize && evicted > 0
  return {
    figures,
    wrong: isFull && ledger.delivered > 0
      ? undefined
      : `${depth} queued, ${evicted} evicted, ${ledger.delivered} delivered`
  }
})

const withLibrary = (rate: number): Contender => ({
  title: `Logger.info, ${rate.toLocaleString("en")} logs/s (sliding)`,
  run: ({ records }: Job): Promise<Sample> =>
    measureLibrary(rate, records).pipe(
      Effect.provide(layer),
      Effect.provideService(AsyncLogging.NoticeWriter, () => {}),
      Effect.runPromise
    )
})

const without = (rate: number): Contender => ({
  title: `nothing, ${rate.toLocaleString("en")} times/s`,
  run: async ({ records }: Job): Promise<Sample> => ({
    figures: await Effect.runPromise(measure(nothing, rate, records))
  })
})

/**
 * The workload.
 */
export const slowSink: Workload = {
  title: "a sink that takes 500 ms for each batch: the delay of the event loop",
  figures: { p50: "ms, median", p99: "ms, p99", max: "ms, max", computing: "ms, p99 computing" },
  contenders: {
    nothing1000: without(1000),
    library1000: withLibrary(1000),
    nothing10000: without(10_000),
    library10000: withLibrary(10_000),
    nothing100000: without(100_000),
    library100000: withLibrary(100_000)
  }
}
