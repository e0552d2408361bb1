/**
 * Debian's logrotate moves the files of a process that logs all the time.
 */
import { afterAll, assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { execFile, spawnSync } from "node:child_process"
import * as fs from "node:fs"
import { join } from "node:path"
import { promisify } from "node:util"
import type { FileOptions } from "../../src/Sinks/FileOptions.ts"
import { cleanUp } from "../support/compileCache.ts"
import { directory } from "../support/files.ts"
import * as LogProcesses from "../support/logProcess.ts"
import { rangesOf, readBack } from "../support/readBack.ts"

const logrotate = "/usr/sbin/logrotate"
const isMissing = spawnSync(logrotate, ["--version"]).error !== undefined

/** How often each log is rotated. */
const rotations = 5

/** The names of the second at which it was rotated: as they grow, they can be read back in order. */
const dated = ["dateext", "dateformat -%s"]

const moment = Effect.promise(() => new Promise((resolve) => setTimeout(resolve, 5)))
const until = (fact: () => boolean) => Effect.andThen(Effect.repeat(moment, { until: fact }), Effect.void)
const sizeOf = (path: string): number => fs.statSync(path, { throwIfNoEntry: false })?.size ?? 0
const second = () => Math.floor(Date.now() / 1000)

/** What was known around a rotation: so many lines were out before, and so many were logged after it. */
interface Window {
  readonly before: number
  readonly after: number
}

/** Rotates the log of a process that logs meanwhile, each time when lines are in the file, and ends the process. */
const run = (directives: (pid: number) => ReadonlyArray<string>, file: Omit<FileOptions, "path"> = {}) =>
  Effect.gen(function*() {
    const root = yield* directory
    const path = join(root, "app.log")
    const config = join(root, "logrotate.conf")
    const process = yield* LogProcesses.start({
      drainTimeout: "20 seconds",
      file: { path, name: "file", queue: { strategy: "backpressure" }, ...file }
    })
    fs.writeFileSync(config, [`${path} {`, "rotate 1000", ...directives(process.pid), "}", ""].join("\n"))
    yield* process.ask("load", 20)
    const windows: Array<Window> = []
    for (let i = 0, last = 0; i < rotations; i++) {
      yield* until(() => sizeOf(path) > 64 * 1024 && second() > last)
      const before = (yield* process.ask("counts")).ledger.delivered
      yield* Effect.promise(() => promisify(execFile)(logrotate, ["--force", "--state", join(root, "state"), config]))
      windows.push({ before, after: (yield* process.ask("counts")).logged })
      last = second()
    }
    // and goes on behind the last one
    yield* until(() => sizeOf(path) > 64 * 1024)
    yield* process.ask("calm")
    const { logged } = yield* process.ask("counts")
    const { lost, sinks } = yield* process.end
    assert.deepStrictEqual([lost, sinks["file"]!.delivered], [0, logged])
    const names = fs.readdirSync(root).filter((name) => name.startsWith("app")).toSorted()
    assert.strictEqual(names.length, rotations + 1, names.join(", "))
    return { root, path, process, windows, logged, names }
  })

afterAll(cleanUp)

describe("a log that logrotate rotates", { concurrent: true, skip: isMissing, timeout: 60_000 }, () => {
  it.live("G30 by renaming and creating, compressed later: every line is in exactly one file", () =>
    Effect.gen(function*() {
      const { logged, names, path } = yield* run(() => ["create 0600", "compress", "delaycompress"])
      assert.deepStrictEqual(names, [
        "app.log",
        "app.log.1",
        ...Array.from({ length: rotations - 1 }, (_, i) => `app.log.${i + 2}.gz`)
      ])
      const { records, torn } = yield* readBack(path, "app.log.%n")
      assert.deepStrictEqual(torn, [])
      // the newest file has the lowest number here
      const ranges = rangesOf(records).toSorted(([a], [b]) => a - b)
      assert.isAtMost(ranges.length, rotations + 1)
      assert.strictEqual(ranges.reduce((next, [first, last]) => first === next ? last + 1 : Number.NaN, 0), logged)
    }))

  it.live("G30 by renaming alone: every line is in exactly one file, in order", () =>
    Effect.gen(function*() {
      const { logged, path } = yield* run(() => ["nocreate", ...dated], { lookAfter: "100 millis" })
      const { records, torn } = yield* readBack(path, "app.log-%n")
      assert.deepStrictEqual(torn, [])
      assert.deepStrictEqual(rangesOf(records), [[0, logged - 1]])
    }))

  it.live("G30 with a signal behind the rename: it goes on at once, and rotates nothing itself", () =>
    Effect.gen(function*() {
      const { logged, path } = yield* run(
        (pid) => ["create 0600", ...dated, "postrotate", `kill -USR2 ${pid}`, "endscript"],
        // without the signal it would not look
        { lookAfter: "1 hour", rotate: { signal: "SIGUSR2" } }
      )
      const { records, torn } = yield* readBack(path, "app.log-%n")
      assert.deepStrictEqual(torn, [])
      assert.deepStrictEqual(rangesOf(records), [[0, logged - 1]])
    }))

  it.live("G30 by copytruncate: nothing twice, and only lines around the truncation are missing", () =>
    Effect.gen(function*() {
      const { logged, names, path, process, root, windows } = yield* run(
        () => ["copytruncate", ...dated],
        { lookAfter: "50 millis" }
      )
      const { records, torn } = yield* readBack(path, "app.log-%n")
      // no hole where the sink went on, and only a copy can end within a line
      const contents = names.map((name) => fs.readFileSync(join(root, name)))
      for (const content of contents) assert.strictEqual(content.indexOf(0), -1)
      assert.strictEqual(contents[names.indexOf("app.log")]!.at(-1), 10)
      for (const { file } of torn) assert.notStrictEqual(file, path)
      const ranges = rangesOf(records)
      assert.strictEqual(ranges[0]![0], 0)
      assert.strictEqual(ranges.at(-1)![1], logged - 1)
      for (const [index, [first]] of ranges.entries()) {
        if (index === 0) continue
        const [, last] = ranges[index - 1]!
        assert.isBelow(last, first, "nothing twice, all in order")
        const isWithin = windows.some(({ after, before }) => last + 1 >= before && first <= after)
        assert.isTrue(isWithin, `${last + 1} to ${first - 1} are missing, ${JSON.stringify(windows)}`)
      }
      assert.include(process.stderr(), "was truncated by another program")
    }))
})
