import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as EffectLogger from "effect/Logger"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/testing/TestClock"
import * as AsyncLogging from "../../src/AsyncLogging.ts"
import * as Pipeline from "../../src/Pipeline.ts"
import * as Redaction from "../../src/Redaction.ts"
import * as Sinks from "../../src/Sinks.ts"
import { answering, gated, recording, refuse, run, turns } from "../support/sinks.ts"

const card = "4111 1111 1111 1111"
const redact = { paths: ["tenant", "password"], detect: ["card"] } as const

describe("redact of a layer", () => {
  it.effect("G22 holds for the context of lines that tell of a gap", () =>
    Effect.gen(function*() {
      const sink = gated()
      const context = { service: "shop", requestId: card, custom: { tenant: "acme" } }
      yield* run({ context, redact, queue: { capacity: 1 }, sinks: [sink.sink] }, () =>
        Effect.gen(function*() {
          yield* Effect.andThen(Effect.logInfo("1"), sink.began)
          yield* Effect.andThen(Effect.logInfo("2"), Effect.logInfo("3"))
          yield* sink.release
          yield* AsyncLogging.flush
        }))
      const [gap] = sink.gaps()
      assert.deepStrictEqual(gap?.context, {
        service: "shop",
        requestId: "[redacted]",
        custom: { tenant: "[redacted]" }
      })
    }))

  it.effect("G22 what a destination quotes is not in notices, events and stats", () =>
    Effect.gen(function*() {
      const sink = answering((_, attempt) =>
        attempt === 1 ? Effect.fail(new Error(`cannot take "paid with ${card}"`)) : Effect.void
      )
      const { notices, value } = yield* run({ redact, sinks: [sink.sink] }, () =>
        Effect.gen(function*() {
          const told = yield* Effect.forkChild(Stream.runCollect(Stream.take(AsyncLogging.events, 1)))
          yield* turns
          yield* Effect.logInfo("x")
          yield* turns
          const { lastError } = (yield* AsyncLogging.stats).sinks["probe"]!
          yield* TestClock.adjust("1 minute")
          return { lastError, events: yield* Fiber.join(told) }
        }))
      const said = `Error: cannot take "paid with [redacted]"`
      assert.strictEqual(value.lastError?.message, said)
      assert.include(JSON.stringify(value.events), JSON.stringify(said))
      assert.include(notices.join(), said)
      assert.notInclude(JSON.stringify(value.events) + notices.join(), "4111")
    }))

  it.effect("G22 holds for what is too long to be said, wherever the end of it cuts a secret in two", () =>
    Effect.gen(function*() {
      for (const length of [970, 980, 990, 15_980, 15_990]) {
        const quoted = `${"x".repeat(length)} ${card} ${"x".repeat(500)}`
        const sink = answering((_, attempt) => attempt === 1 ? Effect.fail(new Error(quoted)) : Effect.void)
        const { notices, value } = yield* run({ redact, sinks: [sink.sink] }, () =>
          Effect.gen(function*() {
            const told = yield* Effect.forkChild(Stream.runCollect(Stream.take(AsyncLogging.events, 1)))
            yield* turns
            yield* Effect.logInfo("x")
            yield* turns
            const { lastError } = (yield* AsyncLogging.stats).sinks["probe"]!
            yield* TestClock.adjust("1 minute")
            return { lastError, events: yield* Fiber.join(told) }
          }))
        const said = value.lastError!.message
        assert.strictEqual(said.length, 1001)
        assert.isTrue(said.startsWith("Error: xxx") && said.endsWith("…"))
        assert.notInclude(JSON.stringify(value) + notices.join(), "411")
      }
    }))

  it.effect("G22 shows nothing of a long text that redaction makes short but what was searched as a whole", () =>
    Effect.gen(function*() {
      const quoted = ` ${card}`.repeat(1000)
      const sink = answering((_, attempt) => attempt === 1 ? Effect.fail(new Error(quoted)) : Effect.void)
      const { notices } = yield* run(
        { redact: { detect: ["card"], censor: Redaction.remove }, sinks: [sink.sink] },
        () =>
          Effect.gen(function*() {
            yield* Effect.logInfo("x")
            yield* turns
            yield* TestClock.adjust("1 minute")
          })
      )
      assert.deepStrictEqual(notices, [`effect-async-logging: sink "probe" failed: …`])
    }))

  it.effect("G22 holds for dead letters and fallbacks", () =>
    Effect.gen(function*() {
      const dead = recording({ name: "dead" })
      const sink = answering(refuse, { deadLetter: "dead" })
      yield* run(
        { redact, sinks: [sink.sink, dead.sink] },
        () => Effect.logInfo(`paid with ${card}`, { password: "s" })
      )
      assert.deepStrictEqual(dead.records.map(({ fields, message }) => ({ fields, message })), [
        { message: "paid with [redacted]", fields: { password: "[redacted]" } }
      ])
    }))

  it.effect("G22 nothing is said of why something failed that saw what was not redacted yet", () =>
    Effect.gen(function*() {
      const failing = (quote: unknown) => {
        throw new Error(`cannot take ${JSON.stringify(quote)}`)
      }
      const other = EffectLogger.make((options) => failing(options.message))
      const stages = [Pipeline.enrich(failing, "broken")]
      const say = (redact: AsyncLogging.Config<readonly []>["redact"]) =>
        run({ redact, stages, sinks: [recording().sink] }, () => Effect.logInfo("x", { password: "hunter2" })).pipe(
          Effect.provide(EffectLogger.layer([other]))
        )
      const open = yield* say(undefined)
      assert.strictEqual(open.notices.length, 2)
      for (const notice of open.notices) assert.include(notice, "hunter2")
      const closed = yield* say(redact)
      assert.deepStrictEqual(closed.notices, [
        "effect-async-logging: another logger failed",
        `effect-async-logging: the stage "broken" failed`
      ])
    }))

  it.effect("G33 a layer with nothing to redact has no such stage", () =>
    Effect.gen(function*() {
      for (const nothing of [undefined, [], {}, { paths: [], detect: [] }]) {
        const sink = recording()
        const fields = { password: "s" }
        yield* run({ redact: nothing, sinks: [sink.sink] }, () => Effect.logInfo(card, fields))
        assert.deepStrictEqual(sink.records.map(({ fields, message }) => [message, fields]), [[card, fields]])
      }
    }))

  it.effect("G22 is the last stage, so that what stages add is redacted too", () =>
    Effect.gen(function*() {
      const log = yield* AsyncLogging.TestLog
      yield* Effect.logInfo("x")
      const [record] = yield* log.records
      assert.deepStrictEqual([record?.message, record?.fields], ["x [redacted]", { password: "[redacted]" }])
    }).pipe(Effect.provide(AsyncLogging.layerTest({
      redact,
      stages: [
        Pipeline.enrich((record) => ({ ...record, message: `x ${card}`, fields: { password: "late" } }))
      ]
    }))))

  it.effect("G22 is that of each layer alone", () =>
    Effect.gen(function*() {
      const records = (redact: AsyncLogging.Config<readonly []>["redact"]) => {
        const memory = Sinks.memory()
        return Effect.logInfo("x", { password: "s" }).pipe(
          Effect.andThen(AsyncLogging.flush),
          Effect.andThen(memory.records),
          Effect.provide(AsyncLogging.layer({ redact, sinks: [memory] }))
        )
      }
      const [[one], [two]] = [yield* records(["password"]), yield* records(["x"])]
      assert.deepStrictEqual([one?.fields["password"], two?.fields["password"]], ["[redacted]", "s"])
    }))
})
