/**
 * Sinks for tests of the layer, which do what the test says and remember what they saw; and ways to run a program
 * under a layer whose report and notices are at hand.
 */
import { assert } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Latch from "effect/Latch"
import * as Layer from "effect/Layer"
import * as Queue from "effect/Queue"
import * as TestClock from "effect/testing/TestClock"
import * as AsyncLogging from "../../src/AsyncLogging.ts"
import type { StageInput } from "../../src/Pipeline.ts"
import type { LogRecord } from "../../src/Record.ts"
import type { AnySink, Outcomes, SinkOptions } from "../../src/Sinks.ts"
import * as Sinks from "../../src/Sinks.ts"

/**
 * What a write does. `attempt` counts from 1.
 */
export type Answer = (batch: ReadonlyArray<LogRecord>, attempt: number) => Effect.Effect<void | Outcomes, unknown>

/**
 * A sink, and what it saw.
 */
export interface Probe {
  readonly sink: Sinks.Sink<never, never, false>
  /** The batch of each write, when it began. */
  readonly writes: Array<ReadonlyArray<LogRecord>>
  /** What arrived, in order. */
  readonly records: Array<LogRecord>
  /** `open`, `write`, `written`, `flush` and `close`, in order. */
  readonly events: Array<string>
  /** Waits for the next write to begin. */
  readonly began: Effect.Effect<void>
  /** The messages that arrived, without gap lines. */
  readonly messages: () => ReadonlyArray<string>
  /** The messages of each write, without gap lines. */
  readonly batches: () => ReadonlyArray<ReadonlyArray<string>>
  /** The gap lines that arrived. */
  readonly gaps: () => ReadonlyArray<LogRecord>
}

const isGap = (record: LogRecord): boolean => record.gap !== undefined

/** The messages of records that a program logged. */
export const messagesOf = (records: ReadonlyArray<LogRecord>): ReadonlyArray<string> =>
  records.filter((record) => !isGap(record)).map((record) => record.message)

/**
 * A sink that answers each write as it is told, and opens, flushes and closes without trouble.
 */
export const answering = (answer: Answer, options: SinkOptions = {}): Probe => {
  const writes: Array<ReadonlyArray<LogRecord>> = []
  const records: Array<LogRecord> = []
  const events: Array<string> = []
  const begun = Effect.runSync(Queue.unbounded<void>())
  const write = (batch: ReadonlyArray<LogRecord>) =>
    Effect.suspend(() => {
      events.push("write")
      writes.push(batch)
      Queue.offerUnsafe(begun, undefined)
      return answer(batch, writes.length)
    }).pipe(
      Effect.onExit((exit) =>
        Effect.sync(() => {
          const delivered = arrived(exit, batch)
          records.push(...delivered)
          if (Exit.isSuccess(exit)) events.push("written")
        })
      )
    )
  const open = Effect.acquireRelease(
    Effect.sync(() => void events.push("open")),
    () => Effect.sync(() => void events.push("close"))
  )
  const handle = { write, flush: Effect.sync(() => void events.push("flush")) }
  return {
    sink: Sinks.scoped({ name: "probe", ...options, open: Effect.as(open, handle) }),
    writes,
    records,
    events,
    began: Queue.take(begun),
    messages: () => messagesOf(records),
    batches: () => writes.map(messagesOf),
    gaps: () => records.filter(isGap)
  }
}

const arrived = (
  exit: Exit.Exit<void | Outcomes, unknown>,
  batch: ReadonlyArray<LogRecord>
): ReadonlyArray<LogRecord> => {
  if (Exit.isFailure(exit)) {
    const reason = exit.cause.reasons[0]
    const error = reason?._tag === "Fail" ? reason.error : undefined
    const why = error instanceof Sinks.SinkError ? error.reason : undefined
    return why?._tag === "Unavailable" ? batch.slice(0, why.delivered ?? 0) : []
  }
  const { value } = exit
  return Array.isArray(value) ? batch.filter((_, index) => value[index] === "delivered") : batch
}

/** A sink that takes everything. */
export const recording = (options?: SinkOptions): Probe => answering(() => Effect.void, options)

/** Refuses each record of a batch. */
export const refuse = (batch: ReadonlyArray<LogRecord>): Effect.Effect<never, Sinks.SinkError> =>
  Effect.fail(Sinks.rejected({ indexes: [...batch.keys()] }))

/** A sink whose writes never return. They can be interrupted. */
export const hung = (options?: SinkOptions): Probe => answering(() => Effect.never, options)

/** A sink that answers its first writes by these effects, one each, and then takes everything. */
export const planned = (
  plan: ReadonlyArray<Effect.Effect<void | Outcomes, unknown>>,
  options?: SinkOptions
): Probe => answering((_, attempt) => plan[attempt - 1] ?? Effect.void, options)

