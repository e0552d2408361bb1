/**
 * The one operation that a sink has under way outside of any fiber: a write that the operating system does not give
 * back. Interrupting the fiber that waits for it does not end it, and what it does is not lost: the next operation
 * starts after it.
 */
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import type { Callback } from "../Files/Steps.ts"
import * as Waitings from "../Files/Waiting.ts"

/**
 * The operation of a sink that is under way, if there is one.
 */
export interface InFlight {
  /** Whether there is one. */
  readonly busyUnsafe: () => boolean
  /** Gives up what is under way: its answer is not settled, and nothing waits for it any more but its own fiber. */
  readonly abandonUnsafe: () => void
  /** Waits until there is none. */
  readonly idle: Effect.Effect<void>
  /** Calls `f` once there is none: at once, or when the last one ends. Answers how to take that back. */
  readonly whenIdleUnsafe: (f: () => void) => () => void
  /**
   * Starts an operation when there is none, and waits for its end. `settle` gets what it answers in any case, even
   * when nobody waits any more; `isAwaited` tells whether somebody does. Fails with the error of the operation.
   */
  readonly run: <A>(
    start: (callback: Callback<A>, isAwaited: () => boolean) => void,
    settle?: (value: A) => void
  ) => Effect.Effect<void, Error>
}

/**
 * Waits for an operation that nothing has to wait for.
 */
export const run = <A>(start: (callback: Callback<A>) => void): Effect.Effect<A, Error> =>
  Effect.callback((resume) => start((error, value) => resume(error ? Effect.fail(error) : Effect.succeed(value))))

/**
 * The same for one that is started in any case, also by a fiber that is being interrupted: only the waiting ends then.
 */
export const runAnyway = <A>(start: (callback: Callback<A>) => void): Effect.Effect<A, Error> =>
  Effect.uninterruptible(Effect.suspend(() => {
    const ended = Deferred.makeUnsafe<A, Error>()
    start((error, value) => Deferred.doneUnsafe(ended, error ? Effect.fail(error) : Effect.succeed(value)))
    return Effect.interruptible(Deferred.await(ended))
  }))

/**
 * Nothing under way.
 */
export const make = (): InFlight => {
  let busy = false
  let abandon = () => {}
  const { over: idle, wakeUnsafe, whenOverUnsafe: whenIdleUnsafe } = Waitings.make(() => !busy)

  const beginUnsafe = <A>(
    start: (callback: Callback<A>) => void,
    settle: ((value: A) => void) | undefined,
    resume: (effect: Effect.Effect<void, Error>) => void
  ): void => {
    let ended = false
    let abandoned = false
    const end = (error: Error | null | undefined, value?: A) => {
      if (ended) return
      ended = true
      if (!abandoned) {
        busy = false
        // a value is missing only beside an error
        if (!error) settle?.(value!)
      }
      resume(error ? Effect.fail(error) : Effect.void)
      wakeUnsafe()
    }
    busy = true
    abandon = () => {
      abandoned = true
      busy = false
    }
    try {
      start(end)
    } catch (error) {
      end(error instanceof Error ? error : new Error(String(error)))
    }
  }

  return {
    busyUnsafe: () => busy,
    abandonUnsafe: () => {
      if (busy) abandon()
    },
    idle,
    whenIdleUnsafe,
    run: (start, settle) =>
      // in one step: between an end and a fiber that goes on there is room for somebody else's operation
      Effect.callback((resume) => {
        let awaited = true
        const isAwaited = () => awaited
        const cancel = whenIdleUnsafe(() => beginUnsafe((callback) => start(callback, isAwaited), settle, resume))
        return Effect.sync(() => {
          awaited = false
          cancel()
        })
      })
  }
}
