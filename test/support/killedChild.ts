/**
 * A process that logs, rotates and compresses until it is killed: `node killedChild.ts <options>`.
 *
 * It writes into the file `told`, synchronously, how many of its records are acknowledged.
 */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { constants, openSync, writeSync } from "node:fs"
import { basename, join } from "node:path"
import * as AsyncLogging from "../../src/AsyncLogging.ts"
import type { FileSystem } from "../../src/Files/FileSystem.ts"
import { CurrentFileSystem, node } from "../../src/Files/FileSystem.ts"
import type { Compression } from "../../src/Files/RotatedName.ts"
import type { Call } from "../../src/Files/Steps.ts"
import * as Logger from "../../src/Logger.ts"
import * as Sinks from "../../src/Sinks.ts"

/**
 * The calls at which it can be killed, in the order in which a file goes through them: its new name is taken, it is moved
 * there, the next one is opened; its archive is made, written, made durable and gets its name, and it is removed itself.
 */
export type Moment = "take" | "move" | "begin" | "archive" | "compress" | "sync" | "replace" | "remove"

/**
 * - `run`: which of the processes that write to this log it is.
 * - `lines`: after so many it closes, and ends by itself.
 * - `kill`: it kills itself with the nth of these calls: before it, or within it.
 */
export interface Options {
  readonly directory: string
  readonly run: number
  readonly size: "4 kB" | "1200 kB"
  readonly compress: Compression
  readonly lines: number
  readonly kill: { readonly moment: Moment; readonly nth: number; readonly within: boolean } | undefined
}

const { compress, directory, kill, lines, run, size }: Options = JSON.parse(process.argv[2]!)

// Node's file system, but for the call that is the last one
const killing = ({ moment, nth, within }: NonNullable<Options["kill"]>): FileSystem => {
  let calls = 0
  let moved = false
  const archives = new Set<number>()
  const at = <A>(at: Moment, call: Call<A>): Call<A> =>
    at !== moment ? call : {
      ...call,
      start(callback) {
        if (++calls < nth) return call.start(callback)
        // a thread has it then
        if (within) call.start(() => {})
        process.kill(process.pid, "SIGKILL")
      }
    }
  const isArchive = (path: string) => path.endsWith(".tmp")
  const isCurrent = (path: string) => basename(path) === "app.log"
  const isRotated = (path: string) => /^app\.\d+\.log$/.test(basename(path))
  return {
    ...node,
    open(path, flags, mode) {
      const call = node.open(path, flags, mode)
      if (isCurrent(path)) return moved && (flags & constants.O_CREAT) !== 0 ? at("begin", call) : call
      if (isRotated(path)) return (flags & constants.O_EXCL) === 0 ? call : at("take", call)
      return !isArchive(path) ? call : at("archive", {
        ...call,
        start: (callback) =>
          call.start((error, fd) => {
            if (!error) archives.add(fd)
            callback(error, fd)
          })
      })
    },
    close(fd) {
      archives.delete(fd)
      return node.close(fd)
    },
    write: (fd, bytes) => archives.has(fd) ? at("compress", node.write(fd, bytes)) : node.write(fd, bytes),
    fdatasync: (fd) => archives.has(fd) ? at("sync", node.fdatasync(fd)) : node.fdatasync(fd),
    rename(from, to) {
      if (isArchive(from)) return at("replace", node.rename(from, to))
      moved = true
      return at("move", node.rename(from, to))
    },
    unlink: (path) => isRotated(path) ? at("remove", node.unlink(path)) : node.unlink(path)
  }
}

const told = openSync(join(directory, "told"), "w")
const tell = (n: number) => writeSync(told, String(n).padStart(9, "0"), 0)
tell(0)

// batches of less than a file, and of many
const bursts = [1, 200, 7, 20, 60]

const program = Effect.gen(function*() {
  for (let n = 0, turn = 0; n < lines; turn++) {
    const left = Math.min(lines - n, bursts[turn % bursts.length]!)
    for (let i = 1; i <= left; i++) {
      const fields = { run, n: ++n, padding: "x".repeat(n % 97) }
      yield* i < left ? Logger.info("burst", fields) : Logger.acknowledged("Info", "burst", fields)
    }
    tell(n)
  }
})

const Logging = AsyncLogging.layer({
  sinks: [
    Sinks.file({
      path: join(directory, "app.log"),
      queue: { strategy: "backpressure" },
      rotate: { size, compress, name: "app.%n.log" }
    })
  ]
})

await Effect.runPromise(Effect.provide(
  program,
  kill === undefined ? Logging : Layer.provide(Logging, Layer.succeed(CurrentFileSystem, killing(kill)))
))