/**
 * A sink that holds every write until it is released.
 */
export interface Gated extends Probe {
  /** Lets all writes through, from now on. */
  readonly release: Effect.Effect<void>
  /** Lets the writes through that wait now. */
  readonly step: Effect.Effect<void>
}

/** A gated sink. */
export const gated = (options?: SinkOptions): Gated => {
  const gate = Latch.makeUnsafe(false)
  return {
    ...answering(() => gate.await, options),
    release: Effect.asVoid(gate.open),
    step: Effect.asVoid(gate.release)
  }
}

/**
 * Lets every other fiber go as far as it can without time: as many turns as no chain of wake-ups here needs.
 */
export const turns: Effect.Effect<void> = Effect.repeat(Effect.yieldNow, { times: 100 })

/**
 * Notices go to `lines` under the layer.
 */
export const notices = (): { readonly lines: Array<string>; readonly layer: Layer.Layer<never> } => {
  const lines: Array<string> = []
  return { lines, layer: Layer.succeed(AsyncLogging.NoticeWriter, (line: string) => void lines.push(line)) }
}

/**
 * How a program under a layer went.
 */
export interface Ran<A, E> {
  readonly exit: Exit.Exit<A, E>
  readonly report: AsyncLogging.CloseReport
  readonly notices: ReadonlyArray<string>
}

/**
 * Runs a program under a layer, and checks what holds after every program: each record is in one term of the ledger,
 * and none is on its way any more.
 */
export const runExit = Effect.fnUntraced(function*<
  A,
  E,
  const S extends ReadonlyArray<AnySink>,
  const G extends ReadonlyArray<StageInput> = readonly []
>(
  config: AsyncLogging.Config<S, G>,
  program: (notices: ReadonlyArray<string>) => Effect.Effect<A, E, AsyncLogging.AsyncLogging>
) {
  const { layer, lines } = notices()
  const reports: Array<AsyncLogging.CloseReport> = []
  const onClose = (report: AsyncLogging.CloseReport) => {
    reports.push(report)
    return config.onClose?.(report) ?? Effect.void
  }
  const exit = yield* Effect.suspend(() => program(lines)).pipe(
    // a program that fails has not released its gates: the close must not wait for a clock that nobody moves
    Effect.onError(() => Effect.forkDetach(Effect.andThen(turns, TestClock.adjust("1 day")))),
    Effect.provide(Layer.provide(AsyncLogging.layer({ ...config, onClose }), layer)),
    Effect.exit
  )
  assert.strictEqual(reports.length, 1, "the layer closed once")
  const report = reports[0]!
  for (const [name, counts] of Object.entries(report.sinks)) balanced(name, counts)
  return { exit, report, notices: lines }
})

/**
 * The same, for a program that succeeds.
 */
export const run = <
  A,
  E,
  const S extends ReadonlyArray<AnySink>,
  const G extends ReadonlyArray<StageInput> = readonly []
>(
  config: AsyncLogging.Config<S, G>,
  program: (notices: ReadonlyArray<string>) => Effect.Effect<A, E, AsyncLogging.AsyncLogging>
) => Effect.flatMap(runExit(config, program), ({ exit, ...rest }) => Effect.map(exit, (value) => ({ ...rest, value })))

const balanced = (name: string, counts: AsyncLogging.SinkCounts): void => {
  assert.strictEqual(AsyncLogging.sinkImbalance(counts), 0, `the law of sink ${name}`)
  assert.deepStrictEqual(
    { waiting: counts.waiting, queued: counts.queued, sending: counts.sending },
    { waiting: 0, queued: 0, sending: 0 },
    `nothing of sink ${name} is on its way`
  )
}

/**
 * The ledger of the sink "probe", or of the named one, now. Checks the law.
 */
export const counts = (name = "probe"): Effect.Effect<AsyncLogging.SinkCounts, never, AsyncLogging.AsyncLogging> =>
  Effect.map(AsyncLogging.stats, ({ ledger, sinks }) => {
    assert.strictEqual(AsyncLogging.layerImbalance(ledger), 0, "the law of the layer")
    const counts = sinks[name]!.ledger
    assert.strictEqual(AsyncLogging.sinkImbalance(counts), 0, `the law of sink ${name}`)
    return counts
  })

/**
 * The drops and failures that occurred, by reason.
 */
export const losses = (counts: AsyncLogging.SinkCounts): { readonly [reason: string]: number } =>
  Object.fromEntries([
    ...Object.entries(counts.dropped).filter(([, n]) => n > 0),
    ...Object.entries(counts.failed).filter(([, n]) => n > 0).map(([reason, n]) => [`failed: ${reason}`, n] as const)
  ])

/** `from` to `to`, as texts. */
export const numbers = (from: number, to: number): ReadonlyArray<string> =>
  Array.from({ length: to - from + 1 }, (_, index) => String(from + index))
