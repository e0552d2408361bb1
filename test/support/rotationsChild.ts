/**
 * A process that logs into a file that is rotated by its size: `node rotationsChild.ts <case>`. Says on stdout, as JSON,
 * what the ledger counted.
 */
import * as Effect from "effect/Effect"
import * as AsyncLogging from "../../src/AsyncLogging.ts"
import * as Logger from "../../src/Logger.ts"
import type { FileOptions } from "../../src/Sinks.ts"
import * as Sinks from "../../src/Sinks.ts"

/**
 * How many records are logged, one after the other, and into what.
 */
export interface RotationsCase extends Pick<FileOptions, "path" | "rotate"> {
  readonly records: number
}

const main = ({ path, records, rotate }: RotationsCase): Effect.Effect<AsyncLogging.SinkCounts> => {
  let report: AsyncLogging.CloseReport | undefined
  const layer = AsyncLogging.layer({
    queue: { strategy: "backpressure" },
    // what is left to compress on a busy machine
    drainTimeout: "1 minute",
    onClose: (closed) =>
      Effect.sync(() => {
        report = closed
      }),
    sinks: [Sinks.file({ path, rotate })]
  })
  return Effect.gen(function*() {
    for (let i = 0; i < records; i++) yield* Logger.info("paid")
  }).pipe(
    Effect.provide(layer),
    Effect.orDie,
    Effect.map(() => report!.sinks["file"]!)
  )
}

const wanted: RotationsCase = JSON.parse(process.argv[2]!)
process.stdout.write(JSON.stringify(await Effect.runPromise(main(wanted))))
