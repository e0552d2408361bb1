import { assert, describe, it } from "@effect/vitest"
import * as Result from "effect/Result"
import * as RotatedName from "../../src/Files/RotatedName.ts"

const named = (pattern: string | undefined, currentName = "app.log"): RotatedName.RotatedName =>
  Result.getOrThrow(RotatedName.make(pattern, currentName))
const trouble = (pattern: string | undefined, currentName = "app.log"): string =>
  Result.getOrThrow(Result.flip(RotatedName.make(pattern, currentName)))
const parts = { date: "2026-11-21", n: 42 }
const allowed = `expected the name of a file with %n, once, and %date, at most once, such as "app.%date.%n.log", got`

describe("the name of a rotated file", () => {
  it("is that of the current file, with date and number before its extension", () => {
    const of = (currentName: string) => RotatedName.format(named(undefined, currentName), parts)
    assert.strictEqual(of("app.log"), "app.2026-11-21.42.log")
    assert.strictEqual(of("app"), "app.2026-11-21.42")
    assert.strictEqual(of("app.json.log"), "app.json.2026-11-21.42.log")
    assert.strictEqual(of(".hidden"), ".hidden.2026-11-21.42")
    assert.strictEqual(of("100%.log%n"), "100%.2026-11-21.42.log%n")
  })

  it("is made from a pattern", () => {
    assert.strictEqual(RotatedName.format(named("%n-%date.txt"), parts), "42-2026-11-21.txt")
    assert.strictEqual(RotatedName.format(named("old.%n"), parts), "old.42")
    assert.strictEqual(RotatedName.format(named("%date%n"), parts), "2026-11-2142")
    assert.strictEqual(RotatedName.format(named("%%n.%n"), parts), "%n.42")
  })

  it("is read back", () => {
    const self = named(undefined)
    assert.deepStrictEqual(RotatedName.parse(self, "app.2026-11-21.42.log"), { ...parts, compression: undefined })
    assert.deepStrictEqual(RotatedName.parse(self, "app.2026-11-21.42.log.gz"), { ...parts, compression: "gzip" })
    assert.deepStrictEqual(RotatedName.parse(self, "app.2026-11-21.42.log.zst"), { ...parts, compression: "zstd" })
    const bare = named("%n")
    assert.deepStrictEqual(RotatedName.parse(bare, "7"), { date: undefined, n: 7, compression: undefined })
    assert.deepStrictEqual(RotatedName.parse(bare, "7.gz"), { date: undefined, n: 7, compression: "gzip" })
  })

  it("is no other name", () => {
    const self = named(undefined)
    const others = [
      "",
      "app.log",
      "app.log.gz",
      "app.2026-11-21.0.log",
      "app.2026-11-21.07.log",
      "app.2026-11-21.-7.log",
      "app.2026-11-21.+7.log",
      "app.2026-11-21.7e1.log",
      "app.2026-11-21.٧.log",
      "app.2026-11-21.9007199254740992.log",
      "app.2026-11-21.99999999999999999999.log",
      "app.2026-11-21..log",
      "app.2026-13-21.7.log",
      "app.2026-02-29.7.log",
      "app.2026-1-21.7.log",
      "app.+002026-11-21.7.log",
      "appx2026-11-21.7.log",
      "app.2026-11-21.7.log.gz.gz",
      "app.2026-11-21.7.log.gz.tmp",
      "app.2026-11-21.7.log.bz2",
      "app.2026-11-21.7.logs",
      "app.2026-11-21.7.log\n",
      "my-app.2026-11-21.7.log",
      "logs/app.2026-11-21.7.log",
      "APP.2026-11-21.7.log",
      `app.2026-11-21.${"7".repeat(1_000_000)}.log`
    ]
    for (const name of others) assert.isUndefined(RotatedName.parse(self, name), name.slice(0, 80))
    assert.isDefined(RotatedName.parse(self, "app.2024-02-29.9007199254740991.log"))
  })

  it("takes what a pattern has of regular expressions for what it is", () => {
    const self = named("a.b+(c)[d]$^|{2}\\-%n*")
    const name = RotatedName.format(self, parts)
    assert.strictEqual(name, "a.b+(c)[d]$^|{2}\\-42*")
    assert.deepStrictEqual(RotatedName.parse(self, name)?.n, 42)
    assert.isUndefined(RotatedName.parse(self, name.replace(".", "x")))
  })

  it("is temporary while the file is being compressed", () => {
    const self = named(undefined)
    for (const compression of ["gzip", "zstd"] as const) {
      const name = RotatedName.temporary(RotatedName.format(self, { ...parts, compression }), "0123abcd")
      assert.isTrue(RotatedName.isTemporary(self, name))
      assert.isUndefined(RotatedName.parse(self, name))
    }
    assert.strictEqual(RotatedName.temporary("app.1.log.gz", "0123abcd"), "app.1.log.gz.0123abcd.tmp")
    const others = [
      "app.log.0123abcd.tmp",
      "app.2026-11-21.42.log.0123abcd.tmp",
      "app.2026-11-21.42.log.gz",
      "app.2026-11-21.42.log.gz.tmp",
      "app.2026-11-21.42.log.gz.0123ABCD.tmp",
      "app.2026-11-21.0.log.gz.0123abcd.tmp"
    ]
    for (const name of others) assert.isFalse(RotatedName.isTemporary(self, name), name)
  })

  it("needs a pattern with its number once, and its date at most once", () => {
    for (const pattern of ["", "app.log", "app.%date.log", "%n.%n", "%n.%date.%date", "app.%%n"]) {
      assert.strictEqual(trouble(pattern), `${allowed} "${pattern}"`)
    }
    const placeholders = "expected one of %date, %n, %% for a percent sign"
    assert.strictEqual(trouble("app.%n.%pid"), `there is no placeholder "%pid"; ${placeholders}`)
    assert.strictEqual(trouble("app.%n.%"), `there is no placeholder "%"; ${placeholders}`)
  })

  it("needs a pattern that is a name, and not that of an archive", () => {
    for (const pattern of ["old/%n", "../%n", "%n\0"]) {
      assert.strictEqual(trouble(pattern), `${allowed} ${JSON.stringify(pattern)}: it is a name, without "/" and NUL`)
    }
    const reserved = "it must not end with one of .gz, .zst, .tmp"
    for (const pattern of ["%n.gz", "%n.zst", "%n.tmp"]) {
      assert.strictEqual(trouble(pattern), `${allowed} "${pattern}": ${reserved}`)
    }
    assert.strictEqual(trouble(undefined, "app.gz"), `${allowed} "app.%date.%n.gz": ${reserved}`)
  })

  it("is never that of the current file", () => {
    const current = "it must not be a name of the current file,"
    assert.strictEqual(trouble("app.%n.log", "app.7.log"), `${allowed} "app.%n.log": ${current} "app.7.log"`)
    assert.strictEqual(trouble("app.%n", "app.7.gz"), `${allowed} "app.%n": ${current} "app.7.gz"`)
    assert.strictEqual(
      trouble("app.%n", "app.7.zst.0123abcd.tmp"),
      `${allowed} "app.%n": ${current} "app.7.zst.0123abcd.tmp"`
    )
    assert.strictEqual(RotatedName.format(named("app.%n.log", "app.0.log"), parts), "app.42.log")
  })
})
