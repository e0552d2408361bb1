/**
 * The caller's side of a layer: from a log call to the queues, in one synchronous step, in the caller's fiber.
 *
 * It is total: whatever a call carries and whatever a stage does, the caller goes on.
 */
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import { identity } from "effect/Function"
import * as EffectLogger from "effect/Logger"
import * as LogLevel from "effect/LogLevel"
import * as References from "effect/References"
import type { Watch } from "./Barriers.ts"
import * as Capture from "./Capture.ts"
import type { DropReason, SinkLedger } from "./Ledger.ts"
import * as Ledger from "./Ledger.ts"
import * as Levels from "./Levels.ts"
import * as Notice from "./Notices.ts"
import type { Offer, OfferOptions, Wait } from "./Outlet.ts"
import type { Source, Stage, Visitor } from "./Pipeline.ts"
import * as Pipeline from "./Pipeline.ts"
import * as PipelineRun from "./PipelineRun.ts"
import type { LogContext, LogFields, LogRecord } from "./Record.ts"
import * as Record from "./Record.ts"
import type { Limits } from "./Snapshot.ts"

/**
 * What a sink looks like from here.
 */
export interface Target {
  readonly ledger: SinkLedger
  readonly offerUnsafe: (record: LogRecord, bytes: number, options: OfferOptions) => Offer
  /** Drops an accepted record that the sink would have taken. */
  readonly refuseUnsafe: (record: LogRecord, reason: DropReason) => void
  /** Whether it has callers wait for room. */
  readonly hasWaits: boolean
  /** Whether a caller that can wait may have to, with a record of `bytes`. */
  readonly isCrowded: (bytes: number) => boolean
}

/**
 * What a layer is made of, on this side.
 */
export interface Options {
  readonly levels: Levels.Levels
  readonly targets: ReadonlyArray<Target>
  readonly context: LogContext
  readonly limits: Limits
  readonly notices: Notice.Notices
  /** The layer's own stages, redaction last. */
  readonly stages: ReadonlyArray<Stage>
  /** The other loggers of the set that the layer takes over. */
  readonly others: ReadonlyArray<EffectLogger.Logger<unknown, unknown>>
}

/**
 * The intake of one layer.
 */
export interface Backend extends Options {
  readonly ledger: Ledger.Ledger
  readonly visitor: Visitor
  /** What stands in the set of loggers for this layer. */
  readonly logger: EffectLogger.Logger<unknown, void>
  /** Each pipeline that was met, with the layer's own stages behind it. */
  readonly pipelines: WeakMap<Pipeline.Pipeline, ReadonlyArray<Stage>>
  /** Those of them that have open gates of their own. */
  readonly gated: Set<ReadonlyArray<Stage>>
  /** The context of a fiber, under that of the layer. */
  readonly contexts: WeakMap<LogContext, LogContext>
  /** Of the call before: most calls come from the same context as that one. */
  surroundings: Surroundings | undefined
  /** The number of the next accepted record. */
  seq: number
  closed: boolean
  /** The call whose stages are running. */
  call: Call
}

/**
 * What the context of a fiber says to its log calls.
 */
export interface Surroundings extends Capture.Surroundings {
  /** The context that says it. */
  readonly of: Context.Context<never>
  readonly logger: string | undefined
  readonly clock: Clock.Clock
  readonly stages: ReadonlyArray<Stage>
}

/**
 * A log call of this library.
 */
export interface LogCall {
  readonly level: LogLevel.Severity
  readonly args: ReadonlyArray<unknown>
  /** The name of the logger, if it has its own. */
  readonly logger: string | undefined
  /** Fields that are bound to the logger. */
  readonly bound: LogFields
}

// What a call may do, and what became of it.
interface Call extends OfferOptions {
  readonly region: number | undefined
  overdrawn: boolean
  waits: Array<Wait> | undefined
  accepted: number
  held: number
}

const newCall = (region: number | undefined, options: OfferOptions): Call => ({
  region,
  canWait: options.canWait,
  watch: options.watch,
  overdrawn: false,
  waits: undefined,
  accepted: 0,
  held: 0
})

const cannotWait: OfferOptions = { canWait: false }

/**
 * The backend in force for the running fiber; `undefined` where there is no AsyncLogging layer.
 */
export const CurrentBackend: Context.Reference<Backend | undefined> = Context.Reference<Backend | undefined>(
  "effect-async-logging/Backend/CurrentBackend",
  { defaultValue: () => undefined }
)

/**
 * The name of the logger in force for the running fiber. Defaults to none.
 */
export const CurrentLoggerName: Context.Reference<string | undefined> = Context.Reference<string | undefined>(
  "effect-async-logging/Backend/CurrentLoggerName",
  { defaultValue: () => undefined }
)

