/**
 * A process that logs to its own stdout through the console sink: `node consoleChild.ts <batches> <records>`. Says on
 * stderr how each batch ended, one word a line, and stops at the first that failed.
 */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Record from "../../src/Record.ts"
import * as Console from "../../src/Sinks/Console.ts"
import { SinkError } from "../../src/Sinks/Sink.ts"

const [batches, size] = process.argv.slice(2).map(Number)

const program = Effect.gen(function*() {
  const sink = yield* Console.make().open
  for (let b = 0; b < batches!; b++) {
    const batch = Array.from({ length: size! }, (_, i) => Record.make({ level: "Info", message: `${b}.${i}` }))
    const exit = yield* Effect.exit(sink.write(batch, (record) => record.message.padEnd(199, ".")))
    if (Exit.isFailure(exit)) {
      const error = Cause.squash(exit.cause)
      process.stderr.write(`${error instanceof SinkError ? error.reason._tag : String(error)}\n`)
      break
    }
    process.stderr.write("delivered\n")
  }
})

await Effect.runPromise(Effect.scoped(program))
process.stderr.write("end\n")
