/**
 * Running what may hang: in a fiber of its own, so that one that cannot be interrupted is left behind, and one that
 * ends in the moment of the interruption can still be asked how.
 */
import * as Cause from "effect/Cause"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"

/**
 * Runs an effect, at most for `limit`. Then it is interrupted, gets `grace` for its own finalizers, and is left behind:
 * none, unless it ended after all. `onStart` gets the fiber of one that does not end at once.
 */
export const within = <A, E>(
  effect: Effect.Effect<A, E>,
  limit: Duration.Input,
  grace: Duration.Input = 0,
  onStart?: (fiber: Fiber.Fiber<A, E>) => void
): Effect.Effect<Option.Option<Exit.Exit<A, E>>> =>
  // a caller that is interrupted right after the start must not leave behind what it has started
  Effect.uninterruptibleMask((restore) => run(effect, limit, grace, onStart, restore))

// One generator function for all. One that is made for each call is called for the first time in each, for which V8 makes
// it a map: among the old objects, with all that the function refers to. So each batch would stay until the next full
// garbage collection, and each small one would copy the batches since the last: 30 ms instead of one.
const run = Effect.fnUntraced(function*<A, E>(
  effect: Effect.Effect<A, E>,
  limit: Duration.Input,
  grace: Duration.Input,
  onStart: ((fiber: Fiber.Fiber<A, E>) => void) | undefined,
  restore: <B>(wait: Effect.Effect<B>) => Effect.Effect<B>
) {
  const fiber = yield* Effect.forkDetach(effect, { startImmediately: true })
  const done = fiber.pollUnsafe()
  if (done !== undefined) return Option.some(done)
  onStart?.(fiber)
  const exit = yield* Effect.onInterrupt(
    restore(Effect.timeoutOption(Fiber.await(fiber), limit)),
    () => Effect.sync(() => fiber.interruptUnsafe())
  )
  if (Option.isSome(exit)) return exit
  fiber.interruptUnsafe()
  if (fiber.pollUnsafe() === undefined) yield* restore(Effect.timeoutOption(Fiber.await(fiber), grace))
  const late: Exit.Exit<A, E> | undefined = fiber.pollUnsafe()
  const isItsOwn = late !== undefined && (late._tag === "Success" || !Cause.hasInterruptsOnly(late.cause))
  return isItsOwn ? Option.some(late) : Option.none()
})
