/**
 * Changing the levels of a layer while it runs: for good, or for a while.
 *
 * What is changed for a while is a window: one for each scope at a time, with a timer on the layer's clock. When its time is
 * up, what was set before it is set again. Another change of the same scope takes its place.
 */
import type * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as FiberMap from "effect/FiberMap"
import * as Predicate from "effect/Predicate"
import type * as Scope from "effect/Scope"
import type { LevelOrInherit, Levels, LevelScope, LevelsInForce } from "./Levels.ts"
import * as LevelsOf from "./Levels.ts"
import type { Notices } from "./Notices.ts"
import * as Notice from "./Notices.ts"
import { isDuration } from "./SettingsSchema.ts"

/**
 * What a program can do with the levels of a layer. Total: what is wrong with the arguments is told, and changes nothing.
 */
export interface LevelControl {
  readonly set: (level: LevelOrInherit, scope: LevelScope) => Effect.Effect<void>
  readonly setFor: (duration: Duration.Input, level: LevelOrInherit, scope: LevelScope) => Effect.Effect<void>
  readonly inForce: Effect.Effect<LevelsInForce>
  /** Ends the timers. */
  readonly stop: Effect.Effect<void>
}

// What is in force behind it, and till when.
interface Window {
  readonly before: LevelOrInherit
  readonly until: number
}

/**
 * Makes the control. Its timers end with the scope.
 */
export const make = (
  levels: Levels,
  clock: Clock.Clock,
  notices: Notices
): Effect.Effect<LevelControl, never, Scope.Scope> =>
  Effect.gen(function*() {
    const timers = yield* FiberMap.make<string>()
    // in the context of the layer: a timer must not hold on to that of a caller
    const startUnsafe = yield* FiberMap.runtime(timers)()
    const windows = new Map<string, Window>()

    const change = (
      name: "setLevel" | "setLevelFor",
      level: LevelOrInherit,
      given: LevelScope,
      inScope: (scope: LevelScope, key: string) => string | undefined
    ): Effect.Effect<void> =>
      Effect.sync(() => {
        const { key, scope, wrong } = checked(levels, notices, level, given)
        const trouble = wrong ?? inScope(scope, key)
        if (trouble !== undefined) Notice.tellUnsafe(notices, name, `${name}: ${trouble}`)
      })

    return {
      set: (level, given) =>
        change("setLevel", level, given, (scope, key) => {
          // in its place one that is over at once
          if (windows.delete(key)) startUnsafe(key, Effect.void)
          return LevelsOf.set(levels, level, scope)
        }),
      setFor: (duration, level, given) =>
        change("setLevelFor", level, given, (scope, key) => {
          const millis = millisOf(duration)
          if (millis === undefined) return `${shown(notices, duration)} is not a positive, finite duration`
          if (millis > longest) return `${shown(notices, duration)} is longer than ${longestDays} days`
          const window = {
            before: windows.get(key)?.before ?? LevelsOf.get(levels, scope),
            until: clock.currentTimeMillisUnsafe() + millis
          }
          windows.set(key, window)
          startUnsafe(
            key,
            Effect.andThen(
              clock.sleep(Duration.millis(millis)),
              Effect.sync(() => {
                // its time may be up in the same moment in which another takes its place
                if (windows.get(key) !== window) return
                windows.delete(key)
                LevelsOf.set(levels, window.before, scope)
              })
            )
          )
          return LevelsOf.set(levels, level, scope)
        }),
      inForce: Effect.sync(() => LevelsOf.inForce(levels, (scope) => windows.get(keyOf(scope))?.until)),
      stop: FiberMap.clear(timers)
    }
  })

// A window of a hundred years is a mistake of units, or `setLevel` is meant; what it ends at has to be a date.
const longestDays = 36_500
const longest = Duration.toMillis(Duration.days(longestDays))

const millisOf = (duration: unknown): number | undefined => {
  try {
    if (!isDuration(duration, Number.MIN_VALUE, false)) return undefined
    const millis = Duration.toMillis(Duration.fromInputUnsafe(duration as Duration.Input))
    return millis > 0 ? millis : undefined
  } catch {
    // it cannot be read
    return undefined
  }
}

const shown = (notices: Notices, duration: unknown): string => {
  try {
    if (Predicate.isObjectOrArray(duration) && !Duration.isDuration(duration)) {
      return Notice.describe(notices, JSON.stringify(duration))
    }
  } catch {
    return `"[unprintable]"`
  }
  return `"${Notice.describe(notices, duration)}"`
}

const keyOf = ({ logger, sink }: LevelScope): string => JSON.stringify([sink, logger])

// What is foreign is read once, and may throw.
const checked = (levels: Levels, notices: Notices, level: LevelOrInherit, given: LevelScope) => {
  try {
    const scope = { logger: given.logger, sink: given.sink }
    return {
      scope,
      key: keyOf(scope),
      wrong: LevelsOf.wrong(levels, level, scope, (given) => Notice.describe(notices, given))
    }
  } catch {
    return { scope: {}, key: "", wrong: "the scope cannot be read" }
  }
}
