import { assert, describe, it } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as TestClock from "effect/testing/TestClock"
import * as fs from "node:fs"
import { hostname } from "node:os"
import { join } from "node:path"
import type { FileSystem } from "../../src/Files/FileSystem.ts"
import { CurrentFileSystem, node } from "../../src/Files/FileSystem.ts"
import * as Record from "../../src/Record.ts"
import * as FileSink from "../../src/Sinks/File.ts"
import type { FileOptions } from "../../src/Sinks/FileOptions.ts"
import { directory, planned } from "../support/files.ts"

const record = (message: string, level: Record.LogRecord["level"] = "Info") => Record.make({ level, message })
const text = (r: Record.LogRecord) => r.message
const content = (path: string) => fs.readFileSync(path, "utf8")
const modeOf = (path: string) => fs.statSync(path).mode & 0o777

const open = (options: FileOptions) => FileSink.make(options).open
const write = (options: FileOptions) =>
  Effect.scoped(Effect.flatMap(open(options), (sink) => sink.write([record("a")], text)))

const refusal = Effect.fnUntraced(function*(options: FileOptions) {
  const exit = yield* Effect.exit(write(options))
  assert.isTrue(Exit.isFailure(exit))
  return Exit.isFailure(exit) ? String(Cause.squash(exit.cause)) : ""
})

