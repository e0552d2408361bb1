/**
 * The other loggers of the set that a layer stands in for: it calls them itself, after the level decision. Left in the
 * set they would get every Debug line.
 */
import * as Cause from "effect/Cause"
import type * as Fiber from "effect/Fiber"
import * as Logger from "effect/Logger"
import type { Call } from "./Call.ts"
import * as Calls from "./Call.ts"
import type { Notices } from "./Notices.ts"
import * as Notice from "./Notices.ts"
import { noFields } from "./Record.ts"

/**
 * They, without the default logger and an outer layer, which are replaced. What an outer layer has taken over is
 * inherited.
 */
export type OtherLoggers = ReadonlyArray<Logger.Logger<unknown, unknown>>

/**
 * Those of a set.
 */
export const make = (
  loggers: ReadonlySet<Logger.Logger<unknown, unknown>>,
  outer: { readonly logger: Logger.Logger<unknown, unknown>; readonly others: OtherLoggers } | undefined
): OtherLoggers =>
  [...loggers].flatMap((logger) =>
    logger === Logger.defaultLogger ? [] : logger === outer?.logger ? outer.others : [logger]
  )

/**
 * Tells them of a call of `Effect.log*`.
 */
export const tellUnsafe = (self: OtherLoggers, options: Logger.Options<unknown>, notices: Notices): void => {
  for (let i = 0; i < self.length; i++) {
    if (isHeard(self[i]!, options.fiber)) logUnsafe(self[i]!, options, notices)
  }
}

/**
 * Tells them of a call of this library.
 */
export const tellCallUnsafe = (self: OtherLoggers, call: Call, time: number, notices: Notices): void => {
  let options: Logger.Options<unknown> | undefined
  for (let i = 0; i < self.length; i++) {
    if (isHeard(self[i]!, call.fiber)) logUnsafe(self[i]!, options ??= optionsOf(call, time), notices)
  }
}

const logUnsafe = (
  logger: Logger.Logger<unknown, unknown>,
  options: Logger.Options<unknown>,
  notices: Notices
): void => {
  try {
    logger.log(options)
  } catch (error) {
    Notice.tellUnsafe(notices, "logger_failed", `another logger failed${Notice.describeUnredacted(notices, error)}`)
  }
}

// The tracer logger writes into the current span, and without one it would only look for it.
const isHeard = (logger: Logger.Logger<unknown, unknown>, fiber: Fiber.Fiber<unknown, unknown>): boolean =>
  logger !== Logger.tracerLogger || fiber.cache.span !== undefined

// `Effect.log*` hands its loggers one Cause, of all those among the arguments.
const optionsOf = ({ args, fiber, method }: Call, time: number): Logger.Options<unknown> => {
  const causes = args.filter(isCause)
  const message = causes.length === 0 ? args : args.filter((arg) => !isCause(arg))
  return {
    message: method.bound === noFields && method.event === undefined
      ? message
      : [...message, ...Calls.ofMethod(method)],
    logLevel: method.level,
    cause: causes.length === 0 ? Cause.empty : Cause.fromReasons(causes.flatMap(({ reasons }) => reasons)),
    fiber,
    date: new Date(time)
  }
}

const isCause = (arg: unknown): arg is Cause.Cause<unknown> => {
  try {
    return Cause.isCause(arg)
  } catch {
    // a proxy that throws
    return false
  }
}
