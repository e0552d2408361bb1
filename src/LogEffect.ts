/**
 * A log call as an Effect: what is to be logged, logged by whichever fiber runs it, as often as it is run.
 *
 * It is an Effect of its own kind because there is one for every record. `Effect.withFiber` would make three objects in
 * its place, a closure among them, and its iterator a fourth with each `yield*`, which V8 comes to allocate among the
 * old objects, where it keeps alive all that it refers to.
 */
import type * as Effect from "effect/Effect"
import * as Effectable from "effect/Effectable"
import * as Equal from "effect/Equal"
import type * as Fiber from "effect/Fiber"
import * as Hash from "effect/Hash"

/**
 * Logs arguments in a fiber.
 */
export type Run = (args: ReadonlyArray<unknown>, fiber: Fiber.Fiber<unknown, unknown>) => Effect.Effect<void>

/**
 * An Effect that logs.
 */
export interface LogEffect extends Effect.Effect<void> {
  readonly run: Run
  readonly args: ReadonlyArray<unknown>
}

const construct = function(
  this: { -readonly [K in keyof LogEffect]: LogEffect[K] },
  run: Run,
  args: LogEffect["args"]
) {
  this.run = run
  this.args = args
}

construct.prototype = Object.assign(
  Effectable.Prototype<LogEffect>({
    label: "Log",
    evaluate(fiber) {
      return this.run(this.args, fiber)
    }
  }),
  {
    [Symbol.iterator](this: LogEffect) {
      return new Steps(this)
    },
    // no value: two calls that say the same are two
    [Equal.symbol](this: LogEffect, that: unknown) {
      return this === that
    },
    [Hash.symbol](this: LogEffect) {
      return Hash.random(this)
    }
  }
)

// Answers itself twice: with the effect, then with what came of it. Whoever runs a generator reads a step before it asks
// for the next one.
class Steps implements Iterator<Effect.Effect<void>, void, void> {
  value: Effect.Effect<void> | void
  done = false
  private asked = false

  constructor(effect: Effect.Effect<void>) {
    this.value = effect
  }

  next(value: void): IteratorResult<Effect.Effect<void>, void> {
    if (this.asked) {
      this.value = value
      this.done = true
    }
    this.asked = true
    return this as IteratorResult<Effect.Effect<void>, void>
  }
}

/**
 * An Effect that logs `args`.
 */
export const LogEffect = construct as unknown as new(run: Run, args: ReadonlyArray<unknown>) => LogEffect
