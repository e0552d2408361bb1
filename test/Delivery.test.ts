import { assert, describe, it } from "@effect/vitest"
import * as Clock from "effect/Clock"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as TestClock from "effect/testing/TestClock"
import * as AsyncLogging from "../src/AsyncLogging.ts"
import * as Logger from "../src/Logger.ts"
import * as Sinks from "../src/Sinks.ts"
import {
  type Answer,
  answering,
  counts,
  losses,
  messagesOf,
  numbers,
  planned,
  recording,
  run,
  turns
} from "./support/sinks.ts"

const logAll = (messages: ReadonlyArray<string>) => Effect.forEach(messages, (message) => Effect.logInfo(message))

// the close of a sink that stays down ends at once
const impatient = { drainTimeout: "1 millis" } as const
const letGo = Effect.forkDetach(Effect.andThen(turns, TestClock.adjust("5 millis")))

// a sink that answers, and remembers when each write began
const timed = (answer: Answer, options?: Sinks.SinkOptions) => {
  const times: Array<number> = []
  const probe = answering(
    (batch, attempt) =>
      Effect.flatMap(Clock.currentTimeMillis, (now) => {
        times.push(now)
        return answer(batch, attempt)
      }),
    options
  )
  const pauses = () => times.slice(1).map((time, index) => time - times[index]!)
  return { ...probe, pauses }
}

