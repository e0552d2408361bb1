/**
 * The gate that keeps the details of a request back, and gives them when the request fails.
 */
import type * as Duration from "effect/Duration"
import type * as Effect from "effect/Effect"
import * as LogLevel from "effect/LogLevel"
import * as Predicate from "effect/Predicate"
import type { Filter, Stage } from "../Pipeline.ts"
import type { LogRecord } from "../Record.ts"
import {
  allowed,
  type ConfigInvalid,
  decoder,
  func,
  invalid,
  isLevel,
  level,
  levelNames,
  object,
  positiveInteger,
  someOrAllTime,
  text
} from "../SettingsSchema.ts"
import * as Build from "./Build.ts"
import * as Holder from "./Holder.ts"
import type { Key } from "./Key.ts"
import { ofRequest } from "./Key.ts"

/**
 * The options of `Gates.fingersCrossed`.
 */
export interface FingersCrossedOptions {
  /** What makes a key give what it keeps: a record of this level or above, or one that a filter picks. Default `"Error"`. */
  readonly activation?: LogLevel.LogLevel | Filter | undefined
  /** The least level that is never kept back. Default `"Warn"`; `"None"`: every level is. */
  readonly passThrough?: LogLevel.LogLevel | undefined
  /** Default: `context.requestId`, else the trace id. */
  readonly key?: Key | undefined
  /** The least level at which a record without a key passes. The others are filtered. Default `"Info"`. */
  readonly withoutKey?: LogLevel.LogLevel | undefined
  /** How many records of one key it keeps: the newest. Default 256. */
  readonly capacity?: number | undefined
  /** How many bytes of one key it keeps, as a queue counts them. Default 256 KiB. */
  readonly maxBytes?: number | undefined
  /** How many keys it keeps. For a further one it gives up the one that was used least recently. Default 1,000. */
  readonly maxKeys?: number | undefined
  /** How many bytes of all keys it keeps; for more it gives up keys in the same way. Default 16 MiB. */
  readonly maxTotalBytes?: number | undefined
  /** A key that no record came for so long, by the records' own time, is forgotten. Default 5 minutes. */
  readonly maxAge?: Duration.Input | undefined
  /**
   * The last record of a key. It passes, and what is kept of the key is discarded. Default: those of the logger
   * `http.access`.
   */
  readonly endOn?: Filter | undefined
  /** What its counts and its lines call it. Default `"fingersCrossed"`. */
  readonly name?: string | undefined
}

const checkOptions = decoder(object({
  activation: allowed(`a filter, or one of ${levelNames}`, (u) => Predicate.isFunction(u) || isLevel(u)),
  passThrough: level,
  key: func,
  withoutKey: level,
  capacity: positiveInteger,
  maxBytes: positiveInteger,
  maxKeys: positiveInteger,
  maxTotalBytes: positiveInteger,
  maxAge: someOrAllTime,
  endOn: func,
  name: text
}))

const defaults = {
  capacity: 256,
  maxBytes: 256 * 1024,
  maxKeys: 1000,
  maxTotalBytes: 16 * 1024 * 1024
}

const check = (options: FingersCrossedOptions): ConfigInvalid | undefined => {
  const wrong = checkOptions(options, "fingersCrossed")
  if (wrong !== undefined) return wrong
  const { maxBytes = defaults.maxBytes, maxTotalBytes = defaults.maxTotalBytes } = options
  return maxBytes <= maxTotalBytes ? undefined : invalid(
    "fingersCrossed.maxTotalBytes",
    `expected at least maxBytes, ${maxBytes}, which one key may take`
  )
}

/**
 * Keeps records of low levels back, by request or trace, and answers them in order when the request fails: in front of
 * the record that says so. What the request logs after that passes at once. Records of `passThrough` and above are not
 * kept back, so what is given later stands behind them; its times are its own.
 *
 * What is kept is bounded, and discarded when the request ends or is silent for `maxAge`, and at the close. What a
 * request had to give up is said in front of the rest: see `Gates`.
 *
 * It keeps what comes to it: the layer, and the sinks, have to let the low levels through. Stages behind it, and `redact`,
 * see a record when it is answered.
 *
 * Fails with `ConfigInvalid` for a wrong option.
 */
export const make = (options: FingersCrossedOptions = {}): Effect.Effect<Stage, ConfigInvalid> =>
  Build.stage("fingersCrossed", check(options), options?.name, (name) => {
    const { activation = "Error", endOn = isAccess, key = ofRequest, passThrough = "Warn", withoutKey = "Info" } =
      options
    return Holder.make({
      name,
      key,
      activates: typeof activation === "function" ? activation : isAtLeast(activation),
      passes: isAtLeast(passThrough),
      passesWithoutKey: isAtLeast(withoutKey),
      ends: endOn,
      capacity: options.capacity ?? defaults.capacity,
      maxBytes: options.maxBytes ?? defaults.maxBytes,
      maxKeys: options.maxKeys ?? defaults.maxKeys,
      maxTotalBytes: options.maxTotalBytes ?? defaults.maxTotalBytes,
      maxAge: Build.millis(options.maxAge, "5 minutes")
    })
  })

const isAccess: Filter = ({ logger }) => logger === "http.access"

const isAtLeast = (level: LogLevel.LogLevel): Filter => {
  const least = LogLevel.getOrdinal(level)
  return (record: LogRecord) => LogLevel.getOrdinal(record.level) >= least
}
