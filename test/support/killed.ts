/**
 * Processes that are killed while they rotate and compress, and what they leave.
 */
import { assert } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Semaphore from "effect/Semaphore"
import { spawn } from "node:child_process"
import * as fs from "node:fs"
import { availableParallelism } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { gunzipSync, zstdDecompressSync } from "node:zlib"
import { environment } from "./compileCache.ts"
import type { Options } from "./killedChild.ts"
import { readBack } from "./readBack.ts"

const child = fileURLToPath(new URL("killedChild.ts", import.meta.url))

/** How a process has ended, and how many of its records were acknowledged by then. */
export interface Ended {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly acknowledged: number
  readonly stderr: string
}

/** As many at a time as there are processors. */
const turns = Semaphore.makeUnsafe(availableParallelism())

/** Runs one to its end. `archives`: it is killed from outside, when it has made so many. */
export const run = (options: Options, archives?: number): Effect.Effect<Ended> =>
  turns.withPermit(Effect.callback((resume) => {
    const started = spawn(process.execPath, [child, JSON.stringify(options)], {
      env: environment(),
      stdio: ["ignore", "ignore", "pipe"],
      // not what it is to end with
      timeout: 30_000,
      killSignal: "SIGTERM"
    })
    const seen = new Set<string>(fs.readdirSync(options.directory))
    const first = seen.size
    const watcher = fs.watch(options.directory, (_, name) => {
      if (name === null || !isArchive(name)) return
      seen.add(name)
      if (archives !== undefined && seen.size >= first + archives) started.kill("SIGKILL")
    })
    let stderr = ""
    started.stderr.setEncoding("utf8").on("data", (data: string) => stderr += data)
    started.once("close", (code, signal) => {
      watcher.close()
      const acknowledged = Number(fs.readFileSync(join(options.directory, "told"), "utf8"))
      resume(Effect.succeed({ code, signal, acknowledged, stderr }))
    })
    return Effect.sync(() => {
      watcher.close()
      started.kill("SIGKILL")
    })
  }))

const isArchive = (name: string): boolean => /^app\.\d+\.log\.(gz|zst)$/.test(name)

/** The names in the directory, and the sizes of these files. */
export const list = (directory: string): ReadonlyMap<string, number> =>
  new Map(fs.readdirSync(directory).map((name) => [name, fs.statSync(join(directory, name)).size]))

/** What is in an archive. Throws if it is not whole. */
const contentOf = (path: string): Buffer => {
  const bytes = fs.readFileSync(path)
  return path.endsWith(".gz") ? gunzipSync(bytes) : zstdDecompressSync(bytes)
}

/**
 * Lets so much time pass that nobody can be at what they have left: an hour.
 */
export const letPass = (directory: string): void => {
  const hoursAgo = new Date(Date.now() - 2 * 3_600_000)
  for (const [name, size] of list(directory)) {
    if (size === 0 || name.endsWith(".tmp")) fs.utimesSync(join(directory, name), hoursAgo, hoursAgo)
  }
}

/**
 * What has to hold for what processes have left, one after the other, all of which but the last one were killed:
 *
 * - What was acknowledged is there, and of each process a beginning of what it has logged; once, in order.
 * - At most one line is cut short for each that was killed.
 * - An archive is whole, and what its source is, if that is still there.
 */
export const check = Effect.fnUntraced(function*(directory: string, processes: ReadonlyArray<Ended>) {
  const names = list(directory)
  for (const name of names.keys()) {
    if (!isArchive(name)) continue
    const content = contentOf(join(directory, name))
    const source = name.replace(/\.\w+$/, "")
    if (names.has(source)) assert.isTrue(content.equals(fs.readFileSync(join(directory, source))), name)
  }
  const { records, torn } = yield* readBack(join(directory, "app.log"), "app.%n.log")
  assert.isAtMost(torn.length, processes.filter(({ signal }) => signal !== null).length)
  const found = processes.map(() => 0)
  let last = 0
  for (const { fields, notes } of records) {
    const run = Number(fields["run"])
    assert.isAtLeast(run, last)
    last = run
    assert.deepStrictEqual([fields["n"], notes], [++found[run]!, undefined], `of process ${run}`)
  }
  for (const [run, { acknowledged }] of processes.entries()) assert.isAtLeast(found[run]!, acknowledged)
})

/** Nothing is left to do: a current file, and archives, each with a number of its own. */
export const checkDone = (directory: string): void => {
  const names = [...list(directory).keys()].filter((name) => name !== "app.log" && name !== "told")
  assert.deepStrictEqual(names.filter((name) => !isArchive(name)), [])
  const numbers = names.map((name) => /\d+/.exec(name)![0])
  assert.strictEqual(new Set(numbers).size, numbers.length)
}