describe("Unavailable", () => {
  it.effect("is tried again after its pause, also when the clock is set back in the middle of it", () =>
    Effect.gen(function*() {
      const clock = yield* Clock.Clock
      let behind = 0
      const set = { ...clock, currentTimeMillisUnsafe: () => clock.currentTimeMillisUnsafe() - behind }
      const sink = answering((_, attempt) => attempt === 1 ? Effect.fail("down") : Effect.void)
      const program = run({ sinks: [sink.sink] }, () =>
        Effect.gen(function*() {
          yield* Effect.logInfo("1")
          yield* turns
          behind = 3_600_000
          yield* TestClock.adjust("150 millis")
          yield* TestClock.adjust("100 millis")
          yield* turns
          assert.deepStrictEqual(messagesOf(sink.writes.at(-1)!), ["1"])
          assert.strictEqual(sink.writes.length, 2)
        }))
      yield* Effect.provideService(program, Clock.Clock, set)
    }))

  it.effect("is tried again exponentially from 200 ms to 30 s, with a jitter of a fifth, without limit", () =>
    Effect.gen(function*() {
      const sink = timed(() => Effect.fail("down"))
      yield* run({ ...impatient, sinks: [sink.sink] }, () =>
        Effect.gen(function*() {
          yield* Effect.logInfo("1")
          yield* turns
          yield* TestClock.adjust("1 hour")
          const pauses = sink.pauses()
          for (const [index, pause] of pauses.entries()) {
            const middle = Math.min(200 * 2 ** index, 30_000)
            assert.isAtLeast(pause, middle * 0.8)
            assert.isAtMost(pause, middle * 1.2)
          }
          assert.isAbove(pauses.length, 3600 / 36)
          assert.isAbove(new Set(pauses.slice(20)).size, 10, "the jitter is there")
          const { sinks } = yield* AsyncLogging.stats
          assert.strictEqual(sinks["probe"]!.attempts, pauses.length + 1)
          assert.strictEqual(sinks["probe"]!.retries, pauses.length)
          assert.strictEqual(sinks["probe"]!.ledger.sending, 1)
          yield* letGo
        }))
    }))

  it.effect("retry.initial and retry.max are the first and the longest pause", () =>
    Effect.gen(function*() {
      const sink = timed(() => Effect.fail("down"), { retry: { initial: "1 second", max: "3 seconds" } })
      yield* run({ ...impatient, sinks: [sink.sink] }, () =>
        Effect.gen(function*() {
          yield* Effect.logInfo("1")
          yield* turns
          yield* TestClock.adjust("1 minute")
          const [first, second, ...rest] = sink.pauses()
          const isNear = (pause: number, middle: number) => pause >= middle * 0.8 && pause <= middle * 1.2
          assert.isTrue(isNear(first!, 1000) && isNear(second!, 2000))
          assert.isTrue(rest.length > 10 && rest.every((pause) => isNear(pause, 3000)))
          yield* letGo
        }))
    }))

  it.effect("G23 a sink that fails the first n times gets each record once, in order, and the others notice nothing", () =>
    Effect.gen(function*() {
      const sink = answering((_, attempt) => attempt <= 10 ? Effect.fail("down") : Effect.void, { batch: { size: 3 } })
      const control = recording({ name: "control", batch: { size: 3 } })
      yield* run({ sinks: [sink.sink, control.sink] }, () =>
        Effect.gen(function*() {
          yield* logAll(numbers(1, 10))
          yield* turns
          assert.deepStrictEqual(control.messages(), numbers(1, 10))
          yield* logAll(numbers(11, 20))
          yield* TestClock.adjust("1 hour")
          assert.deepStrictEqual(sink.messages(), numbers(1, 20))
          assert.deepStrictEqual(losses(yield* counts()), {})
        }))
      assert.deepStrictEqual(control.messages(), numbers(1, 20))
    }))

  it.effect("the backoff starts anew with the next batch", () =>
    Effect.gen(function*() {
      const sink = timed((_, attempt) => attempt % 5 === 0 ? Effect.void : Effect.fail("down"), { batch: { size: 1 } })
      yield* run({ sinks: [sink.sink] }, () =>
        Effect.gen(function*() {
          yield* logAll(["1", "2"])
          yield* turns
          yield* TestClock.adjust("1 hour")
          const pauses = sink.pauses()
          assert.strictEqual(pauses.length, 9)
          assert.strictEqual(pauses[4], 0)
          for (const index of [0, 5]) assert.isAtMost(pauses[index]!, 240)
          for (const index of [3, 8]) assert.isAtLeast(pauses[index]!, 1280)
        }))
    }))

  it.effect("the backoff starts anew when a part of the batch has arrived", () =>
    Effect.gen(function*() {
      const sink = timed((_, attempt) =>
        attempt === 9 ? Effect.void : Effect.fail(Sinks.unavailable({ delivered: attempt === 5 ? 1 : 0 }))
      )
      yield* run({ sinks: [sink.sink] }, () =>
        Effect.gen(function*() {
          yield* logAll(["1", "2"])
          yield* turns
          yield* TestClock.adjust("1 hour")
          const pauses = sink.pauses()
          assert.strictEqual(pauses.length, 8)
          for (const index of [0, 4]) assert.isAtMost(pauses[index]!, 240)
          for (const index of [3, 7]) assert.isAtLeast(pauses[index]!, 1280)
        }))
    }))

  it.effect("retryAfter is the pause instead of the backoff, and is capped at five minutes", () =>
    Effect.gen(function*() {
      const after = (retryAfter: Sinks.Unavailable["retryAfter"]) => Effect.fail(Sinks.unavailable({ retryAfter }))
      const sink = timed((_, attempt) =>
        [after("7 seconds"), after(1234), after("2 days"), after(Number.POSITIVE_INFINITY)][attempt - 1] ?? Effect.void
      )
      yield* run({ sinks: [sink.sink] }, () =>
        Effect.gen(function*() {
          yield* Effect.logInfo("1")
          yield* turns
          yield* TestClock.adjust("1 hour")
          assert.deepStrictEqual(sink.pauses(), [7000, 1234, 300_000, 300_000])
        }))
    }))

  it.effect("a retryAfter of no time, or that is none, is no reason to try without a pause", () =>
    Effect.gen(function*() {
      for (const retryAfter of [0, "0 seconds", -5, Number.NaN, "soon" as "1 second"] as const) {
        const sink = timed(() => Effect.fail(Sinks.unavailable({ retryAfter })))
        yield* run({ ...impatient, sinks: [sink.sink] }, () =>
          Effect.gen(function*() {
            yield* Effect.logInfo("1")
            yield* turns
            assert.strictEqual(sink.writes.length, 1)
            yield* TestClock.adjust("240 millis")
            assert.strictEqual(sink.writes.length, 2)
            yield* letGo
          }))
      }
    }))

  it.effect("delivered says how many from the head arrived: only the rest is tried again", () =>
    Effect.gen(function*() {
      const sink = planned([
        Effect.fail(Sinks.unavailable({ delivered: 2 })),
        Effect.fail(Sinks.unavailable({ delivered: 0 })),
        Effect.fail(Sinks.unavailable({ delivered: 1 }))
      ])
      yield* run({ sinks: [sink.sink] }, () =>
        Effect.gen(function*() {
          yield* logAll(numbers(1, 5))
          yield* turns
          assert.strictEqual((yield* counts()).delivered, 2)
          yield* TestClock.adjust("1 minute")
          assert.deepStrictEqual(sink.batches(), [numbers(1, 5), numbers(3, 5), numbers(3, 5), numbers(4, 5)])
          assert.deepStrictEqual(sink.messages(), numbers(1, 5))
          assert.strictEqual((yield* counts()).delivered, 5)
        }))
    }))

  it.effect("delivered that is more than all, or not a number of records, breaks nothing", () =>
    Effect.gen(function*() {
      for (const delivered of [99, -1, Number.NaN, 1.5]) {
        const sink = planned([Effect.fail(Sinks.unavailable({ delivered }))])
        yield* run({ sinks: [sink.sink] }, () =>
          Effect.gen(function*() {
            yield* logAll(numbers(1, 3))
            yield* turns
            yield* TestClock.adjust("1 minute")
            assert.strictEqual((yield* counts()).delivered, 3)
          }))
      }
    }))

  it.effect("reopen closes the scope of the sink and opens it anew before the next attempt", () =>
    Effect.gen(function*() {
      const sink = planned([Effect.fail(Sinks.unavailable({ reopen: true })), Effect.fail("down")])
      yield* run({ sinks: [sink.sink] }, () =>
        Effect.gen(function*() {
          yield* Effect.logInfo("1")
          yield* turns
          assert.deepStrictEqual(sink.events, ["open", "write", "close"])
          yield* TestClock.adjust("1 minute")
        }))
      assert.deepStrictEqual(sink.events, ["open", "write", "close", "open", "write", "write", "written", "close"])
    }))

  it.effect("a sink that hangs each time it is closed is not opened without end", () =>
    Effect.gen(function*() {
      let opens = 0
      const sink = Sinks.scoped({
        name: "probe",
        timeout: "1 second",
        open: Effect.as(
          Effect.acquireRelease(Effect.sync(() => void opens++), () => Effect.uninterruptible(Effect.never)),
          { write: () => Effect.fail(Sinks.unavailable({ reopen: true })) }
        )
      })
      yield* run({ ...impatient, sinks: [sink] }, () =>
        Effect.gen(function*() {
          yield* Effect.logInfo("1")
          yield* turns
          yield* TestClock.adjust("10 minutes")
          assert.strictEqual(opens, 3)
          yield* letGo
        }))
    }))

  it.effect("a reopening that fails is an attempt that failed; the next one opens again", () =>
    Effect.gen(function*() {
      let opens = 0
      const written: Array<string> = []
      const sink = Sinks.scoped({
        name: "probe",
        open: Effect.suspend(() => {
          opens++
          return opens === 2 || opens === 3 ? Effect.fail(`no ${opens}`) : Effect.succeed({
            write: (batch: ReadonlyArray<{ readonly message: string }>) =>
              opens === 1
                ? Effect.fail(Sinks.unavailable({ reopen: true }))
                : Effect.sync(() => batch.forEach(({ message }) => written.push(message)))
          })
        })
      })
      yield* run({ sinks: [sink] }, () =>
        Effect.gen(function*() {
          yield* Effect.logInfo("1")
          yield* turns
          yield* TestClock.adjust("240 millis")
          const { attempts, lastError } = (yield* AsyncLogging.stats).sinks["probe"]!
          assert.deepStrictEqual([attempts, lastError?.message], [2, "no 2"])
          yield* TestClock.adjust("1 minute")
          assert.deepStrictEqual([opens, written], [4, ["1"]])
        }))
    }))

  it.effect("maxAttempts gives a record up after so many attempts, and the next batch has its own", () =>
    Effect.gen(function*() {
      const sink = answering((_, attempt) => attempt <= 5 ? Effect.fail("down") : Effect.void, {
        batch: { size: 3 },
        retry: { maxAttempts: 3 }
      })
      yield* run({ sinks: [sink.sink] }, () =>
        Effect.gen(function*() {
          yield* logAll(numbers(1, 5))
          yield* turns
          yield* TestClock.adjust("1 hour")
          const first = numbers(1, 3)
          const second = numbers(4, 5)
          assert.deepStrictEqual(sink.batches(), [first, first, first, second, second, second])
          assert.deepStrictEqual(losses(yield* counts()), { "failed: retry_exhausted": 3 })
          assert.deepStrictEqual(sink.messages(), second)
        }))
    }))
})

