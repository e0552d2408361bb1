/**
 * The layer: the only place where the parts are wired, fibers are forked and finalizers are added.
 */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import type * as EffectLogger from "effect/Logger"
import * as LogLevel from "effect/LogLevel"
import * as Option from "effect/Option"
import * as References from "effect/References"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import * as Tracer from "effect/Tracer"
import * as AtOnce from "./AtOnce.ts"
import type { Target } from "./Backend.ts"
import * as Backends from "./Backend.ts"
import type { ContextInput } from "./ContextInput.ts"
import { copyContext } from "./ContextInput.ts"
import * as Current from "./Current.ts"
import type { RunningWorker } from "./Drain.ts"
import * as Drain from "./Drain.ts"
import type { Event } from "./Events.ts"
import * as Events from "./Events.ts"
import * as ExitDrain from "./ExitDrain.ts"
import * as ExitGuard from "./ExitGuard.ts"
import { CurrentProcess } from "./HostProcess.ts"
import * as LevelControl from "./LevelControl.ts"
import * as Levels from "./Levels.ts"
import * as Links from "./Link.ts"
import * as Notice from "./Notices.ts"
import * as Others from "./OtherLoggers.ts"
import * as Outlets from "./Outlet.ts"
import type { StageInput, StagesError, StagesServices } from "./Pipeline.ts"
import * as Pipeline from "./Pipeline.ts"
import * as Queue from "./Queue/BoundedQueue.ts"
import type { LogRecord } from "./Record.ts"
import * as Record from "./Record.ts"
import * as Redaction from "./Redaction.ts"
import type { CloseReport, FlushReport, Stats } from "./Report.ts"
import * as Report from "./Report.ts"
import * as Settings from "./Settings.ts"
import * as Memory from "./Sinks/Memory.ts"
import { CurrentAtOnce } from "./Sinks/Pace.ts"
import type { AnySink, BatchOptions, QueueOptions, Sink, SinkError } from "./Sinks/Sink.ts"
import type { Limits } from "./Snapshot.ts"
import type { Worker } from "./Worker.ts"
import * as Workers from "./Worker.ts"

export type { BreakerState } from "./Breaker.ts"
export type { ContextInput } from "./ContextInput.ts"
export type { BreakerChanged, Dropped, Event, Failed, Trouble } from "./Events.ts"
// for tests that put another one in its place
export type { HostProcess } from "./HostProcess.ts"
export { CurrentProcess } from "./HostProcess.ts"
export type { DropReason, FailReason, LayerCounts, SinkCounts } from "./Ledger.ts"
export { layerImbalance, sinkImbalance } from "./Ledger.ts"
export type { LevelInForce, LevelOrInherit, LevelScope, LevelsInForce, LoggerLevels } from "./Levels.ts"
export { logFailure } from "./LogFailure.ts"
export { NoticeWriter } from "./Notices.ts"
export type { CloseReport, FlushReport, SinkFlush, SinkStats, Stats } from "./Report.ts"
export { ConfigInvalid } from "./Settings.ts"
export type { Limits } from "./Snapshot.ts"

/**
 * The options of a layer. Only `sinks` has no default.
 */
export interface Config<S extends ReadonlyArray<AnySink>, G extends ReadonlyArray<StageInput> = readonly []> {
  /** Who says it: part of every record. Default: nothing. */
  readonly context?: ContextInput | undefined
  /** Least level of sinks without their own. Default: the `MinimumLogLevel` in force where the layer is built. */
  readonly minimumLevel?: LogLevel.LogLevel | undefined
  /**
   * The `MinimumLogLevel` that the layer sets, below which `Effect.log*` ends before any logger. Default `"All"`, which
   * lets `setLevel` work; a higher one makes disabled calls of `Effect.log*` cheaper.
   */
  readonly levelFloor?: LogLevel.LogLevel | undefined
  /** What happens to every record, in this order: stages, or Effects that build one. Default: nothing. */
  readonly stages?: G | undefined
  /**
   * What to redact, after all stages: paths, or options with `paths`, `detect`, `censor` and `caseSensitive`; see
   * `Redaction`. A bare name means that key at any depth, a dotted path the way from fields, context or error on. It holds
   * for these sinks, and what is detected is redacted in notices, events and `stats` too; other loggers of the set get
   * what the program logged. Default: nothing.
   */
  readonly redact?: Redaction.Input | undefined
  /** The queue of sinks that do not say otherwise. */
  readonly queue?: QueueOptions | undefined
  /** The batches of sinks that do not say otherwise. */
  readonly batch?: BatchOptions | undefined
  /** What a record is cut to. Default: 256 KiB, strings of 64 Ki characters, 8 levels, 256 keys, 256 items. */
  readonly limits?: Partial<Limits> | undefined
  /**
   * The longest that the close takes, in total. A tenth of it is kept for closing the sinks, and up to a second for
   * `onClose`. Default 10 s.
   */
  readonly drainTimeout?: Duration.Input | undefined
  /** Gets the report of the close, as its last step. */
  readonly onClose?: ((report: CloseReport) => Effect.Effect<unknown, unknown>) | undefined
  /** Where records go. */
  readonly sinks: S
}

