/**
 * The gate that lets a share of the records through.
 */
import type * as Duration from "effect/Duration"
import type * as Effect from "effect/Effect"
import * as LogLevel from "effect/LogLevel"
import * as Random from "effect/Random"
import type { Gate, Stage } from "../Pipeline.ts"
import type { LogRecord } from "../Record.ts"
import { isSampled } from "../Sampling.ts"
import {
  allowed,
  type ConfigInvalid,
  decoder,
  func,
  group,
  invalid,
  level,
  object,
  required,
  text
} from "../SettingsSchema.ts"
import * as Build from "./Build.ts"
import type { Key } from "./Key.ts"
import * as Suppressed from "./Suppressed.ts"

/**
 * The options of `Gates.sample`. Only `rate` has no default.
 */
export interface SampleOptions {
  /** The share that passes, from 0 to 1. */
  readonly rate: number
  /** Other shares for these levels, all below `always`. */
  readonly byLevel?: { readonly [L in LogLevel.Severity]?: number | undefined } | undefined
  /** The least level at which every record passes. Default `"Warn"`; `"None"`: no level. */
  readonly always?: LogLevel.LogLevel | undefined
  /**
   * What is taken or left as a whole, in every process alike; each record without a key has a draw of its own. Default:
   * the trace id, else `context.requestId`.
   */
  readonly key?: Key | undefined
  /** How often a line says how many records were left out, and not only at the close. `false`: never. Default 1 minute. */
  readonly summary?: Duration.Input | false | undefined
  /** What its counts and its lines call it. Default `"sample"`. */
  readonly name?: string | undefined
}

const isRate = (u: unknown): boolean => typeof u === "number" && u >= 0 && u <= 1
const rateText = "a number from 0 to 1"
const rate = allowed(rateText, isRate)

const checkOptions = decoder(object({
  rate: required(rateText, isRate),
  byLevel: group({ Trace: rate, Debug: rate, Info: rate, Warn: rate, Error: rate, Fatal: rate }),
  always: level,
  key: func,
  summary: Build.someTimeOrNever,
  name: text
}))

const levels: ReadonlyArray<LogLevel.Severity> = ["Trace", "Debug", "Info", "Warn", "Error", "Fatal"]

const check = (options: SampleOptions): ConfigInvalid | undefined => {
  const wrong = checkOptions(options, "sample")
  if (wrong !== undefined) return wrong
  const { always = "Warn", byLevel = {} } = options
  const idle = levels.find((level) => byLevel[level] !== undefined && LogLevel.isGreaterThanOrEqualTo(level, always))
  return idle &&
    invalid(`sample.byLevel.${idle}`, `every record of this level passes; expected a level below always, "${always}"`)
}

/**
 * Lets a share of the records through: `rate`, or options. Records of one trace, else of one request, are taken or left
 * as a whole; what belongs to none has a draw of its own, from the `Random` service in force where the layer is built.
 *
 * From time to time, and at the close, a line says how many were suppressed: see `Gates`.
 *
 * Fails with `ConfigInvalid` for a wrong option.
 */
export const make = (rate: number | SampleOptions): Effect.Effect<Stage, ConfigInvalid> => {
  const options = typeof rate === "number" ? { rate } : rate
  return Random.Random.use((random) =>
    Build.stage("sample", check(options), options?.name, (name) => gate(options, name, () => random.nextDoubleUnsafe()))
  )
}

const ofTrace: Key = ({ context, traceId }) => traceId ?? context.requestId

const gate = (
  { always = "Warn", byLevel = {}, key = ofTrace, rate, summary = "1 minute" }: SampleOptions,
  name: string,
  draw: () => number
): Gate => {
  const rates = new Map(
    levels.map((level) => [level, LogLevel.isGreaterThanOrEqualTo(level, always) ? 1 : byLevel[level] ?? rate])
  )
  const interval = summary === false ? 0 : Build.millis(summary, summary)
  const left = Suppressed.make()
  let made = 0
  const isTaken = (record: LogRecord): boolean => {
    const rate = rates.get(record.level)!
    if (rate === 1) return true
    const id: unknown = key(record)
    return typeof id === "string" ? isSampled(rate, id) : draw() < rate
  }
  const isDue = (time: number): boolean => time - left.since >= interval || left.since - time > interval
  // of all that was left out: no logger speaks for the others
  const tell = (): LogRecord => {
    made++
    return { ...Suppressed.takeUnsafe(left, name, `suppressed ${Suppressed.records(left.count)}`), logger: undefined }
  }
  return {
    push(record) {
      const isPassing = isTaken(record)
      const out = left.count > 0 && isDue(record.time) ? [tell()] : []
      if (isPassing) out.push(record)
      else if (summary !== false) Suppressed.addUnsafe(left, record)
      return out
    },
    close: () => left.count > 0 ? [tell()] : [],
    held: 0,
    get made() {
      return made
    }
  }
}
