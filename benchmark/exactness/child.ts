/**
 * `node benchmark/exactness/child.ts <contender> exit|close <log file> <records> <tally file>`: logs, and then either
 * ends the process at once, or closes the logger, for at most two seconds and a half.
 *
 * Into the tally file go two numbers of 32 bits: how many calls have returned, and how many records the logger says that
 * it lost.
 */
import * as Effect from "effect/Effect"
import { openSync, writeSync } from "node:fs"
import type { Log } from "../programs.ts"
import { logAll } from "../programs.ts"
import type { programs as Programs } from "./programs.ts"
import { programs } from "./programs.ts"

const [contender, end, path, count, tallyPath] = process.argv.slice(2)
const program = programs[contender as keyof typeof Programs]
const records = Number(count)

const tally = new Uint32Array(2)
const tallyFile = openSync(tallyPath!, "w")
const tell = (index: 0 | 1, value: number): void => {
  tally[index] = value
  writeSync(tallyFile, tally, 0, tally.byteLength, 0)
}

// it has been running for a while
const settled = Effect.sleep("200 millis")

// a little longer than the loggers are told, if they can be told
const grace = 2500

// told after each call, for one that never returns
const telling = (log: Log): Log => (i) => Effect.andThen(log(i), Effect.sync(() => tell(0, i + 1)))

const exit = Effect.sync(() => process.exit(0))

const exitAtOnce = program(path!, (log) => settled.pipe(Effect.andThen(logAll(log, records)), Effect.andThen(exit)))

const closeInTime = program(path!, (log) =>
  settled.pipe(
    Effect.andThen(logAll(telling(log), records)),
    Effect.tap(Effect.sync(() => setTimeout(() => process.kill(process.pid, "SIGKILL"), grace)))
  )).pipe(
    Effect.tap((lost) => Effect.sync(() => tell(1, lost))),
    Effect.andThen(exit)
  )

await Effect.runPromise(end === "exit" ? exitAtOnce : closeInTime)
