import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Scope from "effect/Scope"
import * as TestClock from "effect/testing/TestClock"
import * as fs from "node:fs"
import { join } from "node:path"
import type { FileSystem } from "../../src/Files/FileSystem.ts"
import { CurrentFileSystem, node } from "../../src/Files/FileSystem.ts"
import * as Record from "../../src/Record.ts"
import * as FileSink from "../../src/Sinks/File.ts"
import type { FileOptions } from "../../src/Sinks/FileOptions.ts"
import { directory, failing, gate, turn, until } from "../support/files.ts"

const record = (message: string, level: Record.LogRecord["level"] = "Info") => Record.make({ level, message })
const text = (r: Record.LogRecord) => r.notes === undefined ? r.message : `${r.message} (${r.notes.join()})`
const open = (options: FileOptions, files: FileSystem = node) =>
  Effect.provideService(FileSink.make(options).open, CurrentFileSystem, files)

const filesIn = (path: string) => fs.readdirSync(path).toSorted()
const linesIn = (path: string) =>
  filesIn(path).flatMap((name) => fs.readFileSync(join(path, name), "utf8").split("\n")).filter((line) => line !== "")

describe("the current file", () => {
  it.effect("G30 a rotation that waits for a write does not cut the line that this write has left unfinished", () =>
    Effect.gen(function*() {
      const root = yield* directory
      const writes = gate()
      let calls = 0
      const files: FileSystem = {
        ...node,
        write(fd, bytes) {
          calls++
          if (calls === 1) return writes.on(node.write(fd, bytes.subarray(0, 5)))
          return calls === 2 ? failing(node.write(fd, bytes), "ENOSPC") : node.write(fd, bytes)
        }
      }
      const sink = yield* open({ path: join(root, "app.log"), rotate: { name: "old-%n" } }, files)
      const batch = [record("one"), record("two")]
      const writing = yield* Effect.forkChild(Effect.flip(sink.write(batch, text)), { startImmediately: true })
      const rotating = yield* Effect.forkChild(sink.rotate!, { startImmediately: true })
      writes.release()
      yield* Fiber.join(writing)
      // not now, but behind the line
      assert.isTrue(Exit.isFailure(yield* Fiber.await(rotating)))
      yield* sink.write(batch.slice(1), text)
      assert.deepStrictEqual(linesIn(root).toSorted(), ["one", "two"])
    }))

  it.effect("G30 a line that is rescued from a deleted file is not merged with an unfinished one", () =>
    Effect.gen(function*() {
      const root = yield* directory
      const path = join(root, "app.log")
      const sink = yield* open({ path })
      yield* sink.write([record("a")], text)
      fs.rmSync(path)
      fs.writeFileSync(path, "torn")
      yield* TestClock.adjust("1 second")
      yield* sink.write([record("b")], text)
      assert.deepStrictEqual(linesIn(root), ["torn", "a", "b"])
    }))

  it.effect("G30 what cannot be read of a deleted file since too many are open is rescued later", () =>
    Effect.gen(function*() {
      const root = yield* directory
      const path = join(root, "app.log")
      let isFull = false
      const files: FileSystem = {
        ...node,
        open: (path, flags, mode) =>
          isFull && path.startsWith("/proc/")
            ? failing(node.open(path, flags, mode), "EMFILE")
            : node.open(path, flags, mode)
      }
      const sink = yield* open({ path }, files)
      yield* sink.write([record("a")], text)
      fs.rmSync(path)
      yield* TestClock.adjust("1 second")
      isFull = true
      const batch = [record("b")]
      yield* Effect.flip(sink.write(batch, text))
      isFull = false
      yield* sink.write(batch, text)
      assert.deepStrictEqual(linesIn(root), ["a", "b"])
    }))

  it.effect("G30 a line that is rescued in two parts is whole in one file, also when the first one is renamed", () =>
    Effect.gen(function*() {
      const root = yield* directory
      const path = join(root, "app.log")
      let plan: Array<number> = []
      const files: FileSystem = {
        ...node,
        write(fd, bytes) {
          const take = plan.shift()
          if (take === undefined) return node.write(fd, bytes)
          return take === 0 ? failing(node.write(fd, bytes), "ENOSPC") : node.write(fd, bytes.subarray(0, take))
        }
      }
      const sink = yield* open({ path }, files)
      yield* sink.write([record("aaaa")], text)
      fs.rmSync(path)
      yield* TestClock.adjust("1 second")
      plan = [2, 0]
      yield* Effect.flip(sink.write([record("b")], text))
      fs.renameSync(path, `${path}.1`)
      yield* TestClock.adjust("1 second")
      yield* sink.write([record("b")], text)
      assert.includeMembers(linesIn(root), ["aaaa", "b"])
    }))

  it.effect("G30 a rename that has happened although it says otherwise (NFS) loses no file", () =>
    Effect.gen(function*() {
      const root = yield* directory
      const path = join(root, "app.log")
      let isOnce = true
      const sink = yield* open({ path, rotate: { name: "old-%n" } }, {
        ...node,
        rename(from, to) {
          if (!isOnce) return node.rename(from, to)
          isOnce = false
          return failing(node.rename(from, to), "ENOENT", true)
        }
      })
      yield* sink.write([record("a")], text)
      yield* Effect.exit(sink.rotate!)
      yield* TestClock.adjust("1 hour")
      // its lines are rescued, if the process lives on and looks: but a copy of all of it is not what it had seen there
      yield* sink.write([record("b")], text)
      yield* TestClock.adjust("1 hour")
      yield* sink.write([record("c")], text)
      assert.deepStrictEqual(linesIn(root).toSorted(), ["a", "b", "c"])
    }))

  it.effect("G30 the same, of a file that it has looked at", () =>
    Effect.gen(function*() {
      const root = yield* directory
      const path = join(root, "app.log")
      let isOnce = true
      const sink = yield* open({ path, rotate: { name: "old-%n" } }, {
        ...node,
        rename(from, to) {
          if (!isOnce) return node.rename(from, to)
          isOnce = false
          return failing(node.rename(from, to), "ENOENT", true)
        }
      })
      yield* sink.write([record("a")], text)
      yield* TestClock.adjust("2 seconds")
      yield* sink.write([record("b")], text)
      yield* Effect.exit(sink.rotate!)
      yield* TestClock.adjust("2 seconds")
      yield* sink.write([record("c")], text)
      assert.deepStrictEqual(linesIn(root).toSorted(), ["a", "b", "c"])
    }))

  it.effect("a rotation on demand fails when the file cannot be moved away", () =>
    Effect.gen(function*() {
      const root = yield* directory
      const sink = yield* open({ path: join(root, "app.log"), rotate: { name: "old-%n" } }, {
        ...node,
        rename: (from, to) => failing(node.rename(from, to), "EACCES")
      })
      yield* sink.write([record("a")], text)
      const exit = yield* Effect.exit(sink.rotate!)
      assert.isTrue(Exit.isFailure(exit))
    }))

  it.effect("G35 a sink that cannot open its directory leaves no descriptor open", () =>
    Effect.gen(function*() {
      const root = yield* directory
      const fds = new Set<number>()
      const files: FileSystem = {
        ...node,
        open: (path, flags, mode) => ({
          ...node.open(path, flags, mode),
          start: (callback) =>
            node.open(path, flags, mode).start((error, fd) => {
              if (!error) fds.add(fd)
              callback(error, fd)
            })
        }),
        close(fd) {
          fds.delete(fd)
          return node.close(fd)
        },
        readdir: (path) => failing(node.readdir(path), "EACCES")
      }
      const exit = yield* Effect.exit(Effect.scoped(open({ path: join(root, "app.log"), rotate: {} }, files)))
      assert.isTrue(Exit.isFailure(exit))
      assert.strictEqual(fds.size, 0)
    }))

  it.effect("G35 a close that is out of time for the compression closes its file all the same", () =>
    Effect.gen(function*() {
      const root = yield* directory
      fs.writeFileSync(join(root, "old-1"), "whole\n")
      const events: Array<string> = []
      const reads = gate()
      const fds = new Map<number, string>()
      const files: FileSystem = {
        ...node,
        open: (path, flags, mode) => ({
          ...node.open(path, flags, mode),
          start: (callback) =>
            node.open(path, flags, mode).start((error, fd) => {
              if (!error) fds.set(fd, path)
              callback(error, fd)
            })
        }),
        close(fd) {
          events.push(fds.get(fd)!)
          return node.close(fd)
        },
        read: (fd, bytes, position) => reads.on(node.read(fd, bytes, position))
      }
      const scope = yield* Scope.make()
      const path = join(root, "app.log")
      yield* Scope.provide(open({ path, rotate: { name: "old-%n", compress: "gzip" } }, files), scope)
      yield* until(() => reads.held.length > 0)
      const closing = yield* Effect.forkChild(Scope.close(scope, Exit.void), { startImmediately: true })
      yield* turn
      yield* Fiber.interrupt(closing)
      reads.release()
      for (let i = 0; i < 200; i++) yield* turn
      assert.include(events, path)
    }))

  it.effect("G12 nothing is begun behind a close, and no descriptor is closed twice", () =>
    Effect.gen(function*() {
      const root = yield* directory
      const path = join(root, "app.log")
      const scope = yield* Scope.make()
      const syncs = gate()
      let isHeld = true
      const failures: Array<number> = []
      const files: FileSystem = {
        ...node,
        fdatasync: (fd) => isHeld ? syncs.on(node.fdatasync(fd)) : node.fdatasync(fd),
        close: (fd) => ({
          ...node.close(fd),
          start: (callback) =>
            node.close(fd).start((error, value) => {
              if (error) failures.push(fd)
              callback(error, value)
            })
        })
      }
      const sink = yield* Scope.provide(open({ path, rotate: { name: "old-%n" } }, files), scope)
      yield* sink.write([record("a")], text)
      const flushing = yield* Effect.forkChild(sink.flush!, { startImmediately: true })
      yield* until(() => syncs.held.length > 0)
      isHeld = false
      const closing = yield* Effect.forkChild(Scope.close(scope, Exit.void), { startImmediately: true })
      yield* turn
      const rotating = yield* Effect.forkChild(sink.rotate!, { startImmediately: true })
      syncs.release()
      yield* Fiber.awaitAll([flushing, closing, rotating])
      fs.unlinkSync(path)
      assert.isTrue(Exit.isFailure(yield* Effect.exit(sink.rotate!)))
      assert.deepStrictEqual(failures, [])
      assert.deepStrictEqual(fs.readdirSync(root), [])
    }))

  it.effect("a call that throws when it is started is one that fails", () =>
    Effect.gen(function*() {
      const root = yield* directory
      let isBroken = true
      const broken = (): never => {
        throw new Error("planned")
      }
      const sink = yield* open({ path: join(root, "app.log"), rotate: { name: "old-%n" } }, {
        ...node,
        rename: (from, to) => isBroken ? { sync: broken, start: broken } : node.rename(from, to)
      })
      yield* sink.write([record("a")], text)
      assert.isTrue(Exit.isFailure(yield* Effect.exit(sink.rotate!)))
      isBroken = false
      yield* sink.rotate!
      assert.deepStrictEqual(filesIn(root), ["app.log", "old-1"])
    }))

  it.effect("G30 a torn line is ended where it is, before the file is rotated", () =>
    Effect.gen(function*() {
      const root = yield* directory
      const path = join(root, "app.log")
      fs.writeFileSync(path, "0123456789")
      const sink = yield* open({ path, rotate: { size: 8, name: "old-%n" } })
      yield* sink.write([record("a")], text)
      assert.strictEqual(fs.readFileSync(join(root, "old-1"), "utf8"), "0123456789\n")
      assert.strictEqual(fs.readFileSync(path, "utf8"), "a\n")
    }))

  it.effect("G12 nothing is written for a batch that nobody waits for any more", () =>
    Effect.gen(function*() {
      const root = yield* directory
      const path = join(root, "app.log")
      const looks = gate()
      let isHeld = true
      const sink = yield* open({ path }, {
        ...node,
        lstat: (path) => isHeld ? looks.on(node.lstat(path)) : node.lstat(path)
      })
      yield* TestClock.adjust("1 second")
      const writing = yield* Effect.forkChild(sink.write([record("a")], text), { startImmediately: true })
      yield* until(() => looks.held.length > 0)
      yield* Fiber.interrupt(writing)
      isHeld = false
      looks.release()
      for (let i = 0; i < 50; i++) yield* turn
      assert.strictEqual(fs.readFileSync(path, "utf8"), "")
    }))
})
