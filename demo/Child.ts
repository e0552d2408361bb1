/**
 * Processes that the demo starts. Each is ended, by its own id, with the scope that it was started in.
 */
import type * as Cause from "effect/Cause"
import * as Data from "effect/Data"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Queue from "effect/Queue"
import type * as Scope from "effect/Scope"
import { fork } from "node:child_process"
import { fileURLToPath } from "node:url"

/**
 * A running program of this folder. `Message` is what it sends.
 */
export interface Child<Message> {
  readonly send: (message: object) => Effect.Effect<void>
  /** Its next message. */
  readonly receive: (limit: Duration.Input) => Effect.Effect<Message, ChildTrouble>
  readonly signal: (signal: NodeJS.Signals) => Effect.Effect<void>
  /** Completes when it has ended. */
  readonly ended: (limit: Duration.Input) => Effect.Effect<void, ChildTrouble>
}

/**
 * A process ended, or said nothing for too long.
 */
export class ChildTrouble extends Data.TaggedError("ChildTrouble")<{ readonly message: string }> {}

/**
 * Starts a program of this folder.
 */
export const start = <Message>(
  file: string,
  ...args: ReadonlyArray<string>
): Effect.Effect<Child<Message>, never, Scope.Scope> =>
  Effect.gen(function*() {
    const messages = yield* Queue.unbounded<Message, Cause.Done>()
    const child = yield* Effect.acquireRelease(
      Effect.sync(() =>
        // what it prints goes to stderr: stdout is for the results
        fork(fileURLToPath(new URL(file, import.meta.url)), args, { stdio: ["ignore", 2, 2, "ipc"] })
      ),
      (child) => Effect.sync(() => child.kill("SIGKILL"))
    )
    // the programs are our own, and send what their types say
    child.on("message", (message) => Queue.offerUnsafe(messages, message as Message))
    child.on("close", () => Queue.endUnsafe(messages))
    const within = <A, E>(effect: Effect.Effect<A, E>, limit: Duration.Input, what: string) =>
      Effect.timeoutOrElse(effect, {
        duration: limit,
        orElse: () => Effect.fail(new ChildTrouble({ message: `${file} ${args[0] ?? ""} ${what} within ${limit}` }))
      })
    return {
      send: (message) => Effect.sync(() => void child.send(message)),
      receive: (limit) =>
        Queue.take(messages).pipe(
          Effect.mapError(() => new ChildTrouble({ message: `${file} ${args[0] ?? ""} ended` })),
          (take) => within(take, limit, "sent nothing")
        ),
      signal: (signal) => Effect.sync(() => child.kill(signal)),
      ended: (limit) => within(Effect.asVoid(Queue.collect(messages)), limit, "did not end")
    }
  })
