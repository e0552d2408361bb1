/**
 * Log calls under one name, by their level.
 */
import type * as LogLevel from "effect/LogLevel"
import type { Log } from "../Logger.ts"
import * as Logger from "../Logger.ts"

/**
 * The log call of each level.
 */
export type Logs = { readonly [L in LogLevel.Severity]: Log }

/**
 * Log calls under this name.
 */
export const make = (name: string): Logs => {
  const { debug, error, fatal, info, trace, warn } = Logger.named(name)
  return { Trace: trace, Debug: debug, Info: info, Warn: warn, Error: error, Fatal: fatal }
}

/**
 * A level that a function of the user's has answered. Throws a `TypeError` when it is none.
 */
export const checked = (level: LogLevel.Severity): LogLevel.Severity => {
  if (!severities.has(level)) throw new TypeError("the answer is no level")
  return level
}

const severities: ReadonlySet<unknown> = new Set(["Trace", "Debug", "Info", "Warn", "Error", "Fatal"])
