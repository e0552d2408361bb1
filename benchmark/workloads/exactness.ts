/**
 * What becomes of lines, and what a program can know of it, when it ends too early for its logger. Two programs, each in
 * a process of its own, and the logger with its defaults:
 *
 * - One logs a hundredth of the records and calls `process.exit(0)` right after the last call. `lostAtExit` are missing
 *   from its file.
 * - The other logs all records into a FIFO that nobody reads, and then closes its logger. It is killed after two seconds
 *   and a half. `lostUncounted` are records whose call has returned, and that were neither in the FIFO in the end nor among
 *   those that the logger says it lost. `overcounted` are the reverse: said to be lost, and yet there. Where the caller
 *   itself writes it never gets to log them all: `returned` says how many calls did. `ended` is from the start of the
 *   process to its end, by itself or not.
 */
import { execFile, execFileSync, spawn } from "node:child_process"
import { once } from "node:events"
import { closeSync, constants, openSync, readFileSync, readSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import * as Subject from "../Subject.ts"
import type { Contender, Job, Workload } from "../Workload.ts"

const child = fileURLToPath(new URL("../exactness/child.ts", import.meta.url))
const execute = promisify(execFile)

const lostAtExit = async (contender: string, directory: string, records: number): Promise<number> => {
  const path = join(directory, "exit.log")
  await execute(process.execPath, [child, contender, "exit", path, String(records), join(directory, "tally")])
  return Subject.missing(readFileSync(path, "utf8"), records)
}

interface Unread {
  readonly lostUncounted: number
  readonly overcounted: number
  readonly returned: number
  readonly ended: number
}

// for one whose thread stands still, and that cannot end itself
const killedAfter = 8000

const withoutReader = async (contender: string, directory: string, records: number): Promise<Unread> => {
  const path = join(directory, "fifo")
  const tallyPath = join(directory, "tally")
  execFileSync("mkfifo", [path])
  // open for reading, so that it can be opened for writing
  const fifo = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
  const start = performance.now()
  const logging = spawn(process.execPath, [child, contender, "close", path, String(records), tallyPath], {
    stdio: "ignore",
    timeout: killedAfter,
    killSignal: "SIGKILL"
  })
  await once(logging, "exit")
  const ended = (performance.now() - start) / 1000
  const tally = readFileSync(tallyPath)
  const [returned, counted] = [tally.readUInt32LE(0), tally.readUInt32LE(4)]
  const lost = Subject.missing(readAll(fifo), returned)
  closeSync(fifo)
  return { lostUncounted: Math.max(0, lost - counted), overcounted: Math.max(0, counted - lost), returned, ended }
}

const readAll = (fifo: number): string => {
  const chunks: Array<Buffer> = []
  while (true) {
    const chunk = Buffer.alloc(64 * 1024)
    const length = readSync(fifo, chunk)
    if (length === 0) return Buffer.concat(chunks).toString()
    chunks.push(chunk.subarray(0, length))
  }
}

const contender = (name: string, title: string): Contender => ({
  title,
  run: async ({ directory, records }: Job) => ({
    figures: {
      lostAtExit: await lostAtExit(name, directory, records / 100),
      ...await withoutReader(name, directory, records)
    }
  })
})

/**
 * The workload. It has to have 100,000 records.
 */
export const exactness: Workload = {
  title: "lines that are lost, and those of them that nobody counts",
  figures: {
    lostAtExit: "lines lost at exit",
    lostUncounted: "lost uncounted, no reader",
    overcounted: "counted, not lost",
    returned: "calls that returned",
    ended: "s until it ended"
  },
  contenders: {
    loggerInfo: contender("loggerInfo", "Logger.info (sliding: evicts)"),
    effectLog: contender("effectLog", "Effect.logInfo (sliding: evicts)"),
    effectToFile: contender("effectToFile", "Effect's toFile(formatJson) (unbounded)"),
    pinoSync: contender("pinoSync", "pino, sync (the caller writes)"),
    pinoAsync: contender("pinoAsync", "pino, async, minLength 4096 (unbounded)"),
    pinoTransport: contender("pinoTransport", "pino, transport in a thread (unbounded)"),
    winston: contender("winston", "winston, file transport (unbounded)"),
    logtape: contender("logtape", "LogTape, stream of 32 KiB (unbounded)")
  }
}