/**
 * The `LogContext` of the running fiber, beside that of the layer. Defaults to the empty one.
 */
export const CurrentLogContext: Context.Reference<LogContext> = Context.Reference<LogContext>(
  "effect-async-logging/Backend/CurrentLogContext",
  { defaultValue: () => Record.emptyContext }
)

/**
 * Makes the intake of a layer.
 */
export const make = (options: Options): Backend => {
  const self: Backend = {
    ...options,
    ledger: Ledger.make(),
    visitor: {
      accepted: (record, source) => accept(self, record, source),
      filtered: (by, source) => Ledger.filtered(self.ledger, by, source),
      held: (source) => {
        if (source === "offered") self.call.held++
        Ledger.held(self.ledger, source)
      },
      failed: (stage, note, error) => {
        // what is thrown before the redaction, or by it, may quote the secret
        const isSecret = stage._tag === "Redact" || self.stages.some((own) => own._tag === "Redact")
        const why = isSecret ? "" : `: ${Notice.describe(error)}`
        const message = `the stage "${stage.name}" failed${why}`
        Notice.tellUnsafe(self.notices, `${note} of ${stage.name}`, message)
      },
      closeGate: (gate) => {
        for (const stages of self.gated) {
          if (!stages.includes(gate)) continue
          PipelineRun.closeGatesUnsafe(stages, self.visitor, gate)
          if (!stages.some((stage) => stage._tag === "Gate" && stage.owner !== "closed")) self.gated.delete(stages)
        }
      }
    },
    logger: EffectLogger.make((options) => guard(self, () => logEffect(self, options))),
    pipelines: new WeakMap(),
    gated: new Set(),
    contexts: new WeakMap(),
    surroundings: undefined,
    seq: 0,
    closed: false,
    call: newCall(undefined, cannotWait)
  }
  return self
}

/**
 * Takes no more calls. What gates still hold is admitted first.
 */
export const closeUnsafe = (self: Backend): void => {
  self.closed = true
  for (const stages of [...self.gated, self.stages]) PipelineRun.closeGatesUnsafe(stages, self.visitor)
}

// -----------------------------------------------------------------------------
// Effect.log*
// -----------------------------------------------------------------------------

const logEffect = (self: Backend, options: EffectLogger.Options<unknown>): void => {
  const { fiber } = options
  const level = LogLevel.getOrdinal(options.logLevel)
  const region = Levels.region(self.levels, fiber.cache.minimumLogLevel)
  const surroundings = surroundingsOf(self, fiber)
  const { logger } = surroundings
  if (!Levels.isEnabled(self.levels, level, logger, region)) return
  const call = newCall(region, cannotWait)
  tellOthers(self, options)
  if (self.closed) return refuseClosed(self, level, logger, call)
  const origin = originOf(self, surroundings, logger, Record.noFields)
  runStages(self, surroundings.stages, call, Capture.fromEffect(options, origin))
  if (call.overdrawn) spendBudget(fiber)
}

// What is foreign is guarded where it is called. This is for what nobody thought of: it must not reach the caller.
const guard = (self: Backend, call: () => void): void => {
  try {
    call()
  } catch (error) {
    Notice.tellUnsafe(self.notices, "internal", `a record could not be taken: ${Notice.describe(error)}`)
  }
}

// A logger cannot suspend the fiber that calls it. With its budget of operations spent, the fiber yields once, before
// its next operation, and the workers get their turn.
const spendBudget = (fiber: Fiber.Fiber<unknown, unknown>): void => {
  // the field is only declared readonly: the fiber's own run loop writes it
  ;(fiber as { currentOpCount: number }).currentOpCount = fiber.cache.maxOpsBeforeYield
}

// It writes into the current span, and without one it would only look for it.
const isDeaf = (other: EffectLogger.Logger<unknown, unknown>, fiber: Fiber.Fiber<unknown, unknown>): boolean =>
  other === EffectLogger.tracerLogger && fiber.cache.span === undefined

const tellOthers = (self: Backend, options: EffectLogger.Options<unknown>): void => {
  for (const other of self.others) {
    if (isDeaf(other, options.fiber)) continue
    try {
      other.log(options)
    } catch (error) {
      Notice.tellUnsafe(self.notices, "logger_failed", `another logger failed: ${Notice.describe(error)}`)
    }
  }
}

// -----------------------------------------------------------------------------
// Logger.*
// -----------------------------------------------------------------------------

/**
 * Whether some sink would take a record of this level from this fiber and logger.
 */
