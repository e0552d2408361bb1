/**
 * A process that logs until it ends in the way that it is told: `node exitChild.ts <event> <directory> <strategy> <at>`,
 * where the event comes after `at` records if it comes from inside of a burst.
 *
 * It has a file sink for each of two strategies, `sliding.log` and `backpressure.log`, a console sink on stdout, and where
 * the event is `hung` a sink that never answers. What it knows of itself it writes, synchronously, into `told`: how many
 * records the log calls have taken so far. Only those were admitted before the event, whatever the event is.
 */
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as Effect from "effect/Effect"
import * as ManagedRuntime from "effect/ManagedRuntime"
import { pbkdf2 } from "node:crypto"
import { openSync, writeSync } from "node:fs"
import { join } from "node:path"
import * as AsyncLogging from "../../src/AsyncLogging.ts"
import * as Formatters from "../../src/Formatters.ts"
import * as Logger from "../../src/Logger.ts"
import * as Sinks from "../../src/Sinks.ts"

const [event, directory, strategy, at] = process.argv.slice(2) as [string, string, "sliding" | "backpressure", string]
// before that of the library
process.on("exit", () => writeSync(2, "exiting\n"))

const told = openSync(join(directory, "told"), "w")
let taken = 0
const tell = (n: number) => writeSync(told, String(n).padStart(9, "0"), 0)
tell(0)

// the sliding ones evict: they are smaller than a turn, and nobody waits for them
const queue = (strategy: "sliding" | "backpressure") => ({ capacity: strategy === "sliding" ? 300 : 1000, strategy })
const Logging = AsyncLogging.layer({
  drainTimeout: event === "hung" ? "20 seconds" : "10 seconds",
  sinks: [
    Sinks.file({ name: "sliding", path: join(directory, "sliding.log"), queue: queue("sliding") }),
    Sinks.file({ name: "backpressure", path: join(directory, "backpressure.log"), queue: queue("backpressure") }),
    Sinks.console({ format: Formatters.json, queue: queue(strategy) }),
    ...(event === "hung"
      ? [Sinks.make({ name: "hung", queue: { capacity: 10 }, write: () => Effect.never })]
      : [])
  ]
})

const padding = "x".repeat(60)
const one = Effect.suspend(() => Logger.info("burst", { n: taken + 1, padding })).pipe(
  Effect.andThen(Effect.sync(() => tell(++taken)))
)
// turns of different sizes, so that the event falls into all kinds of moments; some are more than a queue can hold
const sizes = [1, 700, 20, 1500, 3, 1000, 200]
let turn = Math.floor(Math.random() * sizes.length)
const burst = Effect.suspend(() => Effect.repeat(one, { times: sizes[turn++ % sizes.length]! - 1 }))
const bursts = Effect.forever(Effect.andThen(burst, Effect.yieldNow))
/** Bursts, and in the middle of one of them something else. */
const midBurst = (then: () => void) =>
  Effect.forever(Effect.andThen(
    one,
    Effect.suspend(() => {
      if (taken === Number(at)) then()
      return taken % 257 === 0 ? Effect.yieldNow : Effect.void
    })
  ))

const main = <A, E>(program: Effect.Effect<A, E>) => NodeRuntime.runMain(program, { disableErrorReporting: true })
const underLogging = <A, E>(program: Effect.Effect<A, E>) => Effect.provide(AsyncLogging.logFailure(program), Logging)
const some = Effect.repeat(burst, { times: 3 })
const ready = Effect.sync(() => writeSync(2, "ready\n"))

const events: { readonly [event: string]: () => unknown } = {
  normal: () => main(underLogging(some)),
  thrown: () => main(underLogging(Effect.andThen(some, Effect.die(new Error("thrown"))))),
  exit: () => main(underLogging(midBurst(() => process.exit(0)))),
  // not in a fiber, which would catch it
  uncaught: () =>
    main(underLogging(midBurst(() =>
      queueMicrotask(() => {
        throw new Error("uncaught")
      })
    ))),
  rejection: () => main(underLogging(midBurst(() => void Promise.reject(new Error("rejected"))))),
  // the signals come from outside, when it is ready
  signal: () => main(underLogging(Effect.andThen(ready, bursts))),
  hung: () =>
    main(underLogging(
      Effect.andThen(ready, bursts).pipe(Effect.onExit(() => Effect.sync(() => writeSync(2, "draining\n"))))
    )),
  disposed: () => {
    const runtime = ManagedRuntime.make(Logging)
    return runtime.runPromise(some).then(() => runtime.dispose())
  },
  undisposed: () => ManagedRuntime.make(Logging).runPromise(some),
  // all threads of the pool have other work, so that a write has to wait
  busy: () =>
    main(underLogging(Effect.gen(function*() {
      yield* Effect.yieldNow
      for (let i = 0; i < 8; i++) pbkdf2("a", "b", 300_000, 64, "sha512", () => {})
      yield* Effect.repeat(one, { times: 20 })
      yield* Effect.repeat(Effect.yieldNow, { times: 10 })
      process.exit(0)
    }))),
  undisposedExit: () => ManagedRuntime.make(Logging).runPromise(some).then(() => process.exit(0))
}

events[event]!()
