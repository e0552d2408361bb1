/**
 * Delivered lines per second into a file: from the first call until the scope has closed and the last line is there.
 * The file is then read back.
 *
 * Each contender has logged as much before, twice, into other files: what is measured is neither the compiler nor the
 * growth of the heap. The first time in small programs: a full garbage collection in the middle of code that is still
 * cold can make V8 allocate what lives shortest (the results of the iterators behind `yield*`) among the old objects, and
 * collecting garbage then takes as long as all the rest, of any Effect program.
 */
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import { closeSync, openSync, writeSync } from "node:fs"
import { join } from "node:path"
import { Logger } from "../../src/index.ts"
import type { Log } from "../programs.ts"
import { effectFileLayer, libraryLayer, logAll } from "../programs.ts"
import * as Subject from "../Subject.ts"
import type { Job, Sample, Workload } from "../Workload.ts"

// Answers when it started, as `performance.now()`: what a contender sets up before its first call does not count.
type LogToFile = (path: string, records: number) => Promise<number>

const measure = (logToFile: LogToFile) => async ({ directory, records }: Job): Promise<Sample> => {
  for (let i = 0; i < 50; i++) await logToFile(join(directory, "warm-up.log"), records / 50)
  await logToFile(join(directory, "rehearsal.log"), records)
  const path = join(directory, "measured.log")
  const start = await logToFile(path, records)
  const seconds = (performance.now() - start) / 1000
  return { figures: { rate: records / seconds }, wrong: await Subject.checkFile(path, records) }
}

const withEffect = <A>(layer: (path: string) => Layer.Layer<A, unknown>, log: Log) =>
  measure((path, records) =>
    Effect.suspend(() => Effect.as(logAll(log, records), performance.now())).pipe(
      Effect.provide(layer(path)),
      Effect.runPromise
    )
  )

const chunkLength = 64 * 1024

// The lines of this library, but for the digits of the times.
const floor: LogToFile = async (path, records) => {
  const file = openSync(path, "a")
  const start = performance.now()
  let chunk = ""
  for (let i = 0; i < records; i++) {
    chunk += `${
      JSON.stringify({
        timestamp: new Date().toISOString(),
        level: "INFO",
        message: Subject.message,
        fields: Subject.fields(i),
        fiber: 1,
        seq: i
      })
    }\n`
    if (chunk.length >= chunkLength) {
      writeSync(file, chunk)
      chunk = ""
    }
  }
  writeSync(file, chunk)
  closeSync(file)
  return start
}

/**
 * The workload.
 */
export const delivered: Workload = {
  title: "delivered into a file, verified",
  figures: { rate: "lines/s" },
  contenders: {
    loggerInfo: {
      title: "Logger.info (backpressure: waits)",
      run: withEffect(libraryLayer, (i) => Logger.info(Subject.message, Subject.fields(i)))
    },
    effectLog: {
      title: "Effect.logInfo (backpressure: overdraft)",
      run: withEffect(libraryLayer, (i) => Effect.logInfo(Subject.message, Subject.fields(i)))
    },
    effectToFile: {
      title: "Effect's toFile(formatJson) (unbounded)",
      run: withEffect(effectFileLayer, (i) => Effect.logInfo(Subject.message, Subject.fields(i)))
    },
    floor: {
      title: "floor: JSON.stringify, writeSync (no queue)",
      run: measure(floor)
    }
  }
}
