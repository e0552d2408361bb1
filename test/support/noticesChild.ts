/**
 * A process with something to say on its stderr, which may be closed: `node noticesChild.ts`. Says on stdout what is
 * left of listeners.
 */
import * as Effect from "effect/Effect"
import * as AsyncLogging from "../../src/AsyncLogging.ts"
import * as Sinks from "../../src/Sinks.ts"

const sink = Sinks.make({
  name: "probe",
  write: () => Effect.fail(Sinks.rejected({ cause: "no" })),
  batch: { size: 1 }
})

const program = Effect.gen(function*() {
  yield* Effect.logInfo("1")
  yield* AsyncLogging.flush
  yield* AsyncLogging.setLevel("nonsense" as "Info")
})

// the other side closes its end of the pipe, and then says so
await new Promise((resolve) => process.stdin.once("data", resolve))
process.stdin.destroy()
await Effect.runPromise(Effect.provide(program, AsyncLogging.layer({ sinks: [sink] })))
await new Promise((resolve) => setImmediate(resolve))
console.log(`survived with ${process.stderr.listenerCount("error")} listeners`)
