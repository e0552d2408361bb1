/**
 * What is in force for a fiber, and inherited by its children: the layer, the name of the logger, the context.
 */
import * as Context from "effect/Context"
import type * as Fiber from "effect/Fiber"
import type { Backend } from "./Backend.ts"
import type { LogContext } from "./Record.ts"
import { emptyContext } from "./Record.ts"

/**
 * The backend in force for the running fiber; `undefined` where there is no AsyncLogging layer.
 */
export const CurrentBackend: Context.Reference<Backend | undefined> = Context.Reference<Backend | undefined>(
  "effect-async-logging/Backend/CurrentBackend",
  { defaultValue: () => undefined }
)

/**
 * The backend in force for a fiber. Most calls come from the same context as the one before: the lookup in a `Context`
 * would be a fifth of a log call whose level is disabled.
 */
export const backendOf = (fiber: Fiber.Fiber<unknown, unknown>): Backend | undefined =>
  fiber.context === lastContext ? lastBackend : look(fiber)

const look = (fiber: Fiber.Fiber<unknown, unknown>): Backend | undefined => {
  const backend = fiber.getRef(CurrentBackend)
  // what is closed is not held on to
  if (backend?.closed === false) {
    lastContext = fiber.context
    lastBackend = backend
  }
  return backend
}

/**
 * Lets go of a backend that has closed.
 */
export const forgetUnsafe = (backend: Backend): void => {
  if (lastBackend === backend) lastContext = lastBackend = undefined
}

// A cache, not a state: what it answers is what the lookup would. It holds the last context until its layer closes.
let lastContext: Context.Context<never> | undefined
let lastBackend: Backend | undefined

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
  { defaultValue: () => emptyContext }
)
