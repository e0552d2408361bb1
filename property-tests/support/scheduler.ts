/**
 * A world of its own for fibers: a scheduler that runs the ready tasks in an order that a test generates, and a clock
 * that stands still until the test moves it. Everything in it is synchronous, so the same choices give the same run.
 *
 * It is not the TestClock: that one moves in a fiber, which these choices would have to schedule too, and it sets real
 * timers of its own. Here the timers can also be counted.
 */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import * as Random from "effect/Random"
import * as Scheduler from "effect/Scheduler"
import * as fc from "fast-check"

/**
 * What decides an interleaving. Both lists start again at their end.
 *
 * - `picks`: which of the ready tasks runs next, modulo their number. An empty list: the oldest.
 * - `gaps`: after how many operations the running fiber yields. An empty list: never, but by its own budget.
 */
export interface Choices {
  readonly picks: ReadonlyArray<number>
  readonly gaps: ReadonlyArray<number>
}

/**
 * First come, first served.
 */
export const inOrder: Choices = { picks: [], gaps: [] }

/**
 * Any interleaving. It shrinks towards `inOrder`.
 */
export const choices: fc.Arbitrary<Choices> = fc.record({
  picks: fc.oneof(fc.constant([]), fc.array(fc.nat({ max: 7 }), { maxLength: 60, size: "max" })),
  gaps: fc.oneof(fc.constant([]), fc.array(fc.integer({ min: 1, max: 60 }), { maxLength: 20, size: "max" }))
})

/**
 * A world.
 */
export interface World {
  /** The scheduler, the clock and a generator of random numbers, for `Effect.runForkWith`. */
  readonly context: Context.Context<never>
  /** Milliseconds since the start. */
  readonly now: () => number
  /** How many sleeps are under way. */
  readonly sleeping: () => number
  /** How many tasks are ready to run. */
  readonly ready: () => number
  /** Runs `n` ready tasks, or all there are. */
  readonly run: (n: number) => void
  /** Runs ready tasks, and those that they make ready, until there is none. */
  readonly settle: () => void
  /** Moves the clock: everybody who sleeps wakes at their time, and runs until all is settled. */
  readonly advance: (millis: number) => void
  /** Moves the clock at once, as when the process stood still: those who wake are ready together. */
  readonly jump: (millis: number) => void
  /** Starts an effect, with the next task of its own. */
  readonly fork: <A, E>(effect: Effect.Effect<A, E>) => Fiber.Fiber<A, E>
}

/**
 * A fresh world. `afterTask` looks at it after each task.
 */
export const make = ({ gaps, picks }: Choices, afterTask: () => void = () => {}): World => {
  const tasks: Array<() => void> = []
  let sleepers: Array<{ readonly at: number; readonly wake: () => void }> = []
  let now = 0
  let picked = 0
  let paused = 0
  let left = gaps[0] ?? Number.POSITIVE_INFINITY

  const dispatcher: Scheduler.SchedulerDispatcher = {
    scheduleTask: (task) => void tasks.push(task),
    flush: () => settle()
  }
  const scheduler: Scheduler.Scheduler = {
    executionMode: "async",
    makeDispatcher: () => dispatcher,
    shouldYield: (fiber) => {
      if (fiber.currentOpCount >= fiber.cache.maxOpsBeforeYield) return true
      // what a fiber does first is done: the real scheduler gives it some thousand operations
      if (--left > 0 || fiber.currentOpCount <= 2) return false
      left = gaps[++paused % gaps.length]!
      return true
    }
  }

  const step = (): void => {
    const index = picks.length === 0 ? 0 : picks[picked++ % picks.length]! % tasks.length
    tasks.splice(index, 1)[0]!()
    afterTask()
  }
  const run = (n: number): void => {
    for (let i = 0; i < n && tasks.length > 0; i++) step()
  }
  const settle = (): void => {
    run(100_000)
    if (tasks.length > 0) throw new Error("the fibers do not come to rest")
  }

  const wakeUntil = (time: number): void => {
    const due = sleepers.filter(({ at }) => at <= time)
    sleepers = sleepers.filter(({ at }) => at > time)
    for (const { wake } of due.toSorted((a, b) => a.at - b.at)) tasks.push(wake)
  }
  const jump = (millis: number): void => {
    now += millis
    wakeUntil(now)
  }
  const advance = (millis: number): void => {
    const until = now + millis
    settle()
    for (let next = earliest(); next <= until; next = earliest()) {
      jump(Math.max(0, next - now))
      settle()
    }
    now = until
  }
  const earliest = (): number => Math.min(Number.POSITIVE_INFINITY, ...sleepers.map(({ at }) => at))

  const sleep = (duration: Duration.Duration): Effect.Effect<void> => {
    const millis = Duration.toMillis(duration)
    if (millis <= 0) return Effect.yieldNow
    return Effect.callback<void>((resume) => {
      const sleeper = { at: now + millis, wake: () => resume(Effect.void) }
      sleepers.push(sleeper)
      return Effect.sync(() => {
        sleepers = sleepers.filter((other) => other !== sleeper)
      })
    })
  }
  const nanos = () => BigInt(Math.round(now * 1_000_000))
  const clock: Clock.Clock = {
    currentTimeMillisUnsafe: () => now,
    currentTimeMillis: Effect.sync(() => now),
    currentTimeNanosUnsafe: nanos,
    currentTimeNanos: Effect.sync(nanos),
    monotonicTimeNanosUnsafe: nanos,
    monotonicTimeNanos: Effect.sync(nanos),
    sleep
  }
  // the middle of the range: the jitter of a backoff is none
  const random: Random.Random = { nextIntUnsafe: () => 0, nextDoubleUnsafe: () => 0.5 }

  const context = Context.empty().pipe(
    Context.add(Scheduler.Scheduler, scheduler),
    Context.add(Clock.Clock, clock),
    Context.add(Random.Random, random)
  )
  return {
    context,
    now: () => now,
    sleeping: () => sleepers.length,
    ready: () => tasks.length,
    run,
    settle,
    advance,
    jump,
    fork: (effect) => Effect.runForkWith(context)(Effect.andThen(Effect.yieldNow, effect))
  }
}

/**
 * What a fiber ended with, when the world has settled.
 */
export const exitOf = <A, E>(fiber: Fiber.Fiber<A, E>): Exit.Exit<A, E> => {
  const exit = fiber.pollUnsafe()
  if (exit === undefined) throw new Error("the fiber has not ended")
  return exit
}
