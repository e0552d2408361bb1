import { assert, describe, it } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import type * as Scope from "effect/Scope"
import * as fc from "fast-check"
import * as AsyncLogging from "../src/AsyncLogging.ts"
import * as Logger from "../src/Logger.ts"
import type { LogRecord } from "../src/Record.ts"
import * as Sinks from "../src/Sinks.ts"
import type { Ending, Program, Step } from "./support/programs.ts"
import * as Programs from "./support/programs.ts"
import { parameters, timeout } from "./support/runs.ts"
import type { Choices } from "./support/scheduler.ts"
import * as World from "./support/scheduler.ts"

// -----------------------------------------------------------------------------
// a program
// -----------------------------------------------------------------------------

/** How many log calls were begun, and how many came back. */
interface Calls {
  begun: number
  returned: number
}

const interpret = (program: Program, calls: Calls): Effect.Effect<void, never, Scope.Scope> =>
  Effect.gen(function*() {
    const joined: Array<Fiber.Fiber<void>> = []
    for (const step of program) {
      switch (step._tag) {
        case "Log": {
          const logs = Effect.forEach(Array.from({ length: step.times }), () => log(step, calls), { discard: true })
          yield* step.uninterruptible ? Effect.uninterruptible(logs) : logs
          break
        }
        case "Sleep": {
          yield* Effect.sleep(step.millis)
          break
        }
        case "Yield": {
          yield* Effect.yieldNow
          break
        }
        case "Fork": {
          const forked = interpret(step.program, calls)
          if (step.how === "scoped") yield* Effect.forkScoped(forked)
          else if (step.how === "left") yield* Effect.forkChild(forked)
          else joined.push(yield* Effect.forkChild(forked))
        }
      }
    }
    for (const fiber of joined) yield* Fiber.join(fiber)
  })

const log = ({ by, level }: Extract<Step, { _tag: "Log" }>, calls: Calls): Effect.Effect<void> =>
  Effect.suspend(() => {
    const fields = { id: calls.begun++ }
    const logged = by === "Logger" ? Logger.log(level)("x", fields) : Effect.logWithLevel(level)("x", fields)
    return Effect.map(logged, () => {
      calls.returned++
    })
  })

const end = (ending: Ending): Effect.Effect<void, string> => {
  switch (ending._tag) {
    case "Success":
      return Effect.void
    case "Failure":
      return Effect.fail("boom")
    case "Defect":
      return Effect.die("boom")
    case "Interruption":
      return Effect.never
  }
}

const endedAs = (exit: Exit.Exit<void, unknown>, ending: Ending): boolean => {
  if (Exit.isSuccess(exit)) return ending._tag === "Success"
  switch (ending._tag) {
    case "Success":
      return false
    case "Failure":
      return Cause.squash(exit.cause) === "boom" && Cause.hasFails(exit.cause)
    case "Defect":
      return Cause.squash(exit.cause) === "boom" && Cause.hasDies(exit.cause)
    case "Interruption":
      return Cause.hasInterruptsOnly(exit.cause)
  }
}

// -----------------------------------------------------------------------------
// a sink that works
// -----------------------------------------------------------------------------

interface Setup {
  readonly strategy: "sliding" | "dropping" | "backpressure"
  readonly capacity: number
  readonly overdraft: number
  readonly maxWait: number | undefined
  readonly batchSize: number
  readonly linger: number
  /** Milliseconds of one write. With the most records that a program logs it drains in time. */
  readonly pace: number
  readonly minimumLevel: "Info" | "Debug"
}

const setup = (strategy: fc.Arbitrary<Setup["strategy"]>, maxWait: fc.Arbitrary<number | undefined>) =>
  fc.record<Setup>({
    strategy,
    capacity: fc.integer({ min: 1, max: 8 }),
    overdraft: fc.nat({ max: 8 }),
    maxWait,
    batchSize: fc.integer({ min: 1, max: 8 }),
    linger: fc.constantFrom(0, 0, 50, 60_000),
    pace: fc.constantFrom(0, 0, 1, 10),
    minimumLevel: fc.constantFrom("Info", "Debug")
  })

interface Outcome {
  readonly calls: Calls
  readonly stats: AsyncLogging.Stats
  readonly records: ReadonlyArray<LogRecord>
}

