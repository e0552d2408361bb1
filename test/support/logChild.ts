/**
 * A process that logs into a file, and does what it is told: `node logChild.ts <options>`, with a channel for messages.
 *
 * Its records have no gaps in their `seq`, which begins with 0. It ends when its layer is closed, or with whoever has
 * started it.
 */
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as ManagedRuntime from "effect/ManagedRuntime"
import * as AsyncLogging from "../../src/AsyncLogging.ts"
import * as Logger from "../../src/Logger.ts"
import * as Sinks from "../../src/Sinks.ts"
import type { FileOptions } from "../../src/Sinks/FileOptions.ts"

/** The sink, and how long its drain may take. */
export interface Options {
  readonly file: FileOptions
  readonly drainTimeout: string
}

/** What it has logged, and where that is: `logged` calls have begun. */
export interface Counts extends AsyncLogging.SinkStats {
  readonly logged: number
}

/** What it can be told, and what it answers. */
export interface Commands {
  /** Logs so many records, as fast as the queue takes them. */
  readonly log: (count: number) => void
  /** Logs so many records every millisecond, from now on. */
  readonly load: (burst: number) => void
  /** No more of that. */
  readonly calm: () => void
  readonly counts: () => Counts
  readonly rotate: () => void
  readonly flush: (limit: string) => AsyncLogging.FlushReport
  readonly close: () => AsyncLogging.CloseReport
}

/** One of them. Its answer has the same `id`. */
export interface Message {
  readonly id: number
  readonly command: keyof Commands
  readonly argument: unknown
}

/** An answer. */
export interface Answer {
  readonly id: number
  readonly value: unknown
}

const options: Options = JSON.parse(process.argv[2]!)
const runtime = ManagedRuntime.make(AsyncLogging.layer({
  drainTimeout: options.drainTimeout as "1 second",
  sinks: [Sinks.file(options.file)]
}))

let logged = 0
// of many lengths, so that what is cut or merged is seen
const log = Effect.fnUntraced(function*(count: number) {
  for (let i = 0; i < count; i++) yield* Logger.info("burst", { n: ++logged, padding: "x".repeat(logged % 211) })
})

let loading: Fiber.Fiber<unknown> | undefined

type Run = Effect.Effect<unknown, unknown, AsyncLogging.AsyncLogging>

const commands: { readonly [C in keyof Commands]: (argument: never) => Run } = {
  log: (count: number) => log(count),
  load: (burst: number) =>
    Effect.map(
      Effect.forkDetach(Effect.forever(Effect.andThen(log(burst), Effect.sleep("1 millis")))),
      (fiber) => void (loading = fiber)
    ),
  calm: () => Effect.suspend(() => loading === undefined ? Effect.void : Fiber.interrupt(loading)),
  counts: () => Effect.map(AsyncLogging.stats, ({ sinks }) => ({ logged, ...sinks["file"] })),
  rotate: () => AsyncLogging.rotate,
  flush: (limit: "1 second") => AsyncLogging.flushWithin(limit),
  close: () => AsyncLogging.close
}

const run = commands as { readonly [C in keyof Commands]: (argument: unknown) => Run }

// open before it is told anything
await runtime.runPromise(Effect.void)
process.on("disconnect", () => process.exit())
process.on("message", async ({ argument, command, id }: Message) => {
  const answer: Answer = { id, value: await runtime.runPromise(run[command](argument)) }
  process.send!(answer, () => {
    if (command !== "close") return
    // nothing of the layer may keep it alive now
    process.removeAllListeners("disconnect")
    process.disconnect()
  })
})
const opened: Answer = { id: 0, value: undefined }
process.send!(opened)
