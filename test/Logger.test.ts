import { assert, describe, it } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Equal from "effect/Equal"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as HashSet from "effect/HashSet"
import * as EffectLogger from "effect/Logger"
import type * as LogLevel from "effect/LogLevel"
import * as References from "effect/References"
import * as TestClock from "effect/testing/TestClock"
import * as AsyncLogging from "../src/AsyncLogging.ts"
import * as Filters from "../src/Filters.ts"
import * as Logger from "../src/Logger.ts"
import * as Pipeline from "../src/Pipeline.ts"
import type { LogRecord } from "../src/Record.ts"
import * as Sinks from "../src/Sinks.ts"
import { holdEffect, repeatEffect } from "./support/gates.ts"
import { answering, counts, gated, hung, losses, type Probe, recording, run, turns } from "./support/sinks.ts"

const start = Effect.forkChild({ startImmediately: true })

// the records of a program that runs under a layer with one sink
const recordsOf = <A, E>(program: Effect.Effect<A, E>) =>
  Effect.gen(function*() {
    const sink = recording()
    yield* run({ sinks: [sink.sink] }, () => program)
    return sink.records
  })

// `Effect.log` and `Logger.info`: what is around a call holds for both
const both = (message: string) => Effect.andThen(Effect.logInfo(message), Logger.info(message))

const pick = <K extends keyof LogRecord>(records: ReadonlyArray<LogRecord>, ...keys: ReadonlyArray<K>) =>
  records.map((record) => Object.fromEntries(keys.map((key) => [key, record[key]])))

describe("the log calls", () => {
  it.effect("are Effects that may be run again, by generators inside each other and eager ones too", () =>
    Effect.gen(function*() {
      const tick = Logger.info("tick")
      const eager = Effect.fnUntracedEager(function*() {
        yield* tick
        return yield* tick
      })
      const records = yield* recordsOf(Effect.gen(function*() {
        yield* Effect.gen(function*() {
          assert.isUndefined(yield* tick)
          yield* eager()
        })
        yield* Effect.all([tick, tick], { concurrency: "unbounded" })
        yield* Effect.repeat(tick, { times: 1 })
      }))
      assert.deepStrictEqual(
        records.map(({ message, seq }) => [message, seq]),
        [0, 1, 2, 3, 4, 5, 6].map((i) => ["tick", i])
      )
    }))

  it("are no values: two that say the same are two", () => {
    assert.isFalse(Equal.equals(Logger.info("tick", { a: 1 }), Logger.info("tick", { a: 1 })))
    assert.strictEqual(HashSet.size(HashSet.make(Logger.info("tick"), Logger.info("tick"))), 2)
  })

  it.effect("have a level each, and the same shape as Effect.log*", () =>
    Effect.gen(function*() {
      const error = new Error("boom")
      const args = ["paid", 7, { orderId: 1 }, error, { orderId: 2, total: 3 }]
      const own = [Logger.trace, Logger.debug, Logger.info, Logger.warn, Logger.error, Logger.fatal]
      const levels: ReadonlyArray<LogLevel.Severity> = ["Trace", "Debug", "Info", "Warn", "Error", "Fatal"]
      const sink = recording()
      yield* run({ minimumLevel: "All", sinks: [sink.sink] }, () =>
        Effect.gen(function*() {
          for (const [i, level] of levels.entries()) {
            yield* own[i]!(...args)
            yield* Logger.log(level)(...args)
            yield* Effect.logWithLevel(level)(...args)
          }
        }).pipe(Effect.annotateLogs("job", "j"), Effect.withLogSpan("work")))
      assert.strictEqual(sink.records.length, 18)
      for (const [i, record] of sink.records.entries()) {
        assert.strictEqual(record.level, levels[Math.floor(i / 3)])
        assert.deepStrictEqual({ ...record, seq: 0, level: "Info" }, { ...sink.records[0]!, seq: 0, level: "Info" })
      }
      const { error: captured, fields, message, spans } = sink.records[0]!
      assert.deepStrictEqual({ fields, message, spans }, {
        fields: { orderId: 2, total: 3, job: "j" },
        message: "paid 7",
        spans: { work: 0 }
      })
      assert.strictEqual(captured?.message, "boom")
    }))

  it.effect("a Cause among the arguments is the error", () =>
    Effect.gen(function*() {
      const [one, two] = yield* recordsOf(
        Effect.andThen(Logger.error("x", Cause.die("d")), Effect.logError("x", Cause.die("d")))
      )
      assert.strictEqual(one!.error?.kind, "die")
      assert.deepStrictEqual(one!.error, two!.error)
    }))

  it.effect("a value is a description: it logs each time it is run, and calls its thunks each time", () =>
    Effect.gen(function*() {
      let n = 0
      const log = Logger.info("lazy", () => ({ n: ++n }))
      const records = yield* recordsOf(Effect.andThen(log, log))
      assert.deepStrictEqual(pick(records, "fields"), [{ fields: { n: 1 } }, { fields: { n: 2 } }])
    }))

  it.effect("a lazy argument that throws costs itself only, and is told as the error", () =>
    Effect.gen(function*() {
      const bad = () => {
        throw new RangeError("bad")
      }
      const [record, acknowledged] = yield* recordsOf(
        Effect.andThen(
          Logger.info("total", bad, () => ({ a: 1 })),
          Logger.acknowledged("Info", bad)
        )
      )
      assert.deepStrictEqual(pick([record!], "message", "fields"), [{ message: "total", fields: { a: 1 } }])
      assert.strictEqual(record!.error?.message, "a lazy argument of a log call threw")
      assert.strictEqual(record!.error?.cause?.message, "bad")
      assert.strictEqual(acknowledged!.error?.cause?.type, "RangeError")
    }))

  it.effect("the time is that of the caller's Clock, whatever clock the layer has", () =>
    Effect.gen(function*() {
      const clock = yield* Clock.Clock
      const later: Clock.Clock = { ...clock, currentTimeMillisUnsafe: () => 5_000 }
      const program = Effect.andThen(both("x"), Effect.asVoid(Logger.acknowledged("Info", "x")))
      const records = yield* recordsOf(Effect.provideService(program, Clock.Clock, later))
      assert.deepStrictEqual(records.map((record) => record.time), [5_000, 5_000, 5_000])
    }))
})