describe("Outcomes", () => {
  it.effect("each record has its own: delivered, rejected, or tried again after its neighbours", () =>
    Effect.gen(function*() {
      const sink = planned([
        Effect.succeed(["delivered", "retry", "rejected", "retry", "delivered"]),
        // the line that tells of "3" stands between the two
        Effect.succeed(["retry", "delivered", "delivered"])
      ], { batch: { size: 5 } })
      yield* run({ sinks: [sink.sink] }, () =>
        Effect.gen(function*() {
          yield* logAll(numbers(1, 7))
          yield* turns
          assert.deepStrictEqual(losses(yield* counts()), { "failed: rejected": 1 })
          assert.strictEqual(sink.writes.length, 1, "not at once")
          yield* TestClock.adjust("1 minute")
        }))
      assert.deepStrictEqual(sink.batches(), [numbers(1, 5), ["2", "4"], ["2"], ["6", "7"]])
      assert.deepStrictEqual(sink.messages(), ["1", "5", "4", "2", "6", "7"])
    }))

  it.effect("a list that is too short says nothing of the rest, one too long nothing more", () =>
    Effect.gen(function*() {
      const sink = planned([
        Effect.succeed(["delivered"]),
        Effect.succeed([]),
        Effect.succeed(["delivered", "delivered", "rejected", "rejected"])
      ])
      yield* run({ sinks: [sink.sink] }, () =>
        Effect.gen(function*() {
          yield* logAll(numbers(1, 3))
          yield* turns
          assert.strictEqual((yield* AsyncLogging.stats).sinks["probe"]!.lastError?.message, "records were not taken")
          yield* TestClock.adjust("1 minute")
          assert.deepStrictEqual(sink.batches(), [numbers(1, 3), numbers(2, 3), numbers(2, 3)])
          assert.strictEqual((yield* counts()).delivered, 3)
          assert.deepStrictEqual(losses(yield* counts()), {})
        }))
    }))

  it.effect("an unknown outcome is tried again, an answer that is no list is a success", () =>
    Effect.gen(function*() {
      const sink = planned([Effect.succeed(["maybe", null] as never), Effect.succeed({ ok: 1 } as never)])
      yield* run({ sinks: [sink.sink] }, () =>
        Effect.gen(function*() {
          yield* logAll(["1", "2"])
          yield* turns
          assert.strictEqual((yield* counts()).delivered, 0)
          assert.strictEqual((yield* AsyncLogging.stats).sinks["probe"]!.lastError?.message, "records were not taken")
          yield* TestClock.adjust("1 minute")
          assert.strictEqual((yield* counts()).delivered, 2)
        }))
    }))
})