/**
 * What opening these sinks can fail with.
 */
export type SinksError<S extends ReadonlyArray<AnySink>> = S[number] extends infer I
  ? I extends Sink<infer E, unknown> ? E : never
  : never

/**
 * What these sinks need.
 */
export type SinksServices<S extends ReadonlyArray<AnySink>> = S[number] extends infer I
  ? I extends Sink<unknown, infer R> ? R : never
  : never

/**
 * A running layer.
 */
export class AsyncLogging extends Context.Service<AsyncLogging, {
  readonly flush: (limit: Duration.Duration | undefined) => Effect.Effect<FlushReport>
  readonly rotate: Effect.Effect<void, SinkError>
  readonly stats: Effect.Effect<Stats>
  readonly setLevel: (level: Levels.LevelOrInherit, scope: Levels.LevelScope) => Effect.Effect<void>
  readonly setLevelFor: (
    duration: Duration.Input,
    level: Levels.LevelOrInherit,
    scope: Levels.LevelScope
  ) => Effect.Effect<void>
  readonly levels: Effect.Effect<Levels.LevelsInForce>
  readonly events: Stream.Stream<Event>
  readonly close: Effect.Effect<CloseReport>
}>()("effect-async-logging/AsyncLogging") {}

/**
 * Sends the logs of everything that runs under it through bounded queues to these sinks.
 *
 * It replaces the default logger and an outer AsyncLogging layer; other loggers of the set go on, and are called for
 * enabled records. When its scope closes it delivers what was admitted, within `drainTimeout`.
 *
 * When the process ends before that (`process.exit`, an exception that nobody caught, a second SIGINT or SIGTERM while the
 * layer closes), sinks that can write synchronously write what they hold, for a second at most in total, and what the
 * others lose is said on stderr. An exception that nobody caught becomes a Fatal record first; the program's fate is not
 * changed. All layers share one listener for each of the events `exit` and `uncaughtExceptionMonitor`. There are listeners
 * for SIGINT and SIGTERM only while a layer closes.
 *
 * Provide it to a program with `Effect.provide`, or under an application with `Layer.provideMerge`, so that it closes
 * after the finalizers of the application have logged.
 *
 * Fails with `ConfigInvalid` for a wrong option, or with what opening a sink or building a stage fails with.
 */
export const layer = <
  const S extends ReadonlyArray<AnySink>,
  const G extends ReadonlyArray<StageInput> = readonly []
>(
  config: Config<S, G>
): Layer.Layer<
  AsyncLogging,
  Settings.ConfigInvalid | SinksError<S> | StagesError<G>,
  SinksServices<S> | StagesServices<G>
> => makeLayer(config, asyncTarget)

/**
 * The same pipeline without the queue: each record is written, and settled, before the log call returns. It takes
 * only sinks that can write synchronously; a record that cannot be written is failed, or diverted, at once.
 */
export const layerSync = <
  // oxlint-disable-next-line typescript/no-explicit-any -- E and R are inferred from each element of the list
  const S extends ReadonlyArray<Sink<any, any, true>>,
  const G extends ReadonlyArray<StageInput> = readonly []
>(
  config: Config<S, G>
): Layer.Layer<
  AsyncLogging,
  Settings.ConfigInvalid | SinksError<S> | StagesError<G>,
  SinksServices<S> | StagesServices<G>
> => makeLayer(config, syncTarget)

/**
 * What was logged, for tests. See `layerTest`.
 */
export class TestLog extends Context.Service<TestLog, {
  /** The records so far, the oldest first. */
  readonly records: Effect.Effect<ReadonlyArray<LogRecord>>
  /** Their messages. */
  readonly messages: Effect.Effect<ReadonlyArray<string>>
  /** Forgets the records so far. */
  readonly clear: Effect.Effect<void>
}>()("effect-async-logging/AsyncLogging/TestLog") {}

/**
 * For tests: keeps all records in memory, readable from `TestLog` as soon as the log call has returned. It needs no
 * time, so it works under a `TestClock`.
 */
