/**
 * When a rotation by time is due.
 */
import * as Cron from "effect/Cron"
import type { TimeZone } from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import * as Check from "../Check.ts"
import { isDuration } from "../SettingsSchema.ts"
import * as Zone from "./Zone.ts"

/**
 * A period.
 *
 * - `"daily"`: at midnight, or where a day begins later, at its beginning. Once a day, of 23 and 25 hours too.
 * - `"hourly"`: at each full hour on the clock, those that it shows twice too. Where the clock is put on at a full hour,
 *   then; where it jumps over one, as Chatham's from 2:45 to 3:45, that one is left out.
 * - A cron expression of five fields, or six with seconds first: `"0 0 * * 1"`, each Monday. A time that the clock shows
 *   twice counts once; `Cron.make` has an option for that.
 * - A `Cron`. One with a time zone of its own keeps it.
 * - A duration of at least a second: at its multiples since the epoch, whatever the time zone. What it has below a
 *   millisecond is left out.
 *
 * No text is both: a duration has one space or none, a cron expression at least four.
 */
export type Input = "daily" | "hourly" | (string & {}) | Cron.Cron | Duration.Input

/**
 * The times at which a period ends and the next one begins. A `cron` has the zone that it counts in.
 */
export type Period =
  | { readonly _tag: "Cron"; readonly cron: Cron.Cron }
  | { readonly _tag: "Interval"; readonly millis: number }

/**
 * What a period may look like, for messages.
 */
export const allowed =
  `"daily", "hourly", a cron expression such as "0 0 * * 1", a Cron, or a duration of at least a second, such as "6 hours"`

/**
 * A period, or what is wrong with it. A cron expression that never comes (`"0 0 30 2 *"`) is wrong.
 */
export const make = (input: unknown, zone: TimeZone = Zone.utc): Result.Result<Period, string> => {
  if (input === "daily") return Result.succeed(ofCron(Cron.make({ ...everyHour, hours: [0] }), zone))
  if (input === "hourly") return Result.succeed(ofCron(Cron.make({ ...everyHour, onDstOverlap: "both" }), zone))
  if (isDuration(input, leastMillis, false)) {
    const millis = Math.floor(Duration.toMillis(Duration.fromInputUnsafe(input as Duration.Input)))
    return Result.succeed({ _tag: "Interval", millis })
  }
  const [wrong] = Check.option("", input, false, allowed)
  if (Cron.isCron(input)) return checked(ofCron(input, zone), wrong!.message)
  if (typeof input !== "string") return Result.fail(wrong!.message)
  return Cron.parse(input).pipe(
    Result.mapError((error) => isLikeCron(input) ? `${wrong!.message}: ${error.message}` : wrong!.message),
    Result.flatMap((cron) => checked(ofCron(cron, zone), wrong!.message))
  )
}

const everyHour = { minutes: [0], hours: [], days: [], months: [], weekdays: [] }
const leastMillis = 1000

const isLikeCron = (text: string): boolean => text.trim().split(/\s+/).length >= 5

// without a zone of its own it would have that of the machine
const ofCron = (cron: Cron.Cron, zone: TimeZone): Period => ({
  _tag: "Cron",
  cron: Option.isSome(cron.tz) ? cron : Cron.make({ ...cron, tz: zone })
})

// It knows of no years: what does not come after the epoch never does.
const checked = (period: Period, wrong: string): Result.Result<Period, string> =>
  next(period, 0) === Number.POSITIVE_INFINITY ? Result.fail(`${wrong}: it never comes`) : Result.succeed(period)

/**
 * The first time after another at which a rotation is due, both in milliseconds since the epoch. `Infinity` if there is
 * none that `Date` can hold.
 */
export const next = (self: Period, after: number): number => {
  const from = Math.floor(after)
  if (!(Math.abs(from) <= greatest)) return Number.POSITIVE_INFINITY
  const at = self._tag === "Interval" ? nextMultiple(self.millis, from) : nextOfCron(self.cron, from)
  return at > from && at <= greatest ? at : Number.POSITIVE_INFINITY
}

const greatest = 8.64e15

// by the remainder, which is exact
const nextMultiple = (millis: number, from: number): number => {
  const rest = from % millis
  return from - rest + (rest < 0 ? 0 : millis)
}

const nextOfCron = (cron: Cron.Cron, from: number): number => {
  try {
    return Cron.next(cron, from).getTime()
  } catch {
    // it looks at 10,000 candidates and gives up, or is at the end of time
    return Number.POSITIVE_INFINITY
  }
}
