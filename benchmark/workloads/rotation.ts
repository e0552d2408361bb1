/**
 * What rotation costs: the same lines into files of some 10,000, each moved away when it is full, and into one file.
 *
 * - `rate`: lines per second, from the first call until the scope has closed. What is left to compress then is in the time.
 * - `busy`: the delay of the event loop meanwhile, p99, as in `slowSink`. It has in it what the collector takes for the
 *   records that wait in the queue: more of them while a file is moved away.
 * - `p99`, `computing`: the same, and without what other processes took, while the program logs 100,000 records per second,
 *   in bursts, with ten rotations per second.
 *
 * The log is read back, its rotated and compressed files first. A round is void in which it was not rotated so often.
 */
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import { readdirSync } from "node:fs"
import { basename, dirname, join } from "node:path"
import { monitorEventLoopDelay } from "node:perf_hooks"
import { AsyncLogging, LogFiles, Sinks } from "../../src/index.ts"
import * as EventLoop from "../EventLoop.ts"
import { info, logAll, logSteadily } from "../programs.ts"
import * as Rehearsal from "../Rehearsal.ts"
import * as Statistics from "../Statistics.ts"
import * as Subject from "../Subject.ts"
import type { Contender, Job, Sample, Workload } from "../Workload.ts"

type Rotation = Sinks.FileOptions["rotate"]

const linesPerFile = 10_000
const size = "1.4 MB"

// per second
const steadyRate = 100_000

// more would take longer, and show nothing else
const mostRehearsed = 200_000

const deliver = (path: string, rotate: Rotation, program: Effect.Effect<void>): Promise<number> =>
  Effect.suspend(() => {
    const start = performance.now()
    return Effect.as(program, start)
  }).pipe(
    Effect.provide(AsyncLogging.layer({
      queue: { strategy: "backpressure" },
      // compression that is left for the next start would be no work
      drainTimeout: "1 minute",
      sinks: [Sinks.file({ path, rotate })]
    })),
    Effect.map((start) => (performance.now() - start) / 1000),
    Effect.runPromise
  )

const watched = (delay: ReturnType<typeof monitorEventLoopDelay>, program: Effect.Effect<void>): Effect.Effect<void> =>
  Effect.suspend(() => {
    delay.enable()
    return Effect.ensuring(program, Effect.sync(() => delay.disable()))
  })

const measure = async ({ directory, records }: Job, rotate: Rotation): Promise<Sample> => {
  const rehearsed = Math.min(records, mostRehearsed)
  await Rehearsal.run((path, records) => deliver(path, rotate, logAll(info, records)), {
    directory,
    records: rehearsed
  })
  const path = join(directory, "measured.log")
  const busy = monitorEventLoopDelay({ resolution: 1 })
  const seconds = await deliver(path, rotate, watched(busy, logAll(info, records)))

  const steadyPath = join(directory, "steady.log")
  const steadyRecords = Math.min(records, 2 * steadyRate)
  const steady = monitorEventLoopDelay({ resolution: 1 })
  const stop = EventLoop.watch()
  await deliver(steadyPath, rotate, watched(steady, logSteadily(info, steadyRate, steadyRecords)))
  const { turns } = stop()
  return {
    figures: {
      rate: records / seconds,
      busy: busy.percentile(99) / 1e6,
      p99: steady.percentile(99) / 1e6,
      computing: Statistics.quantile(turns, 0.99),
      rotations: countRotations(path)
    },
    wrong: await check(path, rotate, records) ?? await check(steadyPath, rotate, steadyRecords)
  }
}

const countRotations = (path: string): number => {
  const own = basename(path, ".log")
  return readdirSync(dirname(path)).filter((name) => name.startsWith(`${own}.`)).length - 1
}

const check = async (path: string, rotate: Rotation, records: number): Promise<string | undefined> => {
  const rotations = countRotations(path)
  const wanted = rotate === undefined ? 0 : records / linesPerFile
  if (Math.abs(rotations - wanted) > wanted / 10) return `${rotations} rotations instead of ${wanted}`
  let lines = 0
  let wrong: string | undefined
  await Effect.runPromise(Stream.runForEachArray(LogFiles.lines(path), (chunk) =>
    Effect.sync(() => {
      for (const line of chunk) {
        if (!Subject.isRecord(line, lines)) wrong ??= `line ${lines + 1} is not record ${lines}: ${line.slice(0, 200)}`
        lines++
      }
    })))
  return wrong ?? (lines === records ? undefined : `${lines} lines instead of ${records}`)
}

const contender = (title: string, rotate: Rotation): Contender => ({ title, run: (job) => measure(job, rotate) })

/**
 * The workload.
 */
export const rotation: Workload = {
  title: "into a file that is rotated every 10,000 lines, verified (backpressure)",
  figures: {
    rate: "lines/s",
    busy: "ms, delay p99 meanwhile",
    p99: "ms, delay p99 at 100,000/s",
    computing: "ms, p99 computing",
    rotations: "rotations"
  },
  contenders: {
    none: contender("no rotation", undefined),
    plain: contender("rotation", { size }),
    gzip: contender("rotation, gzip", { size, compress: "gzip" }),
    zstd: contender("rotation, zstd", { size, compress: "zstd" })
  }
}