describe("Rejected", () => {
  it.effect("G26 with indexes: those are refused for good, and their neighbours are delivered at once", () =>
    Effect.gen(function*() {
      const sink = answering((batch) => {
        const indexes = batch.flatMap(({ message }, index) => message.startsWith("poison") ? [index] : [])
        return indexes.length === 0 ? Effect.void : Effect.fail(Sinks.rejected({ indexes }))
      })
      yield* run({ sinks: [sink.sink] }, () =>
        Effect.gen(function*() {
          yield* logAll(["1", "poison a", "2", "poison b", "3"])
          yield* turns
          assert.deepStrictEqual(sink.messages(), ["1", "2", "3"])
          assert.deepStrictEqual(losses(yield* counts()), { "failed: rejected": 2 })
          assert.strictEqual(yield* Clock.currentTimeMillis, 0)
        }))
    }))

  it.effect("G26 maxAttempts counts the attempts that failed a record itself, not those that failed its neighbours", () =>
    Effect.gen(function*() {
      const sink = answering((batch) => {
        const index = batch.findIndex(({ message }) => message.startsWith("poison"))
        return index < 0 ? Effect.void : Effect.fail(Sinks.rejected({ indexes: [index] }))
      }, { retry: { maxAttempts: 1 } })
      yield* run({ sinks: [sink.sink] }, () =>
        Effect.gen(function*() {
          yield* logAll(["1", "poison a", "2", "poison b", "3"])
          yield* turns
          assert.deepStrictEqual(sink.messages(), ["1", "2", "3"])
          assert.deepStrictEqual(losses(yield* counts()), { "failed: rejected": 2 })
        }))
    }))

  it.effect("indexes that name no record are the sink's trouble: the batch is tried again after a pause", () =>
    Effect.gen(function*() {
      for (const indexes of [[], [7], [-1], [0.5], [Number.NaN]]) {
        const sink = planned([Effect.fail(Sinks.rejected({ indexes }))])
        yield* run({ sinks: [sink.sink] }, () =>
          Effect.gen(function*() {
            yield* logAll(["1", "2"])
            yield* turns
            assert.strictEqual(sink.writes.length, 1)
            yield* TestClock.adjust("240 millis")
            assert.deepStrictEqual(sink.messages(), ["1", "2"])
          }))
      }
    }))

  it.effect("without indexes, a single record is refused for good, and the next batch is written", () =>
    Effect.gen(function*() {
      const sink = planned([Effect.fail(Sinks.rejected({ cause: "too large" }))], { batch: { size: 1 } })
      const { notices } = yield* run({ sinks: [sink.sink] }, () =>
        Effect.gen(function*() {
          yield* logAll(["1", "2"])
          yield* turns
          assert.deepStrictEqual(sink.messages(), ["2"])
          assert.deepStrictEqual(losses(yield* counts()), { "failed: rejected": 1 })
          assert.strictEqual((yield* AsyncLogging.stats).sinks["probe"]!.lastError?.message, "too large")
        }))
      assert.strictEqual(notices[0], "effect-async-logging: sink \"probe\" failed: too large")
    }))
})

