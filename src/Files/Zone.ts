/**
 * The time zone of a rotation.
 */
import type { TimeZone } from "effect/DateTime"
import * as DateTime from "effect/DateTime"
import * as Option from "effect/Option"

/**
 * What the name of a time zone may look like, for messages.
 */
export const allowed = `the name of a time zone, such as "Europe/Berlin", or an offset, such as "+02:00"`

/**
 * UTC.
 */
export const utc: TimeZone = /* @__PURE__ */ DateTime.zoneMakeNamedUnsafe("UTC")

/**
 * A time zone by its name in the IANA database, or by its offset. `undefined` if there is no such.
 */
export const make = (name: unknown): TimeZone | undefined =>
  typeof name === "string" ? Option.getOrUndefined(DateTime.zoneFromString(name)) : undefined

/**
 * The date there at a time in milliseconds since the epoch, as `YYYY-MM-DD`. A time outside of the years 0 to 9999 has
 * that of the epoch.
 */
export const date = (zone: TimeZone, millis: number): string => {
  const zoned = DateTime.makeZoned(millis, { timeZone: zone })
  const text = Option.isSome(zoned) ? DateTime.formatIsoDate(zoned.value) : ""
  return text.length === epoch.length ? text : epoch
}

const epoch = "1970-01-01"