export const isEnabled = (
  self: Backend,
  fiber: Fiber.Fiber<unknown, unknown>,
  level: LogLevel.Severity,
  name: string | undefined
): boolean =>
  LogLevel.getOrdinal(level) >= LogLevel.getOrdinal(fiber.cache.minimumLogLevel) &&
  Levels.isEnabled(
    self.levels,
    LogLevel.getOrdinal(level),
    name ?? surroundingsOf(self, fiber).logger,
    Levels.region(self.levels, fiber.cache.minimumLogLevel)
  )

/**
 * Logs an enabled call. Waits for room where a sink's strategy says so and the fiber can.
 */
export const log = (
  self: Backend,
  fiber: Fiber.Fiber<unknown, unknown>,
  logCall: LogCall
): Effect.Effect<void> => {
  if (!mayWait(self, fiber)) {
    runCall(self, fiber, logCall, cannotWait)
    return Effect.void
  }
  return Effect.uninterruptibleMask((restore) => {
    // an uninterruptible region hands out `identity`: a wait there could hang a finalizer, so there is none
    const call = runCall(self, fiber, logCall, restore === identity ? cannotWait : { canWait: true })
    return call.waits === undefined ? Effect.void : awaitAll(call.waits, restore)
  })
}

/**
 * What the stages did to the record of a call: it goes on to the sinks, it does not, or the layer is closed.
 */
export type Acceptance = "accepted" | "filtered" | "held" | "already_shutdown"

/**
 * Logs an enabled call, and tells `watch` how it ends at each sink that takes it. Succeeds after the wait for room.
 */
export const logWatched = (
  self: Backend,
  fiber: Fiber.Fiber<unknown, unknown>,
  logCall: LogCall,
  watch: (sink: string) => Watch
): Effect.Effect<Acceptance> =>
  Effect.uninterruptibleMask((restore) => {
    const { closed } = self
    const call = runCall(self, fiber, logCall, { canWait: restore !== identity, watch })
    const acceptance = closed
      ? "already_shutdown"
      : call.accepted > 0
      ? "accepted"
      : call.held > 0
      ? "held"
      : "filtered"
    return call.waits === undefined
      ? Effect.succeed(acceptance)
      : Effect.as(awaitAll(call.waits, restore), acceptance)
  })

const mayWait = (self: Backend, fiber: Fiber.Fiber<unknown, unknown>): boolean => {
  for (const target of self.targets) {
    if (!target.hasWaits) continue
    // where there is room for one record, a gate may give several
    if (target.isCrowded(self.limits.recordBytes) || surroundingsOf(self, fiber).stages.some(isGate)) return true
  }
  return false
}

const isGate = (stage: Stage): boolean => stage._tag === "Gate"

// The line is left outside of `restore`: a fiber that is interrupted before the wait begins never enters that.
const awaitAll = (
  waits: ReadonlyArray<Wait>,
  restore: (wait: Effect.Effect<void>) => Effect.Effect<void>
): Effect.Effect<void> => {
  const rooms = waits.length === 1
    ? waits[0]!.room
    : Effect.forEach(waits, ({ room }) => room, { concurrency: "unbounded", discard: true })
  return Effect.onInterrupt(restore(rooms), () => Effect.sync(() => waits.forEach((wait) => wait.leaveUnsafe())))
}

const runCall = (
  self: Backend,
  fiber: Fiber.Fiber<unknown, unknown>,
  logCall: LogCall,
  options: OfferOptions
): Call => {
  const region = Levels.region(self.levels, fiber.cache.minimumLogLevel)
  const surroundings = surroundingsOf(self, fiber)
  const logger = logCall.logger ?? surroundings.logger
  const call = newCall(region, options)
  const { args, bound, level } = logCall
  const time = surroundings.clock.currentTimeMillisUnsafe()
  if (self.others.some((other) => !isDeaf(other, fiber))) {
    const [message, cause] = withoutCauses(bound === Record.noFields ? args : [...args, bound])
    tellOthers(self, { message, logLevel: level, cause, fiber, date: new Date(time) })
  }
  if (self.closed) {
    refuseClosed(self, LogLevel.getOrdinal(level), logger, call)
    return call
  }
  const origin = originOf(self, surroundings, logger, bound)
  runStages(self, surroundings.stages, call, Capture.fromCall({ args, cause: Cause.empty, level, fiber, time }, origin))
  return call
}

// `Effect.log*` hands its loggers one Cause, of all those among the arguments.
const withoutCauses = (
  args: ReadonlyArray<unknown>
): readonly [message: ReadonlyArray<unknown>, cause: Cause.Cause<unknown>] => {
  const causes = args.filter(isCause)
  return causes.length === 0
    ? [args, Cause.empty]
    : [args.filter((arg) => !isCause(arg)), Cause.fromReasons(causes.flatMap(({ reasons }) => reasons))]
}

