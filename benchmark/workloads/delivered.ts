/**
 * Delivered lines per second into a file: from the first call until the last line is there. With this library and with
 * Effect's logger, until the scope has closed. The file is then read back, after a rehearsal and the measurement.
 */
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import { join } from "node:path"
import type { Open } from "../contenders/FileLogger.ts"
import * as FileLogger from "../contenders/FileLogger.ts"
import * as floor from "../contenders/floor.ts"
import * as logtape from "../contenders/logtape.ts"
import * as pino from "../contenders/pino.ts"
import * as winston from "../contenders/winston.ts"
import { effectFileLayer, effectInfo, info, libraryLayer, logAll } from "../programs.ts"
import type { Log } from "../programs.ts"
import * as Rehearsal from "../Rehearsal.ts"
import * as Subject from "../Subject.ts"
import type { Job, Sample, Workload } from "../Workload.ts"

// Answers when it began and when the last line was there, as `performance.now()`: what a contender sets up before its
// first call does not count.
type LogToFile = (path: string, records: number) => Promise<readonly [start: number, end: number]>

const measured = ({ directory }: Job): string => join(directory, "measured.log")

const measure = (logToFile: LogToFile, rehearsalParts?: number) => async (job: Job): Promise<Sample> => {
  const { records } = job
  await Rehearsal.run(logToFile, job, rehearsalParts)
  const [start, end] = await logToFile(measured(job), records)
  return {
    figures: { rate: records / (end - start) * 1000 },
    wrong: await Subject.checkFile(measured(job), records)
  }
}

const withEffect = <A>(layer: (path: string) => Layer.Layer<A, unknown>, log: Log) =>
  measure(async (path, records) => {
    const start = await Effect.suspend(() => Effect.as(logAll(log, records), performance.now())).pipe(
      Effect.provide(layer(path)),
      Effect.runPromise
    )
    return [start, performance.now()]
  })

const native = (open: Open, rehearsalParts?: number) =>
  measure((path, records) => FileLogger.logTo(open, path, records), rehearsalParts)

const inEffect = (open: Open, rehearsalParts?: number) =>
  measure((path, records) => FileLogger.logInEffectTo(open, path, records), rehearsalParts)

const measureFloor = async (job: Job): Promise<Sample> => {
  const sample = await measure(floor.logTo)(job)
  const libraryPath = join(job.directory, "library.log")
  return { ...sample, wrong: sample.wrong ?? await floor.checkBytes(measured(job), libraryPath, job.records) }
}

/**
 * The workload.
 */
export const delivered: Workload = {
  title: "delivered into a file, verified",
  figures: { rate: "lines/s" },
  contenders: {
    loggerInfo: { title: "Logger.info (backpressure: waits)", run: withEffect(libraryLayer, info) },
    effectLog: { title: "Effect.logInfo (backpressure: overdraft)", run: withEffect(libraryLayer, effectInfo) },
    effectToFile: { title: "Effect's toFile(formatJson) (unbounded)", run: withEffect(effectFileLayer, effectInfo) },
    pinoSync: { title: "pino, sync (the caller writes)", run: native(pino.openSync) },
    pinoAsync: { title: "pino, async, minLength 4096 (unbounded)", run: native(pino.openAsync) },
    pinoTransport: { title: "pino, transport in a thread (unbounded)", run: native(pino.openTransport, 5) },
    pinoSyncInEffect: { title: "pino, sync, called from Effect", run: inEffect(pino.openSync) },
    pinoAsyncInEffect: { title: "pino, async, called from Effect", run: inEffect(pino.openAsync) },
    pinoTransportInEffect: { title: "pino, transport, called from Effect", run: inEffect(pino.openTransport, 5) },
    winston: { title: "winston, file transport (unbounded)", run: native(winston.open) },
    logtape: { title: "LogTape, stream of 32 KiB (unbounded)", run: native(logtape.open) },
    floor: { title: "floor: JSON.stringify, writeSync (no queue)", run: measureFloor }
  }
}
