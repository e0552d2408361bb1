import { assert, describe, it } from "@effect/vitest"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as fs from "node:fs"
import { basename, join } from "node:path"
import { gunzipSync } from "node:zlib"
import type { FileSystem } from "../../src/Files/FileSystem.ts"
import { CurrentFileSystem, node } from "../../src/Files/FileSystem.ts"
import * as Housekeepings from "../../src/Files/Housekeeping.ts"
import type { Limits } from "../../src/Files/Retention.ts"
import type { Compression } from "../../src/Files/RotatedName.ts"
import * as RotatedNames from "../../src/Files/RotatedName.ts"
import type { Call } from "../../src/Files/Steps.ts"
import * as Record from "../../src/Record.ts"
import * as FileSink from "../../src/Sinks/File.ts"
import type { FileOptions } from "../../src/Sinks/FileOptions.ts"
import { directory, gate, until } from "../support/files.ts"

const text = (r: Record.LogRecord) => r.message
const open = (options: FileOptions, files: FileSystem = node) =>
  Effect.provideService(FileSink.make(options).open, CurrentFileSystem, files)
const openAndClose = (options: FileOptions, files?: FileSystem) => Effect.scoped(open(options, files))

const record = (message: string) => Record.make({ level: "Info", message })

/** Node's file system, with something in front of each call. */
const tapped = (before: () => void): FileSystem =>
  Object.fromEntries(
    Object.entries(node).map(([name, make]) => [name, (...args: ReadonlyArray<unknown>) => {
      const call = (make as unknown as (...args: ReadonlyArray<unknown>) => Call<unknown>)(...args)
      return {
        ...call,
        start(callback) {
          before()
          call.start(callback)
        }
      } satisfies Call<unknown>
    }])
  ) as unknown as FileSystem

/** One process that looks after `old-1`, `old-2` and so on, beside `app.log`. */
const keeper = Effect.fnUntraced(function*(
  root: string,
  files: FileSystem,
  options: { readonly compression?: Compression; readonly limits?: Limits } = {}
) {
  const name = RotatedNames.make("old-%n", "app.log")
  assert.strictEqual(name._tag, "Success")
  const told: Array<string> = []
  const self = Housekeepings.make({
    fs: files,
    clock: yield* Clock.Clock,
    pathOf: () => join(root, "app.log"),
    name: name._tag === "Success" ? name.success : undefined!,
    compression: options.compression,
    limits: options.limits ?? {},
    isRotated: () => true,
    tell: (kind, message) => void told.push(`${kind}: ${message}`)
  })
  return { ...self, told }
})

/** What a reader finds in `old-1`: an archive beside it does not count. */
const content = (root: string): string => {
  const plain = join(root, "old-1")
  return fs.existsSync(plain) ? fs.readFileSync(plain, "utf8") : gunzipSync(fs.readFileSync(`${plain}.gz`)).toString()
}

const rotatedIn = (root: string) => fs.readdirSync(root).filter((name) => name.startsWith("old")).toSorted()

const refused = (call: Call<void>): Call<void> => ({
  ...call,
  start: (callback) =>
    void setImmediate(() => callback(Object.assign(new Error("EPERM: refused"), { code: "EPERM" }), undefined))
})

describe("the age of a rotated file", () => {
  it.live("G30 is that of its last line, also when it is compressed", () =>
    Effect.gen(function*() {
      const root = yield* directory
      const day = 86_400
      for (const [name, days] of [["old-1", 10], ["old-2", 3]] as const) {
        fs.writeFileSync(join(root, name), "a\n")
        const time = Date.now() / 1000 - days * day
        fs.utimesSync(join(root, name), time, time)
      }
      const time = fs.statSync(join(root, "old-2")).mtimeMs
      const rotate = { name: "old-%n", compress: "gzip", keep: { age: "5 days" } } as const
      yield* openAndClose({ path: join(root, "app.log"), rotate })
      assert.deepStrictEqual(rotatedIn(root), ["old-2.gz"])
      assert.approximately(fs.statSync(join(root, "old-2.gz")).mtimeMs, time, 1)
    }))
})

