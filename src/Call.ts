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
 * A log call.
 */
export interface Call extends Capture.Call, OfferOptions {
  readonly surroundings: Surroundings
  /** The `MinimumLogLevel` around it: see `Levels.region`. */
  readonly region: number | undefined
  canWait: boolean
  watch: ((sink: string) => Watch) | undefined
  /** Whether a queue took it above its capacity, or could not. */
  overdrawn: boolean
  /** Where it has to wait for room. */
  waits: Array<Wait> | undefined
  /** How often the stages let its record pass: once, or not at all. */
  accepted: number
  /** How often a stage kept it. */
  held: number
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
): Call => ({
  level,
  args,
  cause: Cause.empty,
  fiber,
  time: surroundings.clock.currentTimeMillisUnsafe(),
  logger: logger ?? surroundings.logger,
  bound,
  surroundings,
  region,
  canWait: false,
  watch: undefined,
  overdrawn: false,
  waits: undefined,
  accepted: 0,
  held: 0
})

/**
 * A call of `Effect.log*`, from what Effect hands to its loggers.
 */
export const fromEffect = (
  options: Logger.Options<unknown>,
  surroundings: Surroundings,
  region: number | undefined
): Call => ({
  level: severity(options.logLevel),
  args: Array.isArray(options.message) ? options.message : [options.message],
  cause: options.cause,
  fiber: options.fiber,
  time: options.date.getTime(),
  logger: surroundings.logger,
  bound: noFields,
  surroundings,
  region,
  canWait: false,
  watch: undefined,
  overdrawn: false,
  waits: undefined,
  accepted: 0,
  held: 0
})

// Effect's type admits the two ends of the scale, which are no levels of a record
const severity = (level: LogLevel.LogLevel): LogLevel.Severity =>
  level === "All" ? "Trace" : level === "None" ? "Fatal" : level
