/**
 * Files for tests of sinks: a real directory that goes away, and a file system whose calls follow a plan.
 */
import * as Effect from "effect/Effect"
import { execFileSync } from "node:child_process"
import * as nodeFs from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { FileInfo, FileSystem } from "../../src/Sinks/FileSystem.ts"
import { node } from "../../src/Sinks/FileSystem.ts"

/**
 * A directory for the life of the scope.
 */
export const directory = Effect.acquireRelease(
  Effect.sync(() => nodeFs.mkdtempSync(join(tmpdir(), "sinks-"))),
  (path) => Effect.sync(() => nodeFs.rmSync(path, { recursive: true }))
)

/**
 * A real FIFO, with a reader that reads when it is told to.
 */
export interface Fifo {
  readonly path: string
  /** Node's file system, which sees when the FIFO is full. */
  readonly fs: FileSystem
  /** Waits until the last write was refused: the FIFO is full. */
  readonly full: Effect.Effect<void>
  /** Waits until no write is under way. */
  readonly idle: Effect.Effect<void>
  /** What there is to read now. */
  readonly read: () => string
  /** The reader goes. */
  readonly leave: () => void
}

/**
 * A FIFO for the life of the scope.
 */
export const fifo = Effect.gen(function*() {
  const path = join(yield* directory, "fifo")
  execFileSync("mkfifo", [path])
  const reader = nodeFs.openSync(path, nodeFs.constants.O_RDONLY | nodeFs.constants.O_NONBLOCK)
  let isOpen = true
  const leave = () => {
    if (isOpen) nodeFs.closeSync(reader)
    isOpen = false
  }
  yield* Effect.addFinalizer(() => Effect.sync(leave))
  let underWay = 0
  let isFull = false
  const until = (condition: () => boolean) =>
    Effect.gen(function*() {
      while (!condition()) yield* Effect.yieldNow
    })
  const buffer = Buffer.alloc(1024 * 1024)
  const self: Fifo = {
    path,
    fs: {
      ...node,
      write(fd, bytes, callback) {
        underWay++
        node.write(fd, bytes, (error, written) => {
          underWay--
          isFull = error !== null && error !== undefined && "code" in error && error.code === "EAGAIN"
          callback(error, written)
        })
      }
    },
    full: until(() => isFull),
    idle: until(() => underWay === 0),
    read() {
      isFull = false
      try {
        return buffer.toString("utf8", 0, nodeFs.readSync(reader, buffer))
      } catch {
        // nothing there
        return ""
      }
    },
    leave
  }
  return self
})

/**
 * What one call of `write` does: takes at most so many bytes, fails with a code, or does either only when released.
 */
export type Step =
  | { readonly take: number }
  | { readonly fail: string }
  | { readonly hang: { readonly take: number } | { readonly fail: string } }

/**
 * One file in memory. Calls beyond the plan take all they are given.
 */
export interface PlannedFile {
  readonly fs: FileSystem
  readonly content: () => string
  readonly bytes: () => Buffer
  /** Ends the hanging call, if there is one. */
  readonly release: () => void
  readonly hanging: () => boolean
  readonly writes: Array<number>
  readonly events: Array<string>
  readonly overlapped: () => boolean
}

/**
 * A file that follows `plan`.
 */
export const planned = (plan: ReadonlyArray<Step>, initial = ""): PlannedFile => {
  const chunks: Array<Uint8Array> = [Buffer.from(initial)]
  const writes: Array<number> = []
  const events: Array<string> = []
  const bytes = () => Buffer.concat(chunks)
  let calls = 0
  let underWay = 0
  let overlapped = false
  let release: (() => void) | undefined
  const perform = (data: Uint8Array, step: { readonly take: number } | { readonly fail: string }): number => {
    if ("fail" in step) throw Object.assign(new Error(`${step.fail}: planned`), { code: step.fail })
    const taken = data.slice(0, step.take)
    chunks.push(taken)
    writes.push(taken.length)
    return taken.length
  }
  const attempt = <A>(f: () => A, callback: (error: Error | null, value: A) => void) => {
    let value: A
    try {
      value = f()
    } catch (error) {
      return callback(error as Error, undefined as A)
    }
    callback(null, value)
  }
  const info = (): FileInfo => ({ size: bytes().length, isFile: true, id: "the file" })
  const next = (): Step => plan[calls++] ?? { take: Number.POSITIVE_INFINITY }
  return {
    content: () => bytes().toString(),
    bytes,
    writes,
    events,
    overlapped: () => overlapped,
    hanging: () => release !== undefined,
    release: () => {
      const f = release
      release = undefined
      f?.()
    },
    fs: {
      mkdir: (_path, _mode, callback) => callback(null),
      open: (_path, _flags, _mode, callback) => callback(null, 3),
      openSync: () => 4,
      fstat: (_fd, callback) => callback(null, info()),
      fstatSync: info,
      read: (_fd, target, position, callback) => callback(null, bytes().copy(target, 0, position)),
      readSync: (_fd, target, position) => bytes().copy(target, 0, position),
      write: (_fd, data, callback) => {
        overlapped ||= underWay > 0
        underWay++
        const step = next()
        const end = (how: { readonly take: number } | { readonly fail: string }) => {
          underWay--
          attempt(() => perform(data, how), callback)
        }
        if ("hang" in step) {
          const { hang } = step
          release = () => end(hang)
        } else {
          setImmediate(() => end(step))
        }
      },
      writeSync: (_fd, data) => {
        const step = next()
        return perform(data, "hang" in step ? step.hang : step)
      },
      fdatasync: (_fd, callback) => {
        events.push("fdatasync")
        callback(null)
      },
      close: (_fd, callback) => {
        events.push(underWay > 0 ? "closed under a write" : "close")
        callback(null)
      },
      closeSync: () => {}
    }
  }
}
