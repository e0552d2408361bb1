/**
 * The gate that lets so many records of a key through per time.
 */
import type * as Duration from "effect/Duration"
import type * as Effect from "effect/Effect"
import type { Stage } from "../Pipeline.ts"
import type { ConfigInvalid } from "../SettingsSchema.ts"
import {
  decoder,
  func,
  isPositiveInteger,
  object,
  positiveInteger,
  required,
  someTime,
  text
} from "../SettingsSchema.ts"
import * as Build from "./Build.ts"
import type { Key } from "./Key.ts"
import { ofLine } from "./Key.ts"
import type { Policy } from "./Limiter.ts"
import * as Limiter from "./Limiter.ts"
import * as Suppressed from "./Suppressed.ts"

/**
 * The options of `Gates.rateLimit`. Only `limit` has no default.
 */
export interface RateLimitOptions {
  /** How many records of a key pass in each `per`, in the long run. */
  readonly limit: number
  /** Default 1 s. */
  readonly per?: Duration.Input | undefined
  /** How many pass at once, of a key that was silent for long enough. Default: `limit`. */
  readonly burst?: number | undefined
  /**
   * Which records share a limit; one without a key always passes. Default: level, logger, message, event and the type
   * of the error.
   */
  readonly key?: Key | undefined
  /** How many keys it remembers. One that has to make room may begin anew. Default 1,000. */
  readonly maxKeys?: number | undefined
  /** What its counts and its lines call it. Default `"rateLimit"`. */
  readonly name?: string | undefined
}

const check = decoder(object({
  limit: required("a positive integer", isPositiveInteger),
  per: someTime,
  burst: positiveInteger,
  key: func,
  maxKeys: positiveInteger,
  name: text
}))

/**
 * Lets so many records of a key through per time, by a token bucket on the records' own time. Before the next one that
 * passes, a line says how many were suppressed: see `Gates`.
 *
 * A record that is up to 5 minutes older than another one before it, or `per` if that is longer, counts as of the same
 * time; one that is older still sets the clock back. Fails with `ConfigInvalid` for a wrong option.
 */
export const make = (options: RateLimitOptions): Effect.Effect<Stage, ConfigInvalid> =>
  Build.stage("rateLimit", check(options, "rateLimit"), options?.name, (name) => {
    const { limit, burst = limit, key = ofLine(), maxKeys = 1000, per } = options
    return Limiter.make(bucket(limit, Build.millis(per, "1 second"), burst), {
      name,
      key,
      maxKeys,
      tell: (count) => `suppressed ${Suppressed.records(count)}`
    })
  })

/**
 * A bucket of tokens. A token is `per` units of credit, and a millisecond brings `limit` of them: so whole numbers stay
 * whole, and nothing is lost by rounding.
 */
interface Bucket {
  credit: number
  at: number
}

const bucket = (limit: number, per: number, burst: number): Policy<Bucket> => {
  const full = burst * per
  const late = Math.max(per, Limiter.lateness)
  const fillUnsafe = (self: Bucket, time: number): void => {
    if (time > self.at) self.credit = Math.min(full, self.credit + (time - self.at) * limit)
    else if (self.at - time <= late) return
    self.at = time
  }
  return {
    start: (time) => ({ credit: full, at: time }),
    passUnsafe: (self, time) => {
      fillUnsafe(self, time)
      if (self.credit < per) return false
      self.credit -= per
      return true
    },
    isOver: (self, time) => {
      fillUnsafe(self, time)
      return self.credit >= full
    }
  }
}
