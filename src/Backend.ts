/**
 * The caller's side of a layer: from a log call to the queues, in one synchronous step, in the caller's fiber.
 *
 * It is total: whatever a call carries and whatever a stage does, the caller goes on.
 */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import { identity } from "effect/Function"
import * as EffectLogger from "effect/Logger"
import * as LogLevel from "effect/LogLevel"
import type { Watch } from "./Barriers.ts"
import type { Acceptance, Method } from "./Call.ts"
import * as Calls from "./Call.ts"
import { Call } from "./Call.ts"
import * as Capture from "./Capture.ts"
import * as Current from "./Current.ts"
import type { DropReason, SinkLedger, Source } from "./Ledger.ts"
import * as Ledger from "./Ledger.ts"
import * as Levels from "./Levels.ts"
import * as Notice from "./Notices.ts"
import type { OtherLoggers } from "./OtherLoggers.ts"
import * as Others from "./OtherLoggers.ts"
import type { Offer, OfferOptions } from "./Outlet.ts"
import * as Outlets from "./Outlet.ts"
import type { Stage, Visitor } from "./Pipeline.ts"
import * as PipelineRun from "./PipelineRun.ts"
import type { LogContext, LogRecord } from "./Record.ts"
import * as Record from "./Record.ts"
import type { Limits } from "./Snapshot.ts"
import type { Lookout } from "./Surroundings.ts"
import * as Surroundings from "./Surroundings.ts"

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
  readonly others: OtherLoggers
}

/**
 * The intake of one layer.
 */
export interface Backend extends Options {
  readonly ledger: Ledger.Ledger
  readonly lookout: Lookout
  readonly visitor: Visitor
  /** What stands in the set of loggers for this layer. */
  readonly logger: EffectLogger.Logger<unknown, void>
  /** The number of the next accepted record. */
  seq: number
  closed: boolean
  /** The call whose stages are running. */
  call: Call | undefined
}

/**
 * Makes the intake of a layer.
 */
export const make = (options: Options): Backend => {
  const self: Backend = {
    ...options,
    ledger: Ledger.make(),
    lookout: Surroundings.make(options.levels, options.context, options.stages),
    visitor: {
      accepted: (record, source) => accept(self, record, source),
      filtered: (by, source) => Ledger.filtered(self.ledger, by, source),
      held: (source) => {
        if (source === "offered" && self.call?.acceptance === "filtered") self.call.acceptance = "held"
        Ledger.held(self.ledger, source)
      },
      failed: (stage, note, error) => {
        // what is thrown before a redaction, or by it, may quote the secret
        const isSecret = stage._tag === "Redact" || self.stages.some((own) => own._tag === "Redact")
        const why = isSecret ? "" : Notice.describeUnredacted(self.notices, error)
        const message = `the stage "${stage.name}" failed${why}`
        Notice.tellUnsafe(self.notices, `${note} of ${stage.name}`, message)
      },
      closeGate: (gate) => {
        for (const stages of self.lookout.gated) {
          if (!stages.includes(gate)) continue
          PipelineRun.closeGatesUnsafe(stages, self.visitor, gate)
        }
        Surroundings.sweepUnsafe(self.lookout)
      }
    },
    logger: EffectLogger.make((options) => guard(self, () => logEffect(self, options))),
    seq: 0,
    closed: false,
    call: undefined
  }
  return self
}

/**
 * Takes no more calls. What gates still hold is admitted first.
 */
export const closeUnsafe = (self: Backend): void => {
  self.closed = true
  Current.forgetUnsafe(self)
  for (const stages of [...self.lookout.gated, self.stages]) PipelineRun.closeGatesUnsafe(stages, self.visitor)
}

// -----------------------------------------------------------------------------
// Effect.log*
// -----------------------------------------------------------------------------

const logEffect = (self: Backend, options: EffectLogger.Options<unknown>): void => {
  const { fiber } = options
  const surroundings = Surroundings.of(self.lookout, fiber)
  const method = Calls.methodOf(options.logLevel)
  if (!isEnabledAt(self, method, surroundings)) return
  Others.tellUnsafe(self.others, options, self.notices)
  const args = Array.isArray(options.message) ? options.message : [options.message]
  const call = new Call(method, args, options.cause, fiber, surroundings)
  take(self, call, options.date.getTime())
  if (call.overdrawn) spendBudget(fiber)
}

// What is foreign is guarded where it is called. This is for what nobody thought of: it must not reach the caller.
const guard = (self: Backend, call: () => void): void => {
  try {
    call()
  } catch (error) {
    Notice.tellUnsafe(
      self.notices,
      "internal",
      `a record could not be taken${Notice.describeUnredacted(self.notices, error)}`
    )
  }
}

