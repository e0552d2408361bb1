/**
 * The gate that makes one record, and a count, of many that are alike.
 */
import type * as Duration from "effect/Duration"
import type * as Effect from "effect/Effect"
import type { Stage } from "../Pipeline.ts"
import type { LogRecord } from "../Record.ts"
import type { ConfigInvalid } from "../SettingsSchema.ts"
import { allowed, decoder, func, object, positiveInteger, someOrAllTime, text } from "../SettingsSchema.ts"
import * as Build from "./Build.ts"
import type { Key } from "./Key.ts"
import { ofLine } from "./Key.ts"
import * as Limiter from "./Limiter.ts"
import * as Windows from "./Windows.ts"

/**
 * The options of `Gates.dedupe`.
 */
export interface DedupeOptions {
  /** How long after a record those that are like it are repetitions. Default 5 s. */
  readonly window?: Duration.Input | undefined
  /** Whether records are alike only if their fields are too, in the same order. Default `false`. */
  readonly fields?: boolean | undefined
  /**
   * Which records are alike; one without a key always passes. Default: level, logger, message, event and the type of
   * the error.
   */
  readonly key?: Key | undefined
  /** How many keys it remembers. One that has to make room begins anew. Default 1,000. */
  readonly maxKeys?: number | undefined
  /** What its counts and its lines call it. Default `"dedupe"`. */
  readonly name?: string | undefined
}

const check = decoder(object({
  window: someOrAllTime,
  fields: allowed("true or false", (u) => typeof u === "boolean"),
  key: func,
  maxKeys: positiveInteger,
  name: text
}))

/**
 * Lets one record through of those that are alike within a window of the records' own time; the window begins with it,
 * and is no longer for what comes in it. When it is over, a line says how often the record was repeated: before the
 * next one that is like it, or with the next records, whatever they are. See `Gates`.
 *
 * Fails with `ConfigInvalid` for a wrong option.
 */
export const make = (options: DedupeOptions = {}): Effect.Effect<Stage, ConfigInvalid> =>
  Build.stage("dedupe", check(options, "dedupe"), options?.name, (name) => {
    const { fields = false, key = ofLine(), maxKeys = 1000, window } = options
    return Limiter.make(Windows.make(1, undefined, Build.millis(window, "5 seconds")), {
      name,
      key: fields ? withFields(key) : key,
      maxKeys,
      tell: (count) => `repeated ${count === 1 ? "once" : `${count} times`}`
    })
  })

const withFields = (key: Key): Key => (record: LogRecord) => {
  const own = key(record)
  return own === undefined ? undefined : `${own.length} ${own}${JSON.stringify(record.fields)}`
}