describe("a rotated file that cannot be looked after", () => {
  it.live("G30 or is none, does not keep the others from being removed", () =>
    Effect.gen(function*() {
      const root = yield* directory
      fs.mkdirSync(join(root, "old-9.gz.0123abcd.tmp"))
      for (let n = 1; n <= 5; n++) fs.writeFileSync(join(root, `old-${n}`), "a\n")
      const files: FileSystem = {
        ...node,
        unlink: (path) => path.endsWith("old-1") ? refused(node.unlink(path)) : node.unlink(path)
      }
      const self = yield* keeper(root, files, { limits: { files: 2 } })
      self.wakeUnsafe()
      yield* self.idle
      assert.deepStrictEqual(rotatedIn(root), ["old-1", "old-4", "old-5", "old-9.gz.0123abcd.tmp"])
      assert.deepStrictEqual(self.told, ["housekeeping_failed: cannot remove old-1: EPERM: refused"])
    }))

  it.live("G30 does not keep the others from being compressed", () =>
    Effect.gen(function*() {
      const root = yield* directory
      for (let n = 1; n <= 3; n++) fs.writeFileSync(join(root, `old-${n}`), "a\n")
      const files: FileSystem = {
        ...node,
        rename: (from, to) => to.endsWith("old-2.gz") ? refused(node.rename(from, to)) : node.rename(from, to)
      }
      const self = yield* keeper(root, files, { compression: "gzip" })
      self.wakeUnsafe()
      yield* self.idle
      assert.deepStrictEqual(rotatedIn(root), ["old-1.gz", "old-2", "old-3.gz"])
      assert.deepStrictEqual(self.told, [
        "compression_failed: cannot compress old-2, it is left as it is: EPERM: refused"
      ])
    }))
})

