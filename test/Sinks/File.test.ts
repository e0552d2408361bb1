import { assert, describe, it } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Scope from "effect/Scope"
import * as TestClock from "effect/testing/TestClock"
import * as fc from "fast-check"
import { execFileSync } from "node:child_process"
import * as fs from "node:fs"
import { join } from "node:path"
import type { FileSystem } from "../../src/Files/FileSystem.ts"
import { CurrentFileSystem } from "../../src/Files/FileSystem.ts"
import type { LogRecord } from "../../src/Record.ts"
import * as Record from "../../src/Record.ts"
import * as FileSink from "../../src/Sinks/File.ts"
import type { FileOptions } from "../../src/Sinks/FileOptions.ts"
import { SinkError } from "../../src/Sinks/Sink.ts"
import type { Step } from "../support/files.ts"
import { answering, directory, planned } from "../support/files.ts"

const record = (message: string) => Record.make({ level: "Info", message })
const text = (r: LogRecord) => r.message
const content = (path: string) => fs.readFileSync(path, "utf8")
const modeOf = (path: string) => fs.statSync(path).mode & 0o777

const open = (options: FileOptions) => FileSink.make(options).open
const openOn = (system: FileSystem) => Effect.provideService(open({ path: "app.log" }), CurrentFileSystem, system)

const failing = (message: string) =>
  answering<never>(() => {
    throw new Error(message)
  })

const failure = (exit: Exit.Exit<unknown, unknown>): SinkError => {
  const error = Exit.isFailure(exit) ? Cause.squash(exit.cause) : undefined
  assert.instanceOf(error, SinkError)
  return error
}
const delivered = (exit: Exit.Exit<unknown, unknown>): number => {
  const { reason } = failure(exit)
  assert.strictEqual(reason._tag, "Unavailable")
  return reason._tag === "Unavailable" ? reason.delivered ?? 0 : Number.NaN
}