describe("named", () => {
  it.effect("names its records, and its fields lie between the call's own and the annotations", () =>
    Effect.gen(function*() {
      const auth = Logger.named("auth", { component: "login", own: 0, list: [1] })
      const [first, second] = yield* recordsOf(
        Effect.andThen(auth.info("in", { own: 1 }), auth.log("Warn")("out")).pipe(
          Effect.annotateLogs({ own: 2, component: "x", job: "j" })
        )
      )
      assert.deepStrictEqual(pick([first!, second!], "logger", "level", "message", "fields"), [
        {
          logger: "auth",
          level: "Info",
          message: "in",
          fields: { component: "login", own: 1, list: [1], job: "j" }
        },
        {
          logger: "auth",
          level: "Warn",
          message: "out",
          fields: { component: "login", own: 0, list: [1], job: "j" }
        }
      ])
    }))

  it.effect("has all the calls", () =>
    Effect.gen(function*() {
      const { acknowledged, debug, error, fatal, info, trace, warn } = Logger.named("auth")
      const sink = recording()
      yield* run({ minimumLevel: "All", sinks: [sink.sink] }, () =>
        Effect.gen(function*() {
          for (const log of [trace, debug, info, warn, error, fatal]) yield* log("x")
          assert.deepStrictEqual(yield* acknowledged("Info", "x"), { sinks: { probe: "delivered" } })
        }))
      assert.deepStrictEqual(
        sink.records.map((record) => `${record.logger} ${record.level}`),
        ["Trace", "Debug", "Info", "Warn", "Error", "Fatal", "Info"].map((level) => `auth ${level}`)
      )
    }))

  it.effect("copies its fields once: a later change of them changes nothing", () =>
    Effect.gen(function*() {
      const fields = { list: [1] }
      const auth = Logger.named("auth", fields)
      fields.list.push(2)
      const [record] = yield* recordsOf(auth.info("x"))
      assert.deepStrictEqual(record!.fields, { list: [1] })
    }))

  it.effect("fields that cannot be read harm nobody", () =>
    Effect.gen(function*() {
      const bad = {
        get key(): string {
          throw new Error("no")
        }
      }
      const [record] = yield* recordsOf(Logger.named("auth", bad).info("x"))
      assert.deepStrictEqual(Object.keys(record!.fields), ["key"])
    }))
})

