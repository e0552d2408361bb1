import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as TestClock from "effect/testing/TestClock"
import * as fs from "node:fs"
import { join } from "node:path"
import { gunzipSync, zstdDecompressSync } from "node:zlib"
import * as AsyncLogging from "../../src/AsyncLogging.ts"
import type { FileSystem } from "../../src/Files/FileSystem.ts"
import { CurrentFileSystem, node } from "../../src/Files/FileSystem.ts"
import * as Logger from "../../src/Logger.ts"
import * as Record from "../../src/Record.ts"
import * as Sinks from "../../src/Sinks.ts"
import * as FileSink from "../../src/Sinks/File.ts"
import type { FileOptions } from "../../src/Sinks/FileOptions.ts"
import { CurrentTell } from "../../src/Sinks/Tell.ts"
import { directory, until } from "../support/files.ts"

const record = (message: string) => Record.make({ level: "Info", message })
const text = (r: Record.LogRecord) => r.message
const open = (options: FileOptions) => FileSink.make(options).open

/** What is in the files of a directory, by name. */
const contents = (path: string) =>
  Object.fromEntries(fs.readdirSync(path).toSorted().map((name) => [name, fs.readFileSync(join(path, name), "utf8")]))

const epoch = "1970-01-01"

describe("rotation of a file", () => {
  it.effect("G29 waits while many files of before are still being made durable", () =>
    Effect.gen(function*() {
      const root = yield* directory
      const held: Array<() => void> = []
      let isSlow = true
      const slow: FileSystem = {
        ...node,
        fdatasync: (fd) => ({
          ...node.fdatasync(fd),
          start: (callback) => isSlow ? void held.push(() => callback(null)) : node.fdatasync(fd).start(callback)
        })
      }
      const sink = yield* Effect.provideService(
        open({ path: join(root, "app.log"), rotate: { size: 4 } }),
        CurrentFileSystem,
        slow
      )
      yield* sink.write(Array.from({ length: 30 }, () => record("aaa")), text)
      // one after the other: more would take the threads of the program
      assert.lengthOf(held, 1)
      assert.lengthOf(fs.readdirSync(root), 17)
      assert.strictEqual(fs.readFileSync(join(root, "app.log"), "utf8"), "aaa\n".repeat(14))
      held.shift()!()
      while (fs.readdirSync(root).length < 18) yield* sink.write([record("bbb")], text)
      assert.strictEqual(fs.readFileSync(join(root, "app.log"), "utf8"), "bbb\n")
      isSlow = false
      for (const release of held) release()
    }))

  it.effect("G30 by size: no file is larger, unless it has a single line, and every line is in one of them", () =>
    Effect.gen(function*() {
      const root = yield* directory
      const sink = yield* open({ path: join(root, "app.log"), rotate: { size: 8 } })
      yield* sink.write(["aa", "bb", "cc", "a long line", "dd"].map(record), text)
      sink.writeSync!(["ee", "ff", "gg"].map(record), text)
      assert.deepStrictEqual(contents(root), {
        [`app.${epoch}.1.log`]: "aa\nbb\n",
        [`app.${epoch}.2.log`]: "cc\n",
        [`app.${epoch}.3.log`]: "a long line\n",
        [`app.${epoch}.4.log`]: "dd\nee\n",
        "app.log": "ff\ngg\n"
      })
    }))

  it.effect("counts what is there at the start, and goes on with the numbers of the files that are there", () =>
    Effect.gen(function*() {
      const root = yield* directory
      fs.writeFileSync(join(root, "app.log"), "before\n")
      fs.writeFileSync(join(root, "app.2001-01-01.41.log.gz"), "")
      fs.writeFileSync(join(root, "app.2001-01-01.99.txt"), "")
      const sink = yield* open({ path: join(root, "app.log"), rotate: { size: 10 } })
      yield* sink.write(["aa", "bb"].map(record), text)
      const day = fs.statSync(join(root, "app.log")).mtime.toISOString().slice(0, 10)
      assert.strictEqual(contents(root)["app.log"], "bb\n")
      assert.strictEqual(contents(root)[`app.${day}.42.log`], "before\naa\n")
    }))

  it.effect("G30 fails, and the log goes on, when a file has the last number that there is", () =>
    Effect.gen(function*() {
      const root = yield* directory
      const path = join(root, "app.log")
      const last = Number.MAX_SAFE_INTEGER
      fs.writeFileSync(join(root, `old-${last - 1}`), "x\n")
      const told: Array<string> = []
      let opened = 0
      const sink = yield* open({ path, rotate: { size: 2, name: "old-%n" } }).pipe(
        Effect.provideService(CurrentTell, (kind, message) => told.push(`${kind}: ${message}`)),
        Effect.provideService(CurrentFileSystem, {
          ...node,
          open(path, flags, mode) {
            // what would go on for ever ends all the same
            if (++opened > 100) throw new Error("too many calls")
            return node.open(path, flags, mode)
          }
        })
      )
      yield* sink.write(["a", "b", "c", "d"].map(record), text)
      assert.deepStrictEqual(contents(root), {
        "app.log": "b\nc\nd\n",
        [`old-${last - 1}`]: "x\n",
        [`old-${last}`]: "a\n"
      })
      assert.deepStrictEqual(told, [
        `rotation_failed: cannot rotate ${path}, it is tried again in 30 s: there is no number behind those of the files there`
      ])
    }))

  it.effect("by time: with the first line behind it", () =>
    Effect.gen(function*() {
      const root = yield* directory
      const sink = yield* open({ path: join(root, "app.log"), rotate: { every: "1 hour" }, lookAfter: "1 day" })
      yield* TestClock.adjust("30 minutes")
      yield* sink.write([record("a")], text)
      yield* TestClock.adjust("29 minutes")
      yield* sink.write([record("b")], text)
      assert.deepStrictEqual(Object.keys(contents(root)), ["app.log"])
      yield* TestClock.adjust("3 hours")
      yield* sink.write([record("c"), record("d")], text)
      assert.deepStrictEqual(contents(root), { [`app.${epoch}.1.log`]: "a\nb\n", "app.log": "c\nd\n" })
    }))

  it.effect("G33 by a cron expression, in a time zone, which dates in names have too", () =>
    Effect.gen(function*() {
      const root = yield* directory
      const rotate = { every: "0 0 * * *", timeZone: "Asia/Kolkata" }
      const sink = yield* open({ path: join(root, "app.log"), rotate, lookAfter: "1 day" })
      yield* sink.write([record("a")], text)
      // midnight is at 18:30 UTC there
      yield* TestClock.adjust("18 hours")
      yield* sink.write([record("b")], text)
      yield* TestClock.adjust("1 hour")
      yield* sink.write([record("c")], text)
      yield* TestClock.adjust("1 day")
      yield* sink.write([record("d")], text)
      assert.deepStrictEqual(contents(root), {
        "app.1970-01-01.1.log": "a\nb\n",
        "app.1970-01-02.2.log": "c\n",
        "app.log": "d\n"
      })
    }))

  it.effect("on start, when there is something in it", () =>
    Effect.gen(function*() {
      const root = yield* directory
      const path = join(root, "app.log")
      const start = Effect.scoped(Effect.flatMap(
        open({ path, rotate: { onStart: true, name: "old-%n" } }),
        (sink) => sink.write([record("a")], text)
      ))
      yield* start
      yield* start
      assert.deepStrictEqual(contents(root), { "old-1": "a\n", "app.log": "a\n" })
    }))

  it.effect("on demand, between two lines", () =>
    Effect.gen(function*() {
      const root = yield* directory
      const sink = yield* open({ path: join(root, "app.log"), rotate: { size: "1 GB", name: "old-%n" } })
      yield* sink.rotate!
      yield* sink.write([record("a")], text)
      yield* sink.rotate!
      yield* sink.rotate!
      yield* sink.write([record("b")], text)
      assert.deepStrictEqual(contents(root), { "old-1": "a\n", "app.log": "b\n" })
    }))
})

