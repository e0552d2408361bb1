/**
 * A process that builds and closes a layer again and again: `node --expose-gc lifetimesChild.ts <case> <rounds>
 * <directory>`. Says on stdout, as JSON in its last line, what it had open before, and has after that.
 */
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as ManagedRuntime from "effect/ManagedRuntime"
import * as Stream from "effect/Stream"
import { readdirSync } from "node:fs"
import { join } from "node:path"
import * as AsyncLogging from "../../src/AsyncLogging.ts"
import * as Enrichers from "../../src/Enrichers.ts"
import * as Logger from "../../src/Logger.ts"
import * as Sinks from "../../src/Sinks.ts"

/**
 * What a process has open.
 */
export interface Open {
  /** `process.getActiveResourcesInfo`: timers, handles, requests. */
  readonly resources: ReadonlyArray<string>
  readonly descriptors: number
  /** Of the process and its standard streams, by event. */
  readonly listeners: { readonly [event: string]: number }
}

/**
 * What came of it.
 *
 * - `built`, `alive`: layers and handles of sinks that there were, and how many a collection has left.
 * - `heap`, `buffers`: in bytes, after a collection; after a warm-up of a quarter as many rounds, and at the end.
 */
export interface LifetimesResult {
  readonly before: Open
  readonly after: Open
  readonly built: number
  readonly alive: number
  readonly heap: readonly [before: number, after: number]
  readonly buffers: readonly [before: number, after: number]
}

const [name, rounds, directory] = process.argv.slice(2)

const settled = Effect.promise(async () => {
  for (let i = 0; i < 4; i++) {
    // what finalizers and ended fibers hold goes with a turn of the event loop
    await new Promise((resolve) => setImmediate(resolve))
    globalThis.gc!()
  }
})

const open: Effect.Effect<Open> = Effect.map(settled, () => ({
  // what runs this program is no timer of the library's
  resources: process.getActiveResourcesInfo().filter((resource) => resource !== "Immediate").toSorted(),
  descriptors: readdirSync("/dev/fd").length,
  listeners: Object.fromEntries(
    Object.entries({ process, stdout: process.stdout, stderr: process.stderr }).flatMap(([name, emitter]) =>
      emitter.eventNames().map((event) => [`${name} ${String(event)}`, emitter.listenerCount(event)])
    )
  )
}))

// Buffers go in the background, some time after the collection that has found them dead: what is still there is there at
// each of several looks.
const memory = Effect.map(
  Effect.replicateEffect(Effect.map(settled, () => process.memoryUsage()), 5),
  (looks) => ({
    heapUsed: Math.min(...looks.map(({ heapUsed }) => heapUsed)),
    arrayBuffers: Math.min(...looks.map(({ arrayBuffers }) => arrayBuffers))
  })
)

const built: Array<WeakRef<object>> = []
const remember = (value: object): void => void built.push(new WeakRef(value))

// -----------------------------------------------------------------------------
// what is built and closed
// -----------------------------------------------------------------------------

const logSome = Effect.gen(function*() {
  remember(yield* AsyncLogging.AsyncLogging)
  for (let i = 0; i < 50; i++) {
    yield* Effect.logInfo("order paid", { i })
    yield* Logger.info("order sent", { i })
  }
})

const down = () => Effect.fail("down")
const file = (name: string) => Sinks.file({ name, path: join(directory!, `${name}.log`) })
const custom = (name: string, write: () => Effect.Effect<void, unknown>, options?: Sinks.SinkOptions) =>
  Sinks.scoped({
    name,
    ...options,
    open: Effect.acquireRelease(
      Effect.sync(() => {
        const handle = { write: () => write(), flush: Effect.void }
        remember(handle)
        return handle
      }),
      () => Effect.void
    )
  })

