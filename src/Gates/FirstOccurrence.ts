/**
 * The gate that lets the first records of a key through, and then only some.
 */
import type * as Duration from "effect/Duration"
import type * as Effect from "effect/Effect"
import type { Stage } from "../Pipeline.ts"
import type { ConfigInvalid } from "../SettingsSchema.ts"
import { decoder, func, object, positiveInteger, someOrAllTime, text } from "../SettingsSchema.ts"
import * as Build from "./Build.ts"
import type { Key } from "./Key.ts"
import { ofLine } from "./Key.ts"
import * as Limiter from "./Limiter.ts"
import * as Suppressed from "./Suppressed.ts"
import * as Windows from "./Windows.ts"

/**
 * The options of `Gates.firstOccurrence`.
 */
export interface FirstOccurrenceOptions {
  /** How many records of a key pass in each interval. Default 1. */
  readonly first?: number | undefined
  /** Of the others in the interval every n-th passes too. Default: none. */
  readonly thereafter?: number | undefined
  /** From a record on, after which the key begins anew; `"Infinity"`: it never does. Default 1 minute. */
  readonly interval?: Duration.Input | undefined
  /**
   * Which records are counted together; one without a key always passes. Default: level, logger, message, event and the
   * type of the error.
   */
  readonly key?: Key | undefined
  /** How many keys it remembers. One that has to make room begins anew. Default 1,000. */
  readonly maxKeys?: number | undefined
  /** What its counts and its lines call it. Default `"firstOccurrence"`. */
  readonly name?: string | undefined
}

const check = decoder(object({
  first: positiveInteger,
  thereafter: positiveInteger,
  interval: someOrAllTime,
  key: func,
  maxKeys: positiveInteger,
  name: text
}))

/**
 * Lets the first records of a key through in each interval of the records' own time, and of the others every n-th, if any.
 * Before the next one that passes, a line says how many were suppressed: see `Gates`.
 *
 * Fails with `ConfigInvalid` for a wrong option.
 */
export const make = (options: FirstOccurrenceOptions = {}): Effect.Effect<Stage, ConfigInvalid> =>
  Build.stage("firstOccurrence", check(options, "firstOccurrence"), options?.name, (name) => {
    const { first = 1, interval, key = ofLine(), maxKeys = 1000, thereafter } = options
    return Limiter.make(Windows.make(first, thereafter, Build.millis(interval, "1 minute")), {
      name,
      key,
      maxKeys,
      tell: (count) => `suppressed ${Suppressed.records(count)}`
    })
  })
