import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { spawnSync } from "node:child_process"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import * as AsyncLogging from "../../src/AsyncLogging.ts"
import type { FileSystem } from "../../src/Files/FileSystem.ts"
import { CurrentFileSystem, node } from "../../src/Files/FileSystem.ts"
import * as Logger from "../../src/Logger.ts"
import * as Record from "../../src/Record.ts"
import * as Sinks from "../../src/Sinks.ts"
import * as FileSink from "../../src/Sinks/File.ts"
import * as Patience from "../../src/Sinks/Patience.ts"
import { directory, gate, planned } from "../support/files.ts"

const child = fileURLToPath(new URL("../support/deletedChild.ts", import.meta.url))
const record = (message: string, level: Record.LogRecord["level"] = "Info") => Record.make({ level, message })
const text = (r: Record.LogRecord) => r.message

describe("a file when the process ends", () => {
  it.effect("G14 what is in a deleted file is copied to a new one, also when nothing is left to write", () =>
    Effect.gen(function*() {
      const path = join(yield* directory, "app.log")
      const { status, stderr } = spawnSync(process.execPath, [child, path], { encoding: "utf8", timeout: 20_000 })
      assert.strictEqual(status, 0, stderr)
      const messages = readFileSync(path, "utf8").trimEnd().split("\n").map((line) => JSON.parse(line).message)
      assert.deepStrictEqual(messages, ["after 1", "after 2", "after 3"])
    }))

  it.effect("G14 it does not wait for a write that has long ended, while the file is looked at", () =>
    Effect.gen(function*() {
      const file = planned([])
      let asked = 0
      const looks = gate()
      let isHeld = true
      const files: FileSystem = {
        ...file.fs,
        lstat: (path) => isHeld ? looks.on(file.fs.lstat(path)) : file.fs.lstat(path),
        fstat: (fd) => ({
          ...file.fs.fstat(fd),
          sync() {
            asked++
            return file.fs.fstat(fd).sync()
          }
        })
      }
      const sink = yield* Effect.provideService(FileSink.make({ path: "app.log" }).open, CurrentFileSystem, files)
      yield* sink.write([record("a")], text)
      yield* Effect.forkChild(sink.flush!, { startImmediately: true })
      assert.lengthOf(looks.held, 1)
      asked = 0
      sink.writeLast!([record("b")], text, Patience.make(0))
      assert.strictEqual(asked, 0)
      assert.strictEqual(file.content(), "a\nb\n")
      isHeld = false
      looks.release()
    }))

  it.effect("G14 what is out when nobody reads a FIFO any more is known", () =>
    Effect.gen(function*() {
      const file = planned([{ take: 2 }, { fail: "EPIPE" }])
      const sink = yield* Effect.provideService(FileSink.make({ path: "app.log" }).open, CurrentFileSystem, file.fs)
      const batch = [record("a"), record("b")]
      assert.throws(() => sink.writeLast!(batch, text, Patience.make(0)))
      assert.strictEqual(sink.outUnsafe!(batch), 1)
    }))

  it.effect("G14 none is rotated any more", () =>
    Effect.gen(function*() {
      const root = yield* directory
      const path = join(root, "app.log")
      const sink = yield* FileSink.make({ path, rotate: { size: 4 } }).open
      sink.writeLast!(["aaa", "bbb", "ccc"].map((message) => record(message)), text, Patience.make(0))
      assert.strictEqual(readFileSync(path, "utf8"), "aaa\nbbb\nccc\n")
    }))

  it.effect("G29 the last records are made durable where their level asks for it", () =>
    Effect.gen(function*() {
      const path = join(yield* directory, "app.log")
      let syncs = 0
      const counted = {
        ...node,
        fdatasync: (fd: number) => ({
          ...node.fdatasync(fd),
          sync: () => {
            syncs++
          }
        })
      }
      const sink = yield* Effect.provideService(
        FileSink.make({ path, sync: { from: "Fatal" } }).open,
        CurrentFileSystem,
        counted
      )
      sink.writeLast!([record("a")], text, Patience.make(0))
      assert.strictEqual(syncs, 0)
      sink.writeLast!([record("b", "Fatal")], text, Patience.make(0))
      assert.strictEqual(syncs, 1)
    }))
})

describe("a file that is written to at once", () => {
  it.effect("G8 loses nothing that is logged while it is rotated, or looked at for a flush", () =>
    Effect.gen(function*() {
      const path = join(yield* directory, "app.log")
      const program = Effect.gen(function*() {
        for (let n = 0; n < 50; n++) {
          yield* Effect.forkChild(n % 2 === 0 ? AsyncLogging.flush : AsyncLogging.rotate)
          yield* Effect.yieldNow
          yield* Logger.info(`number ${n}`)
        }
        return yield* AsyncLogging.stats
      })
      const { sinks } = yield* Effect.provide(
        program,
        AsyncLogging.layerSync({ sinks: [Sinks.file({ path, rotate: { size: "1 MB" } })] })
      )
      assert.strictEqual(sinks["file"]!.ledger.delivered, 50)
    }))
})
