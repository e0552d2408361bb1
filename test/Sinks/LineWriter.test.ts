import { assert, describe, it } from "@effect/vitest"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as TestClock from "effect/testing/TestClock"
import * as fs from "node:fs"
import { Socket } from "node:net"
import * as AsyncLogging from "../../src/AsyncLogging.ts"
import { CurrentFileSystem } from "../../src/Files/FileSystem.ts"
import * as Sinks from "../../src/Sinks.ts"
import { CurrentStdio } from "../../src/Sinks/Stdio.ts"
import type { Fifo } from "../support/files.ts"
import { fifo, planned } from "../support/files.ts"
import { counts, losses, notices, recording, run } from "../support/sinks.ts"
import { stdio } from "../support/stdio.ts"

const messages = Array.from({ length: 3000 }, (_, index) => `${index}`.padEnd(139, "."))
const logAll = Effect.forEach(messages, (message) => Effect.logInfo(message), { discard: true })
const start = Effect.forkChild({ startImmediately: true })

/** A sink that writes to a FIFO which already has two thirds of what it can hold, so that it takes a part of a piece. */
interface Filled {
  readonly sink: (options?: Sinks.SinkOptions) => Sinks.Sink<Sinks.SinkError, never, true>
  readonly services: Context.Context<never>
  /** Waits until the FIFO is full. */
  readonly full: Effect.Effect<void>
  readonly fifo: Fifo
}

const before = `${"x".repeat(41_999)}\n`
const common: Sinks.SinkOptions = { name: "fifo", format: (record) => record.message, batch: { size: 1000 } }

const openFilled = Effect.gen(function*() {
  const to = yield* fifo
  const fd = fs.openSync(to.path, fs.constants.O_WRONLY | fs.constants.O_NONBLOCK)
  fs.writeSync(fd, before)
  return { to, fd }
})

const file = Effect.gen(function*() {
  const { fd, to } = yield* openFilled
  fs.closeSync(fd)
  const self: Filled = {
    sink: (options) => Sinks.file({ path: to.path, ...common, ...options }),
    services: Context.make(CurrentFileSystem, to.fs),
    full: to.full,
    fifo: to
  }
  return self
})

const console = Effect.gen(function*() {
  const { fd, to } = yield* openFilled
  const stdout = new Socket({ fd, readable: false, writable: true })
  yield* Effect.addFinalizer(() => Effect.sync(() => stdout.destroy()))
  const self: Filled = {
    sink: (options) => Sinks.console({ ...common, ...options }),
    services: Context.make(CurrentStdio, stdio({ stdout })),
    full: Effect.gen(function*() {
      while (stdout.writableLength < 42_000) yield* Effect.yieldNow
    }),
    fifo: to
  }
  return self
})

/** The lines of what was read, without what was there before, and the torn line behind them. */
const linesOf = (text: string) => {
  assert.isTrue(text.startsWith(before))
  const lines = text.slice(before.length).split("\n")
  const torn = lines.pop()!
  return { lines, torn }
}

/** Reads, and lets time pass, until that is there. */
const readUntil = Effect.fnUntraced(function*({ read }: Fifo, end: string) {
  let text = ""
  while (!text.endsWith(end)) {
    text += read()
    yield* TestClock.adjust("1 millis")
  }
  return text
})

for (const [name, open] of Object.entries({ file, console })) {
  describe(`Sinks.${name} on a FIFO that nobody reads`, () => {
    it.effect("G12 what is out at the deadline is delivered, and only the rest is lost", () =>
      Effect.gen(function*() {
        const { fifo, full, services, sink } = yield* open
        const { report } = yield* Effect.provideContext(
          run({ drainTimeout: "10 seconds", sinks: [sink()] }, () =>
            Effect.gen(function*() {
              yield* logAll
              yield* full
              const close = yield* start(AsyncLogging.close)
              yield* TestClock.adjust("10 seconds")
              yield* fifo.idle
              assert.isDefined(close.pollUnsafe())
            })),
          services
        )
        const { lines } = linesOf(fifo.read())
        assert.isAbove(lines.length, 100)
        assert.deepStrictEqual(lines, messages.slice(0, lines.length))
        const { delivered, dropped, failed } = report.sinks["fifo"]!
        assert.strictEqual(delivered, lines.length)
        assert.strictEqual(report.lost, 3000 - lines.length)
        assert.strictEqual(failed.shutdown_timeout + dropped.shutdown_timeout, report.lost)
      }).pipe(Effect.scoped))

    it.effect("G29 what is out when an attempt is out of time is delivered, and not repeated when the reader comes", () =>
      Effect.gen(function*() {
        const { fifo, full, services, sink } = yield* open
        const { report, value } = yield* Effect.provideContext(
          run({ sinks: [sink({ timeout: "5 seconds" })] }, () =>
            Effect.gen(function*() {
              yield* logAll
              yield* full
              yield* TestClock.adjust("5 seconds")
              const { delivered } = yield* counts("fifo")
              return { delivered, text: yield* readUntil(fifo, `${messages.at(-1)}\n`) }
            })),
          services
        )
        // of 64 KiB, those that had room
        assert.isAbove(value.delivered, 100)
        assert.isBelow(value.delivered, 200)
        assert.deepStrictEqual(linesOf(value.text), { lines: messages, torn: "" })
        assert.strictEqual(report.sinks["fifo"]!.delivered, 3000)
      }).pipe(Effect.scoped))

    it.effect("what is out is not diverted: the fallback gets the rest", () =>
      Effect.gen(function*() {
        const { fifo, full, services, sink } = yield* open
        const other = recording({ name: "other" })
        const options: Sinks.SinkOptions = { timeout: "5 seconds", retry: { maxAttempts: 1 }, fallback: "other" }
        const { report } = yield* Effect.provideContext(
          run({ sinks: [sink(options), other.sink] }, () =>
            Effect.gen(function*() {
              yield* logAll
              yield* full
              for (let second = 0; second < 60; second++) yield* TestClock.adjust("1 second")
            })),
          services
        )
        const { lines } = linesOf(fifo.read())
        assert.strictEqual(report.sinks["fifo"]!.delivered, lines.length)
        assert.deepStrictEqual(losses(report.sinks["fifo"]!), {})
        assert.deepStrictEqual([...lines, ...other.messages()], messages)
      }).pipe(Effect.scoped))
  })
}