export const layerTest = <const G extends ReadonlyArray<StageInput> = readonly []>(
  config: Omit<Config<readonly [], G>, "sinks"> = {}
): Layer.Layer<AsyncLogging | TestLog, Settings.ConfigInvalid | StagesError<G>, StagesServices<G>> =>
  Layer.unwrap(Effect.sync(() => {
    const memory = Memory.make({ name: "test" })
    return Layer.merge(
      layerSync({ ...config, minimumLevel: config.minimumLevel ?? "All", sinks: [memory] }),
      Layer.succeed(TestLog, {
        records: memory.records,
        messages: Effect.map(memory.records, (records) => records.map((record) => record.message)),
        clear: memory.clear
      })
    )
  }))

/**
 * Completes when every record that was admitted before the call has settled at every sink, and is durable where the
 * sink can make it so; at the latest after `drainTimeout`. It never fails: the report says what became of the records.
 */
export const flush: Effect.Effect<FlushReport, never, AsyncLogging> = AsyncLogging.use((self) => self.flush(undefined))

/**
 * The same, with another limit. One that is no duration is `drainTimeout`.
 */
export const flushWithin = (limit: Duration.Input): Effect.Effect<FlushReport, never, AsyncLogging> =>
  AsyncLogging.use((self) => self.flush(Option.getOrUndefined(Duration.fromInput(limit))))

/**
 * Begins a new file at every file sink with the option `rotate`, unless there is nothing in the one before. Fails when one of
 * them cannot.
 */
export const rotate: Effect.Effect<void, SinkError, AsyncLogging> = AsyncLogging.use((self) => self.rotate)

/**
 * Where every record is, at this instant, and how the sinks do.
 */
export const stats: Effect.Effect<Stats, never, AsyncLogging> = AsyncLogging.use((self) => self.stats)

/**
 * Changes the minimum level of the layer, at once; `{ sink }` that of one sink, `{ logger }` that of loggers whose
 * name is the prefix or below it, both together narrow to both. `"inherit"` takes a change back. A `MinimumLogLevel`
 * that is provided around a call stays in force there. What is wrong with the arguments is said on stderr.
 */
export const setLevel = (
  level: Levels.LevelOrInherit,
  scope: Levels.LevelScope = {}
): Effect.Effect<void, never, AsyncLogging> => AsyncLogging.use((self) => self.setLevel(level, scope))

/**
 * The same for a while, of at most 36,500 days, on the layer's `Clock`: "Debug for 10 minutes". Then what `setLevel` had
 * set for this scope before is in force again, or the inherited level. It returns at once.
 *
 * A scope has one such window at a time, and the last call for a scope counts: another `setLevelFor` ends the window and begins
 * its own, behind which is still what was there before the first; `setLevel` ends it, and its level lasts. The window ends with
 * the layer. What is wrong with the arguments is said on stderr.
 */
export const setLevelFor = (
  duration: Duration.Input,
  level: Levels.LevelOrInherit,
  scope: Levels.LevelScope = {}
): Effect.Effect<void, never, AsyncLogging> => AsyncLogging.use((self) => self.setLevelFor(duration, level, scope))

/**
 * The levels that are in force now, outside of a `MinimumLogLevel` that is provided around a call.
 */
export const levels: Effect.Effect<Levels.LevelsInForce, never, AsyncLogging> = AsyncLogging.use((self) => self.levels)

/**
 * What happens at the sinks, from the moment on that this is run: records that were dropped or failed, by reason;
 * trouble of a sink that may yet pass; changes of a breaker.
 *
 * What happens within one turn of the event loop is one event per sink, kind and reason, with a count, however many
 * records that are. Nobody waits for those who listen. What a slow one has missed is in the counts of its next events,
 * which add up to those of `stats`; of a breaker it sees the state that lasts. So one that sleeps after each event is
 * told no more often than it likes. There may be many, each with a pace of its own.
 *
 * It ends after the last losses of the close, and is empty after that. Records that are logged later, dropped as
 * `already_shutdown`, are not in it. A fiber that the program forks as its child ends with the program, before the
 * close: what that lost is in the report of `onClose`.
 *
 * What a subscriber logs is logged like anything else. Into a queue that is still full it is lost too, and told of in the
 * next turn, so a subscriber that logs has to sleep.
 *
 * ```ts
 * const alarm = AsyncLogging.events.pipe(
 *   Stream.filter((event) => event._tag === "Dropped" && event.reason !== "evicted"),
 *   Stream.runForEach((event) => Effect.andThen(page(event), Effect.sleep("1 minute")))
 * )
 * ```
 */