describe("two processes, as in a restart that overlaps", () => {
  it.live("G30 what the older one still writes to a rotated file is not lost by the compression of the newer one", () =>
    Effect.gen(function*() {
      let isOver = false
      for (let at = 0; !isOver; at++) {
        const root = yield* directory
        const old = join(root, "old-1")
        fs.writeFileSync(old, "a\n")
        let calls = 0
        isOver = true
        const files = tapped(() => {
          if (calls++ < at || !isOver) return
          // who writes to a file that is deleted notices it
          if (!fs.existsSync(old)) return
          isOver = false
          fs.appendFileSync(old, "b\n")
        })
        const self = yield* keeper(root, files, { compression: "gzip" })
        self.wakeUnsafe()
        yield* self.idle
        assert.strictEqual(content(root), isOver ? "a\n" : "a\nb\n", `at call ${at}`)
        self.wakeUnsafe()
        yield* self.idle
        assert.deepStrictEqual(rotatedIn(root), ["old-1.gz"], `at call ${at}`)
        assert.strictEqual(content(root), isOver ? "a\n" : "a\nb\n", `at call ${at}`)
        assert.deepStrictEqual(self.told, [])
        assert.isBelow(at, 100)
      }
    }))

  it.live("G30 a file to which the older one still writes is left as it is, for the next time", () =>
    Effect.gen(function*() {
      const root = yield* directory
      const old = join(root, "old-1")
      fs.writeFileSync(old, "a\n")
      const syncing = gate()
      const self = yield* keeper(root, { ...node, fdatasync: (fd) => syncing.on(node.fdatasync(fd)) }, {
        compression: "gzip"
      })
      self.wakeUnsafe()
      yield* until(() => syncing.held.length > 0)
      fs.appendFileSync(old, "b\n")
      syncing.release()
      yield* self.idle
      assert.deepStrictEqual(rotatedIn(root), ["old-1"])
      assert.deepStrictEqual(self.told, [])
    }))

  it.live("G30 that compress the same file never leave a part of it alone, even if one is killed", () =>
    Effect.gen(function*() {
      const root = yield* directory
      const whole = `${"x".repeat(99)}\n`.repeat(30_000)
      fs.writeFileSync(join(root, "old-1"), whole)
      const syncing = gate()
      const writing = gate()
      const compression = "gzip"
      const older = yield* keeper(root, { ...node, fdatasync: (fd) => syncing.on(node.fdatasync(fd)) }, { compression })
      const newer = yield* keeper(root, { ...node, write: (fd, bytes) => writing.on(node.write(fd, bytes)) }, {
        compression
      })
      older.wakeUnsafe()
      yield* until(() => syncing.held.length > 0)
      newer.wakeUnsafe()
      yield* until(() => writing.held.length > 0)
      writing.release()
      yield* until(() => writing.held.length > 0)
      syncing.release()
      yield* older.idle
      assert.strictEqual(content(root), whole)
      newer.stopUnsafe()
      writing.release()
      yield* newer.idle
      assert.strictEqual(content(root), whole)
      assert.deepStrictEqual(rotatedIn(root), ["old-1.gz"])
      assert.deepStrictEqual([...older.told, ...newer.told], [])
    }))

  it.live("G30 a number whose file another process has compressed meanwhile is not used again", () =>
    Effect.gen(function*() {
      const root = yield* directory
      const options = {
        path: join(root, "app.log"),
        rotate: { name: "old-%n", compress: "gzip" },
        lookAfter: "1 millis"
      } as const
      yield* Effect.scoped(Effect.gen(function*() {
        const newer = yield* FileSink.make(options).open
        yield* Effect.scoped(Effect.gen(function*() {
          const older = yield* FileSink.make(options).open
          yield* older.write([record("a")], text)
          yield* older.rotate!
          yield* older.write([record("a2")], text)
          yield* older.rotate!
        }))
        yield* Effect.sleep("5 millis")
        yield* newer.write([record("b")], text)
        yield* newer.rotate!
        yield* newer.write([record("c")], text)
        yield* newer.rotate!
      }))
      const all = fs.readdirSync(root).map((name) => {
        const bytes = fs.readFileSync(join(root, name))
        return (name.endsWith(".gz") ? gunzipSync(bytes) : bytes).toString()
      }).join("")
      assert.sameMembers([...new Set(all.split("\n"))], ["a", "a2", "b", "c", ""], fs.readdirSync(root).join())
    }))

  it.live("G30 the newer one does not bring back an archive that the older one has made and removed", () =>
    Effect.gen(function*() {
      const root = yield* directory
      fs.writeFileSync(join(root, "old-1"), "a\n")
      const syncing = gate()
      const options = { compression: "gzip", limits: { files: 0 } } as const
      const newer = yield* keeper(root, { ...node, fdatasync: (fd) => syncing.on(node.fdatasync(fd)) }, {
        compression: "gzip"
      })
      newer.wakeUnsafe()
      yield* until(() => syncing.held.length > 0)
      const older = yield* keeper(root, node, options)
      older.wakeUnsafe()
      yield* older.idle
      syncing.release()
      yield* newer.idle
      assert.deepStrictEqual(rotatedIn(root), [])
      assert.deepStrictEqual([...older.told, ...newer.told], [])
    }))

  it.live("G30 the newer one does not remove the file that the older one is just moving away", () =>
    Effect.gen(function*() {
      const root = yield* directory
      const path = join(root, "app.log")
      const renames = gate()
      yield* Effect.scoped(Effect.gen(function*() {
        const older = yield* open({ path, rotate: { name: "old-%n" } }, {
          ...node,
          rename: (from, to) => renames.on(node.rename(from, to))
        })
        yield* older.write([Record.make({ level: "Info", message: "a" })], text)
        const rotating = yield* Effect.forkChild(older.rotate!, { startImmediately: true })
        yield* until(() => renames.held.length > 0)
        // the name is taken, and seen empty; the file has it before the newer one does anything about that
        const files: FileSystem = {
          ...node,
          lstat: (file) => ({
            ...node.lstat(file),
            start: (callback) =>
              node.lstat(file).start((error, info) => {
                if (basename(file) !== "old-1") return callback(error, info)
                renames.release()
                const wait = () => fs.statSync(file).size > 0 ? callback(error, info) : void setImmediate(wait)
                wait()
              })
          })
        }
        const newer = yield* keeper(root, files)
        newer.wakeUnsafe()
        yield* newer.idle
        yield* Fiber.join(rotating)
      }))
      assert.strictEqual(fs.readFileSync(join(root, "old-1"), "utf8"), "a\n")
    }))

  it.live("what either of them may be about to use is left alone, and removed when nobody can be", () =>
    Effect.gen(function*() {
      const root = yield* directory
      const put = (name: string, secondsAgo: number) => {
        fs.writeFileSync(join(root, name), name.endsWith(".tmp") ? "a part" : "")
        const time = Date.now() / 1000 - secondsAgo
        fs.utimesSync(join(root, name), time, time)
      }
      put("old-1", 3_700)
      put("old-2", 3_500)
      put("old-3.gz.0123abcd.tmp", 70)
      put("old-4.gz.0123abcd.tmp", 30)
      const self = yield* keeper(root, node)
      self.wakeUnsafe()
      yield* self.idle
      assert.deepStrictEqual(rotatedIn(root), ["old-2", "old-4.gz.0123abcd.tmp"])
    }))
})