const isCause = (arg: unknown): arg is Cause.Cause<unknown> => {
  try {
    return Cause.isCause(arg)
  } catch {
    // a proxy that throws
    return false
  }
}

// -----------------------------------------------------------------------------
// the way of a record
// -----------------------------------------------------------------------------

// Six lookups in a `Context` cost 120 ns, a quarter of the whole call.
const surroundingsOf = (self: Backend, fiber: Fiber.Fiber<unknown, unknown>): Surroundings =>
  self.surroundings?.of === fiber.context ? self.surroundings : (self.surroundings = lookAround(self, fiber))

const lookAround = (self: Backend, fiber: Fiber.Fiber<unknown, unknown>): Surroundings => ({
  of: fiber.context,
  logger: fiber.getRef(CurrentLoggerName),
  clock: fiber.getRef(Clock.Clock),
  stages: stagesOf(self, fiber),
  context: contextOf(self, fiber),
  annotations: fiber.getRef(References.CurrentLogAnnotations),
  spans: fiber.getRef(References.CurrentLogSpans)
})

const originOf = (
  self: Backend,
  { annotations, context, spans }: Surroundings,
  logger: string | undefined,
  bound: LogFields
): Capture.Origin => ({ logger, bound, context, annotations, spans, limits: self.limits, seq: self.seq })

const contextOf = (self: Backend, fiber: Fiber.Fiber<unknown, unknown>): LogContext => {
  const own = fiber.getRef(CurrentLogContext)
  if (own === Record.emptyContext) return self.context
  let merged = self.contexts.get(own)
  if (merged === undefined) {
    merged = Record.mergeContext(self.context, own)
    self.contexts.set(own, merged)
  }
  return merged
}

const stagesOf = (self: Backend, fiber: Fiber.Fiber<unknown, unknown>): ReadonlyArray<Stage> => {
  const pipeline = fiber.getRef(Pipeline.CurrentPipeline)
  if (pipeline === Pipeline.identity) return self.stages
  let stages = self.pipelines.get(pipeline)
  if (stages === undefined) {
    stages = [...pipeline.stages, ...self.stages]
    self.pipelines.set(pipeline, stages)
    if (pipeline.stages.some(isGate)) self.gated.add(stages)
  }
  return stages
}

const runStages = (
  self: Backend,
  stages: ReadonlyArray<Stage>,
  call: Call,
  record: LogRecord
): void => {
  // a stage that logs by itself runs a call within the call
  const outer = self.call
  self.call = call
  try {
    PipelineRun.runUnsafe(stages, 0, record, "offered", self.visitor)
  } finally {
    self.call = outer
  }
}

const accept = (self: Backend, record: LogRecord, source: Source): void => {
  const { call, levels, targets } = self
  Ledger.accepted(self.ledger, source)
  // a call is told how its own record ends, not those that a gate gives with it
  const isOwn = source === "offered"
  const options = isOwn ? call : { canWait: call.canWait }
  // what a gate gives later is judged by the layer's levels, not by those around the call that made it give
  const region = isOwn ? call.region : undefined
  if (isOwn) call.accepted++
  // captured with the number that was next then: only a gate or a nested call can have changed that
  const numbered = Record.withSeq(record, self.seq++)
  const bytes = bytesOf(self, numbered)
  const level = LogLevel.getOrdinal(numbered.level)
  for (let i = 0; i < targets.length; i++) {
    const target = targets[i]!
    if (level < Levels.threshold(levels, i, numbered.logger, region)) {
      Ledger.filteredHere(target.ledger)
      continue
    }
    const offer = target.offerUnsafe(numbered, bytes, options)
    if (typeof offer === "object") (call.waits ??= []).push(offer)
    else if (offer === "overdrawn" || offer === "overdraft") call.overdrawn = true
  }
}

// A stage without types can make what has no end, or cannot be read. Its formatter will say so.
const bytesOf = (self: Backend, record: LogRecord): number => {
  try {
    const bytes = Record.estimateBytes(record)
    return record.context === self.context ? bytes : bytes + Record.contextBytes(record.context)
  } catch {
    return self.limits.recordBytes
  }
}

const refuseClosed = (self: Backend, level: number, logger: string | undefined, call: Call): void => {
  Ledger.accepted(self.ledger, "offered")
  const time = self.notices.clock.currentTimeMillisUnsafe()
  const record = Record.make({ time, level: "Info", message: "" })
  for (let i = 0; i < self.targets.length; i++) {
    const target = self.targets[i]!
    if (level < Levels.threshold(self.levels, i, logger, call.region)) Ledger.filteredHere(target.ledger)
    else target.refuseUnsafe(record, "already_shutdown")
  }
  Notice.tellUnsafe(
    self.notices,
    "already_shutdown",
    "a record was logged after the logging layer had closed; it is lost"
  )
}
