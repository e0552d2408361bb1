/**
 * The last word of a program that fails.
 */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Logger from "./Logger.ts"

/**
 * Logs what a program ends with, if that is a failure or a defect, as one Fatal record; then it fails as before. An end
 * by nothing but interruption is not logged.
 *
 * Put it inside of the layer: `runMain` prints the failure only after the layer has closed.
 *
 * ```ts
 * program.pipe(AsyncLogging.logFailure, Effect.provide(Logging), NodeRuntime.runMain)
 * ```
 */
export const logFailure = <A, E, R>(self: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.onError(
    self,
    (cause) => Cause.hasInterruptsOnly(cause) ? Effect.void : Logger.fatal("the program failed", cause)
  )