describe("Fatal", () => {
  it.effect("the batch fails, what is queued and waits and comes is dropped, and the other sinks go on", () =>
    Effect.gen(function*() {
      const fatal = answering(
        () => Effect.andThen(Effect.sleep("1 second"), Effect.fail(Sinks.fatal({ cause: "gone" }))),
        { name: "fatal", batch: { size: 2 }, queue: { capacity: 3, strategy: "backpressure" } }
      )
      const other = recording({ name: "other" })
      const { notices } = yield* run({ sinks: [fatal.sink, other.sink] }, () =>
        Effect.gen(function*() {
          yield* logAll(numbers(1, 2))
          yield* fatal.began
          yield* logAll(numbers(3, 5))
          const waiting = yield* Effect.forkChild(Logger.info("6"))
          const acknowledged = yield* Effect.forkChild(Effect.flip(Logger.acknowledged("Info", "7")))
          yield* turns
          assert.strictEqual((yield* counts("fatal")).waiting, 2)
          yield* TestClock.adjust("1 second")
          assert.deepStrictEqual(waiting.pollUnsafe(), Exit.void)
          assert.deepStrictEqual((yield* Fiber.join(acknowledged)).sinks, { fatal: "sink_ended", other: "delivered" })
          yield* Effect.logInfo("8")
          yield* Logger.info("9")
          assert.deepStrictEqual(losses(yield* counts("fatal")), { "failed: fatal": 2, sink_ended: 7 })
          yield* TestClock.adjust("1 hour")
          assert.strictEqual(fatal.writes.length, 1)
          assert.isTrue((yield* AsyncLogging.flush).complete)
        }))
      assert.deepStrictEqual(other.messages(), numbers(1, 9))
      assert.strictEqual(fatal.events.at(-1), "close")
      assert.strictEqual(notices[0], "effect-async-logging: sink \"fatal\" has ended: gone")
    }))
})

