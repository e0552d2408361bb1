import { assert, describe, it } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as References from "effect/References"
import * as Scope from "effect/Scope"
import type { LogRecord } from "../../src/Record.ts"
import * as Record from "../../src/Record.ts"
import * as Sinks from "../../src/Sinks.ts"

class Store extends Context.Service<Store, Array<string>>()("Store") {}

const batch = [Record.make({ level: "Info", message: "a" }), Record.make({ level: "Info", message: "b" })]
const text = (r: LogRecord) => r.message
const insert = (lines: ReadonlyArray<string>) => Effect.map(Store, (store) => void store.push(...lines))

describe("Sinks.make", () => {
  it.effect("takes the services of its effects from where it is opened", () =>
    Effect.gen(function*() {
      const store: Array<string> = []
      const sink = Sinks.make({
        name: "audit",
        write: (batch, format) => insert(batch.map(format)),
        flush: insert(["flush"])
      })
      assert.strictEqual(sink.kind, "custom")
      assert.deepStrictEqual(sink.options, { name: "audit" })
      const handle = yield* Effect.provideService(sink.open, Store, store)
      yield* handle.write(batch, text)
      yield* handle.flush!
      assert.isUndefined(handle.writeSync)
      assert.deepStrictEqual(store, ["a", "b", "flush"])
    }))

  it.effect("hands on outcomes and failures as they are", () =>
    Effect.gen(function*() {
      const outcomes = ["delivered", "retry"] as const
      const answering = yield* Sinks.make({ write: () => Effect.succeed(outcomes) }).open
      assert.strictEqual(yield* answering.write(batch, text), outcomes)
      const error = Sinks.rejected({ indexes: [1] })
      const failing = yield* Sinks.make({ write: () => Effect.fail(error) }).open
      assert.strictEqual(yield* Effect.flip(failing.write(batch, text)), error)
    }))

  it.effect("G24 a write that throws, or answers no Effect, is a defect of the Effect", () =>
    Effect.gen(function*() {
      const throwing = yield* Sinks.make({
        write: (): Effect.Effect<void> => {
          throw new Error("boom")
        }
      }).open
      const exit = yield* Effect.exit(throwing.write(batch, text))
      assert.isTrue(Exit.isFailure(exit) && Cause.hasDies(exit.cause))
      const promise = (() => Promise.resolve()) as never
      const promising = yield* Sinks.make({ write: promise, flush: promise }).open
      for (const effect of [promising.write(batch, text), promising.flush!]) {
        const exit = yield* Effect.exit(effect)
        assert.match(String(Exit.isFailure(exit) && Cause.squash(exit.cause)), /expected an Effect/)
      }
    }))

  it.effect("G28 what is set around a write holds in it, against what was set when it was opened", () =>
    Effect.gen(function*() {
      const seen: Array<boolean> = []
      const sink = Sinks.make({ write: () => Effect.map(References.TracerEnabled, (on) => void seen.push(on)) })
      const handle = yield* Effect.provideService(sink.open, References.TracerEnabled, true)
      yield* Effect.provideService(handle.write(batch, text), References.TracerEnabled, false)
      assert.deepStrictEqual(seen, [false])
    }))

  it.effect("gives a write the scope of the sink", () =>
    Effect.gen(function*() {
      const events: Array<string> = []
      const sink = Sinks.make({
        write: () => Effect.addFinalizer(() => Effect.sync(() => void events.push("released")))
      })
      const scope = yield* Scope.make()
      const handle = yield* Scope.provide(sink.open, scope)
      yield* Effect.scoped(handle.write(batch, text))
      assert.deepStrictEqual(events, [])
      yield* Scope.close(scope, Exit.void)
      assert.deepStrictEqual(events, ["released"])
    }))

  it.effect("writes synchronously when it can", () =>
    Effect.gen(function*() {
      const lines: Array<string> = []
      const handle = yield* Sinks.make({
        write: () => Effect.void,
        writeSync: (batch, format) => void lines.push(...batch.map(format))
      }).open
      handle.writeSync!(batch, text)
      assert.deepStrictEqual(lines, ["a", "b"])
    }))
})

describe("Sinks.scoped", () => {
  it.effect("opens with the scope, and closes with it", () =>
    Effect.gen(function*() {
      const events: Array<string> = []
      const sink = Sinks.scoped({
        name: "db",
        minimumLevel: "Warn",
        open: Effect.acquireRelease(
          Effect.sync(() => {
            events.push("open")
            return { write: (batch: ReadonlyArray<LogRecord>) => insert(batch.map(text)), flush: insert(["flush"]) }
          }),
          () => Effect.sync(() => void events.push("close"))
        )
      })
      assert.deepStrictEqual([sink.kind, sink.options], ["custom", { name: "db", minimumLevel: "Warn" }])
      yield* Effect.provideService(
        Effect.scoped(Effect.gen(function*() {
          const handle = yield* sink.open
          yield* handle.write(batch, text)
          yield* handle.flush!
        })),
        Store,
        events
      )
      assert.deepStrictEqual(events, ["open", "a", "b", "flush", "close"])
    }))

  it.effect("fails with the error of open", () =>
    Effect.gen(function*() {
      const sink = Sinks.scoped({ open: Effect.as(Effect.fail("no connection"), { write: () => Effect.void }) })
      assert.strictEqual(yield* Effect.flip(Effect.scoped(sink.open)), "no connection")
    }))

  it.effect("calls the methods of a handle on the handle", () =>
    Effect.gen(function*() {
      class Lines {
        readonly lines: Array<string> = []
        write(batch: ReadonlyArray<LogRecord>) {
          this.lines.push(...batch.map(text))
          return Effect.void
        }
        writeSync(batch: ReadonlyArray<LogRecord>) {
          this.lines.push(...batch.map(text))
        }
      }
      const lines = new Lines()
      const handle = yield* Sinks.scoped({ open: Effect.succeed(lines) }).open
      yield* handle.write(batch, text)
      handle.writeSync!(batch, text)
      assert.deepStrictEqual(lines.lines, ["a", "b", "a", "b"])
    }))
})