describe("where a file sink writes", () => {
  it.live("%pid and %host in its path stand for the process and the machine", () =>
    Effect.gen(function*() {
      const root = yield* directory
      yield* write({ path: join(root, "%host", "app-%pid-100%%.log") })
      const host = hostname().replace(/[^A-Za-z0-9_.-]/g, "_")
      assert.strictEqual(content(join(root, host, `app-${process.pid}-100%.log`)), "a\n")
    }))

  it.live("a directory that a link puts outside of the base is refused", () =>
    Effect.gen(function*() {
      const root = yield* directory
      const logs = join(root, "logs")
      fs.mkdirSync(logs)
      fs.mkdirSync(join(root, "elsewhere"))
      fs.symlinkSync(join(root, "elsewhere"), join(logs, "sub"))
      assert.include(yield* refusal({ path: join(logs, "sub", "app.log"), base: logs }), "is not below")
      assert.include(yield* refusal({ path: join(root, "app.log"), base: logs }), "is not below")
      assert.include(yield* refusal({ path: `${logs}/sub/../app.log`, base: logs }), "is not below")
      assert.deepStrictEqual(fs.readdirSync(root).toSorted(), ["elsewhere", "logs"])
      assert.deepStrictEqual(fs.readdirSync(join(root, "elsewhere")), [])
      yield* write({ path: join(logs, "sub", "app.log") })
      yield* write({ path: join(logs, "deeper", "app.log"), base: logs })
    }))

  it.live("no directory is made outside of the base", () =>
    Effect.gen(function*() {
      const root = yield* directory
      const base = join(root, "logs")
      fs.mkdirSync(base)
      fs.mkdirSync(join(root, "elsewhere"))
      fs.symlinkSync(join(root, "elsewhere"), join(base, "sub"))
      fs.symlinkSync(join(root, "nowhere"), join(base, "dangling"))
      assert.include(yield* refusal({ path: join(base, "sub", "deep", "app.log"), base }), "is not below")
      assert.include(yield* refusal({ path: join(root, "beside", "app.log"), base }), "is not below")
      yield* refusal({ path: join(base, "dangling", "deep", "app.log"), base })
      assert.deepStrictEqual(fs.readdirSync(root).toSorted(), ["elsewhere", "logs"])
      assert.deepStrictEqual(fs.readdirSync(join(root, "elsewhere")), [])
    }))

  it.live("the base is made, like the directories below it", () =>
    Effect.gen(function*() {
      const base = join(yield* directory, "var", "logs")
      yield* write({ path: join(base, "deep", "app.log"), base })
      assert.strictEqual(content(join(base, "deep", "app.log")), "a\n")
      assert.strictEqual(modeOf(base), 0o700)
    }))

  it.live("a link that is followed does not lead out of the base", () =>
    Effect.gen(function*() {
      const root = yield* directory
      const base = join(root, "logs")
      const path = join(base, "app.log")
      const options = { path, base, followLinks: true }
      const linkTo = (target: string) => {
        fs.rmSync(path, { force: true })
        fs.symlinkSync(target, path)
      }
      fs.mkdirSync(base)
      fs.writeFileSync(join(root, "precious"), "")
      fs.writeFileSync(join(base, "target"), "")
      linkTo("../precious")
      assert.include(yield* refusal(options), "is not below")
      assert.strictEqual(content(join(root, "precious")), "")
      // where it would be made, only the link knows
      for (const nowhere of ["../nowhere", "nowhere"]) {
        linkTo(nowhere)
        assert.include(yield* refusal(options), "ENOENT")
      }
      assert.deepStrictEqual(fs.readdirSync(root).toSorted(), ["logs", "precious"])
      linkTo("target")
      yield* write(options)
      assert.strictEqual(content(join(base, "target")), "a\n")
    }))

  it.live("a symbolic link is refused, or followed", () =>
    Effect.gen(function*() {
      const root = yield* directory
      const path = join(root, "app.log")
      const target = join(root, "target")
      fs.writeFileSync(target, "")
      fs.symlinkSync(target, path)
      assert.match(yield* refusal({ path }), /ELOOP/)
      assert.strictEqual(content(target), "")
      yield* write({ path, followLinks: true })
      assert.strictEqual(content(target), "a\n")
    }))

  it.effect("a link that is followed is no other file at each look", () =>
    Effect.gen(function*() {
      const root = yield* directory
      const path = join(root, "app.log")
      fs.symlinkSync(join(root, "target"), path)
      const sink = yield* open({ path, followLinks: true, rotate: { size: 4, name: "old-%n" } })
      yield* sink.write([record("a")], text)
      yield* TestClock.adjust("1 second")
      yield* sink.write([record("b"), record("c")], text)
      assert.strictEqual(content(path), "c\n")
      assert.strictEqual(content(join(root, "old-1")), "a\nb\n")
      assert.isTrue(fs.lstatSync(path).isSymbolicLink())
    }))

  it.live("a file with more permissions is kept as it is, refused, or repaired", () =>
    Effect.gen(function*() {
      const path = join(yield* directory, "app.log")
      fs.writeFileSync(path, "", { mode: 0o644 })
      yield* write({ path })
      assert.strictEqual(modeOf(path), 0o644)
      assert.include(yield* refusal({ path, permissions: "refuse" }), "mode 0644 has more permissions than 0600")
      yield* write({ path, permissions: "repair" })
      assert.strictEqual(modeOf(path), 0o600)
      yield* write({ path, permissions: "refuse" })
    }))

  it.live("makes a symbolic link to it, in the place of another one and of nothing else", () =>
    Effect.gen(function*() {
      const root = yield* directory
      const symlink = join(root, "app.log")
      yield* write({ path: join(root, "logs", "one.log"), symlink })
      yield* write({ path: join(root, "logs", "two.log"), symlink })
      assert.strictEqual(fs.readlinkSync(symlink), "logs/two.log")
      fs.rmSync(symlink)
      fs.writeFileSync(symlink, "precious")
      assert.include(yield* refusal({ path: join(root, "logs", "one.log"), symlink }), "no symbolic link")
      assert.strictEqual(content(symlink), "precious")
    }))
})

