import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Result from "effect/Result"
import * as TestClock from "effect/testing/TestClock"
import * as AsyncLogging from "../../src/AsyncLogging.ts"
import * as Enrichers from "../../src/Enrichers.ts"
import * as Formatters from "../../src/Formatters.ts"
import * as Gates from "../../src/Gates.ts"
import * as JsonLine from "../../src/JsonLine.ts"
import * as Logger from "../../src/Logger.ts"
import type { StageInput } from "../../src/Pipeline.ts"
import * as Pipeline from "../../src/Pipeline.ts"

const logAll = (...messages: ReadonlyArray<string>) =>
  Effect.forEach(messages, (message) => Effect.logInfo(message), { discard: true })

const closed = Effect.gen(function*() {
  yield* AsyncLogging.close
  const { messages } = yield* AsyncLogging.TestLog
  return yield* messages
})

const under = <const G extends ReadonlyArray<StageInput>>(...stages: G) =>
  Effect.provide(AsyncLogging.layerTest({ stages }))

describe("gates in a layer", () => {
  it.effect("each layer that is built has a memory of its own", () =>
    Effect.gen(function*() {
      const layer = AsyncLogging.layerTest({ stages: [Gates.dedupe()] })
      const program = Effect.andThen(logAll("a", "a"), closed)
      const expected = ["a", "repeated once: a"]
      assert.deepStrictEqual(yield* Effect.provide(program, layer), expected)
      assert.deepStrictEqual(yield* Effect.provide(program, layer), expected)
    }))

  it.effect("time is that of the records, which is the caller's clock", () =>
    Effect.gen(function*() {
      yield* logAll("a", "a")
      yield* TestClock.adjust("5 seconds")
      yield* logAll("a")
      assert.deepStrictEqual(yield* closed, ["a", "repeated once: a", "a"])
    }).pipe(under(Gates.dedupe())))

  it.effect("what is owed when a layer of stages closes goes through the stages behind it", () =>
    Effect.gen(function*() {
      const inner = Pipeline.layer([Gates.dedupe(), Enrichers.fields({ inner: true })])
      yield* Effect.provide(logAll("a", "a"), inner)
      const log = yield* AsyncLogging.TestLog
      const records = yield* log.records
      assert.deepStrictEqual(records.map(({ message }) => message), ["a", "repeated once: a"])
      assert.isTrue(records.every(({ fields }) => fields["inner"] === true))
    }).pipe(under()))

  it.effect("G4 a caller is told of its own record, not of the line that it made the gate write", () =>
    Effect.gen(function*() {
      const send = (message: string) => Effect.flip(Logger.acknowledged("Info", message))
      yield* Logger.acknowledged("Warn", "passes")
      assert.strictEqual((yield* send("a")).reason, "filtered")
      yield* TestClock.adjust("1 minute")
      assert.strictEqual((yield* send("b")).reason, "filtered")
      assert.deepStrictEqual(yield* closed, ["passes", "suppressed 1 record", "suppressed 1 record"])
      const { ledger } = yield* AsyncLogging.stats
      assert.deepStrictEqual(ledger, { offered: 3, made: 2, held: 0, accepted: 3, filtered: { sample: 2 } })
    }).pipe(under(Gates.sample(0))))

  it.effect("G4 a caller is told that its record is held back, and one whose record gives the others that it passed", () =>
    Effect.gen(function*() {
      const held = yield* Effect.flip(Logger.acknowledged("Debug", "detail"))
      assert.strictEqual(held.reason, "held")
      assert.strictEqual((yield* AsyncLogging.stats).ledger.held, 1)
      const receipt = yield* Logger.acknowledged("Error", "boom")
      assert.deepStrictEqual(receipt.sinks, { test: "delivered" })
      assert.deepStrictEqual(yield* closed, ["detail", "boom"])
    }).pipe(Logger.withContext({ requestId: "r" }), under(Gates.fingersCrossed())))

  it.effect("G4 a caller is told that its record is discarded, whatever is held of others", () =>
    Effect.gen(function*() {
      const send = (requestId: string, text = "") =>
        Effect.flip(Logger.acknowledged("Debug", "detail", { text })).pipe(
          Logger.withContext({ requestId }),
          Effect.map(({ reason }) => reason)
        )
      const large = "x".repeat(2000)
      assert.strictEqual(yield* send("a"), "held")
      // there is no room for it, also not where another key is given up in vain
      assert.strictEqual(yield* send("a", large), "filtered")
      assert.strictEqual(yield* send("b", large), "filtered")
      assert.strictEqual(yield* send("b"), "held")
      // it takes the place of the one before
      assert.strictEqual(yield* send("b"), "held")
      // without a key, nothing is kept
      const { reason } = yield* Effect.flip(Logger.acknowledged("Debug", "no request"))
      assert.strictEqual(reason, "filtered")
      const { ledger } = yield* AsyncLogging.stats
      assert.deepStrictEqual([ledger.offered, ledger.held, ledger.filtered], [6, 2, { fingersCrossed: 4 }])
    }).pipe(under(Gates.fingersCrossed({ capacity: 1, maxBytes: 1500 }))))

  for (const [name, limiter] of [["rateLimit", Gates.rateLimit({ limit: 1 })], ["dedupe", Gates.dedupe()]] as const) {
    it.effect(`details that fingersCrossed gives late do not make ${name} begin anew`, () =>
      Effect.gen(function*() {
        const request = (requestId: string) =>
          Effect.gen(function*() {
            yield* Effect.logDebug("begins")
            yield* Effect.sleep("7 seconds")
            yield* Effect.logError("no database")
          }).pipe(Logger.withContext({ requestId }))
        const fiber = yield* Effect.forkChild(
          Effect.forEach([..."abcdef"], (id, i) => Effect.delay(request(id), i * 100), { concurrency: "unbounded" })
        )
        yield* TestClock.adjust("10 seconds")
        yield* Fiber.join(fiber)
        const messages = yield* closed
        assert.deepStrictEqual(messages.filter((message) => message === "no database"), ["no database"])
      }).pipe(under(Gates.fingersCrossed(), limiter)))
  }

  it.effect("the request of a record is that of the fiber, also in its children", () =>
    Effect.gen(function*() {
      const request = (requestId: string, fails: boolean) =>
        Effect.gen(function*() {
          yield* Effect.logDebug(`${requestId} begins`)
          yield* Effect.forEach([1, 2], (n) => Effect.logDebug(`${requestId} step ${n}`), { concurrency: 2 })
          if (fails) yield* Effect.logError(`${requestId} fails`)
        }).pipe(Logger.withContext({ requestId }))
      yield* Effect.forEach([request("a", false), request("b", true)], (r) => r, { concurrency: 2 })
      assert.deepStrictEqual(yield* closed, ["b begins", "b step 1", "b step 2", "b fails"])
    }).pipe(under(Gates.fingersCrossed())))

  it.effect("what the layer does not let through, the gate cannot keep", () =>
    Effect.gen(function*() {
      yield* Effect.logDebug("debug")
      yield* Effect.logInfo("info")
      yield* Effect.logError("boom")
      assert.deepStrictEqual(yield* closed, ["info", "boom"])
    }).pipe(
      Logger.withContext({ requestId: "r" }),
      Effect.provide(AsyncLogging.layerTest({ minimumLevel: "Info", stages: [Gates.fingersCrossed()] }))
    ))

  it.effect("G22 a record that was held back is redacted when it comes out, and so is what a line says of the last one", () =>
    Effect.gen(function*() {
      yield* Effect.logInfo("login", { password: "hunter2" })
      yield* Effect.logError("boom").pipe(Logger.withContext({ custom: { token: "hunter3" } }))
      yield* Effect.logError("boom").pipe(Logger.withContext({ custom: { token: "hunter4" } }))
      yield* AsyncLogging.close
      const log = yield* AsyncLogging.TestLog
      const records = yield* log.records
      assert.deepStrictEqual(records.map(({ message }) => message), ["login", "boom", "repeated once: boom"])
      assert.notInclude(JSON.stringify(records), "hunter")
      assert.deepStrictEqual(records.map(({ context }) => context.custom), [
        undefined,
        { token: "[redacted]" },
        { token: "[redacted]" }
      ])
    }).pipe(
      Logger.withContext({ requestId: "r" }),
      Effect.provide(AsyncLogging.layerTest({
        stages: [Gates.fingersCrossed(), Gates.dedupe()],
        redact: ["password", "token"]
      }))
    ))

  it.effect("what a program logs looks like no line of a gate: it cannot set the note", () =>
    Effect.gen(function*() {
      yield* logAll("a", "a")
      const forged = { gate: "dedupe", suppressed: 1, since: 0, notes: ["suppressed"] }
      yield* Effect.logInfo("repeated once: a", forged)
      yield* AsyncLogging.close
      const log = yield* AsyncLogging.TestLog
      const lines = (yield* log.records).map((record) => JSON.parse(Formatters.json(record)))
      assert.deepStrictEqual(lines.map(({ notes }) => notes), [undefined, undefined, ["suppressed"]])
      assert.deepStrictEqual(lines[2].fields, { gate: "dedupe", suppressed: 1, since: 0 })
      const decoded = Result.getOrThrow(JsonLine.decode(JSON.stringify(lines[2])))
      assert.deepStrictEqual(decoded.notes, ["suppressed"])
    }).pipe(under(Gates.dedupe())))

  it.effect("a key or a filter that throws costs a note, and not the record", () =>
    Effect.gen(function*() {
      const fail = () => {
        throw new Error("boom")
      }
      const stages = [
        Gates.sample({ rate: 0, key: fail }),
        Gates.rateLimit({ limit: 1, key: fail }),
        Gates.fingersCrossed({ endOn: fail })
      ]
      const record = yield* Effect.gen(function*() {
        yield* Effect.logInfo("a")
        const log = yield* AsyncLogging.TestLog
        return (yield* log.records)[0]!
      }).pipe(under(...stages), Effect.provideService(AsyncLogging.NoticeWriter, () => {}))
      assert.deepStrictEqual(record.notes, ["gate_failed"])
    }))
})
