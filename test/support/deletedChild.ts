/**
 * A process whose log is deleted before its last lines, and that ends while nothing is left to write: `node
 * deletedChild.ts <path>`.
 */
import * as Effect from "effect/Effect"
import { rmSync } from "node:fs"
import * as AsyncLogging from "../../src/AsyncLogging.ts"
import * as Logger from "../../src/Logger.ts"
import * as Sinks from "../../src/Sinks.ts"

const path = process.argv[2]!

const delivered = (count: number) =>
  Effect.gen(function*() {
    while ((yield* AsyncLogging.stats).sinks["file"]!.ledger.delivered < count) yield* Effect.yieldNow
  })

await Effect.runPromise(
  Effect.gen(function*() {
    yield* Logger.info("before")
    yield* AsyncLogging.flush
    rmSync(path)
    for (let n = 1; n <= 3; n++) yield* Logger.info(`after ${n}`)
    yield* delivered(4)
    process.exit(0)
  }).pipe(Effect.provide(AsyncLogging.layer({ sinks: [Sinks.file({ path, lookAfter: "1 hour" })] })))
)