describe("a file that processes share", () => {
  it.effect("a line of which only a part was written is ended, and written again", () =>
    Effect.gen(function*() {
      const shared = (isShared: boolean) =>
        Effect.gen(function*() {
          const file = planned([{ take: 5 }])
          const sink = yield* Effect.provideService(
            open({ path: "app.log", shared: isShared }),
            CurrentFileSystem,
            file.fs
          )
          yield* sink.write([record("one"), record("two"), record("three")], text)
          return file.content()
        })
      assert.strictEqual(yield* shared(false), "one\ntwo\nthree\n")
      assert.strictEqual(yield* shared(true), "one\nt\ntwo\nthree\n")
    }))

  it.effect("a line that is cut short is written again with the note, also when the disk takes the rest at once", () =>
    Effect.gen(function*() {
      const file = planned([{ take: 7 }])
      const sink = yield* Effect.provideService(open({ path: "app.log", shared: true }), CurrentFileSystem, file.fs)
      const noted = (r: Record.LogRecord) => r.notes === undefined ? r.message : `${r.message} (${r.notes.join()})`
      yield* sink.write([record("aaaa"), record("bbbb")], noted)
      assert.strictEqual(file.content(), "aaaa\nbb\nbbbb (repeated)\n")
    }))

  it.effect("a write has 64 KiB at most, in whole lines", () =>
    Effect.gen(function*() {
      const file = planned([])
      const sink = yield* Effect.provideService(open({ path: "app.log", shared: true }), CurrentFileSystem, file.fs)
      yield* sink.write(Array.from({ length: 100 }, () => record("x".repeat(2_999))), text)
      assert.deepStrictEqual(
        file.writes.slice(0, -1).map((bytes) => bytes % 3_000),
        file.writes.slice(0, -1).map(() => 0)
      )
      assert.isAtMost(Math.max(...file.writes), 64 * 1024)
    }))

  it.effect("G29 a line above 64 KiB is written whole, so that no other line comes into it", () =>
    Effect.gen(function*() {
      const path = join(yield* directory, "app.log")
      const writeOthers = () => fs.appendFileSync(path, "other\n")
      const sink = yield* Effect.provideService(open({ path, shared: true }), CurrentFileSystem, {
        ...node,
        write: (fd, bytes) => ({
          sync: () => {
            const written = node.write(fd, bytes).sync()
            writeOthers()
            return written
          },
          start: (callback) =>
            node.write(fd, bytes).start((error, written) => {
              writeOthers()
              callback(error, written)
            })
        })
      })
      const long = "x".repeat(100_000)
      yield* sink.write(["a", long].map((message) => record(message)), text)
      sink.writeSync!([record(long)], text)
      assert.strictEqual(content(path), `a\nother\n${long}\nother\n${long}\nother\n`)
    }))

  it.effect("G29 a line that a full disk has cut is written again with a note, whenever that is", () =>
    Effect.gen(function*() {
      const file = planned([{ take: 5 }, { fail: "ENOSPC" }])
      const sink = yield* Effect.provideService(open({ path: "app.log", shared: true }), CurrentFileSystem, file.fs)
      const batch = ["one", "two", "three"].map((message) => record(message))
      const noted = (r: Record.LogRecord) => [r.message, ...r.notes ?? []].join(" ")
      yield* Effect.flip(sink.write(batch, noted))
      yield* sink.write(batch.slice(1), noted)
      yield* sink.write(batch.slice(1), noted)
      assert.strictEqual(file.content(), "one\nt\ntwo repeated\nthree\ntwo\nthree\n")
    }))

  it.effect("G29 a FIFO gets lines in pieces that it takes whole, and a longer line to its end", () =>
    Effect.gen(function*() {
      // whose reader makes room for a little at a time
      const file = planned(Array.from({ length: 20 }, () => ({ take: 4_096 })))
      const fstat: FileSystem["fstat"] = (fd) => {
        const call = file.fs.fstat(fd)
        const info = () => ({ ...call.sync(), isFile: false })
        return { sync: info, start: (callback) => callback(null, info()) }
      }
      const sink = yield* Effect.provideService(
        open({ path: "fifo", shared: true }),
        CurrentFileSystem,
        { ...file.fs, fstat }
      )
      const long = "y".repeat(10_000)
      const messages = [...Array.from({ length: 10 }, () => "x".repeat(999)), long]
      yield* sink.write(messages.map((message) => record(message)), text)
      assert.strictEqual(file.content(), messages.map((message) => `${message}\n`).join(""))
      assert.deepStrictEqual(file.writes, [4_000, 4_000, 2_000, 4_096, 4_096, 1_809])
    }))

  it("cannot be rotated", () => {
    const { wrong } = FileSink.make({ path: "app.log", shared: true, rotate: { size: "1 MB" } })
    assert.deepStrictEqual(wrong.map(({ field }) => field), ["rotate"])
  })
})

