/**
 * A process that logs into a sink that works: `node youngChild.ts <sink> <path>`. Says on stdout by how many bytes the old
 * objects of the heap grew meanwhile.
 */
import * as Effect from "effect/Effect"
import { getHeapSpaceStatistics } from "node:v8"
import * as AsyncLogging from "../../src/AsyncLogging.ts"
import * as Logger from "../../src/Logger.ts"
import * as Sinks from "../../src/Sinks.ts"

const [kind, path] = process.argv.slice(2)

const sinks: { readonly [kind: string]: () => Sinks.Sink<Sinks.SinkError> } = {
  file: () => Sinks.file({ path: path! }),
  custom: () => Sinks.make({ name: "custom", write: () => Effect.void }),
  late: () => Sinks.make({ name: "late", write: () => Effect.sleep("1 millis") })
}

const oldBytes = (): number =>
  getHeapSpaceStatistics().find(({ space_name }) => space_name === "old_space")!.space_used_size

const log = (records: number) =>
  Effect.gen(function*() {
    for (let i = 0; i < records; i++) yield* Logger.info("delivered", { i })
  })

const main = Effect.gen(function*() {
  // code is compiled, buffers have grown
  yield* log(100_000)
  yield* AsyncLogging.flush
  const before = oldBytes()
  yield* log(200_000)
  yield* AsyncLogging.flush
  return oldBytes() - before
}).pipe(
  Effect.provide(AsyncLogging.layer({ queue: { strategy: "backpressure", capacity: 2048 }, sinks: [sinks[kind!]!()] }))
)

process.stdout.write(String(await Effect.runPromise(main)))
