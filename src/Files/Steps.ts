/**
 * Work on files in steps, written once and done in two ways: in the background, one call after the other, or at once, for
 * what must not wait: the end of the process, and a log call of `layerSync`.
 */

import * as Result from "effect/Result"

/**
 * How a call ends, as Node does it: an error, or a value.
 */
export type Callback<A> = (error: Error | null | undefined, value: A) => void

/**
 * One call of the operating system.
 */
export interface Call<out A> {
  /** Makes it at once. Throws what it fails with. */
  readonly sync: () => A
  /** Starts it in the background. */
  readonly start: (callback: Callback<A>) => void
}

/**
 * Steps that end with a value. Each call that one waits for is yielded; what it fails with is thrown there.
 */
export type Steps<A> = Generator<Call<unknown>, A, unknown>

/**
 * A call as a step: `const fd = yield* Steps.of(fs.open(path, flags, mode))`.
 */
export const of = function*<A>(call: Call<A>): Steps<A> {
  return (yield call) as A
}

/**
 * Several calls at a time, none of which needs another one. Each has a result of its own.
 */
export const all = <const C extends ReadonlyArray<Call<unknown>>>(calls: C): Call<Results<C>> => ({
  sync: () => calls.map((call) => Result.try({ try: call.sync, catch: (error) => error })) as Results<C>,
  start(callback) {
    const results = Array<Result.Result<unknown, unknown>>(calls.length)
    let left = calls.length
    for (const [index, call] of calls.entries()) {
      call.start((error, value) => {
        results[index] = error ? Result.fail(error) : Result.succeed(value)
        if (--left === 0) callback(null, results as Results<C>)
      })
    }
  }
})

type Results<C extends ReadonlyArray<Call<unknown>>> = {
  readonly [K in keyof C]: C[K] extends Call<infer A> ? Result.Result<A, unknown> : never
}

/**
 * A call that waits for nothing, and needs no turn of the event loop.
 */
export const atOnce = <A>(call: Call<A>): Call<A> => ({
  sync: call.sync,
  start(callback) {
    let value: A
    try {
      value = call.sync()
    } catch (error) {
      return callback(error as Error, undefined as A)
    }
    callback(null, value)
  }
})

/**
 * The same, but `undefined` for an error that is `expected`.
 */
export const orUndefined = function*<A>(call: Call<A>, expected: (error: unknown) => boolean): Steps<A | undefined> {
  try {
    return (yield call) as A
  } catch (error) {
    if (expected(error)) return undefined
    throw error
  }
}

/**
 * Does them at once. Throws what they fail with.
 */
export const runSync = <A>(steps: Steps<A>): A => {
  let next = steps.next()
  while (next.done !== true) {
    let value: unknown
    try {
      value = next.value.sync()
    } catch (error) {
      next = steps.throw(error)
      continue
    }
    next = steps.next(value)
  }
  return next.value
}

/**
 * The same, with a callback.
 */
export const startSync = <A>(steps: Steps<A>, callback: Callback<A>): void => {
  let value: A
  try {
    value = runSync(steps)
  } catch (error) {
    return callback(error instanceof Error ? error : new Error(String(error)), undefined as A)
  }
  callback(null, value)
}

/**
 * Does them in the background.
 */
export const start = <A>(steps: Steps<A>, callback: Callback<A>): void => {
  const go = (resume: () => IteratorResult<Call<unknown>, A>): void => {
    let next: IteratorResult<Call<unknown>, A>
    try {
      next = resume()
    } catch (error) {
      return callback(error instanceof Error ? error : new Error(String(error)), undefined as A)
    }
    if (next.done === true) return callback(null, next.value)
    try {
      next.value.start((error, value) => go(() => error ? steps.throw(error) : steps.next(value)))
    } catch (error) {
      // wrong arguments, say: what is open is to be closed
      go(() => steps.throw(error))
    }
  }
  go(() => steps.next())
}