// A logger cannot suspend the fiber that calls it. With its budget of operations spent, the fiber yields once, before
// its next operation, and the workers get their turn.
const spendBudget = (fiber: Fiber.Fiber<unknown, unknown>): void => {
  // the field is only declared readonly: the fiber's own run loop writes it
  ;(fiber as { currentOpCount: number }).currentOpCount = fiber.cache.maxOpsBeforeYield
}

// -----------------------------------------------------------------------------
// Logger.*
// -----------------------------------------------------------------------------

/**
 * Whether some sink would take what a log function logs in this fiber.
 */
export const isEnabled = (self: Backend, method: Method, fiber: Fiber.Fiber<unknown, unknown>): boolean =>
  isEnabledAt(self, method, Surroundings.of(self.lookout, fiber))

const isEnabledAt = ({ levels }: Backend, { logger, ordinal }: Method, at: Surroundings.Surroundings): boolean =>
  ordinal >= at.minimum && Levels.isEnabled(levels, ordinal, logger ?? at.logger, at.region)

/**
 * Logs, if the level is enabled. Waits for room where a sink's strategy says so and the fiber can.
 */
export const log = (
  self: Backend,
  method: Method,
  args: ReadonlyArray<unknown>,
  fiber: Fiber.Fiber<unknown, unknown>
): Effect.Effect<void> => {
  const call = callOf(self, method, args, fiber)
  if (call === undefined) return Effect.void
  if (mayWait(self, call.surroundings)) return takeAndWait(self, call)
  tellAndTake(self, call)
  return Effect.void
}

/**
 * The same at once, for what must not wait, wherever it is. Total.
 */
export const logUnsafe = (
  self: Backend,
  method: Method,
  args: ReadonlyArray<unknown>,
  fiber: Fiber.Fiber<unknown, unknown>
): void =>
  guard(self, () => {
    const call = callOf(self, method, args, fiber)
    if (call !== undefined) tellAndTake(self, call)
  })

/**
 * Logs, if the level is enabled, and tells `watch` how it ends at each sink that takes it. Succeeds after the wait for
 * room.
 */
export const logWatched = (
  self: Backend,
  method: Method,
  args: ReadonlyArray<unknown>,
  fiber: Fiber.Fiber<unknown, unknown>,
  watch: (sink: string) => Watch
): Effect.Effect<Acceptance> => {
  const call = callOf(self, method, args, fiber)
  if (call === undefined) return Effect.succeed("disabled")
  call.watch = watch
  return Effect.map(takeAndWait(self, call), () => call.acceptance)
}

const callOf = (
  self: Backend,
  method: Method,
  args: ReadonlyArray<unknown>,
  fiber: Fiber.Fiber<unknown, unknown>
): Call | undefined => {
  // what most calls of a disabled level are, also where the context is another one with each call
  if (Levels.isBelowAll(self.levels, method.ordinal, fiber.cache.minimumLogLevel)) return undefined
  const surroundings = Surroundings.of(self.lookout, fiber)
  return isEnabledAt(self, method, surroundings)
    ? new Call(method, wanted(self, args), Cause.empty, fiber, surroundings)
    : undefined
}

// after the close nobody reads them
const wanted = (self: Backend, args: ReadonlyArray<unknown>): ReadonlyArray<unknown> =>
  self.closed ? args : Calls.forced(args)

const mayWait = (self: Backend, surroundings: Surroundings.Surroundings): boolean => {
  for (const target of self.targets) {
    if (!target.hasWaits) continue
    // what stages add to a record is hardly as much again; a gate may give several
    const bytes = 2 * self.limits.recordBytes + surroundings.contextBytes + 1024
    if (surroundings.hasGates || target.isCrowded(bytes)) return true
  }
  return false
}

// The record is taken where the wait for it begins: an interruption comes before that, or at the wait, which it ends.
const takeAndWait = (self: Backend, call: Call): Effect.Effect<void> =>
  Effect.flatMap(isInterruptible, (canWait) =>
    Effect.callback<void>((resume) => {
      // the fiber may have yielded since the call, and the level have changed
      if (!isEnabledAt(self, call.method, call.surroundings)) return resume(Effect.void)
      call.canWait = canWait
      tellAndTake(self, call)
      if (call.waits === undefined) return resume(Effect.void)
      return Outlets.awaitAllUnsafe(call.waits, call.fiber.context, resume)
    }))

