/**
 * Those who wait until something is over, which may begin again.
 */
import * as Effect from "effect/Effect"

/**
 * Those who wait.
 */
export interface Waiting {
  /** Calls `f` once it is over: at once, or when it ends. Answers how to take that back. */
  readonly whenOverUnsafe: (f: () => void) => () => void
  /** Waits until it is over. */
  readonly over: Effect.Effect<void>
  /** It may be over. */
  readonly wakeUnsafe: () => void
}

/**
 * Nobody waits.
 */
export const make = (isOver: () => boolean): Waiting => {
  const checks = new Set<() => void>()
  const whenOverUnsafe = (f: () => void): () => void => {
    if (isOver()) {
      f()
      return () => {}
    }
    // whoever was woken before may have begun the next one
    const check = () => {
      if (!isOver()) return
      checks.delete(check)
      f()
    }
    checks.add(check)
    return () => checks.delete(check)
  }
  return {
    whenOverUnsafe,
    over: Effect.callback((resume) => {
      const cancel = whenOverUnsafe(() => resume(Effect.void))
      return Effect.sync(cancel)
    }),
    wakeUnsafe() {
      for (const check of [...checks]) check()
    }
  }
}