describe("withName", () => {
  it.effect("names what Effect.log* and the unnamed calls log; the innermost counts, and a named logger has its own", () =>
    Effect.gen(function*() {
      const program = Effect.gen(function*() {
        yield* both("outer")
        yield* Logger.withName(both("inner"), "inner")
        yield* Logger.named("own").info("own")
        yield* both("outer")
      })
      const records = yield* recordsOf(Effect.andThen(Logger.withName("outer")(program), both("none")))
      assert.deepStrictEqual(
        records.map((record) => [record.message, record.logger]),
        [
          ["outer", "outer"],
          ["outer", "outer"],
          ["inner", "inner"],
          ["inner", "inner"],
          ["own", "own"],
          ["outer", "outer"],
          ["outer", "outer"],
          ["none", undefined],
          ["none", undefined]
        ]
      )
    }))

  it.effect("holds for child fibers", () =>
    Effect.gen(function*() {
      const records = yield* recordsOf(Logger.withName(Effect.flatMap(start(both("x")), Fiber.join), "auth"))
      assert.deepStrictEqual(records.map((record) => record.logger), ["auth", "auth"])
    }))
})

describe("withContext", () => {
  it.effect("nests: the inner one wins, custom key by key, and the layer's own lies below", () =>
    Effect.gen(function*() {
      const sink = recording()
      const inner = Logger.withContext(both("inner"), { userId: "u-2", custom: { b: 3, c: [4] } })
      yield* run(
        { context: { service: "shop", requestId: "none", custom: { z: 0 } }, sinks: [sink.sink] },
        () =>
          Effect.andThen(inner, both("outer")).pipe(
            Logger.withContext({ requestId: "r-1", userId: "u-1", custom: { a: 1, b: 2 } }),
            Effect.andThen(both("none"))
          )
      )
      const contexts = sink.records.map((record) => record.context)
      const expected = [
        { service: "shop", requestId: "r-1", userId: "u-2", custom: { z: 0, a: 1, b: 3, c: [4] } },
        { service: "shop", requestId: "r-1", userId: "u-1", custom: { z: 0, a: 1, b: 2 } },
        { service: "shop", requestId: "none", custom: { z: 0 } }
      ]
      assert.deepStrictEqual(contexts, expected.flatMap((context) => [context, context]))
      assert.strictEqual(contexts[0], contexts[1], "records share it")
    }))

  it.effect("is copied where it is set, and frozen", () =>
    Effect.gen(function*() {
      const custom = { list: [1] }
      const [record] = yield* recordsOf(
        Logger.withContext(Effect.andThen(Effect.sync(() => custom.list.push(2)), Logger.info("x")), { custom })
      )
      assert.deepStrictEqual(record!.context, { custom: { list: [1] } })
      assert.isTrue(Object.isFrozen(record!.context))
    }))

  it.effect("one that cannot be read harms nobody", () =>
    Effect.gen(function*() {
      const bad = {
        userId: "u-1",
        get requestId(): string {
          throw new Error("no")
        },
        get custom(): {} {
          throw new Error("no")
        }
      }
      const records = yield* recordsOf(Logger.withContext(both("x"), bad))
      assert.strictEqual(records.length, 2)
      assert.strictEqual(records[0]!.context.userId, "u-1")
    }))

  it.effect("G19 what is set in one fiber is never seen in a sibling", () =>
    Effect.gen(function*() {
      const names = ["a", "b", "c", "d"]
      const records = yield* recordsOf(Effect.gen(function*() {
        const all = yield* Effect.forEach(names, () => Deferred.make<void>())
        // each logs when all have set theirs
        const meet = (i: number) =>
          Effect.andThen(
            Deferred.succeed(all[i]!, undefined),
            Effect.forEach(all, (deferred) => Deferred.await(deferred), { discard: true })
          )
        yield* Effect.forEach(names, (name, i) => {
          const logs = Effect.andThen(meet(i), Effect.andThen(Effect.yieldNow, both(name)))
          return name === "d" ? logs : Logger.withContext(logs, { requestId: name, custom: { [name]: 1 } })
        }, { concurrency: "unbounded", discard: true })
      }))
      assert.strictEqual(records.length, 8)
      for (const { context, message } of records) {
        assert.deepStrictEqual(context, message === "d" ? {} : { requestId: message, custom: { [message]: 1 } })
      }
    }))

  it.effect("G19 it is inherited by children, also those that outlive it, and is removed with its scope", () =>
    Effect.gen(function*() {
      const records = yield* recordsOf(Effect.gen(function*() {
        const gate = yield* Deferred.make<void>()
        const later = (message: string) => Effect.andThen(Deferred.await(gate), both(message))
        const before = yield* Effect.forkDetach(later("before"))
        const { child, detached } = yield* Logger.withContext(
          Effect.gen(function*() {
            yield* both("inside")
            const child = yield* Effect.forkChild(later("child"))
            const detached = yield* Effect.forkDetach(Logger.withContext(later("detached"), { requestId: "r-2" }))
            return { child, detached }
          }),
          { userId: "u-1" }
        )
        yield* Effect.exit(Logger.withContext(Effect.andThen(both("failing"), Effect.fail("no")), { userId: "u-2" }))
        yield* both("after")
        yield* Deferred.succeed(gate, undefined)
        yield* Effect.forEach([before, child, detached], Fiber.join)
      }))
      const seen = new Map(records.map((record) => [record.message, record.context]))
      assert.deepStrictEqual(Object.fromEntries(seen), {
        inside: { userId: "u-1" },
        failing: { userId: "u-2" },
        after: {},
        before: {},
        child: { userId: "u-1" },
        detached: { userId: "u-1", requestId: "r-2" }
      })
      assert.strictEqual(records.length, 12)
    }))

  it.effect("G19 trace and span ids are those of the caller's span, in every fiber its own", () =>
    Effect.gen(function*() {
      const ids = new Map<string, readonly [traceId: string | undefined, spanId: string | undefined]>()
      const spanned = (name: string) =>
        Effect.withSpan(
          Effect.gen(function*() {
            const span = yield* Effect.currentSpan
            ids.set(name, [span.traceId, span.spanId])
            yield* Effect.yieldNow
            yield* both(name)
          }),
          name,
          { root: name !== "nested" }
        )
      const nesting = Effect.withSpan(Effect.andThen(spanned("nested"), Effect.orDie(Effect.currentSpan)), "outer")
      const records = yield* recordsOf(Effect.gen(function*() {
        yield* Effect.all([spanned("a"), spanned("b")], { concurrency: "unbounded" })
        const outer = yield* nesting
        assert.strictEqual(ids.get("nested")![0], outer.traceId)
        yield* both("outside")
      }))
      ids.set("outside", [undefined, undefined])
      assert.strictEqual(records.length, 8)
      for (const { message, spanId, traceId } of records) assert.deepStrictEqual([traceId, spanId], ids.get(message))
      assert.strictEqual(new Set([...ids.values()].map(([traceId]) => traceId)).size, 4)
    }))
})

