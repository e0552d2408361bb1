/**
 * A real disk that is full, and has room again.
 */
import { afterAll, assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as fs from "node:fs"
import { join } from "node:path"
import type { CloseReport } from "../../src/AsyncLogging.ts"
import { sinkImbalance } from "../../src/AsyncLogging.ts"
import { cleanUp } from "../support/compileCache.ts"
import { wrong } from "../support/exits.ts"
import type { LogProcess } from "../support/logProcess.ts"
import * as LogProcesses from "../support/logProcess.ts"
import { rangesOf, readBack, textOf } from "../support/readBack.ts"
import { canMount, fill, free, smallDisk } from "../support/smallDisk.ts"

const name = "app.%n.log"
const capacity = 1000
const batch = { size: 500 }

/** The process, and its path on a small disk. */
const start = (disk: string, strategy: "sliding" | "backpressure", rotate?: { readonly compress: "gzip" }) => {
  const path = join(disk, "app.log")
  return Effect.map(
    LogProcesses.start({
      drainTimeout: "20 seconds",
      file: {
        path,
        name: "file",
        batch,
        queue: { capacity, strategy },
        rotate: rotate === undefined ? undefined : { ...rotate, name }
      }
    }),
    (process) => ({ path, process })
  )
}

/** Waits until it has tried again on the full disk: nothing has arrived, and nothing is given up. */
const untilRetried = Effect.fnUntraced(function*(process: LogProcess) {
  const { retries } = yield* process.ask("counts")
  const counts = yield* process.until((counts) => counts.retries > retries + 1)
  assert.include(counts.lastError?.message, "ENOSPC")
  const { complete, sinks } = yield* process.ask("flush", "50 millis")
  assert.deepStrictEqual([complete, sinks["file"]!.delivered, sinks["file"]!.failed], [false, 0, 0])
  assert.isAbove(sinks["file"]!.pending, 0)
  return counts
})

/** Everything is out, and the attempt that does it does not wait for the end of a pause. */
const flushed = Effect.fnUntraced(function*(process: LogProcess) {
  assert.isTrue((yield* process.ask("flush", "20 seconds")).complete)
})

const endsWithinLine = (path: string): boolean => fs.readFileSync(path).at(-1) !== 10

const countsOf = ({ sinks }: CloseReport) => {
  const counts = sinks["file"]!
  assert.strictEqual(sinkImbalance(counts), 0)
  return counts
}

afterAll(cleanUp)

describe("a full disk", { concurrent: true, skip: !canMount, timeout: 60_000 }, () => {
  it.live("G29 that is freed, three times: what is lost is counted, and no line is torn or merged", () =>
    Effect.gen(function*() {
      const disk = yield* smallDisk
      const { path, process } = yield* start(disk, "sliding")
      yield* process.ask("log", 100)
      yield* flushed(process)
      let evicted = 0
      let cut = 0
      for (let i = 0; i < 3; i++) {
        fill(disk)
        yield* process.ask("log", 2 * capacity)
        const { depth, ledger } = yield* untilRetried(process)
        assert.isAtMost(depth, capacity)
        assert.isAbove(ledger.dropped.evicted, evicted)
        evicted = ledger.dropped.evicted
        if (endsWithinLine(path)) cut++
        free(disk)
        yield* flushed(process)
      }
      // once it may be between two lines that the disk is full
      assert.isAbove(cut, 0)
      const { logged } = yield* process.ask("counts")
      const { accepted, delivered, dropped } = countsOf(yield* process.end)
      assert.deepStrictEqual([accepted, delivered + dropped.evicted], [logged, logged])
      const text = yield* textOf(path, name)
      assert.isUndefined(wrong(text, logged, true))
      assert.strictEqual(fs.readFileSync(path, "utf8"), text)
      const { records, torn } = yield* readBack(path, name)
      assert.deepStrictEqual(torn, [])
      assert.strictEqual(records.filter(({ gap }) => gap === undefined).length, delivered)
      assert.strictEqual(records.reduce((lost, { gap }) => lost + (gap?.lost ?? 0), 0), dropped.evicted)
    }))

  it.live("G29 under backpressure: those who log wait, and every line arrives, once and in order", () =>
    Effect.gen(function*() {
      const disk = yield* smallDisk
      const { path, process } = yield* start(disk, "backpressure")
      yield* process.ask("log", 100)
      yield* flushed(process)
      for (let i = 0; i < 3; i++) {
        fill(disk)
        const logging = yield* Effect.forkChild(process.ask("log", 3 * capacity))
        const { ledger } = yield* untilRetried(process)
        assert.isAtMost(ledger.accepted, 100 + i * 3 * capacity + capacity + 2 * batch.size)
        free(disk)
        yield* Effect.whileLoop({
          while: () => logging.pollUnsafe() === undefined,
          body: () => flushed(process),
          step: () => {}
        })
        yield* Fiber.join(logging)
      }
      const { logged } = yield* process.ask("counts")
      assert.strictEqual(countsOf(yield* process.end).delivered, logged)
      const { records, torn } = yield* readBack(path, name)
      assert.deepStrictEqual(torn, [])
      assert.deepStrictEqual(rangesOf(records), [[0, logged - 1]])
    }))

  it.live("G30 without room for an archive: the file stays, and is compressed after the next rotation", () =>
    Effect.gen(function*() {
      const disk = yield* smallDisk
      const { path, process } = yield* start(disk, "backpressure", { compress: "gzip" })
      const names = () => fs.readdirSync(disk).toSorted()
      yield* process.ask("log", capacity)
      yield* flushed(process)
      fill(disk)
      yield* process.ask("rotate")
      yield* process.until(() => process.stderr().includes("cannot compress app.1.log"))
      const logging = yield* Effect.forkChild(process.ask("log", 3 * capacity))
      yield* untilRetried(process)
      assert.deepStrictEqual(names(), ["app.1.log", "app.log", "ballast"])
      free(disk)
      yield* flushed(process)
      yield* Fiber.join(logging)
      yield* flushed(process)
      yield* process.ask("rotate")
      yield* process.ask("log", 1)
      assert.strictEqual(countsOf(yield* process.end).delivered, 4 * capacity + 1)
      assert.deepStrictEqual(names(), ["app.1.log.gz", "app.2.log.gz", "app.log"])
      const { records, torn } = yield* readBack(path, name)
      assert.deepStrictEqual(torn, [])
      assert.deepStrictEqual(rangesOf(records), [[0, 4 * capacity]])
    }))

  it.live("G30 on which a process is killed: the next one ends its partial line, and goes on", () =>
    Effect.gen(function*() {
      const disk = yield* smallDisk
      const killed = yield* start(disk, "sliding")
      yield* killed.process.ask("log", 100)
      yield* flushed(killed.process)
      fill(disk)
      yield* killed.process.ask("log", capacity)
      yield* untilRetried(killed.process)
      yield* killed.process.kill
      const cut = endsWithinLine(killed.path) ? 1 : 0
      free(disk)
      const { path, process } = yield* start(disk, "backpressure")
      yield* process.ask("log", 100)
      yield* process.end
      const { records, torn } = yield* readBack(path, name)
      assert.strictEqual(torn.length, cut)
      const ranges = rangesOf(records)
      assert.strictEqual(ranges.length, 2)
      assert.strictEqual(ranges[0]![0], 0)
      assert.isAtLeast(ranges[0]![1], 99)
      assert.deepStrictEqual(ranges[1], [0, 99])
    }))
})

describe("a device that is always full", { timeout: 60_000 }, () => {
  it.live("G29 it keeps, tries again and counts; the drain ends by its deadline, and says what is lost", () =>
    Effect.gen(function*() {
      const process = yield* LogProcesses.start({
        drainTimeout: "2 seconds",
        file: { path: "/dev/full", name: "file", batch, queue: { capacity } }
      })
      yield* process.ask("log", 3 * capacity)
      const { depth } = yield* untilRetried(process)
      assert.strictEqual(depth, capacity)
      const before = performance.now()
      const report = yield* process.end
      // it ends by itself too
      assert.isBelow(performance.now() - before, 10_000)
      assert.isAtLeast(report.duration, 1000)
      assert.isBelow(report.duration, 5000)
      const { accepted, delivered, dropped, failed } = countsOf(report)
      assert.deepStrictEqual([accepted, delivered], [3 * capacity, 0])
      assert.isAtLeast(dropped.evicted, 2 * capacity - batch.size)
      assert.strictEqual(dropped.evicted + dropped.shutdown_timeout + failed.shutdown_timeout, 3 * capacity)
      assert.strictEqual(report.lost, 3 * capacity)
      assert.include(process.stderr(), `lost ${3 * capacity} records (file: `)
    }))
})