const wholeLayer = AsyncLogging.layer({
  context: { service: "shop" },
  stages: [Enrichers.process, Enrichers.hostname],
  redact: ["password"],
  onClose: () => Effect.void,
  sinks: [
    Sinks.console({ stderrFrom: "Warn" }),
    file("file"),
    custom("linger", () => Effect.void, { batch: { size: 1000, linger: "1 minute" } }),
    custom("dead", down, { fallback: "fallback", breaker: { failures: 1 } }),
    file("fallback"),
    custom("picky", () => Effect.fail(Sinks.rejected()), { deadLetter: "letters" }),
    custom("letters", () => Effect.yieldNow)
  ]
})

const whole = Effect.gen(function*() {
  const listener = yield* Effect.forkChild(Stream.runDrain(AsyncLogging.events), { startImmediately: true })
  const other = yield* Effect.forkChild(Stream.runDrain(Stream.take(AsyncLogging.events, 1)), {
    startImmediately: true
  })
  yield* logSome
  // it waits for the sink that lingers
  const receipt = yield* Effect.forkChild(Effect.exit(Logger.acknowledged("Warn", "kept")), { startImmediately: true })
  yield* AsyncLogging.flush
  yield* Fiber.join(receipt)
  yield* AsyncLogging.setLevel("Debug", { sink: "file" })
  yield* AsyncLogging.stats
  yield* Fiber.interrupt(listener)
  yield* Fiber.await(other)
  yield* logSome
})

const impatient = { drainTimeout: "5 millis" } as const

const underImpatient = (write: () => Effect.Effect<void, unknown>) =>
  Effect.andThen(logSome, AsyncLogging.flushWithin("1 millis")).pipe(
    Effect.provide(AsyncLogging.layer({ ...impatient, sinks: [custom("probe", write), file("file")] }))
  )

// one round each
const cases: { readonly [name: string]: Effect.Effect<unknown, unknown> } = {
  whole: Effect.provide(whole, wholeLayer),
  runtime: Effect.promise(async () => {
    const runtime = ManagedRuntime.make(wholeLayer)
    await runtime.runPromise(whole)
    await runtime.dispose()
  }),
  dead: underImpatient(down),
  hung: underImpatient(() => Effect.never),
  stuck: underImpatient(() => Effect.uninterruptible(Effect.never)),
  interrupted: Effect.gen(function*() {
    const queue = { capacity: 1, strategy: "backpressure", maxWait: "1 minute" } as const
    const fiber = yield* Effect.gen(function*() {
      const context = yield* Effect.context<AsyncLogging.AsyncLogging>()
      yield* Effect.forEach(
        Array.from({ length: 10 }),
        () => Effect.provideContext(Logger.info("waits"), context),
        { concurrency: "unbounded" }
      )
    }).pipe(
      Effect.provide(AsyncLogging.layer({ ...impatient, queue, sinks: [custom("probe", () => Effect.never)] })),
      Effect.forkChild({ startImmediately: true })
    )
    yield* Effect.yieldNow
    yield* Fiber.interrupt(fiber)
  }),
  unopened: Effect.flip(Effect.provide(
    Effect.void,
    AsyncLogging.layer({
      sinks: [
        Sinks.console(),
        file("file"),
        custom("probe", () => Effect.void),
        Sinks.scoped({ name: "no", open: Effect.fail("no") })
      ]
    })
  )),
  sync: Effect.provide(
    logSome,
    AsyncLogging.layerSync({ sinks: [Sinks.console(), file("file"), Sinks.memory({ limit: 10 })] })
  )
}

const repeated = (times: number) => Effect.repeat(cases[name!]!, { times: times - 1 })

const main = Effect.gen(function*() {
  // they are opened when they are touched first
  process.stdout.write("\n")
  process.stderr.write("\n")
  const before = yield* open
  yield* repeated(Number(rounds) / 4)
  const first = yield* memory
  yield* repeated(Number(rounds))
  const last = yield* memory
  const result: LifetimesResult = {
    before,
    after: yield* open,
    built: built.length,
    alive: built.filter((ref) => ref.deref() !== undefined).length,
    heap: [first.heapUsed, last.heapUsed],
    buffers: [first.arrayBuffers, last.arrayBuffers]
  }
  process.stdout.write(`\n${JSON.stringify(result)}\n`)
})

await Effect.runPromise(main)