describe("trouble in user code", () => {
  const bad: ReadonlyArray<readonly [string, () => Effect.Effect<void, unknown>]> = [
    ["a defect", () => Effect.die(new Error("boom"))],
    ["a synchronous throw", () => {
      throw new Error("boom")
    }],
    ["an answer that is no Effect", () => 5 as never],
    ["a failure of its own", () => Effect.fail({ _tag: "HttpError", status: 503 })],
    ["a failure that looks like a SinkError", () => Effect.fail({ _tag: "SinkError" })],
    ["a SinkError with an unknown reason", () => Effect.fail({ _tag: "SinkError", reason: { _tag: "Nope" } })],
    ["an interruption of itself", () => Effect.interrupt],
    ["a failure with a throwing getter", () =>
      Effect.fail(Object.defineProperty({}, "_tag", {
        get() {
          throw new Error("boom")
        }
      }))],
    ["a failure with undefined", () => Effect.fail(undefined)]
  ]
  for (const [name, answer] of bad) {
    it.effect(`G24 ${name} is Unavailable: the worker survives, and the batch is tried again`, () =>
      Effect.gen(function*() {
        const sink = answering((_, attempt) => attempt === 1 ? answer() : Effect.void)
        const { report } = yield* run({ sinks: [sink.sink] }, () =>
          Effect.gen(function*() {
            yield* logAll(["1", "2"])
            yield* turns
            assert.strictEqual((yield* counts()).sending, 2)
            yield* TestClock.adjust("240 millis")
            assert.deepStrictEqual(sink.messages(), ["1", "2"])
            assert.isDefined((yield* AsyncLogging.stats).sinks["probe"]!.lastError)
          }))
        assert.strictEqual(report.lost, 0)
      }))
  }

  it.effect("G24 a write that never resolves is interrupted after the timeout, 30 s by default, and tried again", () =>
    Effect.gen(function*() {
      for (const [timeout, millis] of [[undefined, 30_000], ["2 seconds", 2000]] as const) {
        let interrupted = 0
        const sink = answering(
          (_, attempt) =>
            attempt === 1
              ? Effect.onInterrupt(Effect.never, () => Effect.sync(() => interrupted++))
              : Effect.void,
          { timeout }
        )
        yield* run({ sinks: [sink.sink] }, () =>
          Effect.gen(function*() {
            yield* Effect.logInfo("1")
            yield* turns
            yield* TestClock.adjust(millis - 1)
            assert.strictEqual(interrupted, 0)
            yield* TestClock.adjust(1)
            assert.strictEqual(interrupted, 1)
            assert.match((yield* AsyncLogging.stats).sinks["probe"]!.lastError!.message, /no answer within/)
            yield* TestClock.adjust("240 millis")
            assert.deepStrictEqual(sink.messages(), ["1"])
          }))
      }
    }))

  it.effect("G24 a write that cannot be interrupted is left behind, and its late success settles nothing twice", () =>
    Effect.gen(function*() {
      let late = 0
      const slow = Effect.uninterruptible(Effect.andThen(Effect.sleep("1 hour"), Effect.sync(() => late++)))
      const sink = answering((_, attempt) => attempt === 1 ? Effect.asVoid(slow) : Effect.void)
      yield* run({ sinks: [sink.sink] }, () =>
        Effect.gen(function*() {
          yield* Effect.logInfo("1")
          yield* turns
          yield* TestClock.adjust("32 seconds")
          assert.strictEqual((yield* counts()).delivered, 1)
          yield* TestClock.adjust("2 hours")
          assert.strictEqual(late, 1)
          assert.strictEqual((yield* counts()).delivered, 1)
        }))
    }))

  it.effect("G24 writes that never come back do not pile up: two at most are out", () =>
    Effect.gen(function*() {
      const back = yield* Deferred.make<void>()
      let out = 0
      let most = 0
      const stuck = Effect.acquireUseRelease(
        Effect.sync(() => {
          most = Math.max(most, ++out)
        }),
        () => Effect.uninterruptible(Deferred.await(back)),
        () => Effect.sync(() => out--)
      )
      const sink = answering((_, attempt) => attempt <= 2 ? stuck : Effect.void)
      yield* run({ sinks: [sink.sink] }, () =>
        Effect.gen(function*() {
          yield* Effect.logInfo("1")
          yield* turns
          yield* TestClock.adjust("1 hour")
          assert.deepStrictEqual([sink.writes.length, out, most], [2, 2, 2])
          assert.match((yield* AsyncLogging.stats).sinks["probe"]!.lastError!.message, /have not come back yet/)
          yield* Deferred.succeed(back, undefined)
          yield* TestClock.adjust("2 minutes")
          assert.strictEqual((yield* counts()).delivered, 1)
        }))
      assert.strictEqual(most, 2)
    }))

  it.effect("G24 a finalizer of an interrupted write that hangs is left behind", () =>
    Effect.gen(function*() {
      const sink = answering((_, attempt) =>
        attempt === 1 ? Effect.onInterrupt(Effect.never, () => Effect.never) : Effect.void
      )
      yield* run({ sinks: [sink.sink] }, () =>
        Effect.gen(function*() {
          yield* Effect.logInfo("1")
          yield* turns
          yield* TestClock.adjust("32 seconds")
          assert.deepStrictEqual(sink.messages(), ["1"])
        }))
    }))

  it.effect("G24 a write that resolves twice settles once", () =>
    Effect.gen(function*() {
      const sink = answering(() =>
        Effect.callback<void, string>((resume) => {
          resume(Effect.void)
          resume(Effect.fail("no"))
          resume(Effect.void)
        })
      )
      yield* run({ sinks: [sink.sink] }, () =>
        Effect.gen(function*() {
          yield* logAll(["1", "2"])
          yield* turns
          assert.strictEqual((yield* counts()).delivered, 2)
        }))
      assert.strictEqual(sink.writes.length, 1)
    }))

  it.effect("G24 a sink that changes the batch it was given changes nothing of what is settled", () =>
    Effect.gen(function*() {
      const sink = answering((batch, attempt) => {
        ;(batch as Array<unknown>).length = 0
        return attempt === 1 ? Effect.fail("down") : Effect.void
      })
      yield* run({ sinks: [sink.sink] }, () =>
        Effect.gen(function*() {
          yield* logAll(["1", "2"])
          yield* turns
          yield* TestClock.adjust("1 second")
          assert.strictEqual((yield* counts()).delivered, 2)
        }))
    }))
})

