/**
 * Flush and close: waiting for workers, with a limit.
 */
import * as Cause from "effect/Cause"
import type * as Clock from "effect/Clock"
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as Scope from "effect/Scope"
import type { Backend } from "./Backend.ts"
import * as Backends from "./Backend.ts"
import * as Barrier from "./Barriers.ts"
import * as Detached from "./Detached.ts"
import type { Events } from "./Events.ts"
import * as Event from "./Events.ts"
import type { Flushed, FlushRequest } from "./Flushes.ts"
import * as Flush from "./Flushes.ts"
import * as Ledger from "./Ledger.ts"
import * as Monotonic from "./Monotonic.ts"
import * as Notice from "./Notices.ts"
import * as Outlets from "./Outlet.ts"
import type { CloseReport, FlushReport, SinkFlush } from "./Report.ts"
import * as Report from "./Report.ts"
import type { Worker } from "./Worker.ts"
import * as Workers from "./Worker.ts"

/**
 * A worker with the fiber that it runs in.
 */
export interface RunningWorker {
  readonly worker: Worker
  readonly fiber: Fiber.Fiber<void>
}

// -----------------------------------------------------------------------------
// flush
// -----------------------------------------------------------------------------

/**
 * Waits until every record that is admitted now has settled at each sink and was made durable where the sink can,
 * at most for `limit`. Never fails.
 */
export const flush = (
  workers: ReadonlyArray<RunningWorker>,
  clock: Clock.Clock,
  limit: Duration.Duration
): Effect.Effect<FlushReport> =>
  Effect.suspend(() => {
    const until = Monotonic.millisUnsafe(clock) + Duration.toMillis(limit)
    // all barriers are up before the first worker moves: one instant for all sinks
    const requests = workers.map(({ worker }) => ({ worker, request: request(worker) }))
    return Effect.gen(function*() {
      const flushed = yield* Effect.forEach(
        requests,
        ({ request, worker }) => awaitFlush(worker, request, limit),
        { concurrency: "unbounded" }
      )
      // what was diverted meanwhile has arrived, and is yet to be made durable where it went
      const again = yield* Effect.forEach(
        followed(flushed),
        (worker) => awaitFlush(worker, requestDurable(worker), Math.max(0, until - Monotonic.millisUnsafe(clock))),
        { concurrency: "unbounded" }
      )
      const how = new Map([...flushed, ...again].map(({ how, worker }) => [worker, how]))
      return {
        complete: flushed.every(({ sink, worker }) => sink.pending === 0 && how.get(worker) !== "failed"),
        sinks: Object.fromEntries(flushed.map(({ sink, worker }) => [
          worker.outlet.settings.name,
          { ...sink, durable: how.get(worker) === "durable" }
        ]))
      }
    })
  })

// The sinks behind those that have diverted something, the next ones and those behind these.
const followed = (flushed: ReadonlyArray<FlushedSink>): ReadonlySet<Worker> => {
  const out = new Set<Worker>()
  const follow = ({ targets: { deadLetter, fallback } }: Worker): void => {
    for (const target of [fallback, deadLetter]) {
      if (target === undefined || out.has(target)) continue
      out.add(target)
      follow(target)
    }
  }
  for (const { sink, worker } of flushed) if (sink.diverted > 0) follow(worker)
  return out
}

const request = (worker: Worker): FlushRequest => {
  const { outlet } = worker
  const done = Deferred.makeUnsafe<Flushed>()
  // who waits for room at a sink that takes what others divert has been admitted there
  let asked: FlushRequest | undefined
  const barrier = Outlets.barrierUnsafe(outlet, outlet.settings.depth > 0, () => {
    if (!worker.ended) Workers.kickUnsafe(worker)
    else if (asked !== undefined) Flush.answerUnsafe(worker.flushes, [asked], "written")
  })
  return asked = ask(worker, { barrier, done })
}

const requestDurable = (worker: Worker): FlushRequest => {
  const barrier = Barrier.addUnsafe(worker.outlet.barriers, -1, 0, () => {})
  return ask(worker, { barrier, done: Deferred.makeUnsafe<Flushed>() })
}

const ask = (worker: Worker, self: FlushRequest): FlushRequest => {
  if (worker.ended && self.barrier.pending === 0) Deferred.doneUnsafe(self.done, Exit.succeed("written" as const))
  else {
    worker.flushes.add(self)
    Workers.kickUnsafe(worker)
  }
  return self
}

interface FlushedSink {
  readonly worker: Worker
  readonly how: Flushed
  readonly sink: Omit<SinkFlush, "durable">
}

const awaitFlush = (
  worker: Worker,
  request: FlushRequest,
  limit: Duration.Input
): Effect.Effect<FlushedSink> =>
  Effect.map(
    Effect.ensuring(
      Effect.timeoutOption(Deferred.await(request.done), limit),
      Effect.sync(() => {
        worker.flushes.delete(request)
        Barrier.removeUnsafe(worker.outlet.barriers, request.barrier)
      })
    ),
    (flushed) => {
      const { delivered, diverted, dropped, failed, pending } = request.barrier
      return {
        worker,
        how: Option.getOrElse(flushed, () => "failed" as const),
        sink: { delivered, diverted, failed, dropped, pending }
      }
    }
  )

