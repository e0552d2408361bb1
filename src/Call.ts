/**
 * One log call on its way: what was said and from where, what the call may do, and what has become of it. One object
 * for all of that, because there is one for every record.
 */
import type * as Cause from "effect/Cause"
import type * as Fiber from "effect/Fiber"
import * as LogLevel from "effect/LogLevel"
import type { Watch } from "./Barriers.ts"
import type * as Capture from "./Capture.ts"
import type { OfferOptions, Wait } from "./Outlet.ts"
import type { LogFields, LogRecord } from "./Record.ts"
import { noFields } from "./Record.ts"
import type { Surroundings } from "./Surroundings.ts"

/**
 * What all calls of one log function share, `Logger.info` or that of a named logger.
 */
export interface Method extends Capture.Method {
  /** Of its level, as `LogLevel.getOrdinal` numbers them. */
  readonly ordinal: number
}

/**
 * A log function. Without a name it takes the one in force around the call.
 */
export const method = (
  level: LogLevel.Severity,
  logger?: string,
  bound: LogFields = noFields,
  event?: Capture.Event
): Method => ({
  level,
  ordinal: LogLevel.getOrdinal(level),
  logger,
  bound,
  event
})

/**
 * What a method adds to the arguments of its calls, for loggers that do not know of it: the bound fields, the name of the
 * event.
 */
export const ofMethod = ({ bound, event }: Method): ReadonlyArray<LogFields> => [
  ...(bound === noFields ? [] : [bound]),
  ...(event === undefined ? [] : [{ event: event.name }])
]

/**
 * What became of the record of a call: it goes on to the sinks, its level is not enabled, the stages ended or
 * kept it, or the layer is closed.
 */
export type Acceptance = "accepted" | "disabled" | "filtered" | "held" | "already_shutdown"

/**
 * A log call. Made by a constructor, like a record: see `Record.Plain`.
 */
export class Call implements Capture.Call, OfferOptions {
  readonly method: Method
  readonly args: ReadonlyArray<unknown>
  readonly cause: Cause.Cause<unknown>
  readonly fiber: Fiber.Fiber<unknown, unknown>
  readonly surroundings: Surroundings
  sized: LogRecord | undefined = undefined
  bytes = 0
  canWait = false
  watch: ((sink: string) => Watch) | undefined = undefined
  /** Whether a queue took it above its capacity, or could not. */
  overdrawn = false
  /** Where it has to wait for room. */
  waits: Wait | undefined = undefined
  acceptance: Acceptance = "disabled"

  constructor(
    method: Method,
    args: ReadonlyArray<unknown>,
    cause: Cause.Cause<unknown>,
    fiber: Fiber.Fiber<unknown, unknown>,
    surroundings: Surroundings
  ) {
    this.method = method
    this.args = args
    this.cause = cause
    this.fiber = fiber
    this.surroundings = surroundings
  }
}

/**
 * The method of `Effect.log*` at a level.
 */
export const methodOf = (level: LogLevel.LogLevel): Method => methods[level]

// Effect's type admits the two ends of the scale, which are no levels of a record
const methods: { readonly [L in LogLevel.LogLevel]: Method } = {
  All: method("Trace"),
  Trace: method("Trace"),
  Debug: method("Debug"),
  Info: method("Info"),
  Warn: method("Warn"),
  Error: method("Error"),
  Fatal: method("Fatal"),
  None: method("Fatal")
}

/**
 * The arguments, functions replaced by what they answer.
 */
export const forced = (args: ReadonlyArray<unknown>): ReadonlyArray<unknown> => {
  for (let i = 0; i < args.length; i++) if (typeof args[i] === "function") return args.map(force)
  return args
}

const force = (arg: unknown): unknown => {
  if (typeof arg !== "function") return arg
  try {
    return arg()
  } catch (cause) {
    return new Error("a lazy argument of a log call threw", { cause })
  }
}