const run = (program: Program, ending: Ending, setup: Setup, choices: Choices): Outcome => {
  const world = World.make(choices)
  const calls: Calls = { begun: 0, returned: 0 }
  const records: Array<LogRecord> = []
  let stats: Effect.Effect<AsyncLogging.Stats> | undefined
  const sink = Sinks.make({
    name: "sink",
    queue: {
      strategy: setup.strategy,
      capacity: setup.capacity,
      overdraft: setup.overdraft,
      maxWait: setup.maxWait
    },
    batch: { size: setup.batchSize, linger: setup.linger },
    write: (batch) => Effect.andThen(Effect.sleep(setup.pace), Effect.sync(() => void records.push(...batch)))
  })
  const layer = AsyncLogging.layer({ minimumLevel: setup.minimumLevel, sinks: [sink] })
  const app = Effect.gen(function*() {
    stats = (yield* AsyncLogging.AsyncLogging).stats
    yield* Effect.scoped(interpret(program, calls))
    yield* end(ending)
  })
  const fiber = world.fork(
    app.pipe(Effect.provide(layer), Effect.provideService(AsyncLogging.NoticeWriter, () => {}))
  )
  if (ending._tag === "Interruption") {
    world.advance(ending.after)
    fiber.interruptUnsafe()
  }
  // longer than any program runs, and than any close
  world.advance(600_000)
  const exit = World.exitOf(fiber)
  assert.isTrue(endedAs(exit, ending), `the program ends as it would have: ${String(exit)}`)
  assert.strictEqual(world.sleeping(), 0, "no timer is left")
  assert.isDefined(stats)
  return { calls, stats: Effect.runSync(stats!), records: records.filter(({ gap }) => gap === undefined) }
}

// What holds under every strategy: what was admitted and not evicted has arrived, once.
const check = (program: Program, ending: Ending, { calls, records, stats }: Outcome): AsyncLogging.SinkCounts => {
  const { dropped, ...ledger } = stats.sinks["sink"]!.ledger
  const admitted = ledger.accepted - ledger.filteredHere - dropped.queue_full - dropped.overdraft -
    dropped.wait_timeout - dropped.interrupted - dropped.already_shutdown
  assert.strictEqual(ledger.delivered, admitted - dropped.evicted, "delivered = admitted - evicted")
  // an interrupted program waits for nobody: its forks end with its fiber, after the layer
  const isLast = ending._tag === "Interruption"
    ? Programs.forksOnly(program, "scoped")
    : Programs.forksOnly(program, "scoped", "joined")
  if (isLast) assert.strictEqual(dropped.already_shutdown, 0, "nothing was logged after the close")
  assert.strictEqual(dropped.shutdown_timeout + ledger.failed.shutdown_timeout, 0, "nothing is lost to the close")
  assert.strictEqual(records.length, ledger.delivered, "what is counted has arrived")
  assert.strictEqual(new Set(records.map(({ fields }) => fields["id"])).size, records.length, "once")
  assert.strictEqual(stats.ledger.offered, stats.ledger.accepted)
  assert.isAtMost(stats.ledger.offered, calls.begun)
  return { dropped, ...ledger }
}

// -----------------------------------------------------------------------------
// no loss
// -----------------------------------------------------------------------------

const anyProgram = Programs.program(["Effect.log", "Logger"])
const anyStrategy = fc.constantFrom<Setup["strategy"]>("sliding", "dropping", "backpressure")
const anyWait = fc.option(fc.integer({ min: 1, max: 50 }), { nil: undefined })

describe("no message loss on graceful shutdown", { timeout }, () => {
  it("G8 under every strategy delivered = admitted - evicted, however the program ends", () => {
    fc.assert(
      fc.property(
        anyProgram,
        Programs.ending,
        setup(anyStrategy, anyWait),
        World.choices,
        (program, ending, ...args) => {
          check(program, ending, run(program, ending, ...args))
        }
      ),
      parameters
    )
  })

  it("G8 under backpressure, with Logger.*, delivered = offered - interrupted", () => {
    const onlyLogger = Programs.program(["Logger"]).map(Programs.interruptible)
    const backpressure = setup(fc.constant("backpressure"), fc.constant(undefined))
    fc.assert(
      fc.property(onlyLogger, Programs.ending, backpressure, World.choices, (program, ending, setup, choices) => {
        const outcome = run(program, ending, { ...setup, minimumLevel: "Debug" }, choices)
        const { delivered, dropped } = check(program, ending, outcome)
        const { offered } = outcome.stats.ledger
        // what is logged after the close is lost to nobody's surprise
        const open = offered - dropped.already_shutdown
        assert.strictEqual(delivered, open - dropped.interrupted, "delivered = offered - interrupted")
        assert.isAtLeast(offered, outcome.calls.returned)
        if (ending._tag === "Success" && Programs.forksOnly(program, "joined")) {
          assert.strictEqual(delivered, outcome.calls.begun, "nobody was interrupted: all of it is there")
        }
      }),
      parameters
    )
  })
})
