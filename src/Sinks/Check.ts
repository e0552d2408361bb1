/**
 * Checks of the options that a single kind of sink has.
 */
import * as Effect from "effect/Effect"
import type { SinkError } from "./Sink.ts"
import * as Sink from "./Sink.ts"

/**
 * Fails, when the sink is opened, unless `isAllowed`: with a message that names the option, says what it allows, and
 * shows what it got. Fatal, since another attempt would not help.
 */
export const option = (field: string, value: unknown, isAllowed: boolean, allowed: string): Effect.Effect<void, SinkError> =>
  isAllowed ? Effect.void : Effect.fail(Sink.fatal({ cause: `${field}: expected ${allowed}, got ${String(value)}` }))