describe("acknowledged", () => {
  const refused = (call: Effect.Effect<Logger.Receipt, Logger.NotAccepted>) =>
    Effect.map(Effect.flip(call), ({ reason, sinks }) => ({ reason, sinks }))
  const send = Logger.acknowledged("Info", "x")

  it.effect("has the outcome of every sink that takes the record", () =>
    Effect.gen(function*() {
      const one = gated({ name: "one" })
      const two = gated({ name: "two" })
      const fatal = recording({ name: "fatal", minimumLevel: "Fatal" })
      const other = recording({ name: "other", filter: () => false })
      const sinks = [one.sink, two.sink, fatal.sink, other.sink]
      yield* run({ sinks }, () =>
        Effect.gen(function*() {
          const fiber = yield* start(Logger.acknowledged("Info", "paid", { orderId: 7 }, () => ({ lazy: true })))
          yield* one.release
          yield* turns
          assert.strictEqual(fiber.pollUnsafe(), undefined, "one of two is not enough")
          assert.deepStrictEqual(one.messages(), ["paid"])
          yield* two.release
          assert.deepStrictEqual(yield* Fiber.join(fiber), { sinks: { one: "delivered", two: "delivered" } })
        }))
      assert.deepStrictEqual(two.records[0]!.fields, { orderId: 7, lazy: true })
    }))

  it.effect("fails when one sink lost it, and says how it ended at each", () =>
    Effect.gen(function*() {
      const good = recording({ name: "good" })
      const bad = answering(() => Effect.fail(Sinks.rejected()), { name: "bad" })
      yield* run({ sinks: [good.sink, bad.sink] }, () =>
        Effect.gen(function*() {
          const error = yield* Effect.flip(send)
          assert.instanceOf(error, Logger.NotAccepted)
          assert.deepStrictEqual({ reason: error.reason, sinks: error.sinks }, {
            reason: "rejected",
            sinks: { good: "delivered", bad: "rejected" }
          })
          assert.strictEqual(error.message, "the record was not accepted: rejected")
        }))
    }))

  it.effect("waits for room and then for delivery, and takes a timeout", () =>
    Effect.gen(function*() {
      const sink = gated({ batch: { size: 1 } })
      yield* run({ queue: { capacity: 1, strategy: "backpressure" }, sinks: [sink.sink] }, () =>
        Effect.gen(function*() {
          yield* Effect.logInfo("flying")
          yield* sink.began
          yield* Effect.logInfo("queued")
          const fiber = yield* start(send)
          yield* turns
          assert.strictEqual((yield* counts()).waiting, 1)
          yield* sink.step
          yield* turns
          assert.strictEqual((yield* counts()).waiting, 0)
          yield* sink.step
          yield* turns
          assert.strictEqual(fiber.pollUnsafe(), undefined, "there was room, but it is not delivered")
          yield* sink.step
          assert.deepStrictEqual(yield* Fiber.join(fiber), { sinks: { probe: "delivered" } })

          const limited = yield* start(Effect.timeoutOption(send, "3 seconds"))
          yield* TestClock.adjust("3 seconds")
          assert.strictEqual((yield* Fiber.join(limited))._tag, "None")
          yield* sink.release
        }))
      assert.deepStrictEqual(sink.messages(), ["flying", "queued", "x", "x"])
    }))

  it.effect("waits through retries", () =>
    Effect.gen(function*() {
      const sink = answering((_, attempt) => attempt < 3 ? Effect.fail("down") : Effect.void)
      yield* run({ sinks: [sink.sink] }, () =>
        Effect.gen(function*() {
          const fiber = yield* start(send)
          yield* turns
          assert.strictEqual(fiber.pollUnsafe(), undefined)
          yield* TestClock.adjust("2 seconds")
          yield* Fiber.join(fiber)
          assert.strictEqual(sink.writes.length, 3)
        }))
    }))

  it.effect("interrupted while it waits for room, its record is dropped; afterwards it takes nothing back", () =>
    Effect.gen(function*() {
      const sink = gated({ batch: { size: 1 } })
      const { report } = yield* run(
        { queue: { capacity: 1, strategy: "backpressure" }, sinks: [sink.sink] },
        () =>
          Effect.gen(function*() {
            yield* Effect.logInfo("flying")
            yield* sink.began
            const queued = yield* start(Logger.acknowledged("Info", "queued"))
            const waiting = yield* start(Logger.acknowledged("Info", "waiting"))
            yield* turns
            for (const fiber of [queued, waiting]) {
              yield* Fiber.interrupt(fiber)
              assert.isTrue(Exit.hasInterrupts(yield* Fiber.await(fiber)))
            }
            yield* sink.release
          })
      )
      assert.deepStrictEqual(sink.messages(), ["flying", "queued"])
      assert.deepStrictEqual(losses(report.sinks["probe"]!), { interrupted: 1 })
    }))

  it.effect("disabled, unwanted and filtered: no sink takes it", () =>
    Effect.gen(function*() {
      const picky = recording({ filter: (record) => record.message !== "x" })
      const noise = Filters.where((record) => record.message !== "noise")
      yield* run({ stages: [noise], sinks: [picky.sink] }, () =>
        Effect.gen(function*() {
          assert.deepStrictEqual(yield* refused(Logger.acknowledged("Debug", "y")), { reason: "disabled", sinks: {} })
          assert.deepStrictEqual(yield* refused(send), { reason: "unwanted", sinks: {} })
          assert.deepStrictEqual(yield* refused(Logger.acknowledged("Info", "noise")), {
            reason: "filtered",
            sinks: {}
          })
          assert.deepStrictEqual(picky.writes, [])
        }))
    }))

  it.effect("held: a gate keeps it", () =>
    Effect.gen(function*() {
      const sink = recording()
      yield* run({ stages: [holdEffect(5)], sinks: [sink.sink] }, () =>
        Effect.gen(function*() {
          assert.deepStrictEqual(yield* refused(send), { reason: "held", sinks: {} })
          yield* Logger.acknowledged("Error", "released")
          assert.deepStrictEqual(sink.messages(), ["x", "released"])
        }))
    }))

  it.effect("is about its own record, not about those that a gate lets go before it", () =>
    Effect.gen(function*() {
      const sink = gated({ batch: { size: 1 } })
      yield* run({ stages: [holdEffect(5)], sinks: [sink.sink] }, () =>
        Effect.gen(function*() {
          yield* Effect.logInfo("held")
          const fiber = yield* start(Logger.acknowledged("Error", "own"))
          yield* sink.began
          yield* sink.step
          yield* turns
          assert.deepStrictEqual(sink.messages(), ["held"])
          assert.strictEqual(fiber.pollUnsafe(), undefined)
          yield* sink.step
          assert.deepStrictEqual(yield* Fiber.join(fiber), { sinks: { probe: "delivered" } })
        }))
      const lossy = answering((batch) => batch[0]!.message === "own" ? Effect.void : Effect.fail(Sinks.rejected()), {
        batch: { size: 1 }
      })
      yield* run({ stages: [holdEffect(5)], sinks: [lossy.sink] }, () =>
        Effect.gen(function*() {
          yield* Effect.logInfo("held")
          assert.deepStrictEqual(yield* Logger.acknowledged("Error", "own"), { sinks: { probe: "delivered" } })
        }))
    }))

  it.effect("is held when a gate keeps it and lets an older one go", () =>
    Effect.gen(function*() {
      const sink = recording()
      const oneBehind = Effect.sync(() => {
        let kept: ReadonlyArray<LogRecord> = []
        return Pipeline.gate({
          push(record) {
            const out = kept
            kept = [record]
            return out
          },
          close: () => kept,
          get held() {
            return kept.length
          },
          made: 0
        })
      })
      yield* run({ stages: [oneBehind], sinks: [sink.sink] }, () =>
        Effect.gen(function*() {
          yield* Logger.info("a")
          assert.deepStrictEqual(yield* refused(Logger.acknowledged("Info", "b")), { reason: "held", sinks: {} })
          yield* AsyncLogging.flush
          assert.deepStrictEqual(sink.messages(), ["a"])
        }))
      assert.deepStrictEqual(sink.messages(), ["a", "b"])
    }))

  it.effect("is about its own record also when a gate puts one that it made behind it", () =>
    Effect.gen(function*() {
      const sink = answering((batch) => batch[0]!.message === "own" ? Effect.fail(Sinks.rejected()) : Effect.void, {
        batch: { size: 1 }
      })
      const doubling = Effect.sync(() => {
        let made = 0
        return Pipeline.gate({
          push(record) {
            made++
            return [record, { ...record, message: "made" }]
          },
          close: () => [],
          held: 0,
          get made() {
            return made
          }
        })
      })
      yield* run({ stages: [doubling], sinks: [sink.sink] }, () =>
        Effect.gen(function*() {
          const { reason } = yield* refused(Logger.acknowledged("Info", "own"))
          assert.strictEqual(reason, "rejected")
        }))
      assert.deepStrictEqual(sink.messages(), ["made"])
    }))

  it.effect("is filtered when a gate discards it and lets go what it made", () =>
    Effect.gen(function*() {
      const sink = recording()
      yield* run({ stages: [repeatEffect], sinks: [sink.sink] }, () =>
        Effect.gen(function*() {
          yield* send
          assert.deepStrictEqual(yield* refused(send), { reason: "filtered", sinks: {} })
          yield* Logger.acknowledged("Info", "y")
          assert.deepStrictEqual(sink.messages(), ["x", "repeated 1 times", "y"])
        }))
    }))

  it.effect("is what a gate says of it that tells whether it keeps it", () =>
    Effect.gen(function*() {
      const sink = recording()
      const telling = Effect.sync(() => {
        const kept: Array<LogRecord> = []
        let made = 0
        let keepsLast = false
        return Pipeline.gate({
          push(record) {
            keepsLast = record.message === "kept"
            if (keepsLast) kept.push(record)
            if (record.message === "replaced") made = kept.push({ ...record, message: "made" }) - 1
            return []
          },
          close: () => kept,
          get held() {
            return kept.length
          },
          get made() {
            return made
          },
          get keepsLast() {
            return keepsLast
          }
        })
      })
      yield* run({ stages: [telling], sinks: [sink.sink] }, () =>
        Effect.gen(function*() {
          const reasonOf = (message: string) =>
            Effect.map(refused(Logger.acknowledged("Info", message)), ({ reason }) => reason)
          assert.deepStrictEqual(yield* Effect.forEach(["kept", "dropped", "replaced"], reasonOf), [
            "held",
            "filtered",
            "filtered"
          ])
          const { ledger } = yield* AsyncLogging.stats
          assert.deepStrictEqual([ledger.made, ledger.held, ledger.filtered], [1, 2, { gate: 2 }])
        }))
      assert.deepStrictEqual(sink.messages(), ["kept", "made"])
    }))

  it.effect("evicted and queue_full: there was no room", () =>
    Effect.gen(function*() {
      const sliding = gated({ name: "sliding", queue: { strategy: "sliding" } })
      const dropping = gated({ name: "dropping", queue: { strategy: "dropping" } })
      yield* run({ queue: { capacity: 1 }, sinks: [sliding.sink, dropping.sink] }, () =>
        Effect.gen(function*() {
          yield* Effect.logInfo("flying")
          yield* sliding.began
          yield* dropping.began
          yield* Effect.logInfo("queued")
          const fiber = yield* start(send)
          yield* Effect.logInfo("newer")
          assert.deepStrictEqual(yield* refused(Fiber.join(fiber)), {
            reason: "evicted",
            sinks: { sliding: "evicted", dropping: "queue_full" }
          })
          yield* sliding.release
          yield* dropping.release
        }))
    }))

  // a sink with one record in flight and as many in the queue as it holds
  const crowded = (program: (sink: Probe) => Effect.Effect<void, unknown>, maxWait?: "3 seconds") =>
    Effect.gen(function*() {
      const sink = gated()
      const queue = { capacity: 1, strategy: "backpressure", overdraft: 0, maxWait } as const
      yield* run({ queue, sinks: [sink.sink] }, () =>
        Effect.gen(function*() {
          yield* Effect.logInfo("flying")
          yield* sink.began
          yield* Effect.logInfo("queued")
          yield* program(sink)
          yield* sink.release
        }))
      assert.deepStrictEqual(sink.messages(), ["flying", "queued"])
    })

  it.effect("overdraft: in an uninterruptible region it does not wait for room", () =>
    crowded(() =>
      Effect.gen(function*() {
        assert.deepStrictEqual(yield* Effect.uninterruptible(refused(send)), {
          reason: "overdraft",
          sinks: { probe: "overdraft" }
        })
      })
    ))

  it.effect("wait_timeout: there was none within maxWait", () =>
    crowded(() =>
      Effect.gen(function*() {
        const fiber = yield* start(refused(send))
        yield* TestClock.adjust("2999 millis")
        assert.strictEqual(fiber.pollUnsafe(), undefined)
        yield* TestClock.adjust("1 millis")
        assert.deepStrictEqual(yield* Fiber.join(fiber), { reason: "wait_timeout", sinks: { probe: "wait_timeout" } })
      }), "3 seconds"))

  it.effect("retry_exhausted: maxAttempts were made", () => {
    const sink = answering(() => Effect.fail("down"), { retry: { maxAttempts: 1 } })
    return run({ sinks: [sink.sink] }, () =>
      Effect.gen(function*() {
        assert.deepStrictEqual(yield* refused(send), {
          reason: "retry_exhausted",
          sinks: { probe: "retry_exhausted" }
        })
      }))
  })

  it.effect("fatal and sink_ended: the sink is finished", () => {
    const sink = answering(() => Effect.fail(Sinks.fatal()))
    return run({ sinks: [sink.sink] }, () =>
      Effect.gen(function*() {
        assert.deepStrictEqual(yield* refused(send), { reason: "fatal", sinks: { probe: "fatal" } })
        assert.deepStrictEqual(yield* refused(send), { reason: "sink_ended", sinks: { probe: "sink_ended" } })
      }))
  })

  it.effect("shutdown_timeout and already_shutdown: the layer closed before", () => {
    const sink = hung({ batch: { size: 1 } })
    return run({ drainTimeout: "1 second", sinks: [sink.sink] }, () =>
      Effect.gen(function*() {
        const fibers = [yield* start(refused(send)), yield* start(refused(send))]
        yield* sink.began
        const closing = yield* start(AsyncLogging.close)
        yield* TestClock.adjust("1 second")
        yield* Fiber.join(closing)
        for (const fiber of fibers) {
          assert.deepStrictEqual(yield* Fiber.join(fiber), {
            reason: "shutdown_timeout",
            sinks: { probe: "shutdown_timeout" }
          })
        }
        assert.deepStrictEqual(yield* refused(send), { reason: "already_shutdown", sinks: {} })
      }))
  })

  it.effect("a caller that waits for room when the close begins is acknowledged by it", () =>
    Effect.gen(function*() {
      const sink = gated()
      yield* run({ queue: { capacity: 1, strategy: "backpressure" }, sinks: [sink.sink] }, () =>
        Effect.gen(function*() {
          yield* Effect.logInfo("flying")
          yield* sink.began
          yield* Effect.logInfo("queued")
          const fiber = yield* start(send)
          const closing = yield* start(AsyncLogging.close)
          yield* sink.release
          assert.deepStrictEqual(yield* Fiber.join(fiber), { sinks: { probe: "delivered" } })
          yield* Fiber.join(closing)
        }))
    }))

  it.effect("no_layer: there is nobody who could acknowledge it, and nothing is logged", () =>
    Effect.gen(function*() {
      let calls = 0
      const logger = EffectLogger.make(() => calls++)
      const call = Logger.acknowledged("Info", () => calls++)
      assert.deepStrictEqual(yield* Effect.provide(refused(call), EffectLogger.layer([logger])), {
        reason: "no_layer",
        sinks: {}
      })
      assert.strictEqual(calls, 0)
    }))
})

