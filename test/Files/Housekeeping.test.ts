import { assert, describe, it } from "@effect/vitest"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as fs from "node:fs"
import { basename, join } from "node:path"
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
import { directory } from "../support/files.ts"

const text = (r: Record.LogRecord) => r.message
const open = (options: FileOptions, files: FileSystem = node) =>
  Effect.provideService(FileSink.make(options).open, CurrentFileSystem, files)

const until = (condition: () => boolean) =>
  Effect.gen(function*() {
    for (let turn = 0; turn < 100_000 && !condition(); turn++) {
      yield* Effect.promise(() => new Promise((resolve) => setImmediate(resolve)))
    }
    assert.isTrue(condition())
  })

/** Calls that are made when they are let go. */
const gate = () => {
  const held: Array<() => void> = []
  return {
    held,
    on: <A>(call: Call<A>): Call<A> => ({ ...call, start: (callback) => void held.push(() => call.start(callback)) }),
    release: () => held.shift()!()
  }
}

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

const rotatedIn = (root: string) => fs.readdirSync(root).filter((name) => name.startsWith("old")).toSorted()

const refused = (call: Call<void>): Call<void> => ({
  ...call,
  start: (callback) =>
    void setImmediate(() => callback(Object.assign(new Error("EPERM: refused"), { code: "EPERM" }), undefined))
})

describe("a rotated file that cannot be looked after", () => {
  it.live("G30 or is none, does not keep the others from being removed", () =>
    Effect.gen(function*() {
      const root = yield* directory
      fs.mkdirSync(join(root, "old-9.gz.tmp"))
      for (let n = 1; n <= 5; n++) fs.writeFileSync(join(root, `old-${n}`), "a\n")
      const files: FileSystem = {
        ...node,
        unlink: (path) => path.endsWith("old-1") ? refused(node.unlink(path)) : node.unlink(path)
      }
      const self = yield* keeper(root, files, { limits: { files: 2 } })
      self.wakeUnsafe()
      yield* self.idle
      assert.deepStrictEqual(rotatedIn(root), ["old-1", "old-4", "old-5", "old-9.gz.tmp"])
      assert.deepStrictEqual(self.told, ["housekeeping_failed: cannot remove old-1: EPERM: refused"])
    }))
})

describe("two processes, as in a restart that overlaps", () => {
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
      put("old-3.gz.tmp", 70)
      put("old-4.gz.tmp", 30)
      const self = yield* keeper(root, node)
      self.wakeUnsafe()
      yield* self.idle
      assert.deepStrictEqual(rotatedIn(root), ["old-2", "old-4.gz.tmp"])
    }))
})