export const events: Stream.Stream<Event, never, AsyncLogging> = Stream.unwrap(
  AsyncLogging.useSync((self) => self.events)
)

/**
 * Closes now what would close with the scope: delivers what was admitted, within `drainTimeout`. Whoever closes
 * again, or the scope, gets the same report.
 */
export const close: Effect.Effect<CloseReport, never, AsyncLogging> = AsyncLogging.use((self) => self.close)

// -----------------------------------------------------------------------------
// wiring
// -----------------------------------------------------------------------------

// How records get from the callers to a sink: through its queue to the worker's fiber, or at once.
type MakeTarget = (worker: Worker) => Target

const asyncTarget: MakeTarget = ({ outlet }) => ({
  ledger: outlet.ledger,
  offerUnsafe: (record, bytes, options) => Outlets.offerUnsafe(outlet, record, bytes, options),
  refuseUnsafe: (record, reason) => Outlets.refuseUnsafe(outlet, record, reason),
  hasWaits: outlet.settings.strategy === "backpressure",
  isCrowded: (bytes) => Queue.isCrowded(outlet.queue, bytes)
})

const syncTarget: MakeTarget = (worker) => ({
  ...asyncTarget(worker),
  offerUnsafe: (record, bytes, options) => {
    const offer = Outlets.offerUnsafe(worker.outlet, record, bytes, { ...options, canWait: false })
    AtOnce.writeSyncUnsafe(worker)
    return offer
  },
  hasWaits: false
})

const makeLayer = (
  config: Config<ReadonlyArray<AnySink>, ReadonlyArray<StageInput>>,
  makeTarget: MakeTarget
  // the public functions above say what E and R are: here the list has lost the types of its elements
  // oxlint-disable-next-line typescript/no-explicit-any
): Layer.Layer<AsyncLogging, any, any> => Layer.effectContext(make(config, makeTarget))

const make = Effect.fnUntraced(function*(
  config: Config<ReadonlyArray<AnySink>, ReadonlyArray<StageInput>>,
  makeTarget: MakeTarget
) {
  const settings = yield* valid(Settings.layer(config))
  const sinks = yield* valid(Settings.sinks(config))
  const clock = yield* Clock.Clock
  const scope = yield* Scope.Scope
  const redact = config.redact ?? []
  const redaction = Redaction.isNone(redact)
    ? undefined
    : { record: Redaction.make(redact), text: Redaction.text(redact) }
  const notices = Notice.make(yield* Notice.NoticeWriter, clock, redaction?.text)
  const events = Events.make(clock)
  const context = copyContext(config.context ?? {})
  const stages = yield* Pipeline.buildStages(config.stages ?? [])
  yield* valid(Settings.built(stages))
  const loggers = yield* References.CurrentLoggers
  const outer = yield* Current.CurrentBackend
  const minimumLogLevel = yield* References.MinimumLogLevel
  // an outer layer has lowered it to its floor
  const inherited = outer === undefined || Levels.region(outer.levels, minimumLogLevel) !== undefined
    ? minimumLogLevel
    : Levels.minimum(outer.levels)
  // those that take what is logged first: for callers there are no others; then each after those that divert to it
  const order = sinks.map((_, index) => index).toSorted((a, b) => sinks[a]!.depth - sinks[b]!.depth)
  const direct = sinks.filter(({ depth }) => depth === 0).length
  const sorted = order.map((index) => sinks[index]!)
  const levels = Levels.make(settings.minimumLevel ?? inherited, settings.levelFloor, sorted, direct)

  // what is around the layer, also for a close that is called from inside: `onClose` may log
  const outside = Context.omit(Tracer.ParentSpan)(yield* Effect.context<never>()).pipe(
    Context.add(Clock.Clock, clock),
    Context.add(References.CurrentLoggers, loggers),
    Context.add(References.MinimumLogLevel, minimumLogLevel),
    Context.add(Current.CurrentBackend, outer)
  )
  const quiet = Context.add(quieted(outside), CurrentAtOnce, makeTarget === syncTarget)
  // Each has a scope of its own for what it opens, added before the close: also a sink that is opened anew is closed by
  // the drain, after its last batch.
  const parts = yield* Effect.forEach(order, (index, place) =>
    Effect.zipWith(
      Outlets.make(
        config.sinks[index]!,
        sinks[index]!,
        notices,
        events,
        (record) => Levels.isEnabledAt(levels, place, LogLevel.getOrdinal(record.level), record.logger)
      ),
      Scope.fork(scope),
      (outlet, scope) => ({ outlet, scope })
    ))
  // the lines that workers write by themselves come by no stage
  const shown = redaction?.record(Record.make({ level: "Warn", message: "", context })).context ?? context
  const workers = Workers.makeAll(parts, clock, shown)
  yield* under(quiet, Effect.forEach(workers, Workers.openUnlessLater, { concurrency: "unbounded", discard: true }))
  const running = yield* Effect.forEach(workers, (worker) =>
    Effect.map(
      Effect.forkIn(under(quiet, Workers.run(worker)), scope),
      (fiber): RunningWorker => ({ worker, fiber })
    ))

  const backend = Backends.make({
    levels,
    targets: workers.slice(0, direct).map(makeTarget),
    context,
    limits: settings.limits,
    notices,
    stages: redaction === undefined ? stages : [...stages, Pipeline.redactOwn(redaction.record)],
    others: Others.make(loggers, outer)
  })
  const inForce = Context.make(Current.CurrentBackend, backend).pipe(
    Context.add(References.CurrentLoggers, new Set([backend.logger])),
    Context.add(References.MinimumLogLevel, settings.levelFloor)
  )
  const control = yield* LevelControl.make(levels, clock, notices)
  const guard = yield* guarding(ExitDrain.make(backend, workers, Context.merge(outside, inForce)))
  const close = yield* once(
    guarded(guard, under(outside, Drain.close(backend, running, events, settings.drainTimeout, config.onClose))).pipe(
      Effect.ensuring(control.stop)
    )
  )
  // after the forks, so that it runs before they are interrupted
  yield* Effect.addFinalizer((exit) => {
    if (guard !== undefined && Exit.hasInterrupts(exit)) guard.isInterrupted = true
    return close
  })

  return Context.add(inForce, AsyncLogging, {
    rotate: under(
      quiet,
      Effect.forEach(workers, ({ link }) => Links.rotate(link), { concurrency: "unbounded", discard: true })
    ),
    flush: (limit) => Drain.flush(running, clock, limit ?? settings.drainTimeout),
    stats: Effect.sync(() => Report.stats(backend.ledger, workers)),
    setLevel: control.set,
    setLevelFor: control.setFor,
    levels: control.inForce,
    events: Events.stream(events),
    close
  })
})

