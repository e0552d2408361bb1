import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { identity } from "effect/Function"
import * as Layer from "effect/Layer"
import * as LogLevel from "effect/LogLevel"
import * as References from "effect/References"
import * as TestClock from "effect/testing/TestClock"
import * as AsyncLogging from "../src/AsyncLogging.ts"
import * as Logger from "../src/Logger.ts"
import * as Pipeline from "../src/Pipeline.ts"
import { counts, type Probe, recording, run } from "./support/sinks.ts"

const levels = ["Trace", "Debug", "Info", "Warn", "Error", "Fatal"] as const

type Around = <A, E, R>(self: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>

const region = (level: LogLevel.LogLevel): Around => Effect.provideService(References.MinimumLogLevel, level)

const logAt = (level: LogLevel.Severity) => Effect.andThen(Effect.logWithLevel(level)(level), Logger.log(level)(level))

// The least level that each sink takes, "None" for none. Logs at every level, in both ways, and holds `isEnabled` to
// what came of it.
const least = Effect.fnUntraced(function*(probes: ReadonlyArray<Probe>, around: Around = identity) {
  const before = probes.map((probe) => probe.records.length)
  const enabled = yield* around(Effect.filter(levels, (level) => Logger.isEnabled(level)))
  yield* around(Effect.forEach(levels, logAt))
  yield* AsyncLogging.flush
  const taken = probes.map((probe, i) => probe.records.slice(before[i]).map((record) => record.level))
  const from = (records: ReadonlyArray<unknown>) => levels.slice(levels.length - records.length / 2)
  for (const records of taken) assert.deepStrictEqual(records, from(records).flatMap((level) => [level, level]))
  assert.deepStrictEqual(enabled, taken.map(from).reduce((a, b) => a.length > b.length ? a : b))
  return taken.map((records) => from(records)[0] ?? "None")
})

describe("minimumLevel", () => {
  it.effect("is the MinimumLogLevel in force where the layer is built, by default", () =>
    Effect.gen(function*() {
      const plain = recording()
      assert.deepStrictEqual((yield* run({ sinks: [plain.sink] }, () => least([plain]))).value, ["Info"])
      const warn = recording()
      const program = run({ sinks: [warn.sink] }, () => least([warn]))
      assert.deepStrictEqual((yield* region("Warn")(program)).value, ["Warn"])
    }))

  it.effect("replaces the MinimumLogLevel around the layer, upwards and downwards", () =>
    Effect.gen(function*() {
      for (const level of ["All", "Trace", "Debug", "Warn", "Fatal", "None"] as const) {
        const sink = recording()
        const { value } = yield* run({ minimumLevel: level, sinks: [sink.sink] }, () => least([sink]))
        assert.deepStrictEqual(value, [level === "All" ? "Trace" : level])
      }
    }))

  it.effect("is the default of every sink without its own, which may be lower or higher", () =>
    Effect.gen(function*() {
      const plain = recording({ name: "plain" })
      const low = recording({ name: "low", minimumLevel: "Trace" })
      const high = recording({ name: "high", minimumLevel: "Error" })
      const all = [plain, low, high]
      yield* run({ minimumLevel: "Warn", sinks: all.map((probe) => probe.sink) }, () =>
        Effect.gen(function*() {
          assert.deepStrictEqual(yield* least(all), ["Warn", "Trace", "Error"])
          const { accepted, filteredHere } = yield* counts("high")
          assert.deepStrictEqual({ accepted, filteredHere }, { accepted: 12, filteredHere: 8 })
        }))
    }))

  it.effect("without any sink nothing is enabled", () =>
    run({ sinks: [] }, () =>
      Effect.gen(function*() {
        for (const level of levels) assert.isFalse(yield* Logger.isEnabled(level))
        yield* Effect.forEach(levels, logAt)
        assert.strictEqual((yield* AsyncLogging.stats).ledger.offered, 0)
      })))
})

describe("levelFloor", () => {
  it.effect("is All by default: LogLevel.isEnabled sees it, Logger.isEnabled what the sinks take", () => {
    const sink = recording()
    return run({ sinks: [sink.sink] }, () =>
      Effect.gen(function*() {
        assert.strictEqual(yield* References.MinimumLogLevel, "All")
        assert.isTrue(yield* LogLevel.isEnabled("Trace"))
        assert.isFalse(yield* Logger.isEnabled("Debug"))
        assert.isTrue(yield* Logger.isEnabled("Info"))
      }))
  })

  it.effect("holds for every sink and every call, whatever the levels above it say", () => {
    const plain = recording({ name: "plain" })
    const own = recording({ name: "own", minimumLevel: "Trace" })
    return run(
      { minimumLevel: "Debug", levelFloor: "Warn", sinks: [plain.sink, own.sink] },
      () =>
        Effect.gen(function*() {
          assert.strictEqual(yield* References.MinimumLogLevel, "Warn")
          assert.deepStrictEqual(yield* least([plain, own]), ["Warn", "Warn"])
          yield* AsyncLogging.setLevel("Trace")
          assert.deepStrictEqual(yield* least([plain, own]), ["Warn", "Warn"])
          yield* AsyncLogging.setLevel("Error")
          assert.deepStrictEqual(yield* least([plain, own]), ["Error", "Warn"])
        })
    )
  })

  it.effect("below the minimumLevel changes nothing but what setLevel can do", () => {
    const sink = recording()
    return run({ minimumLevel: "Warn", levelFloor: "Debug", sinks: [sink.sink] }, () =>
      Effect.gen(function*() {
        assert.deepStrictEqual(yield* least([sink]), ["Warn"])
        yield* AsyncLogging.setLevel("Debug")
        assert.deepStrictEqual(yield* least([sink]), ["Debug"])
      }))
  })
})

describe("a MinimumLogLevel provided inside", () => {
  it.effect("replaces the layer's level there, upwards and downwards, and caps sinks with their own", () => {
    const plain = recording({ name: "plain" })
    const debug = recording({ name: "debug", minimumLevel: "Debug" })
    const error = recording({ name: "error", minimumLevel: "Error" })
    const all = [plain, debug, error]
    return run({ minimumLevel: "Info", sinks: all.map((probe) => probe.sink) }, () =>
      Effect.gen(function*() {
        assert.deepStrictEqual(yield* least(all), ["Info", "Debug", "Error"])
        assert.deepStrictEqual(yield* least(all, region("Trace")), ["Trace", "Debug", "Error"])
        assert.deepStrictEqual(yield* least(all, region("Info")), ["Info", "Info", "Error"])
        assert.deepStrictEqual(yield* least(all, region("Warn")), ["Warn", "Warn", "Error"])
        assert.deepStrictEqual(yield* least(all, region("Fatal")), ["Fatal", "Fatal", "Fatal"])
        assert.deepStrictEqual(yield* least(all, region("None")), ["None", "None", "None"])
        assert.deepStrictEqual(yield* least(all), ["Info", "Debug", "Error"])
      }))
  })

  it.effect("that is the floor changes nothing, one below it opens its region", () => {
    const sink = recording()
    return run({ minimumLevel: "Error", levelFloor: "Info", sinks: [sink.sink] }, () =>
      Effect.gen(function*() {
        assert.deepStrictEqual(yield* least([sink], region("Info")), ["Error"])
        assert.deepStrictEqual(yield* least([sink], region("Warn")), ["Warn"])
        assert.deepStrictEqual(yield* least([sink], region("Debug")), ["Debug"])
      }))
  })

  it.effect("is not changed by setLevel, but for the sinks that get their own level by it", () => {
    const one = recording({ name: "one" })
    const two = recording({ name: "two" })
    const both = [one, two]
    return run({ sinks: [one.sink, two.sink] }, () =>
      Effect.gen(function*() {
        yield* AsyncLogging.setLevel("Trace")
        yield* AsyncLogging.setLevel("Fatal", { logger: "auth" })
        assert.deepStrictEqual(yield* least(both, region("Warn")), ["Warn", "Warn"])
        assert.deepStrictEqual(yield* least(both, (self) => region("Warn")(Logger.withName(self, "auth"))), [
          "Warn",
          "Warn"
        ])
        yield* AsyncLogging.setLevel("Debug", { sink: "one" })
        yield* AsyncLogging.setLevel("Error", { sink: "two" })
        assert.deepStrictEqual(yield* least(both, region("Warn")), ["Warn", "Error"])
      }))
  })

  it.effect("holds for the fibers that are forked in it", () => {
    const sink = recording()
    return run({ sinks: [sink.sink] }, () =>
      Effect.gen(function*() {
        yield* region("Debug")(Effect.forkChild(logAt("Debug"), { startImmediately: true }))
        yield* AsyncLogging.flush
        assert.deepStrictEqual(sink.messages(), ["Debug", "Debug"])
      }))
  })
})

describe("setLevel", () => {
  it.effect("changes the layer's level at once, and inherit takes that back", () => {
    const plain = recording({ name: "plain" })
    const own = recording({ name: "own", minimumLevel: "Error" })
    return run({ minimumLevel: "Warn", sinks: [plain.sink, own.sink] }, (lines) =>
      Effect.gen(function*() {
        for (const level of ["Trace", "Fatal", "None"] as const) {
          yield* AsyncLogging.setLevel(level)
          assert.deepStrictEqual(yield* least([plain, own]), [level, "Error"])
        }
        yield* AsyncLogging.setLevel("inherit")
        assert.deepStrictEqual(yield* least([plain, own]), ["Warn", "Error"])
        assert.deepStrictEqual(lines, [])
      }))
  })

  it.effect("with { logger } changes it for that name and the names below it; the longest prefix counts", () => {
    const plain = recording({ name: "plain" })
    const own = recording({ name: "own", minimumLevel: "Error" })
    const named = (name: string) => Effect.map(least([plain, own], Logger.withName(name)), ([level]) => level)
    return run({ sinks: [plain.sink, own.sink] }, () =>
      Effect.gen(function*() {
        yield* AsyncLogging.setLevel("Debug", { logger: "auth" })
        yield* AsyncLogging.setLevel("Warn", { logger: "auth.login" })
        assert.strictEqual(yield* named("auth"), "Debug")
        assert.strictEqual(yield* named("auth.token"), "Debug")
        assert.strictEqual(yield* named("auth.login"), "Warn")
        assert.strictEqual(yield* named("auth.login.form"), "Warn")
        assert.strictEqual(yield* named("author"), "Info")
        assert.strictEqual(yield* named("other"), "Info")
        assert.deepStrictEqual(yield* least([plain, own], Logger.withName("auth")), ["Debug", "Error"])
        assert.deepStrictEqual(yield* least([plain, own]), ["Info", "Error"])
        yield* AsyncLogging.setLevel("Trace")
        assert.strictEqual(yield* named("auth"), "Debug")
        yield* AsyncLogging.setLevel("Error", { logger: "auth" })
        assert.strictEqual(yield* named("auth"), "Error")
        yield* AsyncLogging.setLevel("inherit", { logger: "auth" })
        assert.strictEqual(yield* named("auth"), "Trace")
        assert.strictEqual(yield* named("auth.login"), "Warn")
        yield* AsyncLogging.setLevel("inherit", { logger: "auth.login" })
        assert.strictEqual(yield* named("auth.login"), "Trace")
      }))
  })

  it.effect("with { logger } counts for a named logger, whatever the name around it", () => {
    const sink = recording()
    const auth = Logger.named("auth")
    return run({ sinks: [sink.sink] }, () =>
      Effect.gen(function*() {
        yield* AsyncLogging.setLevel("Debug", { logger: "auth" })
        assert.isTrue(yield* Logger.withName(auth.isEnabled("Debug"), "other"))
        assert.isFalse(yield* Logger.named("other").isEnabled("Debug"))
        yield* Logger.withName(auth.debug("yes"), "other")
        yield* Logger.withName(Logger.named("other").debug("no"), "auth")
        yield* AsyncLogging.flush
        assert.deepStrictEqual(sink.messages(), ["yes"])
      }))
  })

  it.effect("with { sink } changes one sink, and inherit gives it its own level or the layer's", () => {
    const plain = recording({ name: "plain" })
    const own = recording({ name: "own", minimumLevel: "Error" })
    return run({ sinks: [plain.sink, own.sink] }, () =>
      Effect.gen(function*() {
        yield* AsyncLogging.setLevel("Trace", { sink: "plain" })
        assert.deepStrictEqual(yield* least([plain, own]), ["Trace", "Error"])
        yield* AsyncLogging.setLevel("Debug", { sink: "own" })
        assert.deepStrictEqual(yield* least([plain, own]), ["Trace", "Debug"])
        yield* AsyncLogging.setLevel("Warn")
        assert.deepStrictEqual(yield* least([plain, own]), ["Trace", "Debug"])
        yield* AsyncLogging.setLevel("inherit", { sink: "plain" })
        yield* AsyncLogging.setLevel("inherit", { sink: "own" })
        assert.deepStrictEqual(yield* least([plain, own]), ["Warn", "Error"])
      }))
  })

  it.effect("with both changes that logger at that sink", () => {
    const one = recording({ name: "one" })
    const two = recording({ name: "two", minimumLevel: "Warn" })
    const both = [one, two]
    return run({ sinks: [one.sink, two.sink] }, () =>
      Effect.gen(function*() {
        yield* AsyncLogging.setLevel("Trace", { sink: "two", logger: "auth" })
        assert.deepStrictEqual(yield* least(both, Logger.withName("auth.login")), ["Info", "Trace"])
        assert.deepStrictEqual(yield* least(both, Logger.withName("other")), ["Info", "Warn"])
        assert.deepStrictEqual(yield* least(both), ["Info", "Warn"])
        yield* AsyncLogging.setLevel("inherit", { sink: "two", logger: "auth" })
        assert.deepStrictEqual(yield* least(both, Logger.withName("auth.login")), ["Info", "Warn"])
      }))
  })

  it.effect("says so for a sink or a level that does not exist, and changes nothing", () => {
    const sink = recording()
    return run({ sinks: [sink.sink] }, (lines) =>
      Effect.gen(function*() {
        yield* AsyncLogging.setLevel("Trace", { sink: "nobody" })
        assert.strictEqual(lines.length, 1)
        assert.match(lines[0]!, /no sink "nobody".*"probe"/)
        yield* TestClock.adjust("10 seconds")
        // @ts-expect-error it does not exist
        yield* AsyncLogging.setLevel("verbose")
        assert.strictEqual(lines.length, 2)
        assert.match(lines[1]!, /"verbose" is not a level.*"?Trace/)
        assert.deepStrictEqual(yield* least([sink]), ["Info"])
      }))
  })

  it.effect("says so below levelFloor, once in ten seconds, and not for what reaches it", () => {
    const sink = recording()
    return run({ levelFloor: "Info", sinks: [sink.sink] }, (lines) =>
      Effect.gen(function*() {
        yield* AsyncLogging.setLevel("Info")
        yield* AsyncLogging.setLevel("inherit")
        assert.deepStrictEqual(lines, [])
        yield* AsyncLogging.setLevel("Debug")
        yield* AsyncLogging.setLevel("Debug", { logger: "auth" })
        yield* AsyncLogging.setLevel("Debug", { sink: "probe" })
        assert.strictEqual(lines.length, 1)
        assert.match(lines[0]!, /"Debug" is below levelFloor "Info"/)
        yield* TestClock.adjust("10 seconds")
        yield* AsyncLogging.setLevel("All")
        assert.match(lines[1]!, /"All" is below levelFloor "Info".*and 2 more/)
      }))
  })
})

describe("a disabled call", () => {
  // an argument that counts how often it is read
  const watched = () => {
    const reads = { n: 0 }
    const value = Object.defineProperty({}, "key", { enumerable: true, get: () => ++reads.n })
    return { reads, value, thunk: () => value }
  }

  it.effect("G20 captures nothing, calls no thunk and no stage, and is not counted", () => {
    const sink = recording()
    let staged = 0
    const stage = Pipeline.enrich((record) => {
      staged++
      return record
    })
    return run({ stages: [stage], sinks: [sink.sink] }, () =>
      Effect.gen(function*() {
        const { reads, value } = watched()
        let calls = 0
        const thunk = () => calls++
        yield* Effect.logDebug("no", value)
        yield* Logger.debug("no", value, thunk)
        yield* Logger.named("auth").trace(thunk)
        yield* Effect.exit(Logger.acknowledged("Debug", value, thunk))
        yield* region("Error")(Effect.andThen(Effect.logInfo(value), Logger.info("no", value, thunk)))
        assert.deepStrictEqual({ reads: reads.n, calls, staged }, { reads: 0, calls: 0, staged: 0 })
        assert.strictEqual((yield* AsyncLogging.stats).ledger.offered, 0)
      }))
  })

  it.effect("G20 an enabled one reads each value and calls each thunk once, however many sinks take it", () => {
    const sinks = ["a", "b", "c"].map((name) => recording({ name, minimumLevel: name === "c" ? "Fatal" : "Info" }))
    return run({ sinks: sinks.map((probe) => probe.sink) }, () =>
      Effect.gen(function*() {
        for (const log of [Logger.info, Logger.named("auth", { x: 1 }).info]) {
          const { reads, thunk } = watched()
          let calls = 0
          yield* log("yes", () => {
            calls++
            return thunk()
          })
          assert.deepStrictEqual({ reads: reads.n, calls }, { reads: 1, calls: 1 })
        }
        const { reads, value } = watched()
        yield* Effect.logInfo("yes", value)
        assert.strictEqual(reads.n, 1)
        yield* AsyncLogging.flush
        assert.deepStrictEqual(sinks.map((probe) => probe.records.length), [3, 3, 0])
        assert.deepStrictEqual(sinks[0]!.records.map((record) => record.fields["key"]), [1, 1, 1])
      }))
  })

  it.effect("G20 a thunk is called when a single sink takes the level", () => {
    const plain = recording({ name: "plain" })
    const own = recording({ name: "own", minimumLevel: "Debug" })
    return run({ sinks: [plain.sink, own.sink] }, () =>
      Effect.gen(function*() {
        yield* Logger.debug("lazy", () => ({ a: 1 }))
        yield* AsyncLogging.flush
        assert.deepStrictEqual(plain.records, [])
        assert.deepStrictEqual(own.records.map((record) => record.fields), [{ a: 1 }])
      }))
  })
})

describe("without the layer", () => {
  it.effect("Logger.isEnabled is the MinimumLogLevel", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* Effect.filter(levels, Logger.isEnabled), levels.slice(2))
      const program = Effect.filter(levels, Logger.named("auth").isEnabled)
      assert.deepStrictEqual(yield* Effect.provide(program, Layer.succeed(References.MinimumLogLevel, "Error")), [
        "Error",
        "Fatal"
      ])
    }))
})
