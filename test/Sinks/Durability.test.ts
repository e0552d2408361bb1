import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Scope from "effect/Scope"
import * as TestClock from "effect/testing/TestClock"
import { join } from "node:path"
import type { FileSystem } from "../../src/Files/FileSystem.ts"
import { CurrentFileSystem, node } from "../../src/Files/FileSystem.ts"
import * as Record from "../../src/Record.ts"
import * as FileSink from "../../src/Sinks/File.ts"
import type { FileOptions } from "../../src/Sinks/FileOptions.ts"
import * as Patiences from "../../src/Sinks/Patience.ts"
import { SinkError } from "../../src/Sinks/Sink.ts"
import { CurrentTell } from "../../src/Sinks/Tell.ts"
import { directory, failing, gate, planned, turn, until } from "../support/files.ts"

const record = (message: string, level: Record.LogRecord["level"] = "Info") => Record.make({ level, message })
const text = (r: Record.LogRecord) => r.notes === undefined ? r.message : `${r.message} (${r.notes.join()})`
const open = (options: FileOptions, files: FileSystem = node) =>
  Effect.provideService(FileSink.make(options).open, CurrentFileSystem, files)

describe("durability of a file", () => {
  it.effect("G14 a process that ends while a batch is made durable does not write it a second time", () =>
    Effect.gen(function*() {
      const file = planned([])
      const syncs = gate()
      const sink = yield* open({ path: "app.log", sync: "batch" }, {
        ...file.fs,
        fdatasync: (fd) => syncs.on(file.fs.fdatasync(fd))
      })
      const batch = [record("a"), record("b")]
      const fiber = yield* Effect.forkChild(sink.write(batch, text), { startImmediately: true })
      yield* until(() => syncs.held.length > 0)
      assert.strictEqual(file.content(), "a\nb\n")
      // as the end of the process does with a batch whose write has not answered
      const out = sink.outUnsafe!(batch)
      sink.writeLast!(batch.slice(out), text, Patiences.make(100))
      const content = file.content()
      syncs.release()
      yield* Fiber.await(fiber)
      assert.strictEqual(content, "a\nb\n")
    }))

  it.effect("G29 a record that is repeated since it could not be made durable says so", () =>
    Effect.gen(function*() {
      const file = planned([])
      let isBroken = true
      const sink = yield* open({ path: "app.log", sync: "batch" }, {
        ...file.fs,
        fdatasync: (fd) => isBroken ? failing(file.fs.fdatasync(fd), "EIO") : file.fs.fdatasync(fd)
      })
      const batch = [record("a")]
      yield* Effect.flip(sink.write(batch, text))
      isBroken = false
      yield* sink.write(batch, text)
      assert.include(["a\n", "a\na (repeated)\n"], file.content())
    }))

  it.effect("G29 what was written is made durable before the sink has closed, where it is some time after a write", () =>
    Effect.gen(function*() {
      const file = planned([])
      yield* Effect.scoped(Effect.flatMap(
        open({ path: "app.log", sync: { every: "5 seconds" } }, file.fs),
        (sink) => sink.write([record("a")], text)
      ))
      assert.deepStrictEqual(file.events, ["fdatasync", "names", "close"])
    }))

  it.effect("G29 names are made durable again after a rotation, and when that has failed", () =>
    Effect.gen(function*() {
      const root = yield* directory
      let synced = 0
      let isBroken = false
      const files: FileSystem = {
        ...node,
        syncDirectory: (path) => {
          synced++
          return isBroken ? failing(node.syncDirectory(path), "EIO") : node.syncDirectory(path)
        }
      }
      const sink = yield* open({ path: join(root, "app.log"), rotate: {} }, files)
      yield* sink.flush!
      yield* sink.flush!
      assert.strictEqual(synced, 1)
      yield* sink.write([record("a")], text)
      yield* sink.rotate!
      isBroken = true
      yield* Effect.flip(sink.flush!)
      isBroken = false
      yield* sink.flush!
      yield* sink.flush!
      assert.strictEqual(synced, 3)
    }))

  it.effect("G29 a synchronous batch that goes into two files is durable in both when it returns", () =>
    Effect.gen(function*() {
      const root = yield* directory
      let atOnce = 0
      const files: FileSystem = {
        ...node,
        fdatasync(fd) {
          const call = node.fdatasync(fd)
          return {
            ...call,
            sync() {
              atOnce++
              call.sync()
            }
          }
        }
      }
      const sink = yield* open(
        { path: join(root, "app.log"), sync: "batch", rotate: { size: 2, name: "old-%n" } },
        files
      )
      sink.writeSync!(["a", "b"].map((message) => record(message)), text)
      assert.strictEqual(atOnce, 2)
    }))

  it.effect("G29 a record has not arrived before its batch is durable, also when the write times out twice", () =>
    Effect.gen(function*() {
      const file = planned([])
      const looks = gate()
      let isHeld = true
      const sink = yield* open({ path: "app.log", sync: "batch", lookAfter: "1 hour" }, {
        ...file.fs,
        lstat: (path) => isHeld ? looks.on(file.fs.lstat(path)) : file.fs.lstat(path)
      })
      const batch = [record("a"), record("b")]
      for (let attempt = 1; attempt <= 2; attempt++) {
        const writing = yield* Effect.forkChild(sink.write(batch, text), { startImmediately: true })
        yield* until(() => looks.held.length > 0)
        yield* Fiber.interrupt(writing)
        assert.strictEqual(sink.outUnsafe!(batch), 0)
      }
      isHeld = false
      looks.release()
      yield* sink.write(batch, text)
      assert.strictEqual(file.content(), "a\nb\n")
      assert.deepStrictEqual(file.events, ["fdatasync", "names"])
    }))

  it.effect("G29 of a batch that is cut short nothing has arrived, and nothing is written twice", () =>
    Effect.gen(function*() {
      const file = planned([{ take: 3 }, { fail: "ENOSPC" }])
      const sink = yield* open({ path: "app.log", sync: "batch" }, file.fs)
      const batch = [record("a"), record("b")]
      const { reason } = yield* Effect.flip(sink.write(batch, text)) as Effect.Effect<SinkError>
      assert.deepInclude(reason, { _tag: "Unavailable", delivered: 0 })
      yield* sink.write(batch, text)
      assert.strictEqual(file.content(), "a\nb\n")
    }))

  it.effect("G29 an error that comes after the write has timed out is not lost", () =>
    Effect.gen(function*() {
      const file = planned([])
      const syncs = gate()
      let count = 0
      const sink = yield* open({ path: "app.log", sync: "batch" }, {
        ...file.fs,
        fdatasync: (fd) => ++count === 1 ? syncs.on(failing(file.fs.fdatasync(fd), "EIO")) : file.fs.fdatasync(fd)
      })
      const batch = [record("a")]
      const writing = yield* Effect.forkChild(sink.write(batch, text), { startImmediately: true })
      yield* until(() => syncs.held.length > 0)
      yield* Fiber.interrupt(writing)
      syncs.release()
      yield* Effect.flip(sink.write(batch, text))
      yield* sink.write(batch, text)
      assert.strictEqual(file.content(), "a\na (repeated)\n")
    }))

  it.effect("G29 an error that a timer has met fails the next flush", () =>
    Effect.gen(function*() {
      const file = planned([])
      const told: Array<string> = []
      let isBroken = true
      const sink = yield* Effect.provideService(
        open({ path: "app.log", sync: { every: "1 second" } }, {
          ...file.fs,
          fdatasync: (fd) => isBroken ? failing(file.fs.fdatasync(fd), "EIO") : file.fs.fdatasync(fd)
        }),
        CurrentTell,
        (kind, message) => void told.push(`${kind}: ${message}`)
      )
      yield* sink.write([record("a")], text)
      yield* TestClock.adjust("1 second")
      yield* until(() => told.length > 0)
      isBroken = false
      yield* Effect.flip(sink.flush!)
      yield* sink.flush!
      assert.deepStrictEqual(told, ["sync_failed: cannot make it durable: EIO: planned"])
    }))

  it.effect("G29 what is not lost is not written again: a look, or a directory, that fails", () =>
    Effect.gen(function*() {
      const file = planned([])
      let isBroken = true
      const sink = yield* open({ path: "app.log", sync: "batch" }, {
        ...file.fs,
        syncDirectory: (path) => isBroken ? failing(file.fs.syncDirectory(path), "EIO") : file.fs.syncDirectory(path)
      })
      const batch = [record("a")]
      yield* Effect.flip(sink.write(batch, text))
      isBroken = false
      yield* sink.write(batch, text)
      assert.strictEqual(file.content(), "a\n")
    }))

  it.effect("G29 on a disk that hangs one sync is owed at a time, also when the sink closes", () =>
    Effect.gen(function*() {
      const file = planned([])
      const syncs = gate()
      const scope = yield* Scope.make()
      const opening = open({ path: "app.log", sync: { every: "1 second" } }, {
        ...file.fs,
        fdatasync: (fd) => syncs.on(file.fs.fdatasync(fd))
      })
      const sink = yield* Scope.provide(opening, scope)
      for (let i = 0; i < 20; i++) {
        yield* sink.write([record("a")], text)
        yield* TestClock.adjust("1 second")
      }
      yield* until(() => syncs.held.length > 0)
      const closing = yield* Effect.forkChild(Scope.close(scope, Exit.void), { startImmediately: true })
      while (closing.pollUnsafe() === undefined) {
        if (syncs.held.length > 0) syncs.release()
        yield* turn
      }
      assert.deepStrictEqual(file.events, ["fdatasync", "names", "fdatasync", "close"])
    }))

  it.effect("G29 the last lines of a process are made durable also when the disk is full behind them", () =>
    Effect.gen(function*() {
      const file = planned([{ take: 3 }, { fail: "ENOSPC" }])
      const sink = yield* open({ path: "app.log", sync: { from: "Fatal" } }, file.fs)
      const last = () => sink.writeLast!([record("a", "Fatal"), record("b")], text, Patiences.make(0))
      assert.throws(last, SinkError)
      assert.deepStrictEqual(file.events, ["fdatasync", "names"])
    }))

  it.effect("G29 a look that fails once does not end what is made durable some time after a write", () =>
    Effect.gen(function*() {
      const file = planned([])
      let isBroken = true
      const sink = yield* open({ path: "app.log", sync: { every: "1 second" } }, {
        ...file.fs,
        lstat: (path) => isBroken ? failing(file.fs.lstat(path), "EACCES") : file.fs.lstat(path)
      })
      yield* sink.write([record("a")], text)
      yield* TestClock.adjust("1 second")
      yield* turn
      assert.deepStrictEqual(file.events, [])
      isBroken = false
      yield* TestClock.adjust("1 second")
      yield* until(() => file.events.length === 2)
      assert.deepStrictEqual(file.events, ["fdatasync", "names"])
    }))

  it.effect("G29 nothing is made durable by a timer that a flush has made so before", () =>
    Effect.gen(function*() {
      const file = planned([])
      const sink = yield* open({ path: "app.log", sync: { every: "1 hour" } }, file.fs)
      for (let i = 0; i < 10; i++) {
        yield* sink.write([record("a")], text)
        yield* sink.flush!
      }
      const { length } = file.events
      yield* TestClock.adjust("3 hours")
      yield* turn
      assert.lengthOf(file.events, length)
    }))

  it.effect("a record for which nothing is asked has arrived when its line is out", () =>
    Effect.gen(function*() {
      for (const sync of ["flush", { from: "Fatal" }, { every: "1 hour" }] as const) {
        const file = planned([{ take: 2 }, { fail: "ENOSPC" }])
        const sink = yield* open({ path: "app.log", sync }, file.fs)
        const { reason } = yield* Effect.flip(sink.write([record("a"), record("b")], text)) as Effect.Effect<SinkError>
        assert.deepInclude(reason, { _tag: "Unavailable", delivered: 1 })
      }
    }))

  it.effect("G29 an error that a batch was told of is told to the next flush too", () =>
    Effect.gen(function*() {
      const file = planned([])
      let count = 0
      const sink = yield* open({ path: "app.log", sync: { every: "1 second", from: "Fatal" } }, {
        ...file.fs,
        fdatasync: (fd) => ++count === 1 ? failing(file.fs.fdatasync(fd), "EIO") : file.fs.fdatasync(fd)
      })
      yield* sink.write([record("info")], text)
      yield* TestClock.adjust("1 second")
      yield* until(() => count === 1)
      yield* turn
      const batch = [record("fatal", "Fatal")]
      yield* Effect.flip(sink.write(batch, text))
      yield* sink.write(batch, text)
      yield* Effect.flip(sink.flush!)
      yield* sink.flush!
    }))

  it.effect("the note is of the records that come again only, however long nothing can be made durable", () =>
    Effect.gen(function*() {
      const file = planned([])
      let isBroken = true
      const sink = yield* open({ path: "app.log", sync: "batch" }, {
        ...file.fs,
        fdatasync: (fd) => isBroken ? failing(file.fs.fdatasync(fd), "EIO") : file.fs.fdatasync(fd)
      })
      const first = [record("first")]
      yield* Effect.flip(sink.write(first, text))
      yield* Effect.flip(sink.write([record("second")], text))
      isBroken = false
      yield* sink.write(first, text)
      assert.strictEqual(file.content(), "first\nsecond\nfirst\n")
    }))
})
