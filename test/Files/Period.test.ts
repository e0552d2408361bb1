import { assert, describe, it } from "@effect/vitest"
import * as Cron from "effect/Cron"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Result from "effect/Result"
import * as Period from "../../src/Files/Period.ts"
import * as Zone from "../../src/Files/Zone.ts"

const period = (input: Period.Input, zone?: string): Period.Period =>
  Result.getOrThrow(Period.make(input, zone === undefined ? undefined : Zone.make(zone)))
const trouble = (input: unknown): string => Result.getOrThrow(Result.flip(Period.make(input)))

/**
 * The boundaries after a time, up to and with another.
 */
const between = (self: Period.Period, from: string, to: string): ReadonlyArray<string> => {
  const out: Array<string> = []
  for (let at = Period.next(self, Date.parse(from)); at <= Date.parse(to); at = Period.next(self, at)) {
    out.push(new Date(at).toISOString().replace(":00.000Z", "Z"))
  }
  return out
}

describe("a period", () => {
  it("begins at midnight in its zone, UTC by default", () => {
    assert.deepStrictEqual(
      between(period("daily"), "2026-01-01T00:00:00Z", "2026-01-03T12:00:00Z"),
      ["2026-01-02T00:00Z", "2026-01-03T00:00Z"]
    )
    assert.deepStrictEqual(
      between(period("daily", "Asia/Kolkata"), "2026-01-01T00:00:00Z", "2026-01-02T18:30:00Z"),
      ["2026-01-01T18:30Z", "2026-01-02T18:30Z"]
    )
    assert.deepStrictEqual(
      between(period("daily", "-03:30"), "2026-01-01T03:29:59.999Z", "2026-01-02T00:00:00Z"),
      ["2026-01-01T03:30Z"]
    )
  })

  it("is a day of 23 and of 25 hours where the clock changes", () => {
    const berlin = period("daily", "Europe/Berlin")
    assert.deepStrictEqual(
      between(berlin, "2026-03-28T12:00:00Z", "2026-03-30T12:00:00Z"),
      ["2026-03-28T23:00Z", "2026-03-29T22:00Z"]
    )
    assert.deepStrictEqual(
      between(berlin, "2026-10-24T12:00:00Z", "2026-10-26T12:00:00Z"),
      ["2026-10-24T22:00Z", "2026-10-25T23:00Z"]
    )
  })

  it("begins with the day where that has no midnight, has two, or where a day is left out", () => {
    const saoPaulo = period("daily", "America/Sao_Paulo")
    assert.deepStrictEqual(
      between(saoPaulo, "2018-11-03T03:00:00Z", "2018-11-05T12:00:00Z"),
      ["2018-11-04T03:00Z", "2018-11-05T02:00Z"]
    )
    assert.deepStrictEqual(
      between(saoPaulo, "2018-02-17T02:00:00Z", "2018-02-19T12:00:00Z"),
      ["2018-02-18T03:00Z", "2018-02-19T03:00Z"]
    )
    // 2026-11-01 01:00 becomes 00:00
    assert.deepStrictEqual(
      between(period("daily", "America/Havana"), "2026-10-31T12:00:00Z", "2026-11-02T12:00:00Z"),
      ["2026-11-01T04:00Z", "2026-11-02T05:00Z"]
    )
    // there was no 2011-12-30
    assert.deepStrictEqual(
      between(period("daily", "Pacific/Apia"), "2011-12-29T10:00:00Z", "2011-12-31T12:00:00Z"),
      ["2011-12-30T10:00Z", "2011-12-31T10:00Z"]
    )
  })

  it("begins at each full hour on the clock", () => {
    assert.deepStrictEqual(
      between(period("hourly"), "2026-01-01T00:00:00Z", "2026-01-01T02:59:59Z"),
      ["2026-01-01T01:00Z", "2026-01-01T02:00Z"]
    )
    assert.deepStrictEqual(
      between(period("hourly", "Asia/Kathmandu"), "2026-01-01T00:00:00Z", "2026-01-01T01:59:59Z"),
      ["2026-01-01T00:15Z", "2026-01-01T01:15Z"]
    )
    assert.deepStrictEqual(
      between(period("hourly", "Europe/Berlin"), "2026-10-24T23:30:00Z", "2026-10-25T02:30:00Z"),
      ["2026-10-25T00:00Z", "2026-10-25T01:00Z", "2026-10-25T02:00Z"]
    )
    assert.deepStrictEqual(
      between(period("hourly", "Europe/Berlin"), "2026-03-28T23:30:00Z", "2026-03-29T02:30:00Z"),
      ["2026-03-29T00:00Z", "2026-03-29T01:00Z", "2026-03-29T02:00Z"]
    )
    // 2026-04-05 02:00 becomes 01:30
    assert.deepStrictEqual(
      between(period("hourly", "Australia/Lord_Howe"), "2026-04-04T13:30:00Z", "2026-04-04T16:30:00Z"),
      ["2026-04-04T14:00Z", "2026-04-04T15:30Z", "2026-04-04T16:30Z"]
    )
    // 2026-09-27 02:45 becomes 03:45
    assert.deepStrictEqual(
      between(period("hourly", "Pacific/Chatham"), "2026-09-26T12:30:00Z", "2026-09-26T14:30:00Z"),
      ["2026-09-26T13:15Z", "2026-09-26T14:15Z"]
    )
  })

  it("begins at the times of a cron expression", () => {
    assert.deepStrictEqual(
      between(period("30 2 * * 1", "Europe/Berlin"), "2026-07-01T00:00:00Z", "2026-07-14T00:00:00Z"),
      ["2026-07-06T00:30Z", "2026-07-13T00:30Z"]
    )
    assert.deepStrictEqual(
      between(period("0 */6 * * *"), "2026-07-01T00:00:00Z", "2026-07-01T12:00:00Z"),
      ["2026-07-01T06:00Z", "2026-07-01T12:00Z"]
    )
    assert.deepStrictEqual(
      between(period("*/30 * * * * *"), "2026-07-01T00:00:00Z", "2026-07-01T00:01:00Z"),
      ["2026-07-01T00:00:30.000Z", "2026-07-01T00:01Z"]
    )
    assert.deepStrictEqual(
      between(period("0 0 29 2 *"), "2026-07-01T00:00:00Z", "2030-01-01T00:00:00Z"),
      ["2028-02-29T00:00Z"]
    )
  })

  it("begins at the times of a Cron, in its own zone if it has one", () => {
    const midnight = Result.getOrThrow(Cron.parse("0 0 * * *"))
    const inBerlin = Result.getOrThrow(Cron.parse("0 0 * * *", "Europe/Berlin"))
    const of = (self: Period.Period) => between(self, "2026-01-01T01:00:00Z", "2026-01-02T00:30:00Z")
    assert.deepStrictEqual(of(period(midnight)), ["2026-01-02T00:00Z"])
    assert.deepStrictEqual(of(period(midnight, "Asia/Kolkata")), ["2026-01-01T18:30Z"])
    assert.deepStrictEqual(of(period(inBerlin, "Asia/Kolkata")), ["2026-01-01T23:00Z"])
    const both = Result.getOrThrow(Cron.parse("0 2 * * *", undefined, { onDstOverlap: "both" }))
    assert.deepStrictEqual(
      between(period(both, "Europe/Berlin"), "2026-10-24T12:00:00Z", "2026-10-25T12:00:00Z"),
      ["2026-10-25T00:00Z", "2026-10-25T01:00Z"]
    )
  })

  it("begins at multiples of a duration, whatever the zone", () => {
    const inputs: ReadonlyArray<Duration.Input> = ["6 hours", 21_600_000, Duration.hours(6), [21_600, 0], { hours: 6 }]
    for (const input of inputs) {
      assert.deepStrictEqual(
        between(period(input, "Asia/Kolkata"), "2026-01-01T00:00:00Z", "2026-01-01T12:00:00Z"),
        ["2026-01-01T06:00Z", "2026-01-01T12:00Z"]
      )
    }
    assert.strictEqual(Period.next(period("1 second"), 0), 1000)
    assert.strictEqual(Period.next(period("1 second"), 999.5), 1000)
    assert.strictEqual(Period.next(period("1 second"), -1), 0)
    assert.strictEqual(Period.next(period("1 second"), -0.5), 0)
    assert.strictEqual(Period.next(period("1 second"), -1000), 0)
    assert.strictEqual(Period.next(period("1 second"), -1001), -1000)
    assert.strictEqual(Period.next(period("1500.7 millis"), 1500), 3000)
  })

  it("never ends where there is no time left, or none to begin with", () => {
    for (const self of [period("daily"), period("hourly", "Europe/Berlin"), period("1 day"), period("5 4 3 2 1")]) {
      for (
        const after of [Number.NaN, Infinity, -Infinity, 8.64e15, 8.64e15 + 2, Number.MAX_VALUE, -Number.MAX_VALUE]
      ) {
        assert.strictEqual(Period.next(self, after), Infinity)
      }
    }
    assert.strictEqual(Period.next(period({ weeks: 1e9 }), 6.048e17), Infinity)
    assert.strictEqual(Period.next(period({ weeks: 1e9 }), 0), Infinity)
    const never = Cron.make({ minutes: [0], hours: [0], days: [30], months: [2], weekdays: [], tz: Zone.utc })
    assert.strictEqual(Period.next({ _tag: "Cron", cron: never }, 0), Infinity)
  })

  const allowed = `expected "daily", "hourly", a cron expression such as "0 0 * * 1", a Cron, ` +
    `or a duration of at least a second, such as "6 hours", got`

  it("is nothing else", () => {
    const texts = [
      "",
      "weekly",
      "DAILY",
      "1 fortnight",
      "1hour",
      "0 second",
      "999 millis",
      "-1 hour",
      "Infinity",
      "-Infinity"
    ]
    for (const input of [...texts, 999, 0, -1, Number.NaN, 1n, true]) {
      assert.strictEqual(trouble(input), `${allowed} ${String(input)}`)
    }
    for (const input of [{}, [], ["daily"], { hour: 1 }, { hours: Number.NaN }, Duration.infinity]) {
      assert.strictEqual(trouble(input), `${allowed} an object`)
    }
    assert.strictEqual(trouble(() => 1), `${allowed} a function`)
    assert.strictEqual(trouble(undefined), `${allowed} undefined`)
    assert.strictEqual(trouble(null), `${allowed} null`)
  })

  it("is no cron expression that is wrong, or that never comes", () => {
    const wrong = "61 * * * *"
    assert.strictEqual(trouble(wrong), `${allowed} ${wrong}: Expected a value between 0 and 59`)
    const tooLong = "* * * * * * *"
    assert.strictEqual(trouble(tooLong), `${allowed} ${tooLong}: Invalid number of segments in cron expression`)
    const never = "0 0 30 2 *"
    assert.strictEqual(trouble(never), `${allowed} ${never}: it never comes`)
    assert.strictEqual(trouble(Result.getOrThrow(Cron.parse(never))), `${allowed} an object: it never comes`)
  })
})