describe("Sinks.file on a real file system", () => {
  it.live("G30 makes missing parent directories, with modes 0700 and 0600, and writes one line a record", () =>
    Effect.gen(function*() {
      const path = join(yield* directory, "a", "b", "app.log")
      const sink = yield* open({ path })
      yield* sink.write([record("one"), record("two")], text)
      yield* sink.flush!
      assert.strictEqual(content(path), "one\ntwo\n")
      assert.strictEqual(modeOf(path), 0o600)
      assert.strictEqual(modeOf(join(path, "..")), 0o700)
      assert.strictEqual(modeOf(join(path, "..", "..")), 0o700)
    }))

  it.live("takes the modes it is given, and leaves those of an existing file alone", () =>
    Effect.gen(function*() {
      const root = yield* directory
      yield* open({ path: join(root, "logs", "app.log"), mode: 0o200, directoryMode: 0o300 })
      assert.strictEqual(modeOf(join(root, "logs", "app.log")), 0o200)
      assert.strictEqual(modeOf(join(root, "logs")), 0o300)
      fs.chmodSync(join(root, "logs"), 0o700)
      fs.writeFileSync(join(root, "old.log"), "", { mode: 0o640 })
      yield* open({ path: join(root, "old.log") })
      assert.strictEqual(modeOf(join(root, "old.log")), 0o640)
    }))

  it.live("appends, also after the file was truncated under it", () =>
    Effect.gen(function*() {
      const path = join(yield* directory, "app.log")
      fs.writeFileSync(path, "old\n")
      const sink = yield* open({ path })
      yield* sink.write([record("new")], text)
      assert.strictEqual(content(path), "old\nnew\n")
      fs.truncateSync(path)
      yield* sink.write([record("newer")], text)
      assert.strictEqual(content(path), "newer\n")
    }))

  it.live("ends the torn line that a crashed process left, before its own first one", () =>
    Effect.gen(function*() {
      const path = join(yield* directory, "app.log")
      fs.writeFileSync(path, "old\nto")
      const sink = yield* open({ path })
      assert.strictEqual(content(path), "old\nto")
      sink.writeSync!([record("a")], text)
      yield* sink.write([record("b")], text)
      assert.strictEqual(content(path), "old\nto\na\nb\n")
    }))

  it.live("writes synchronously what it would write asynchronously", () =>
    Effect.gen(function*() {
      const path = join(yield* directory, "app.log")
      const sink = yield* open({ path })
      const batch = Array.from({ length: 2000 }, (_, i) => record(`${i}`.repeat(100)))
      sink.writeSync!(batch, text)
      assert.strictEqual(content(path), batch.map((r) => r.message + "\n").join(""))
    }))

  it.live("fails to open with the path and the reason", () =>
    Effect.gen(function*() {
      const root = yield* directory
      fs.writeFileSync(join(root, "file"), "")
      const path = join(root, "file", "app.log")
      const error = failure(yield* Effect.exit(open({ path })))
      assert.include(error.message, path)
      assert.match(error.message, /ENOTDIR|EEXIST/)
      assert.include(failure(yield* Effect.exit(open({ path: root }))).message, "EISDIR")
    }))

  it.live("G29 a full device is a failure that says how much arrived", () =>
    Effect.gen(function*() {
      const sink = yield* open({ path: "/dev/full" })
      const error = yield* Effect.exit(sink.write([record("a"), record("b")], text))
      assert.strictEqual(delivered(error), 0)
      assert.include(failure(error).message, "ENOSPC")
      assert.throws(() => sink.writeSync!([record("a")], text), /ENOSPC/)
    }))

  it.live("G29 a full FIFO is waited for without a thread, and one whose reader is gone ends the sink", () =>
    Effect.gen(function*() {
      const path = join(yield* directory, "fifo")
      execFileSync("mkfifo", [path])
      assert.include(failure(yield* Effect.exit(open({ path }))).message, "ENXIO")
      const reader = fs.openSync(path, fs.constants.O_RDONLY | fs.constants.O_NONBLOCK)
      const sink = yield* open({ path })
      assert.isUndefined(sink.flush)
      const batch = Array.from({ length: 5000 }, (_, i) => record(`${i}`.padStart(99, " ")))
      const fiber = yield* Effect.forkChild(sink.write(batch, text))
      const read: Array<Buffer> = []
      const buffer = Buffer.alloc(10_000)
      for (let total = 0; total < 500_000;) {
        try {
          const n = fs.readSync(reader, buffer)
          total += n
          read.push(Buffer.from(buffer.subarray(0, n)))
        } catch {
          // nothing there yet
          yield* Effect.yieldNow
        }
      }
      yield* Fiber.join(fiber)
      assert.strictEqual(Buffer.concat(read).toString(), batch.map((r) => r.message + "\n").join(""))
      fs.closeSync(reader)
      const exit = yield* Effect.exit(sink.write([record("a")], text))
      assert.strictEqual(failure(exit).reason._tag, "Fatal")
    }))

  it.live("G35 gives its descriptor back, 100 times", () =>
    Effect.gen(function*() {
      const path = join(yield* directory, "app.log")
      const descriptors = () => fs.readdirSync("/proc/self/fd").length
      const before = descriptors()
      for (let i = 0; i < 100; i++) {
        yield* Effect.scoped(Effect.flatMap(open({ path }), (sink) => sink.write([record("x")], text)))
      }
      assert.strictEqual(descriptors(), before)
      assert.strictEqual(content(path), "x\n".repeat(100))
    }).pipe(Effect.scoped))
})