describe("order", () => {
  it.effect("a retry does not overtake, and nothing overtakes it: there is one write at a time", () =>
    Effect.gen(function*() {
      let underWay = 0
      let most = 0
      const sink = answering(
        (_, attempt) =>
          Effect.gen(function*() {
            most = Math.max(most, ++underWay)
            yield* Effect.sleep("10 millis")
            underWay--
            if (attempt % 3 !== 0) yield* Effect.fail("down")
          }),
        { batch: { size: 4 } }
      )
      yield* run({ sinks: [sink.sink] }, () =>
        Effect.gen(function*() {
          for (const n of numbers(1, 30)) {
            yield* Effect.logInfo(n)
            yield* TestClock.adjust("50 millis")
          }
          yield* TestClock.adjust("1 hour")
          assert.deepStrictEqual(sink.messages(), numbers(1, 30))
          assert.strictEqual(most, 1)
        }))
    }))
})

describe("opening", () => {
  const opening = (failures: number, onOpenFailure: "fail" | "retry") => {
    let opens = 0
    const written: Array<string> = []
    const sink = Sinks.scoped({
      name: "probe",
      onOpenFailure,
      open: Effect.suspend(() =>
        ++opens <= failures ? Effect.fail("no such host") : Effect.succeed({
          write: (batch: Parameters<Answer>[0]) => Effect.sync(() => void written.push(...messagesOf(batch)))
        })
      )
    })
    return { sink, written, opens: () => opens }
  }

  it.effect("onOpenFailure fail: the layer fails", () =>
    Effect.gen(function*() {
      const { opens, sink } = opening(1, "fail")
      const error = yield* Effect.flip(Effect.provide(Effect.void, AsyncLogging.layer({ sinks: [sink] })))
      assert.deepStrictEqual([error, opens()], ["no such host", 1])
    }))

  it.effect("onOpenFailure retry: it is told, and the first batch tries again, with backoff", () =>
    Effect.gen(function*() {
      const { opens, sink, written } = opening(2, "retry")
      const { notices } = yield* run({ sinks: [sink] }, () =>
        Effect.gen(function*() {
          assert.strictEqual((yield* AsyncLogging.stats).sinks["probe"]!.lastError?.message, "no such host")
          yield* TestClock.adjust("1 hour")
          assert.strictEqual(opens(), 1)
          yield* Effect.logInfo("1")
          yield* turns
          assert.strictEqual(opens(), 2)
          yield* TestClock.adjust("240 millis")
          assert.deepStrictEqual([opens(), written], [3, ["1"]])
        }))
      assert.strictEqual(notices[0], "effect-async-logging: sink \"probe\" could not be opened yet: no such host")
    }))

  it.effect("onOpenFailure retry: an opening that never ends is given up after the timeout", () =>
    Effect.gen(function*() {
      let opens = 0
      const written: Array<string> = []
      const sink = Sinks.scoped({
        name: "probe",
        onOpenFailure: "retry",
        timeout: "5 seconds",
        open: Effect.suspend(() => {
          opens++
          if (opens === 1) return Effect.fail("down")
          if (opens === 2) return Effect.never
          return Effect.succeed({
            write: (batch: Parameters<Answer>[0]) => Effect.sync(() => void written.push(...messagesOf(batch)))
          })
        })
      })
      yield* run({ sinks: [sink] }, () =>
        Effect.gen(function*() {
          yield* Effect.logInfo("1")
          yield* turns
          yield* TestClock.adjust("5 seconds")
          assert.deepStrictEqual([opens, written], [2, []])
          yield* TestClock.adjust("1 second")
          assert.deepStrictEqual([opens, written], [3, ["1"]])
        }))
    }))
})
