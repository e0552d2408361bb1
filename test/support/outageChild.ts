/**
 * A process that logs at a steady rate while its destination is down for a while, in virtual time:
 * `node --expose-gc outageChild.ts <case>`. Says on stdout, as JSON, what the heap held, what arrived, and what the
 * ledger counted.
 */
import * as Effect from "effect/Effect"
import * as TestClock from "effect/testing/TestClock"
import * as AsyncLogging from "../../src/AsyncLogging.ts"
import type { LogGap, LogRecord } from "../../src/Record.ts"
import type { QueueOptions } from "../../src/Sinks.ts"
import * as Sinks from "../../src/Sinks.ts"

/**
 * How many records are logged every 100 ms, and how long the destination works, is down, and works again: in virtual
 * seconds.
 */
export interface OutageCase {
  readonly queue: QueueOptions
  readonly burst: number
  readonly before: number
  readonly down: number
  readonly after: number
}

/**
 * What came of it.
 */
export interface OutageResult {
  /** Records that were logged. They are numbered from 0. */
  readonly logged: number
  /** First and last number of those that arrived one after the other, in the order of their arrival. */
  readonly arrived: ReadonlyArray<readonly [first: number, last: number]>
  /** What told of losses, and behind how many records it arrived. */
  readonly gaps: ReadonlyArray<LogGap & { readonly behind: number }>
  readonly counts: AsyncLogging.SinkCounts
  /** Of the outage. */
  readonly minutes: ReadonlyArray<Minute>
}

/**
 * A minute of the outage: how many were `logged` and `lost` in it, and what there was at its end.
 */
interface Minute {
  /** In bytes, after a collection. */
  readonly heap: number
  readonly depth: number
  readonly logged: number
  readonly lost: number
}

const heap = Effect.promise(async () => {
  for (let i = 0; i < 4; i++) {
    // what finalizers and ended fibers hold goes with a turn of the event loop
    await new Promise((resolve) => setImmediate(resolve))
    globalThis.gc!()
  }
  return process.memoryUsage().heapUsed
})

const now = Effect.map(AsyncLogging.stats, ({ sinks }) => {
  const { depth, ledger } = sinks["probe"]!
  const lost = Object.values(ledger.dropped).reduce((sum, n) => sum + n, 0)
  return { depth, logged: ledger.accepted, lost }
})

const main = (wanted: OutageCase): Effect.Effect<OutageResult> => {
  const arrived: Array<[first: number, last: number]> = []
  const gaps: Array<LogGap & { readonly behind: number }> = []
  let received = 0
  let isDown = false
  let report: AsyncLogging.CloseReport | undefined

  const receive = ({ fields, gap }: LogRecord): void => {
    if (gap !== undefined) return void gaps.push({ ...gap, behind: received })
    received++
    const number = fields["number"] as number
    const range = arrived.at(-1)
    if (range?.[1] === number - 1) range[1] = number
    else arrived.push([number, number])
  }

  const program = Effect.gen(function*() {
    let logged = 0
    const logFor = Effect.fnUntraced(function*(seconds: number) {
      for (let tick = 0; tick < seconds * 10; tick++) {
        for (let i = 0; i < wanted.burst; i++) yield* Effect.logInfo("order paid", { number: logged++ })
        yield* TestClock.adjust("100 millis")
      }
    })
    yield* logFor(wanted.before)
    isDown = true
    const minutes: Array<Minute> = []
    for (let left = wanted.down; left > 0; left -= 60) {
      const before = yield* now
      yield* logFor(Math.min(60, left))
      const after = yield* now
      minutes.push({
        heap: yield* heap,
        depth: after.depth,
        logged: after.logged - before.logged,
        lost: after.lost - before.lost
      })
    }
    isDown = false
    yield* logFor(wanted.after)
    return { logged, minutes }
  })
  const layer = AsyncLogging.layer({
    onClose: (closed) =>
      Effect.sync(() => {
        report = closed
      }),
    sinks: [
      Sinks.make({
        name: "probe",
        queue: wanted.queue,
        write: (batch) => isDown ? Effect.fail("down") : Effect.sync(() => batch.forEach(receive))
      })
    ]
  })
  return program.pipe(
    Effect.provide(layer),
    Effect.provideService(AsyncLogging.NoticeWriter, () => {}),
    Effect.provide(TestClock.layer()),
    Effect.orDie,
    Effect.map((ran) => ({ ...ran, arrived, gaps, counts: report!.sinks["probe"]! }))
  )
}

const wanted: OutageCase = JSON.parse(process.argv[2]!)
process.stdout.write(JSON.stringify(await Effect.runPromise(main(wanted))))