describe("without the layer", () => {
  // what a logger of Effect's is told
  const told = <A, E>(program: Effect.Effect<A, E>) =>
    Effect.gen(function*() {
      const seen: Array<{ readonly message: unknown; readonly level: string; readonly annotations: unknown }> = []
      const logger = EffectLogger.make<unknown, void>(({ fiber, logLevel, message }) => {
        seen.push({ message, level: logLevel, annotations: fiber.getRef(References.CurrentLogAnnotations) })
      })
      yield* Effect.provide(program, EffectLogger.layer([logger]))
      return seen
    })

  it.effect("the calls are Effect.log* calls, with annotations", () =>
    Effect.gen(function*() {
      const seen = yield* told(
        Effect.gen(function*() {
          yield* Logger.info("a", { b: 1 })
          yield* Logger.warn("c")
          yield* Logger.log("Error")("d")
        }).pipe(Effect.annotateLogs("job", "j"))
      )
      assert.deepStrictEqual(seen, [
        { message: ["a", { b: 1 }], level: "Info", annotations: { job: "j" } },
        { message: ["c"], level: "Warn", annotations: { job: "j" } },
        { message: ["d"], level: "Error", annotations: { job: "j" } }
      ])
    }))

  it.effect("lazy fields are called when the level is enabled, once, and bound fields are part of the message", () =>
    Effect.gen(function*() {
      let calls = 0
      const lazy = () => ({ calls: ++calls })
      const auth = Logger.named("auth", { component: "login" })
      const seen = yield* told(Effect.gen(function*() {
        yield* Logger.debug("no", lazy)
        yield* Effect.provideService(Logger.info("no", lazy), References.MinimumLogLevel, "Error")
        assert.strictEqual(calls, 0)
        yield* Logger.info("yes", lazy)
        yield* auth.info("bound", lazy)
        yield* auth.debug("no", lazy)
      }))
      assert.deepStrictEqual(seen.map(({ message }) => message), [
        ["yes", { calls: 1 }],
        ["bound", { calls: 2 }, { component: "login" }]
      ])
    }))

  it.effect("a lazy argument that throws harms nobody", () =>
    Effect.gen(function*() {
      const [seen] = yield* told(Logger.info("x", () => {
        throw new RangeError("bad")
      }))
      const [message, error] = seen!.message as ReadonlyArray<unknown>
      assert.strictEqual(message, "x")
      assert.instanceOf(error, Error)
    }))

  it.effect("withName and withContext change nothing", () =>
    Effect.gen(function*() {
      const seen = yield* told(both("x").pipe(Logger.withName("auth"), Logger.withContext({ requestId: "r-1" })))
      assert.deepStrictEqual(seen.map(({ message }) => message), [["x"], ["x"]])
    }))
})