// -----------------------------------------------------------------------------
// close
// -----------------------------------------------------------------------------

/**
 * Takes no more, lets every worker empty its queue, closes the sinks, reports. All of it within `limit`: of that, up
 * to a second is kept for `onClose`, if there is one, and a tenth of the rest for closing the sinks.
 *
 * Run it in a fiber of its own: one that is being interrupted cannot wait with a limit.
 */
export const close = Effect.fnUntraced(function*(
  backend: Backend,
  workers: ReadonlyArray<RunningWorker>,
  events: Events,
  limit: Duration.Duration,
  onClose: ((report: CloseReport) => Effect.Effect<unknown, unknown>) | undefined
) {
  const { clock } = backend.notices
  const start = Monotonic.millisUnsafe(clock)
  const until = start + Duration.toMillis(limit)
  const untilClosed = onClose === undefined ? until : until - Math.min(1000, Duration.toMillis(limit) / 2)
  const untilDrained = start + (untilClosed - start) * 0.9
  const left = (deadline: number) => Math.max(1, deadline - Monotonic.millisUnsafe(clock))

  Backends.closeUnsafe(backend)
  for (const { worker } of workers) Workers.hurryUnsafe(worker)
  const fibers = new Map(workers.map(({ fiber, worker }) => [worker, fiber]))
  const closed = yield* Effect.forEach(
    workers,
    Effect.fnUntraced(function*({ fiber, worker }) {
      // what a sink cannot deliver goes to its fallback, which has to be there, and to have time left
      yield* Effect.forEach(sources(workers, worker), (source) => Fiber.await(fibers.get(source)!), { discard: true })
      Workers.closeUnsafe(worker)
      const stage = stagesBefore(workers, worker)
      // whole milliseconds: of a fraction a timer may leave a rest
      const untilThis = start + Math.floor((untilDrained - start) * stage / (stage + stagesBehind(worker)))
      const drained = yield* Detached.within(Fiber.await(fiber), left(untilThis))
      if (Option.isNone(drained)) yield* Fiber.interrupt(fiber)
      const { link, outlet } = worker
      const exit = yield* Detached.within(Scope.close(link.scope, Exit.void), left(untilClosed))
      if (Option.isSome(exit) && Exit.isFailure(exit.value)) {
        const why = Notice.describe(backend.notices, Cause.squash(exit.value.cause))
        Notice.sayUnsafe(backend.notices, `closing sink "${outlet.settings.name}" failed: ${why}`)
      }
      return Option.isSome(exit)
    }),
    { concurrency: "unbounded" }
  )
  const report = makeReport(workers, Monotonic.millisUnsafe(clock) - start, closed)
  // at the same instant: those who listened from the start were told what the report says
  Event.closeUnsafe(events)
  if (report.lost > 0 || report.abandoned.length > 0) Notice.sayUnsafe(backend.notices, reportText(report))
  Notice.closeUnsafe(backend.notices)
  if (onClose !== undefined) {
    const exit = yield* Detached.within(Effect.suspend(() => onClose(report)), left(until))
    if (Option.isNone(exit)) Notice.sayUnsafe(backend.notices, "onClose did not return in time")
    else if (Exit.isFailure(exit.value)) Notice.sayUnsafe(backend.notices, "onClose failed")
  }
  return report
})

const sources = (workers: ReadonlyArray<RunningWorker>, target: Worker): ReadonlyArray<Worker> =>
  workers.flatMap(({ worker }) =>
    worker.targets.fallback === target || worker.targets.deadLetter === target ? worker : []
  )

// How many sinks drain one after the other up to this one, which is counted in, and behind it. Dead letters are few.
const stagesBefore = (workers: ReadonlyArray<RunningWorker>, worker: Worker): number =>
  1 + Math.max(0, ...sources(workers, worker).map((source) => stagesBefore(workers, source)))

const stagesBehind = ({ targets: { deadLetter, fallback } }: Worker): number =>
  Math.max(
    fallback === undefined ? 0 : 1 + stagesBehind(fallback),
    deadLetter === undefined ? 0 : (1 + stagesBehind(deadLetter)) / 10
  )

const makeReport = (
  workers: ReadonlyArray<RunningWorker>,
  duration: number,
  closed: ReadonlyArray<boolean>
): CloseReport => {
  const sinks = Report.sinks(workers.map(({ worker }) => worker))
  return {
    duration,
    lost: Object.values(sinks).reduce((total, counts) => total + Ledger.lost(counts), 0),
    sinks,
    abandoned: Object.keys(sinks).filter((_, index) => !closed[index])
  }
}

const reportText = (report: CloseReport): string => {
  const lost = Report.lossText(report.sinks)
  const parts = [
    ...(lost === undefined ? [] : [lost]),
    ...(report.abandoned.length > 0 ? [`left behind while closing: ${report.abandoned.join(", ")}`] : [])
  ]
  return `closed; ${parts.join("; ")}`
}
