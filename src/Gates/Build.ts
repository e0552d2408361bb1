/**
 * How a gate is built: its options are checked, and each layer that is built gets a gate of its own.
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type { Gate, Stage } from "../Pipeline.ts"
import * as Pipeline from "../Pipeline.ts"
import type { ConfigInvalid } from "../SettingsSchema.ts"
import { allowed, isDuration } from "../SettingsSchema.ts"

/**
 * A gate as a stage, called `kind` unless `name` says otherwise. `make` is called for each layer that is built.
 */
export const stage = (
  kind: string,
  wrong: ConfigInvalid | undefined,
  name: string | undefined,
  make: (name: string) => Gate
): Effect.Effect<Stage, ConfigInvalid> =>
  wrong === undefined
    ? Effect.sync(() => Pipeline.gate(make(name ?? kind), name ?? kind))
    : Effect.fail(wrong)

/**
 * An option that is a duration, in milliseconds. Checked before.
 */
export const millis = (input: Duration.Input | undefined, otherwise: Duration.Input): number =>
  Duration.toMillis(Duration.fromInputUnsafe(input ?? otherwise))

/**
 * A duration, or `false` for never.
 */
export const someTimeOrNever = allowed(
  "a duration above zero, such as \"1 minute\", or false",
  (u) => u === false || isDuration(u, Number.MIN_VALUE, true)
)
