/**
 * One log call on its way: what was said and from where, what the call may do, and what has become of it. One object
 * for all of that, because there is one for every record.
 */
import * as Cause from "effect/Cause"
import type * as Fiber from "effect/Fiber"
import type * as Logger from "effect/Logger"
import type * as LogLevel from "effect/LogLevel"
import type { Watch } from "./Barriers.ts"
import type * as Capture from "./Capture.ts"
import type { OfferOptions, Wait } from "./Outlet.ts"
import type { LogFields } from "./Record.ts"
import { noFields } from "./Record.ts"
import type { Surroundings } from "./Surroundings.ts"

/**
 * A log call. Made by a constructor, like a record: see `Record.Plain`.
 */
export class Call implements Capture.Call, OfferOptions {
  readonly level: LogLevel.Severity
  readonly args: ReadonlyArray<unknown>
  readonly cause: Cause.Cause<unknown>
  readonly fiber: Fiber.Fiber<unknown, unknown>
  readonly time: number
  readonly logger: string | undefined
  readonly bound: LogFields
  readonly surroundings: Surroundings
  /** The `MinimumLogLevel` around it: see `Levels.region`. */
  readonly region: number | undefined
  canWait = false
  watch: ((sink: string) => Watch) | undefined = undefined
  /** Whether a queue took it above its capacity, or could not. */
  overdrawn = false
  /** Where it has to wait for room. */
  waits: Array<Wait> | undefined = undefined
  /** How often the stages let its record pass: once, or not at all. */
  accepted = 0
  /** How often a stage kept it. */
  held = 0

  constructor(
    level: LogLevel.Severity,
    args: ReadonlyArray<unknown>,
    cause: Cause.Cause<unknown>,
    fiber: Fiber.Fiber<unknown, unknown>,
    time: number,
    logger: string | undefined,
    bound: LogFields,
    surroundings: Surroundings,
    region: number | undefined
  ) {
    this.level = level
    this.args = args
    this.cause = cause
    this.fiber = fiber
    this.time = time
    this.logger = logger
    this.bound = bound
    this.surroundings = surroundings
    this.region = region
  }
}

/**
 * A call of this library.
 */
export const make = (
  fiber: Fiber.Fiber<unknown, unknown>,
  surroundings: Surroundings,
  region: number | undefined,
  level: LogLevel.Severity,
  args: ReadonlyArray<unknown>,
  logger: string | undefined,
  bound: LogFields
): Call => {
  const time = surroundings.clock.currentTimeMillisUnsafe()
  return new Call(level, args, Cause.empty, fiber, time, logger ?? surroundings.logger, bound, surroundings, region)
}

/**
 * A call of `Effect.log*`, from what Effect hands to its loggers.
 */
export const fromEffect = (
  options: Logger.Options<unknown>,
  surroundings: Surroundings,
  region: number | undefined
): Call =>
  new Call(
    severity(options.logLevel),
    Array.isArray(options.message) ? options.message : [options.message],
    options.cause,
    options.fiber,
    options.date.getTime(),
    surroundings.logger,
    noFields,
    surroundings,
    region
  )

// Effect's type admits the two ends of the scale, which are no levels of a record
const severity = (level: LogLevel.LogLevel): LogLevel.Severity =>
  level === "All" ? "Trace" : level === "None" ? "Fatal" : level