describe("Sinks.file on a disk that hangs", () => {
  it.effect("G12 what comes back after the last attempt, before the deadline, is delivered", () =>
    Effect.gen(function*() {
      const disk = planned([{ hang: { take: 200 } }])
      const sink = Sinks.file({ path: "app.log", ...common, timeout: "5 seconds", retry: { initial: "1 minute" } })
      const { report } = yield* Effect.provideService(
        run({ drainTimeout: "10 seconds", sinks: [sink] }, () =>
          Effect.gen(function*() {
            for (const message of messages.slice(0, 3)) yield* Effect.logInfo(message)
            while (!disk.hanging()) yield* Effect.yieldNow
            yield* TestClock.adjust("5 seconds")
            // tries once more, behind the write that hangs, and again only after the deadline
            yield* start(AsyncLogging.close)
            yield* TestClock.adjust("5 seconds")
            disk.release()
            yield* TestClock.adjust("5 seconds")
          })),
        CurrentFileSystem,
        disk.fs
      )
      assert.strictEqual(disk.content(), `${messages[0]}\n${messages[1]}`.slice(0, 200))
      const { delivered, failed } = report.sinks["fifo"]!
      assert.deepStrictEqual([delivered, failed.shutdown_timeout], [1, 2])
    }))
})

describe("Sinks.file on a FIFO whose reader goes", () => {
  it.effect("G29 what is out is delivered, and only the rest goes to the fallback", () =>
    Effect.gen(function*() {
      const { fifo, full, services, sink } = yield* file
      const other = recording({ name: "other" })
      const { report, value } = yield* Effect.provideContext(
        run({ sinks: [sink({ fallback: "other" }), other.sink] }, () =>
          Effect.gen(function*() {
            yield* logAll
            yield* full
            const text = fifo.read()
            fifo.leave()
            while (other.messages().length === 0) yield* TestClock.adjust("1 millis")
            return text
          })),
        services
      )
      const { lines } = linesOf(value)
      assert.isAbove(lines.length, 100)
      assert.strictEqual(report.sinks["fifo"]!.delivered, lines.length)
      assert.deepStrictEqual([...lines, ...other.messages()], messages)
    }).pipe(Effect.scoped))
})

describe("Sinks.file under layerSync", () => {
  it.effect("a gap line that is out, of a batch that failed behind it, is not told again", () =>
    Effect.gen(function*() {
      // of the second batch, the line of the gap and a part of the record
      const disk = planned([{ fail: "ENOSPC" }, { take: 100 }, { fail: "ENOSPC" }])
      const sink = Sinks.file({ path: "app.log", format: (record) => record.message })
      yield* Effect.gen(function*() {
        for (const message of messages.slice(0, 3)) yield* Effect.logInfo(message)
        assert.deepStrictEqual(losses(yield* counts("file")), { "failed: retry_exhausted": 2 })
      }).pipe(
        Effect.provide(Layer.provide(AsyncLogging.layerSync({ sinks: [sink] }), notices().layer)),
        Effect.provideService(CurrentFileSystem, disk.fs)
      )
      const lost = "lost 1 record (retry_exhausted 1)"
      assert.deepStrictEqual(disk.content().split("\n"), [
        lost,
        messages[1]!.slice(0, 99 - lost.length),
        lost,
        messages[2],
        ""
      ])
    }))
})
