import { assert, describe, it } from "@effect/vitest"
import * as DateTime from "effect/DateTime"
import * as Result from "effect/Result"
import * as fc from "fast-check"
import * as Period from "../src/Files/Period.ts"
import * as Zone from "../src/Files/Zone.ts"
import { parameters, timeout } from "./support/runs.ts"

const second = 1000
const minute = 60 * second
const quarter = 15 * minute
const hour = 60 * minute
const day = 24 * hour

const period = (input: Period.Input, zone: string): Period.Period =>
  Result.getOrThrow(Period.make(input, Zone.make(zone)))

/**
 * Times at which a clock is put on or back, by an hour, half an hour, three hours and a day, at midnight and elsewhere.
 */
const changes: ReadonlyArray<readonly [zone: string, at: string]> = [
  ["Europe/Berlin", "2026-03-29T01:00:00Z"],
  ["Europe/Berlin", "2026-10-25T01:00:00Z"],
  ["America/Sao_Paulo", "2018-11-04T03:00:00Z"],
  ["America/Sao_Paulo", "2018-02-18T02:00:00Z"],
  ["America/Havana", "2026-11-01T05:00:00Z"],
  ["America/Havana", "2026-03-08T05:00:00Z"],
  ["America/St_Johns", "2026-03-08T05:30:00Z"],
  ["Australia/Lord_Howe", "2026-04-04T15:00:00Z"],
  ["Australia/Lord_Howe", "2026-10-03T15:30:00Z"],
  ["Pacific/Apia", "2011-12-30T10:00:00Z"],
  ["Antarctica/Casey", "2023-03-08T16:00:00Z"],
  ["Asia/Kathmandu", "2026-01-01T00:00:00Z"],
  ["Asia/Kolkata", "2026-01-01T00:00:00Z"],
  ["UTC", "2026-01-01T00:00:00Z"],
  ["-03:30", "2026-01-01T00:00:00Z"]
]
const change = fc.constantFrom(...changes)
const around = fc.integer({ min: -36 * 60, max: 36 * 60 })
const apart = fc.oneof(fc.constant(0), fc.integer({ min: -minute, max: minute }))
const wholeQuarters = (at: number): number => Math.floor(at / quarter) * quarter

/**
 * What a clock there shows, as if it were UTC.
 */
const shown = (zone: string, at: number): number =>
  at + DateTime.zonedOffset(DateTime.makeZonedUnsafe(at, { timeZone: zone }))

/**
 * The first quarter of an hour after a time that is a boundary. These zones change their offset at quarters, and by them.
 */
const search = (after: number, isBoundary: (at: number) => boolean): number => {
  let at = wholeQuarters(after) + quarter
  while (!isBoundary(at)) at += quarter
  return at
}

describe("periods", () => {
  it("that are daily begin where the clock shows a later day than ever before", () => {
    fc.assert(
      fc.property(change, around, apart, ([zone, at], minutes, apart) => {
        const after = Date.parse(at) + minutes * minute + apart
        const dayOf = (at: number) => Math.floor(shown(zone, at) / day)
        // no clock is put back by more
        let latest = Math.max(...[0, 1, 2, 3, 4].map((hours) => dayOf(wholeQuarters(after) - hours * hour)))
        const expected = search(after, (at) => dayOf(at) > latest)
        latest = dayOf(expected)
        assert.strictEqual(Period.next(period("daily", zone), after), expected)
        assert.strictEqual(Date.parse(Zone.date(Zone.make(zone)!, expected)), latest * day)
      }),
      parameters
    )
  }, timeout)

  it("that are hourly begin where the clock shows a full hour, or jumps over one", () => {
    fc.assert(
      fc.property(change, around, apart, ([zone, at], minutes, apart) => {
        const after = Date.parse(at) + minutes * minute + apart
        const expected = search(after, (at) => {
          const now = shown(zone, at)
          return now % hour === 0 || Math.floor(now / hour) > Math.floor(shown(zone, at - quarter) / hour)
        })
        assert.strictEqual(Period.next(period("hourly", zone), after), expected)
      }),
      parameters
    )
  }, timeout)

  it("of a length begin at its multiples", () => {
    const millis = fc.integer({ min: second, max: 400 * day })
    const after = fc.oneof(fc.nat(100_000), fc.maxSafeInteger()).map((after) => after % 8e15)
    fc.assert(
      fc.property(millis, after, (millis, after) => {
        const next = Period.next(period(millis, "Asia/Kolkata"), after)
        const expected = (BigInt(after) / BigInt(millis) + 1n) * BigInt(millis)
        const floored = after < 0 && BigInt(after) % BigInt(millis) !== 0n ? expected - BigInt(millis) : expected
        assert.strictEqual(next, Number(floored))
      }),
      parameters
    )
  }, timeout)

  const field = (max: number) => fc.oneof(fc.constant("*"), fc.integer({ min: 1, max }).map(String))
  const cron = fc.tuple(field(59), field(23), field(28), field(12), field(7)).map((fields) => fields.join(" "))
  const input = fc.oneof(
    fc.constantFrom<Period.Input>("daily", "hourly", "*/7 * * * * *"),
    cron,
    fc.integer({ min: second, max: 400 * day })
  )

  it("end after any time, or never", () => {
    const after = fc.oneof(
      fc.tuple(change, around, apart).map(([[, at], minutes, apart]) => Date.parse(at) + minutes * minute + apart),
      fc.double(),
      fc.double({ min: -8.64e15, max: 8.64e15 })
    )
    fc.assert(
      fc.property(input, change, after, (input, [zone], after) => {
        const self = period(input, zone)
        const next = Period.next(self, after)
        assert.isTrue(next === Number.POSITIVE_INFINITY || next > after)
        assert.match(Zone.date(Zone.make(zone)!, after), /^\d{4}-\d{2}-\d{2}$/)
      }),
      parameters
    )
  }, timeout)

  it("are periods or errors, whatever comes in", () => {
    fc.assert(
      fc.property(fc.anything(), (input) => {
        const made = Period.make(input)
        assert.isTrue(Result.isSuccess(made) || made.failure.startsWith("expected \"daily\""))
      }),
      parameters
    )
  }, timeout)
})
