/**
 * Nanoseconds per log call on the caller's fiber while the program does nothing but log, and the workers run beside it:
 * what a call waits for is in its time, be that room in a queue, or other fibers when the scheduler gives them a turn.
 *
 * Each call is timed by itself. The file is read back, after a rehearsal and the measurement.
 */
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import { join } from "node:path"
import * as pino from "../contenders/pino.ts"
import * as Latency from "../Latency.ts"
import type { Log } from "../programs.ts"
import { effectFileLayer, effectInfo, info, libraryLayer, logEachTimed } from "../programs.ts"
import * as Rehearsal from "../Rehearsal.ts"
import * as Subject from "../Subject.ts"
import type { Job, Sample, Workload } from "../Workload.ts"

// Answers the time of each call, in milliseconds.
type LogToFile = (path: string, records: number) => Promise<Float64Array>

const measure = (logToFile: LogToFile) => async (job: Job): Promise<Sample> => {
  await Rehearsal.run(logToFile, job)
  const path = join(job.directory, "measured.log")
  const times = await logToFile(path, job.records)
  return { ...Latency.sample(times), wrong: await Subject.checkFile(path, job.records) }
}

const timed = (log: Log, records: number): Effect.Effect<Float64Array> =>
  Effect.suspend(() => {
    const times = new Float64Array(records)
    return Effect.as(logEachTimed(log, times), times)
  })

const withEffect = <A>(layer: (path: string) => Layer.Layer<A, unknown>, log: Log) =>
  measure((path, records) => Effect.runPromise(Effect.provide(timed(log, records), layer(path))))

const pinoAsync = measure(async (path, records) => {
  const logger = await pino.openAsync(path)
  const times = await Effect.runPromise(timed((i) => Effect.sync(() => logger.log(i)), records))
  await logger.close()
  return times
})

/**
 * The workload.
 */
export const sustained: Workload = {
  title: "a log call with two fields, while the program logs without end",
  figures: Latency.figures,
  contenders: {
    loggerInfo: { title: "Logger.info (backpressure: waits)", run: withEffect(libraryLayer, info) },
    effectLog: { title: "Effect.logInfo (backpressure: overdraft)", run: withEffect(libraryLayer, effectInfo) },
    effectToFile: { title: "Effect's toFile(formatJson) (unbounded)", run: withEffect(effectFileLayer, effectInfo) },
    pinoAsync: { title: "pino, async, called from Effect (unbounded)", run: pinoAsync }
  }
}
