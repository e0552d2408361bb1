/**
 * What a user says of rotation.
 */
import type { TimeZone } from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Result from "effect/Result"
import { basename } from "node:path"
import type { WrongOption } from "../Check.ts"
import * as Check from "../Check.ts"
import { isDuration } from "../SettingsSchema.ts"
import * as Archive from "./Archive.ts"
import type { Period } from "./Period.ts"
import * as Periods from "./Period.ts"
import type { Limits } from "./Retention.ts"
import type { Compression, RotatedName } from "./RotatedName.ts"
import * as RotatedNames from "./RotatedName.ts"
import type { Rotation } from "./Rotation.ts"
import * as Size from "./Size.ts"
import * as Zone from "./Zone.ts"

/**
 * When a file is moved away, and where to. Without any of these, when the program says so.
 */
export interface RotationOptions {
  /** Before a line that would make the file larger. One line that is larger alone has a file of its own. Default: none. */
  readonly size?: Size.Input | undefined
  /**
   * By time: `"daily"` and `"hourly"`, a cron expression or an interval, which counts from the epoch. It takes place with the
   * first line behind that time. Default: none.
   */
  readonly every?: Periods.Input | undefined
  /** The time zone of `every` and of the dates in names: a name of the IANA database, or an offset. Default `"UTC"`. */
  readonly timeZone?: string | undefined
  /** Whether a file that is there, with something in it, is moved away when the sink opens. Default `false`. */
  readonly onStart?: boolean | undefined
  /** A signal to the process with which it is moved away. Default: none. `AsyncLogging.rotate` does it from inside. */
  readonly signal?: RotationSignal | undefined
  /**
   * The name that it gets, in the same directory. `%n` counts up, also from one date to the next: the order of the files is
   * that of their numbers. `%date` is the day of the first line, or of the last one before the sink opened it. Default:
   * `"app.%date.%n.log"` for `"app.log"`.
   */
  readonly name?: string | undefined
  /** Which rotated files stay. Only those that `name` makes are ever removed, and never through links. Default: all. */
  readonly keep?: KeepOptions | undefined
  /** Whether rotated files are compressed, in the background. Default: they are not. */
  readonly compress?: Compression | undefined
}

/**
 * The signals that may rotate. Without a listener, either ends the process.
 */
export type RotationSignal = "SIGUSR2" | "SIGHUP"

/**
 * Which rotated files stay: those that no limit excludes.
 */
export interface KeepOptions {
  /** So many. A positive integer. */
  readonly files?: number | undefined
  /** Those that were last written to within this time. */
  readonly age?: Duration.Input | undefined
  /** So many bytes in all, compressed ones as they are. The newest stays though it alone has more. */
  readonly bytes?: Size.Input | undefined
}

/**
 * What was said, checked.
 */
export interface RotationPlan {
  readonly maxBytes: number
  readonly period: Period | undefined
  readonly zone: TimeZone
  readonly onStart: boolean
  readonly signal: RotationSignal | undefined
  readonly name: RotatedName
  readonly limits: Limits
  readonly compression: Compression | undefined
}

/**
 * The plan for the file at `path`, or what is wrong.
 */
export const parse = (
  options: RotationOptions,
  path: string
): Result.Result<RotationPlan, ReadonlyArray<WrongOption>> => {
  const group = Check.group("rotate", options, names)
  if (group.length > 0) return Result.fail(group)
  const { compress, every, keep = {}, onStart = false, signal, size, timeZone = "UTC" } = options
  const kept = Check.group("rotate.keep", keep, keepNames)
  if (kept.length > 0) return Result.fail(kept)
  const maxBytes = size === undefined ? Number.POSITIVE_INFINITY : Size.parse(size)
  const bytes = keep.bytes === undefined ? undefined : Size.parse(keep.bytes)
  const zone = Zone.make(timeZone)
  const period = every === undefined ? Result.succeed(undefined) : Periods.make(every, zone)
  const name = RotatedNames.make(options.name, basename(path))
  const wrong = [
    ...Check.option("rotate.size", size, maxBytes !== undefined, Size.allowed),
    ...Result.isFailure(period) ? [{ field: "rotate.every", message: period.failure }] : [],
    ...Check.option("rotate.timeZone", timeZone, zone !== undefined, Zone.allowed),
    ...Check.option("rotate.onStart", onStart, typeof onStart === "boolean", "a boolean"),
    ...Check.option(
      "rotate.signal",
      signal,
      signal === undefined || Check.isOneOf(signal, signals),
      signals.map((signal) => `"${signal}"`).join(" or ")
    ),
    ...Result.isFailure(name) ? [{ field: "rotate.name", message: name.failure }] : [],
    ...Check.option(
      "rotate.compress",
      compress,
      compress === undefined || ((compress === "gzip" || compress === "zstd") && Archive.isAvailable(compress)),
      Archive.isAvailable("zstd") ? `"gzip" or "zstd"` : `"gzip" (this Node has no zstd)`
    ),
    ...Check.option(
      "rotate.keep.files",
      keep.files,
      keep.files === undefined || (Number.isSafeInteger(keep.files) && keep.files > 0),
      "a positive integer"
    ),
    ...Check.option(
      "rotate.keep.age",
      keep.age,
      keep.age === undefined || isDuration(keep.age, Number.MIN_VALUE, false),
      "a duration above zero"
    ),
    ...Check.option("rotate.keep.bytes", keep.bytes, keep.bytes === undefined || bytes !== undefined, Size.allowed)
  ]
  if (wrong.length > 0 || Result.isFailure(period) || Result.isFailure(name)) return Result.fail(wrong)
  return Result.succeed({
    maxBytes: maxBytes!,
    period: period.success,
    zone: zone!,
    onStart,
    signal,
    name: name.success,
    limits: {
      files: keep.files,
      ageMillis: keep.age === undefined ? undefined : Duration.toMillis(keep.age),
      bytes
    },
    compression: compress
  })
}

const signals: ReadonlyArray<RotationSignal> = ["SIGUSR2", "SIGHUP"]
const names = ["size", "every", "timeZone", "onStart", "signal", "name", "keep", "compress"]
const keepNames = ["files", "age", "bytes"]

/**
 * A rotation by that plan, which has not begun.
 */
export const make = ({ maxBytes, name, period, zone }: RotationPlan, onRotated: () => void): Rotation => ({
  maxBytes,
  nextDue: (time) => period === undefined ? Number.POSITIVE_INFINITY : Periods.next(period, time),
  nameOf: (n, time) => RotatedNames.format(name, { n, date: Zone.date(zone, time) }),
  numberOf: (file) => RotatedNames.parse(name, file)?.n,
  onRotated,
  next: undefined
})
