/**
 * The oracle of the exit matrix: starts a process, ends it, and reads what it has left.
 */
import * as Result from "effect/Result"
import { spawn } from "node:child_process"
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs"
import { availableParallelism, tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import * as JsonLine from "../../src/JsonLine.ts"
import type { LogRecord } from "../../src/Record.ts"
import { environment } from "./compileCache.ts"

const child = fileURLToPath(new URL("exitChild.ts", import.meta.url))

/**
 * What is started: what the process is told, what its stdout is, and which signals it gets, each when it has said the word
 * in front of it on stderr. `late` is a pipe that is read from when the process ends, `never` one that is read from after
 * its end. `at`: how many records come before the event.
 */
export interface Start {
  readonly at?: number | undefined
  readonly event: string
  readonly strategy: "sliding" | "backpressure"
  readonly stdout: "file" | "pipe" | "late" | "never"
  readonly signals?: ReadonlyArray<readonly [after: string, signal: NodeJS.Signals]> | undefined
}

/**
 * What is left of it. `admitted`: so many records its log calls had taken, at least. `millis`: how long its end took.
 * `lines`: by the name of the sink.
 */
export interface Left {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly admitted: number
  readonly stderr: string
  readonly millis: number
  readonly lines: { readonly sliding: string; readonly backpressure: string; readonly console: string }
}

/** The longest that a process may take, in milliseconds: a hung sink would hold its drain up for longer. */
export const longest = 15_000

/** As many at a time as there are processors. */
const turns: Array<Promise<unknown>> = Array.from({ length: availableParallelism() }, () => Promise.resolve())
let nextTurn = 0

/** Starts it, and waits for its end. */
export const run = (start: Start): Promise<Left> => {
  const turn = nextTurn++ % turns.length
  const left = turns[turn]!.then(() => runNow(start))
  turns[turn] = left.catch(() => {})
  return left
}

const runNow = async (start: Start): Promise<Left> => {
  const directory = mkdtempSync(join(tmpdir(), "exits-"))
  const read = (name: string) => readFileSync(join(directory, name), "utf8")
  const stdoutFile = openSync(join(directory, "stdout"), "w")
  const args = [start.event, directory, start.strategy, String(start.at ?? 1 + Math.floor(Math.random() * 3000))]
  try {
    const child_ = spawn(process.execPath, [child, ...args], {
      stdio: ["ignore", start.stdout === "file" ? stdoutFile : "pipe", "pipe"],
      env: environment(),
      timeout: longest,
      killSignal: "SIGKILL"
    })
    let stdout = ""
    let stderr = ""
    let sent = 0
    let since = 0
    const readStdout = () => child_.stdout?.setEncoding("utf8").on("data", (data: string) => stdout += data)
    if (start.stdout === "pipe") readStdout()
    if (start.stdout === "never") child_.once("exit", readStdout)
    child_.stderr?.setEncoding("utf8").on("data", (data: string) => {
      stderr += data
      if (since === 0 && stderr.includes("exiting\n")) {
        since = performance.now()
        if (start.stdout === "late") readStdout()
      }
      const next = start.signals?.[sent]
      if (next === undefined || !stderr.includes(`${next[0]}\n`)) return
      sent++
      // somewhere in a burst
      setTimeout(() => child_.kill(next[1]), Math.random() * 60)
    })
    const [code, signal] = await new Promise<[number | null, NodeJS.Signals | null]>((resolve) =>
      child_.once("close", (code, signal) => resolve([code, signal]))
    )
    return {
      code,
      signal,
      stderr,
      millis: performance.now() - since,
      admitted: Number(read("told")),
      lines: {
        sliding: read("sliding.log"),
        backpressure: read("backpressure.log"),
        console: start.stdout === "file" ? read("stdout") : stdout
      }
    }
  } finally {
    closeSync(stdoutFile)
    rmSync(directory, { recursive: true })
  }
}

/**
 * What is wrong with the lines of a sink, `undefined` for nothing: admitted and not evicted ⊆ written, nothing twice,
 * nothing torn, in order.
 *
 * A line without a note `repeated` is there once; one that has it may be there twice, whole or torn the other time. What is
 * missing was evicted: the line in front of the gap says how many were.
 */
export const wrong = (content: string, admitted: number, mayLose: boolean): string | undefined => {
  const lines = content.split("\n")
  if (lines.pop() !== "") return `the last line is torn: ${JSON.stringify(content.slice(-200))}`
  const records: Array<LogRecord> = []
  const isRepeating = content.includes("\"repeated\"")
  for (const line of lines) {
    const record = JsonLine.decode(line)
    if (Result.isSuccess(record)) records.push(record.success)
    else if (!isRepeating) return `torn: ${line}`
  }
  const noted = new Set(records.filter(({ notes }) => notes?.includes("repeated") === true).map(({ seq }) => seq))
  let next = 0
  let told = 0
  let last = 0
  for (const { fields, gap, level, notes, seq } of records) {
    if (gap !== undefined) {
      told += gap.lost
      if (Object.keys(gap.reasons).join() !== "evicted") return `lost at ${next}: ${JSON.stringify(gap.reasons)}`
      continue
    }
    if (seq === undefined) return "a record without a number"
    if (noted.has(seq) && notes === undefined) continue
    const missing = seq - next
    if (missing < 0) return `${seq} after ${next - 1}`
    if (missing !== told) return `${missing} are missing in front of ${seq}, the line there tells of ${told}`
    told = 0
    next = seq + 1
    if (level === "Info") last = Number(fields["n"])
  }
  if (last < admitted) return `${admitted} were admitted, the last one there is ${last}`
  if (!mayLose && records.some(({ gap }) => gap !== undefined)) return "records were lost"
  return undefined
}

/** The Fatal records of a sink. */
export const fatals = (content: string): ReadonlyArray<LogRecord> =>
  content.split("\n").flatMap((line) =>
    Result.match(JsonLine.decode(line), { onFailure: () => [], onSuccess: (r) => [r] })
  )
    .filter(({ level }) => level === "Fatal")