const valid = <A>(checked: A | Settings.ConfigInvalid): Effect.Effect<A, Settings.ConfigInvalid> =>
  checked instanceof Settings.ConfigInvalid ? Effect.fail(checked) : Effect.succeed(checked)

// Runs it in a context of its own: `Effect.provideContext` would leave what is not replaced, such as a span.
const under = <A, E>(context: Context.Context<never>, effect: Effect.Effect<A, E>): Effect.Effect<A, E> =>
  Effect.updateContext(effect, (_: Context.Context<never>) => context)

// Sinks stay out of the program's observations: what they log goes nowhere, and their spans are not recorded.
const quieted = (context: Context.Context<never>): Context.Context<never> =>
  context.pipe(
    Context.add(References.CurrentLoggers, new Set<EffectLogger.Logger<unknown, unknown>>()),
    Context.add(References.TracerEnabled, false),
    Context.add(Tracer.DisablePropagation, true),
    Context.add(Current.CurrentBackend, undefined)
  )

const guarding = (layer: ExitGuard.Guarded): Effect.Effect<ExitGuard.Guard | undefined, never, Scope.Scope> =>
  Effect.flatMap(CurrentProcess, (process) =>
    process === undefined ? Effect.undefined : Effect.acquireRelease(
      Effect.sync(() => ExitGuard.addUnsafe(process, layer)),
      (guard) => Effect.sync(() => ExitGuard.removeUnsafe(guard))
    ))

// A drain, under guard: the process may end in the middle of it. With its end the guard goes, whoever has closed.
const guarded = <A>(guard: ExitGuard.Guard | undefined, drain: Effect.Effect<A>): Effect.Effect<A> =>
  guard === undefined ? drain : Effect.ensuring(
    Effect.suspend(() => {
      ExitGuard.drainingUnsafe(guard)
      return drain
    }),
    Effect.sync(() => ExitGuard.removeUnsafe(guard))
  )

// Runs it with the first call, in a fiber of its own, and shares the result. Whoever is interrupted, it goes on.
const once = Effect.fnUntraced(function*<A>(effect: Effect.Effect<A>) {
  const result = yield* Deferred.make<A>()
  let started = false
  return Effect.uninterruptibleMask((restore) => {
    const shared = restore(Deferred.await(result))
    if (started) return shared
    started = true
    return Effect.andThen(Effect.forkDetach(Deferred.into(effect, result), { startImmediately: true }), shared)
  })
})