describe("rotation of a running layer", () => {
  it.live.each(["SIGUSR2", "SIGHUP"] as const)(
    "by AsyncLogging.rotate, and by %s: every record is in one of the files",
    (signal) =>
      Effect.gen(function*() {
        const root = yield* directory
        const listeners = process.listenerCount(signal)
        yield* Effect.gen(function*() {
          yield* Logger.info("one")
          yield* AsyncLogging.flush
          yield* AsyncLogging.rotate
          assert.strictEqual(contents(root)["old-1"], "one\n")
          yield* Logger.info("two")
          yield* AsyncLogging.flush
          process.kill(process.pid, signal)
          while (contents(root)["old-2"] === undefined) {
            yield* Effect.promise(() => new Promise((resolve) => setImmediate(resolve)))
          }
          yield* Logger.info("three")
        }).pipe(Effect.provide(AsyncLogging.layer({
          sinks: [
            Sinks.file({ path: join(root, "app.log"), format: text, rotate: { name: "old-%n", signal } }),
            Sinks.memory()
          ]
        })))
        assert.deepStrictEqual(contents(root), { "old-1": "one\n", "old-2": "two\n", "app.log": "three\n" })
        assert.strictEqual(process.listenerCount(signal), listeners)
      })
  )
})

describe("a file that others move", () => {
  it.effect("G30 that was renamed is left at the next look", () =>
    Effect.gen(function*() {
      const root = yield* directory
      const path = join(root, "app.log")
      const sink = yield* open({ path })
      yield* sink.write([record("a")], text)
      fs.renameSync(path, `${path}.1`)
      yield* sink.write([record("b")], text)
      yield* TestClock.adjust("1 second")
      yield* sink.write([record("c")], text)
      assert.deepStrictEqual(contents(root), { "app.log.1": "a\nb\n", "app.log": "c\n" })
    }))

  it.effect("G30 that was renamed, and is to be rotated: a new one is begun, and only one", () =>
    Effect.gen(function*() {
      const root = yield* directory
      const path = join(root, "app.log")
      const sink = yield* open({ path, rotate: { name: "old-%n" } })
      yield* sink.write([record("a")], text)
      fs.renameSync(path, `${path}.1`)
      yield* sink.rotate!
      yield* sink.write([record("b")], text)
      yield* sink.write([record("c")], text)
      assert.deepStrictEqual(contents(root), { "app.log.1": "a\n", "app.log": "b\nc\n" })
    }))

  it.effect("G30 lines that were written to a deleted file are in the new one", () =>
    Effect.gen(function*() {
      const root = yield* directory
      const path = join(root, "logs", "app.log")
      const sink = yield* open({ path })
      yield* sink.write([record("a")], text)
      yield* TestClock.adjust("1 second")
      yield* sink.write([record("b")], text)
      fs.rmSync(join(root, "logs"), { recursive: true })
      yield* sink.write([record("c")], text)
      yield* TestClock.adjust("1 second")
      yield* sink.write([record("d")], text)
      yield* sink.flush!
      // "b" was there when it was deleted, but the sink had not seen it there
      assert.deepStrictEqual(contents(join(root, "logs")), { "app.log": "b\nc\nd\n" })
    }))

  it.effect("G30 a directory that cannot be made anew: the write fails, and the lines come with the next one", () =>
    Effect.gen(function*() {
      const root = yield* directory
      const path = join(root, "logs", "app.log")
      const sink = yield* open({ path })
      fs.rmSync(join(root, "logs"), { recursive: true })
      fs.writeFileSync(join(root, "logs"), "")
      yield* sink.write([record("a")], text)
      yield* TestClock.adjust("1 second")
      const exit = yield* Effect.exit(sink.write([record("b")], text))
      assert.strictEqual(exit._tag, "Failure")
      fs.rmSync(join(root, "logs"))
      yield* sink.write([record("b")], text)
      assert.deepStrictEqual(contents(join(root, "logs")), { "app.log": "a\nb\n" })
    }))

  it.effect("that was truncated counts anew", () =>
    Effect.gen(function*() {
      const root = yield* directory
      const path = join(root, "app.log")
      const sink = yield* open({ path, rotate: { size: 6, name: "old-%n" } })
      yield* sink.write([record("aa")], text)
      fs.truncateSync(path)
      yield* TestClock.adjust("1 second")
      yield* sink.write([record("bb"), record("cc")], text)
      assert.deepStrictEqual(contents(root), { "app.log": "bb\ncc\n" })
    }))
})