describe("Sinks.file on a failing file system", () => {
  const step: fc.Arbitrary<Step> = fc.oneof(
    fc.record({ take: fc.integer({ min: 1, max: 40 }) }),
    fc.record({ fail: fc.constantFrom("ENOSPC", "EIO", "EFBIG") }),
    fc.record({
      hang: fc.oneof(fc.record({ take: fc.integer({ min: 1, max: 40 }) }), fc.record({ fail: fc.constant("EIO") }))
    })
  )
  const batches = fc.array(
    fc.array(fc.string({ unit: fc.constantFrom("a", "é", "€", "😀", "\ud800"), maxLength: 12 }), {
      minLength: 1,
      maxLength: 12
    }),
    { minLength: 1, maxLength: 6 }
  ).map((batches) => batches.map((batch, b) => batch.map((s, i) => record(`${b}.${i} ${s}`))))

  /** Delivers like a worker: repeats what did not arrive; a call that hangs is interrupted, and repeated. */
  const deliver = (
    sink: { readonly write: (batch: ReadonlyArray<LogRecord>, format: typeof text) => Effect.Effect<unknown, unknown> },
    file: ReturnType<typeof planned>,
    batch: ReadonlyArray<LogRecord>,
    attempts: number
  ) =>
    Effect.gen(function*() {
      let rest = batch
      for (let attempt = 0; attempt < attempts; attempt++) {
        const fiber: Fiber.Fiber<unknown, unknown> = yield* Effect.forkChild(sink.write(rest, text))
        while (fiber.pollUnsafe() === undefined && !file.hanging()) yield* Effect.yieldNow
        if (fiber.pollUnsafe() === undefined) {
          yield* Fiber.interrupt(fiber)
          // even attempts find the write still under way
          const release = Effect.sync(file.release)
          if (attempt % 2 === 0) yield* Effect.forkChild(Effect.andThen(Effect.yieldNow, release))
          else yield* release
          continue
        }
        const exit = yield* Fiber.await(fiber)
        if (Exit.isSuccess(exit)) return []
        rest = rest.slice(delivered(exit))
      }
      return rest
    })

  it("G29 short writes, errors and interrupted writes at any call: each line is there once, in order", () =>
    fc.assert(
      fc.asyncProperty(batches, fc.array(step, { maxLength: 40 }), (batches, plan) =>
        Effect.runPromise(Effect.scoped(Effect.gen(function*() {
          const file = planned(plan)
          const sink = yield* openOn(file.fs)
          for (const batch of batches) {
            yield* deliver(sink, file, batch, Number.POSITIVE_INFINITY)
          }
          const expected = Buffer.concat(
            batches.flat().map((r) =>
              Buffer.from(r.message + "\n")
            )
          )
          assert.strictEqual(file.content(), expected.toString())
          assert.isFalse(file.overlapped())
        })))),
      { numRuns: 300 }
    ))

  it("G29 when a batch is given up, no line is merged with another, and what was said to be delivered is there", () =>
    fc.assert(
      fc.asyncProperty(
        batches,
        fc.array(step, { maxLength: 60 }),
        fc.integer({ min: 1, max: 3 }),
        (batches, plan, attempts) =>
          Effect.runPromise(Effect.scoped(Effect.gen(function*() {
            const file = planned(plan)
            const sink = yield* openOn(file.fs)
            const givenUp: Array<LogRecord> = []
            for (const batch of batches) givenUp.push(...(yield* deliver(sink, file, batch, attempts)))
            yield* deliver(sink, file, [record("last")], Number.POSITIVE_INFINITY)
            // a record that was given up may be there, in part or whole; any other is there once, in order
            const bytes = (r: LogRecord) => Buffer.from(r.message).toString("latin1")
            const kept = new Set(batches.flat().filter((r) => !givenUp.includes(r)).map(bytes)).add("last")
            const found = file.bytes().toString("latin1").split("\n").slice(0, -1)
            assert.deepStrictEqual(found.filter((line) => kept.has(line)), [...kept])
            for (const line of found) {
              assert.isTrue(kept.has(line) || givenUp.some((r) => bytes(r).startsWith(line)), `merged: ${line}`)
            }
            assert.isFalse(file.overlapped())
          })))
      ),
      { numRuns: 300 }
    ))

  it.effect("an error says how many records of the batch are wholly written", () =>
    Effect.gen(function*() {
      const file = planned([{ take: 5 }, { fail: "ENOSPC" }])
      const sink = yield* openOn(file.fs)
      const batch = [record("aa"), record("bb"), record("cc")]
      assert.strictEqual(delivered(yield* Effect.exit(sink.write(batch, text))), 1)
      assert.strictEqual(file.content(), "aa\nbb")
      yield* sink.write(batch.slice(1), text)
      assert.strictEqual(file.content(), "aa\nbb\ncc\n")
    }))

  it.effect("a torn line is ended when another record comes first", () =>
    Effect.gen(function*() {
      const file = planned([{ take: 1 }, { fail: "EIO" }])
      const sink = yield* openOn(file.fs)
      yield* Effect.exit(sink.write([record("aa")], text))
      yield* sink.write([record("bb")], text)
      assert.strictEqual(file.content(), "a\nbb\n")
    }))

  it.effect("a line above 512 KiB is written in pieces, and continued after an error", () =>
    Effect.gen(function*() {
      const file = planned([{ take: 524_288 }, { fail: "EIO" }])
      const sink = yield* openOn(file.fs)
      const batch = [record("x".repeat(1_200_000))]
      assert.strictEqual(delivered(yield* Effect.exit(sink.write(batch, text))), 0)
      yield* sink.write(batch, text)
      assert.strictEqual(file.content(), "x".repeat(1_200_000) + "\n")
      assert.isAtMost(Math.max(...file.writes), 524_288)
    }))

  it.effect("G29 EAGAIN and a write of nothing are waited out on the Clock, longer each time", () =>
    Effect.gen(function*() {
      const file = planned([{ fail: "EAGAIN" }, { take: 0 }, { fail: "EAGAIN" }])
      const sink = yield* openOn(file.fs)
      const fiber = yield* Effect.forkChild(sink.write([record("a")], text))
      const turn = Effect.promise(() => new Promise((resolve) => setImmediate(() => setImmediate(resolve))))
      const contents: Array<string> = []
      for (const millis of [1, 2, 3, 1]) {
        yield* turn
        yield* TestClock.adjust(millis)
        yield* turn
        contents.push(file.content())
      }
      assert.deepStrictEqual(contents, ["", "", "", "a\n"])
      yield* Fiber.join(fiber)
    }))

  it.effect("refuses to write synchronously while a write is under way, and leaves nothing out afterwards", () =>
    Effect.gen(function*() {
      const file = planned([{ hang: { take: 2 } }])
      const sink = yield* openOn(file.fs)
      const batch = [record("aaa"), record("bbb")]
      const fiber = yield* Effect.forkChild(sink.write(batch, text))
      while (!file.hanging()) yield* Effect.yieldNow
      assert.throws(() => sink.writeSync!(batch, text), /under way/)
      yield* Fiber.interrupt(fiber)
      assert.throws(() => sink.writeSync!(batch, text), /under way/)
      file.release()
      sink.writeSync!(batch, text)
      assert.strictEqual(file.content(), "aaa\nbbb\n")
    }))

  it.effect("a synchronous write continues short writes and waits a little for EAGAIN", () =>
    Effect.gen(function*() {
      const file = planned([{ take: 1 }, { fail: "EAGAIN" }, { take: 2 }])
      const sink = yield* openOn(file.fs)
      sink.writeSync!([record("abc")], text)
      assert.strictEqual(file.content(), "abc\n")
    }))

  it.effect("a synchronous write that fails half-way is continued by the next one", () =>
    Effect.gen(function*() {
      const file = planned([{ take: 5 }, { fail: "ENOSPC" }])
      const sink = yield* openOn(file.fs)
      const batch = [record("aa"), record("bb")]
      assert.throws(() => sink.writeSync!(batch, text), /ENOSPC/)
      yield* sink.write(batch, text)
      assert.strictEqual(file.content(), "aa\nbb\n")
    }))

  it.effect("EPIPE is Fatal", () =>
    Effect.gen(function*() {
      const sink = yield* openOn(planned([{ fail: "EPIPE" }]).fs)
      assert.strictEqual(failure(yield* Effect.exit(sink.write([record("a")], text))).reason._tag, "Fatal")
    }))

  it.effect("does not close its descriptor under a write: a close that is cut short follows the write", () =>
    Effect.gen(function*() {
      const file = planned([{ hang: { take: 2 } }])
      const scope = yield* Scope.make()
      const sink = yield* Scope.provide(openOn(file.fs), scope)
      const writing = yield* Effect.forkChild(sink.write([record("a")], text))
      while (!file.hanging()) yield* Effect.yieldNow
      yield* Fiber.interrupt(writing)
      const closing = yield* Effect.forkChild(Scope.close(scope, Exit.void))
      yield* TestClock.adjust("1 minute")
      assert.isUndefined(closing.pollUnsafe())
      yield* Fiber.interrupt(closing)
      assert.deepStrictEqual(file.events, [])
      file.release()
      assert.deepStrictEqual(file.events, ["close"])
      assert.strictEqual(file.content(), "a\n")
    }))

  it.effect("a flush waits for a write that was interrupted", () =>
    Effect.gen(function*() {
      const file = planned([{ hang: { take: 2 } }])
      const sink = yield* openOn(file.fs)
      const writing = yield* Effect.forkChild(sink.write([record("a")], text))
      while (!file.hanging()) yield* Effect.yieldNow
      yield* Fiber.interrupt(writing)
      const flushing = yield* Effect.forkChild(sink.flush!)
      yield* TestClock.adjust("1 minute")
      assert.deepStrictEqual(file.events, [])
      file.release()
      yield* Fiber.join(flushing)
      assert.deepStrictEqual(file.events, ["fdatasync", "names"])
    }))

  it.effect("writes a record again that comes again after it was delivered", () =>
    Effect.gen(function*() {
      const file = planned([])
      const sink = yield* openOn(file.fs)
      const batch = [record("a")]
      yield* sink.write(batch, text)
      yield* sink.write(batch, text)
      sink.writeSync!(batch, text)
      sink.writeSync!(batch, text)
      assert.strictEqual(file.content(), "a\na\na\na\n")
    }))

  it.effect("flush is an fdatasync, of a new file also of its name, and fails as Unavailable", () =>
    Effect.gen(function*() {
      const file = planned([])
      const sink = yield* openOn(file.fs)
      yield* sink.flush!
      assert.deepStrictEqual(file.events, ["fdatasync", "names"])
      yield* sink.flush!
      assert.deepStrictEqual(file.events, ["fdatasync", "names", "fdatasync"])
      const broken: FileSystem = { ...file.fs, fdatasync: () => failing("EIO: planned") }
      assert.strictEqual(delivered(yield* Effect.exit((yield* openOn(broken)).flush!)), 0)
    }))

  it.effect("closes the descriptor when opening fails after it", () =>
    Effect.gen(function*() {
      const file = planned([])
      const broken: FileSystem = {
        ...file.fs,
        fstat: () => failing("EIO: planned")
      }
      const exit = yield* Effect.exit(Effect.scoped(openOn(broken)))
      assert.include(failure(exit).message, "app.log: EIO")
      assert.deepStrictEqual(file.events, ["close"])
    }))

  it.effect("a file that cannot be read is taken for torn", () =>
    Effect.gen(function*() {
      const file = planned([], "old\n")
      const unreadable: FileSystem = {
        ...file.fs,
        read: () => failing("EACCES")
      }
      yield* (yield* openOn(unreadable)).write([record("a")], text)
      assert.strictEqual(file.content(), "old\n\na\n")
    }))

  it("G33 wrong options are known before the open: which, and what is allowed", () => {
    const wrong = (options: Partial<FileOptions>) =>
      FileSink.make({ path: "a", ...options }).wrong.map(({ field, message }) => `${field}: ${message}`)
    assert.deepStrictEqual(wrong({}), [])
    assert.deepStrictEqual(wrong({ path: "" }), ["path: expected a string that is not empty, got "])
    assert.deepStrictEqual(wrong({ mode: 0o1000 }), ["mode: expected an integer from 0 to 0o777, got 512"])
    assert.deepStrictEqual(wrong({ directoryMode: Number.NaN }), [
      "directoryMode: expected an integer from 0 to 0o777, got NaN"
    ])
  })
})
