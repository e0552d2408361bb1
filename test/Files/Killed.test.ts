/**
 * SIGKILL in the middle of rotation and compression, each time followed by a restart.
 */
import { afterAll, assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { cleanUp } from "../support/compileCache.ts"
import { directory } from "../support/files.ts"
import type { Ended } from "../support/killed.ts"
import { check, checkDone, letPass, list, run } from "../support/killed.ts"
import type { Moment, Options } from "../support/killedChild.ts"

/** How often each case is tried, with two that are killed each time. */
const rounds = process.env["NIGHTLY"] !== undefined ? 10 : 1

/** A case: where they are killed, and what the first one leaves, which shows that it was there. */
interface Case {
  readonly name: string
  readonly moment: Moment | "outside"
  readonly isLarge?: boolean
  readonly left: (names: ReadonlyMap<string, number>) => boolean
}

const rotated = (names: ReadonlyMap<string, number>) => [...names].filter(([name]) => /^app\.\d+\.log$/.test(name))
const temporary = (names: ReadonlyMap<string, number>) => [...names].filter(([name]) => name.endsWith(".tmp"))
const isHalf = (names: ReadonlyMap<string, number>) => temporary(names).some(([, size]) => size > 0)

const cases: ReadonlyArray<Case> = [
  { name: "a new name is taken", moment: "take", left: (names) => rotated(names).every(([, size]) => size > 0) },
  { name: "it is moved there", moment: "move", left: (names) => rotated(names).some(([, size]) => size === 0) },
  { name: "the next one is begun", moment: "begin", left: (names) => !names.has("app.log") },
  { name: "its archive is made", moment: "archive", left: (names) => rotated(names).some(([, size]) => size > 0) },
  {
    name: "its archive is written",
    moment: "compress",
    left: (names) => temporary(names).some(([, size]) => size === 0)
  },
  { name: "the second part of its archive is written", moment: "compress", isLarge: true, left: isHalf },
  { name: "its archive is made durable", moment: "sync", left: isHalf },
  { name: "its archive gets its name", moment: "replace", left: isHalf },
  {
    name: "it is removed",
    moment: "remove",
    left: (names) => rotated(names).some(([name]) => names.has(`${name}.gz`) || names.has(`${name}.zst`))
  },
  { name: "an archive has come, from outside", moment: "outside", left: () => true }
]

/** More than any of them gets to log. */
const endless = 200_000

afterAll(cleanUp)

describe("a process that is killed", { concurrent: true, timeout: rounds * 60_000 }, () => {
  for (const [index, { isLarge = false, left, moment, name }] of cases.entries()) {
    it.live(`G30 when ${name}: each acknowledged line is in one file, and a restart finishes what is left`, () =>
      Effect.gen(function*() {
        for (let round = 0; round < rounds; round++) {
          yield* Effect.scoped(Effect.gen(function*() {
            const root = yield* directory
            const processes: Array<Ended> = []
            const next = Effect.fnUntraced(function*(options: Pick<Options, "kill" | "lines">, archives?: number) {
              const ended = yield* run({
                directory: root,
                run: processes.length,
                size: isLarge ? "1200 kB" : "4 kB",
                compress: (index + round) % 2 === 0 ? "gzip" : "zstd",
                ...options
              }, archives)
              processes.push(ended)
              yield* check(root, processes)
              return ended
            })
            for (const within of [false, true]) {
              const some = 1 + (index + 3 * round + (within ? 2 : 0)) % (isLarge ? 3 : 7)
              // of a large file, the second of its two parts
              const nth = isLarge ? 2 * some : some
              const { signal, stderr } = moment === "outside"
                ? yield* next({ lines: endless, kill: undefined }, nth)
                : yield* next({ lines: endless, kill: { moment, nth, within } })
              assert.strictEqual(signal, "SIGKILL", stderr)
              if (!within) assert.isTrue(left(list(root)), [...list(root)].join(" "))
            }
            letPass(root)
            const { code, signal, stderr } = yield* next({ lines: 100, kill: undefined })
            assert.deepStrictEqual([code, signal, stderr], [0, null, ""])
            checkDone(root)
          }))
        }
      }))
  }
})
