import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { join } from "node:path"
import type { FileSystem } from "../../src/Files/FileSystem.ts"
import { CurrentFileSystem, node } from "../../src/Files/FileSystem.ts"
import * as Record from "../../src/Record.ts"
import * as FileSink from "../../src/Sinks/File.ts"
import type { FileOptions } from "../../src/Sinks/FileOptions.ts"
import * as Patiences from "../../src/Sinks/Patience.ts"
import { directory, failing, gate, planned, until } from "../support/files.ts"

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
})