describe("rotated files", () => {
  it.live("G30 are compressed and removed in the background, and that is done when the sink has closed", () =>
    Effect.gen(function*() {
      const root = yield* directory
      const rotate = { size: 4, name: "old-%n", compress: "gzip", keep: { files: 2 } } as const
      yield* Effect.scoped(Effect.gen(function*() {
        const sink = yield* open({ path: join(root, "app.log"), rotate })
        for (const line of ["aa", "bb", "cc", "dd"]) yield* sink.write([record(line)], text)
      }))
      assert.deepStrictEqual(fs.readdirSync(root).toSorted(), ["app.log", "old-2.gz", "old-3.gz"])
      assert.strictEqual(gunzipSync(fs.readFileSync(join(root, "old-2.gz"))).toString(), "bb\n")
      assert.strictEqual(fs.statSync(join(root, "old-2.gz")).mode & 0o777, 0o600)
    }))

  it.live("what a crash has left is cleared away at the start, and nothing else", () =>
    Effect.gen(function*() {
      const root = yield* directory
      const put = (name: string, content: string) => fs.writeFileSync(join(root, name), content)
      put("old-1", "whole\n")
      put("old-1.gz", "a part")
      put("old-2.gz.0123abcd.tmp", "a part")
      put("old-3", "")
      const yesterday = Date.now() / 1000 - 86_400
      for (const name of ["old-2.gz.0123abcd.tmp", "old-3"]) fs.utimesSync(join(root, name), yesterday, yesterday)
      put("old-x", "")
      fs.symlinkSync(join(root, "old-x"), join(root, "old-4"))
      const rotate = { size: "1 MB", name: "old-%n", compress: "gzip" } as const
      yield* Effect.scoped(open({ path: join(root, "app.log"), rotate }))
      assert.deepStrictEqual(fs.readdirSync(root).toSorted(), ["app.log", "old-1.gz", "old-4", "old-x"])
      assert.strictEqual(gunzipSync(fs.readFileSync(join(root, "old-1.gz"))).toString(), "whole\n")
    }))

  it.live("G33 are kept by age and by bytes", () =>
    Effect.gen(function*() {
      const day = 86_400_000
      const kept = (keep: { readonly age: "5 days" } | { readonly bytes: "25 B" }) =>
        Effect.gen(function*() {
          const root = yield* directory
          for (let n = 1; n <= 4; n++) {
            const path = join(root, `old-${n}`)
            fs.writeFileSync(path, "123456789\n")
            fs.utimesSync(path, new Date(), new Date(Date.now() - (7 - n) * day))
          }
          yield* Effect.scoped(open({ path: join(root, "app.log"), rotate: { name: "old-%n", keep } }))
          return fs.readdirSync(root).filter((name) => name !== "app.log")
        })
      assert.deepStrictEqual(yield* kept({ age: "5 days" }), ["old-3", "old-4"])
      assert.deepStrictEqual(yield* kept({ bytes: "25 B" }), ["old-3", "old-4"])
    }))

  it.effect("G30 go by their age while nothing is written, too", () =>
    Effect.gen(function*() {
      const root = yield* directory
      yield* TestClock.setTime(Date.now())
      fs.writeFileSync(join(root, "old-1"), "a\n")
      yield* open({ path: join(root, "app.log"), rotate: { name: "old-%n", keep: { age: "90 minutes" } } })
      yield* TestClock.adjust("1 hour")
      assert.include(fs.readdirSync(root), "old-1")
      yield* TestClock.adjust("1 hour")
      yield* until(() => !fs.existsSync(join(root, "old-1")))
    }))

  it.live("G33 are compressed with zstd", () =>
    Effect.gen(function*() {
      const root = yield* directory
      yield* Effect.scoped(Effect.gen(function*() {
        const sink = yield* open({ path: join(root, "app.log"), rotate: { name: "old-%n", compress: "zstd" } })
        yield* sink.write([record("a")], text)
        yield* sink.rotate!
      }))
      assert.strictEqual(zstdDecompressSync(fs.readFileSync(join(root, "old-1.zst"))).toString(), "a\n")
    }))
})
