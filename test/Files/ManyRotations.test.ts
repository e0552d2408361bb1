import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import { execFile } from "node:child_process"
import * as fs from "node:fs"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import type { SinkCounts } from "../../src/AsyncLogging.ts"
import { sinkImbalance } from "../../src/AsyncLogging.ts"
import * as LogFiles from "../../src/LogFiles.ts"
import { directory } from "../support/files.ts"
import type { RotationsCase } from "../support/rotationsChild.ts"

const child = fileURLToPath(new URL("../support/rotationsChild.ts", import.meta.url))

const rotations = process.env["NIGHTLY"] !== undefined ? 1000 : process.env["CI"] !== undefined ? 200 : 20
const records = rotations * 10_000

// 10,000 lines, or a few less
const size = 950_000
const longestLine = 100

// a minute for each million, on a machine that has other things to do
const timeout = 60_000 + records * 0.06

const run = (wanted: RotationsCase): Effect.Effect<SinkCounts, Error> =>
  Effect.callback((resume) => {
    const running = execFile(process.execPath, [child, JSON.stringify(wanted)], (error, stdout, stderr) => {
      if (error) return resume(Effect.fail(error))
      resume(Effect.sync(() => {
        assert.strictEqual(stderr, "")
        return JSON.parse(stdout)
      }))
    })
    // its directory is removed when it has ended
    return Effect.callback<void>((resume) => {
      running.once("close", () => resume(Effect.void))
      running.kill("SIGKILL")
    })
  })

// to decode them would take minutes
const whole = /^\{"timestamp":"[-\d]{10}T[:\d]{8}\.\d{3}Z","level":"INFO","message":"paid","fiber":\d+,"seq":(\d+)\}$/

/** Holds that each record has one line, in order. */
const readBack = (path: string): Effect.Effect<void, unknown> => {
  let next = 0
  return LogFiles.lines(path).pipe(
    Stream.runForEachArray((lines) =>
      Effect.sync(() => {
        for (const line of lines) {
          const seq = Number(whole.exec(line)?.[1])
          if (seq !== next) assert.fail(`in the place of record ${next}: ${line}`)
          next++
        }
      })
    ),
    Effect.andThen(Effect.sync(() => assert.strictEqual(next, records)))
  )
}

/** The rotated files of the log at a path, with their numbers and sizes, oldest first. */
const rotated = (path: string) =>
  fs.readdirSync(dirname(path)).flatMap((name) => {
    const n = Number(/^app\.\d{4}-\d\d-\d\d\.(\d+)\.log/.exec(name)?.[1] ?? 0)
    return n === 0 ? [] : { name, n, size: fs.statSync(join(dirname(path), name)).size }
  }).toSorted((a, b) => a.n - b.n)

describe("a file that is rotated many times", () => {
  for (const compress of [undefined, "gzip"] as const) {
    it.live(
      `G30 of ${records} lines none is lost through ${rotations} rotations${compress ? `, with ${compress}` : ""}`,
      () =>
        Effect.gen(function*() {
          const path = join(yield* directory, "app.log")
          const counts = yield* run({ path, records, rotate: { size, compress } })
          assert.deepStrictEqual([counts.accepted, counts.delivered, sinkImbalance(counts)], [records, records, 0])

          const files = rotated(path)
          assert.isAtLeast(files.length, rotations)
          assert.isAtMost(files.length, rotations * 1.1)
          assert.deepStrictEqual(files.map(({ n }) => n), files.map((_, index) => index + 1))
          if (compress === undefined) {
            for (const { name, size: bytes } of files) {
              // full, but not too full
              assert.isAtMost(bytes, size, name)
              assert.isAbove(bytes, size - longestLine, name)
            }
            assert.isAtMost(fs.statSync(path).size, size)
          } else {
            assert.deepStrictEqual(files.filter(({ name }) => !name.endsWith(".gz")), [])
          }
          yield* readBack(path)
        }),
      timeout
    )
  }
})