// An uninterruptible region hands out `identity`. A wait there could hang a finalizer, so there is none. A fiber says it of
// itself, but not in its public type.
const isInterruptible = Effect.uninterruptibleMask((restore) => restore === identity ? no : yes)
const no = Effect.succeed(false)
const yes = Effect.succeed(true)

/**
 * Takes a record that no log call made, if its level is enabled. It does not wait, and other loggers are not told.
 */
export const takeUnsafe = (
  self: Backend,
  method: Method,
  args: ReadonlyArray<unknown>,
  fiber: Fiber.Fiber<unknown, unknown>
): void =>
  guard(self, () => {
    const surroundings = Surroundings.of(self.lookout, fiber)
    if (!isEnabledAt(self, method, surroundings)) return
    const call = new Call(method, args, Cause.empty, fiber, surroundings)
    take(self, call, surroundings.clock.currentTimeMillisUnsafe())
  })

const tellAndTake = (self: Backend, call: Call): void => {
  const time = call.surroundings.clock.currentTimeMillisUnsafe()
  Others.tellCallUnsafe(self.others, call, time, self.notices)
  take(self, call, time)
}

// -----------------------------------------------------------------------------
// the way of a record
// -----------------------------------------------------------------------------

const take = (self: Backend, call: Call, time: number): void => {
  if (self.closed) return refuseClosed(self, call)
  call.acceptance = "filtered"
  const record = Capture.record(call, time, self.limits, self.seq)
  // a stage that logs by itself makes a call within the call
  const outer = self.call
  self.call = call
  try {
    PipelineRun.runUnsafe(call.surroundings.stages, 0, record, "offered", self.visitor)
  } finally {
    self.call = outer
  }
}

const cannotWait: OfferOptions = { canWait: false }
const canWait: OfferOptions = { canWait: true }

const accept = (self: Backend, record: LogRecord, source: Source): void => {
  const { call, levels, targets } = self
  Ledger.accepted(self.ledger, source)
  // A call is told how its own record ends, not those that a gate gives with it. What a gate gives later is judged by
  // the layer's levels, not by those around the call that made it give.
  const own = source === "offered" ? call : undefined
  const options = own ?? (call?.canWait === true ? canWait : cannotWait)
  const region = own?.surroundings.region
  if (own !== undefined) own.acceptance = "accepted"
  // captured with the number that was next then: only a gate or a nested call can have changed that
  const numbered = Record.withSeq(record, self.seq++)
  const bytes = bytesOf(self, numbered, own)
  const level = LogLevel.getOrdinal(numbered.level)
  for (let i = 0; i < targets.length; i++) {
    const target = targets[i]!
    if (level < Levels.threshold(levels, i, numbered.logger, region)) {
      Ledger.filteredHere(target.ledger)
      continue
    }
    const offer = target.offerUnsafe(numbered, bytes, options)
    if (call === undefined) continue
    if (typeof offer === "object") {
      offer.other = call.waits
      call.waits = offer
    } else if (offer === "overdrawn" || offer === "overdraft") call.overdrawn = true
  }
}

// A stage without types can make what has no end, or cannot be read. Its formatter will say so. It can also change the
// record that it was given, which is then larger than the capture knows.
const bytesOf = (self: Backend, record: LogRecord, call: Call | undefined): number => {
  try {
    const isAsCaptured = call?.sized === record && call.surroundings.isHarmless
    const bytes = isAsCaptured ? call.bytes : Record.estimateBytes(record)
    return record.context === self.context ? bytes : bytes + contextBytes(record, call)
  } catch {
    return self.limits.recordBytes
  }
}

const contextBytes = ({ context }: LogRecord, call: Call | undefined): number =>
  context === call?.surroundings.context ? call.surroundings.contextBytes : Record.contextBytes(context)

const refuseClosed = (self: Backend, call: Call): void => {
  const { method, surroundings } = call
  call.acceptance = "already_shutdown"
  Ledger.accepted(self.ledger, "offered")
  const time = self.notices.clock.currentTimeMillisUnsafe()
  const record = Record.make({ time, level: method.level, message: "" })
  const logger = method.logger ?? surroundings.logger
  for (let i = 0; i < self.targets.length; i++) {
    const target = self.targets[i]!
    const threshold = Levels.threshold(self.levels, i, logger, surroundings.region)
    if (method.ordinal < threshold) Ledger.filteredHere(target.ledger)
    else target.refuseUnsafe(record, "already_shutdown")
  }
  Notice.tellUnsafe(
    self.notices,
    "already_shutdown",
    "a record was logged after the logging layer had closed; it is lost"
  )
}