describe("what a file sink makes durable", () => {
  const synced = (sync: FileOptions["sync"], level: Record.LogRecord["level"] = "Info") =>
    Effect.gen(function*() {
      const file = planned([])
      const sink = yield* Effect.provideService(open({ path: "app.log", sync }), CurrentFileSystem, file.fs)
      yield* sink.write([record("a", level)], text)
      const count = () => file.events.filter((event) => event === "fdatasync").length
      const afterWrite = count()
      yield* TestClock.adjust("1 second")
      const later = count()
      if (sink.flush !== undefined) yield* sink.flush
      return [afterWrite, later, count()]
    })

  it.effect("never, with a flush, with each batch, from a level on, or some time after a write", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* synced("never"), [0, 0, 0])
      assert.deepStrictEqual(yield* synced(undefined), [0, 0, 1])
      assert.deepStrictEqual(yield* synced("flush"), [0, 0, 1])
      assert.deepStrictEqual(yield* synced("batch"), [1, 1, 2])
      assert.deepStrictEqual(yield* synced({ from: "Fatal" }, "Error"), [0, 0, 1])
      assert.deepStrictEqual(yield* synced({ from: "Fatal" }, "Fatal"), [1, 1, 2])
      assert.deepStrictEqual(yield* synced({ every: "500 millis" }), [0, 1, 2])
      assert.deepStrictEqual(yield* synced({ every: "5 seconds" }), [0, 0, 1])
    }))

  it.effect("also with a synchronous write", () =>
    Effect.gen(function*() {
      const file = planned([])
      const sink = yield* Effect.provideService(
        open({ path: "app.log", sync: { from: "Fatal" } }),
        CurrentFileSystem,
        file.fs
      )
      sink.writeSync!([record("a")], text)
      assert.deepStrictEqual(file.events, [])
      sink.writeSync!([record("b", "Fatal")], text)
      assert.deepStrictEqual(file.events, ["fdatasync", "names"])
    }))

  it("G33 wrong options are named", () => {
    const wrong = (options: Partial<FileOptions>) =>
      FileSink.make({ path: "a", ...options }).wrong.map(({ field }) => field)
    assert.deepStrictEqual(wrong({ sync: { every: 0 } }), ["sync.every"])
    assert.deepStrictEqual(wrong({ sync: { from: "fatal" as never } }), ["sync.from"])
    assert.deepStrictEqual(wrong({ sync: { evry: 1 } as never }), ["sync.evry"])
    assert.deepStrictEqual(wrong({ path: "%user.log" }), ["path"])
    const rotate = (rotate: object) => wrong({ rotate: rotate as never })
    assert.deepStrictEqual(rotate({ size: "1 XB" }), ["rotate.size"])
    assert.deepStrictEqual(rotate({ every: "sometimes" }), ["rotate.every"])
    assert.deepStrictEqual(rotate({ timeZone: "Middle/Earth" }), ["rotate.timeZone"])
    assert.deepStrictEqual(rotate({ onStart: 1 }), ["rotate.onStart"])
    assert.deepStrictEqual(rotate({ signal: "SIGTERM" }), ["rotate.signal"])
    assert.deepStrictEqual(rotate({ name: "app.log" }), ["rotate.name"])
    assert.deepStrictEqual(rotate({ compress: "rar" }), ["rotate.compress"])
    assert.deepStrictEqual(rotate({ keep: null }), ["rotate.keep"])
    assert.deepStrictEqual(rotate({ keep: { files: 0 } }), ["rotate.keep.files"])
    assert.deepStrictEqual(rotate({ keep: { age: "x" } }), ["rotate.keep.age"])
    assert.deepStrictEqual(rotate({ keep: { bytes: 0 } }), ["rotate.keep.bytes"])
    assert.deepStrictEqual(rotate({ keep: { count: 1 } }), ["rotate.keep.count"])
    assert.deepStrictEqual(rotate({ sizes: 1 }), ["rotate.sizes"])
  })
})
