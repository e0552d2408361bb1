/**
 * How a sink says what went wrong, and harms no record: a rotation that failed, say.
 */
import * as Context from "effect/Context"

/**
 * Says it, as a notice of its kind. Total.
 */
export type Tell = (kind: string, message: string) => void

/**
 * How an open sink does. Nobody listens where there is no layer.
 */
export const CurrentTell: Context.Reference<Tell> = Context.Reference<Tell>(
  "effect-async-logging/Sinks/CurrentTell",
  { defaultValue: () => tellNobody }
)

const tellNobody = (_kind: string, _message: string): void => {}