describe("a time zone", () => {
  it("is known by its name or its offset", () => {
    assert.strictEqual(DateTime.zoneToString(Zone.make("Europe/Berlin")!), "Europe/Berlin")
    assert.strictEqual(DateTime.zoneToString(Zone.make("utc")!), "UTC")
    assert.strictEqual(DateTime.zoneToString(Zone.make("+02:00")!), "+02:00")
    for (const name of ["", "Europe/Atlantis", "local", "+25:00x", 2, null, undefined, {}, Zone.utc]) {
      assert.isUndefined(Zone.make(name))
    }
  })

  it("has the date of a time", () => {
    const at = Date.parse("2026-12-31T20:00:00Z")
    assert.strictEqual(Zone.date(Zone.utc, at), "2026-12-31")
    assert.strictEqual(Zone.date(Zone.make("Asia/Kolkata")!, at), "2027-01-01")
    assert.strictEqual(Zone.date(Zone.utc, at + 0.5), "2026-12-31")
    assert.strictEqual(Zone.date(Zone.utc, Date.parse("0033-04-03T00:00:00Z")), "0033-04-03")
  })

  it("has the date of the epoch for what has none of four digits", () => {
    for (const at of [Number.NaN, Infinity, -Infinity, 8.64e15, -8.64e15, 2.6e14, -6.3e13, Number.MAX_VALUE]) {
      assert.strictEqual(Zone.date(Zone.utc, at), "1970-01-01")
    }
  })
})
