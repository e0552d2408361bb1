/**
 * Nanoseconds per record into a file, with further sinks beside it: from the first call until the scope has closed. The
 * further ones get every record and do nothing with it: what they add is what this library does for one more sink.
 *
 * The file is read back; the further sinks count.
 */
import * as Effect from "effect/Effect"
import { join } from "node:path"
import { AsyncLogging, Sinks } from "../../src/index.ts"
import { info, logAll } from "../programs.ts"
import * as Rehearsal from "../Rehearsal.ts"
import * as Subject from "../Subject.ts"
import type { Contender, Job, Sample, Workload } from "../Workload.ts"

interface Delivery {
  readonly seconds: number
  /** By further sink, the records that it got. */
  readonly counts: ReadonlyArray<number>
}

const deliver = async (path: string, further: number, records: number): Promise<Delivery> => {
  const counts = Array.from({ length: further }, () => 0)
  const layer = AsyncLogging.layer({
    queue: { strategy: "backpressure" },
    sinks: [
      Sinks.file({ path }),
      ...counts.map((_, i) =>
        Sinks.make({
          name: `further-${i}`,
          write: (batch) => {
            counts[i]! += batch.length
            return Effect.void
          }
        })
      )
    ]
  })
  const start = await Effect.suspend(() => {
    const start = performance.now()
    return Effect.as(logAll(info, records), start)
  }).pipe(Effect.provide(layer), Effect.runPromise)
  return { seconds: (performance.now() - start) / 1000, counts }
}

const contender = (title: string, further: number): Contender => ({
  title,
  run: async ({ directory, records }: Job): Promise<Sample> => {
    await Rehearsal.run((path, records) => deliver(path, further, records), { directory, records })
    const path = join(directory, "measured.log")
    const { counts, seconds } = await deliver(path, further, records)
    return {
      figures: { time: seconds * 1e9 / records },
      wrong: counts.every((count) => count === records)
        ? await Subject.checkFile(path, records)
        : `the further sinks got ${counts.join()} records instead of ${records}`
    }
  }
})

/**
 * The workload.
 */
export const sinks: Workload = {
  title: "a file, and further sinks that do nothing, verified (backpressure)",
  figures: { time: "ns/record" },
  contenders: {
    one: contender("1 sink: the file", 0),
    two: contender("2 sinks", 1),
    four: contender("4 sinks", 3)
  }
}
