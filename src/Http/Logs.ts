/**
 * Records that are logged in one step, by code that must not wait: at the end of a request.
 */
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import type * as LogLevel from "effect/LogLevel"
import * as Backends from "../Backend.ts"
import type { Method } from "../Call.ts"
import * as Calls from "../Call.ts"
import * as Current from "../Current.ts"

/**
 * The log functions of one name.
 */
export type Logs = { readonly [L in LogLevel.Severity]: Method }

/**
 * Log functions of this name.
 */
export const make = (name: string): Logs => ({
  Trace: Calls.method("Trace", name),
  Debug: Calls.method("Debug", name),
  Info: Calls.method("Info", name),
  Warn: Calls.method("Warn", name),
  Error: Calls.method("Error", name),
  Fatal: Calls.method("Fatal", name)
})

/**
 * Logs in this fiber: at once, without waiting for room. Where there is no layer, `Effect.log*` does it, as the Effect
 * that is answered.
 */
export const logUnsafe = (
  self: Logs,
  level: LogLevel.Severity,
  args: ReadonlyArray<unknown>,
  fiber: Fiber.Fiber<unknown, unknown>
): Effect.Effect<void> => {
  const backend = Current.backendOf(fiber)
  if (backend === undefined) return Effect.logWithLevel(level)(...args)
  Backends.logUnsafe(backend, self[level], args, fiber)
  return Effect.void
}

/**
 * A level that a function of the user's has answered. Throws a `TypeError` when it is none.
 */
export const checked = (level: LogLevel.Severity): LogLevel.Severity => {
  if (!severities.has(level)) throw new TypeError("the answer is no level")
  return level
}

const severities: ReadonlySet<unknown> = new Set(["Trace", "Debug", "Info", "Warn", "Error", "Fatal"])
