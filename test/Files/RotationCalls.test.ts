import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as fs from "node:fs"
import { basename, join } from "node:path"
import type { FileSystem } from "../../src/Files/FileSystem.ts"
import { CurrentFileSystem, node } from "../../src/Files/FileSystem.ts"
import type { Call } from "../../src/Files/Steps.ts"
import * as Record from "../../src/Record.ts"
import * as FileSink from "../../src/Sinks/File.ts"
import { directory } from "../support/files.ts"

const record = (message: string) => Record.make({ level: "Info", message })
const text = (r: Record.LogRecord) => r.message

type Make = (...args: ReadonlyArray<unknown>) => Call<unknown>

/** Node's file system, what was started of it, with the name of the file if there is one, and when nothing is under way. */
const watched = () => {
  const calls: Array<string> = []
  const underWay = new Set<object>()
  const watch = (name: string, make: Make): Make => (...args) => {
    const { start, sync } = make(...args)
    return {
      sync,
      start(callback) {
        const [file] = args
        calls.push(typeof file === "string" ? `${name} ${basename(file)}` : name)
        const call = {}
        underWay.add(call)
        start((error, value) => {
          callback(error, value)
          underWay.delete(call)
        })
      }
    }
  }
  const entries = Object.entries(node).map(([name, make]) => [name, watch(name, make as unknown as Make)])
  const settled = Effect.promise(async () => {
    while (underWay.size > 0) await new Promise((resolve) => setImmediate(resolve))
  })
  return { calls, settled, system: Object.fromEntries(entries) as FileSystem }
}

describe("the calls of a rotation", () => {
  it.live("each is a turn of the event loop: they are as few, however many files there are", () =>
    Effect.gen(function*() {
      const root = yield* directory
      for (let n = 1; n <= 100; n++) fs.writeFileSync(join(root, `old-${n}`), "a\n")
      const { calls, settled, system } = watched()
      const sink = yield* FileSink.make({ path: join(root, "app.log"), rotate: { size: 4, name: "old-%n" } }).open.pipe(
        Effect.provideService(CurrentFileSystem, system)
      )
      // what a crash may have left is looked for once
      yield* settled
      yield* sink.write(["aa"].map(record), text)
      calls.length = 0
      yield* sink.write(["bb"].map(record), text)
      yield* settled
      assert.deepStrictEqual(calls.toSorted(), [
        "close",
        "close",
        "fdatasync",
        "lstat app.log",
        "lstat old-101.gz",
        "lstat old-101.zst",
        "open app.log",
        "open old-101",
        "rename app.log",
        "write"
      ])
    }))

  it.live("and of the housekeeping behind it: archives are left alone when there is no limit", () =>
    Effect.gen(function*() {
      const root = yield* directory
      for (let n = 1; n <= 100; n++) fs.writeFileSync(join(root, `old-${n}.gz`), "an archive")
      const { calls, settled, system } = watched()
      yield* Effect.scoped(Effect.gen(function*() {
        const rotate = { size: 4, name: "old-%n", compress: "gzip" } as const
        const sink = yield* FileSink.make({ path: join(root, "app.log"), rotate }).open
        yield* sink.write(["aa", "bb", "cc"].map(record), text)
        yield* settled
      })).pipe(Effect.provideService(CurrentFileSystem, system))
      assert.isTrue(fs.existsSync(join(root, "old-102.gz")))
      const numbers = calls.flatMap((call) => /^lstat old-(\d+)\.gz$/.exec(call)?.slice(1).map(Number) ?? [])
      assert.deepStrictEqual(numbers.filter((n) => n <= 100), [])
    }))
})
