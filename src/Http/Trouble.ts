/**
 * What the HTTP parts say of their own trouble: an option's function that throws, or answers what it must not.
 */
import * as Clock from "effect/Clock"
import type * as Fiber from "effect/Fiber"
import * as Current from "../Current.ts"
import type { Notices } from "../Notices.ts"
import * as Notice from "../Notices.ts"

/**
 * The trouble of one middleware or client. `own` has the notices where there is no AsyncLogging layer.
 */
export interface Trouble {
  own: Notices | undefined
}

/**
 * No trouble so far.
 */
export const make = (): Trouble => ({ own: undefined })

/**
 * Tells that `option` failed, at most once in ten seconds. Total.
 */
export const tellUnsafe = (
  self: Trouble,
  fiber: Fiber.Fiber<unknown, unknown>,
  option: string,
  error: unknown
): void => {
  const backend = Current.backendOf(fiber)
  const notices = backend?.notices ??
    (self.own ??= Notice.make(fiber.getRef(Notice.NoticeWriter), fiber.getRef(Clock.Clock)))
  // what is thrown may quote the request: where something is redacted, it is not told
  const isSecret = backend?.stages.some((stage) => stage._tag === "Redact") === true
  const why = isSecret ? "" : `: ${Notice.describe(notices, error)}`
  Notice.tellUnsafe(notices, `HttpLogging ${option}`, `HttpLogging: ${option} failed${why}`)
}

/**
 * What `evaluate` answers; `otherwise` when it throws, which is told.
 */
export const guard = <A>(
  self: Trouble,
  fiber: Fiber.Fiber<unknown, unknown>,
  option: string,
  evaluate: () => A,
  otherwise: () => A
): A => {
  try {
    return evaluate()
  } catch (error) {
    tellUnsafe(self, fiber, option, error)
    return otherwise()
  }
}
