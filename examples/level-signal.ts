/**
 * Levels by a signal: `kill -USR2 <pid>` has the program log at Debug for ten minutes, and once more begins them anew.
 *
 * Only the user that the program runs as, and root, can send it a signal. Node has no SIGUSR2 on Windows; SIGUSR1 is its own, it
 * starts the debugger. A program that takes no SIGUSR2 is ended by one: wait for its first line before you send it.
 */
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import { AsyncLogging, Formatters, Logger, Sinks } from "effect-async-logging"
import * as Effect from "effect/Effect"
import * as Queue from "effect/Queue"
import * as Stream from "effect/Stream"

const signals = Stream.callback<NodeJS.Signals>((queue) =>
  Effect.acquireRelease(
    Effect.sync(() => {
      const listener = (signal: NodeJS.Signals) => Queue.offerUnsafe(queue, signal)
      process.on("SIGUSR2", listener)
      return listener
    }),
    (listener) => Effect.sync(() => process.off("SIGUSR2", listener))
  )
)

const debugOnSignal = Stream.runForEach(signals, (signal) =>
  Effect.gen(function*() {
    yield* AsyncLogging.setLevelFor("10 minutes", "Debug")
    yield* Logger.warn("logging at Debug for 10 minutes", { signal })
  }))

const program = Effect.gen(function*() {
  yield* Effect.forkChild(debugOnSignal, { startImmediately: true })
  yield* Logger.info("started", { pid: process.pid })
  // in place of what the program does
  yield* Effect.forever(Effect.andThen(Logger.debug("at work"), Effect.sleep("20 millis")))
})

const Logging = AsyncLogging.layer({ sinks: [Sinks.console({ format: Formatters.json })] })

NodeRuntime.runMain(Effect.provide(program, Logging))
