/**
 * Files for tests of sinks: a real directory that goes away, and a file system whose calls follow a plan.
 */
import * as Effect from "effect/Effect"
import { execFileSync } from "node:child_process"
import * as nodeFs from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { FileInfo, FileSystem } from "../../src/Files/FileSystem.ts"
import { node } from "../../src/Files/FileSystem.ts"
import type { Call } from "../../src/Files/Steps.ts"

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
      write(fd, bytes) {
        const { start, sync } = node.write(fd, bytes)
        return {
          sync,
          start(callback) {
            underWay++
            start((error, written) => {
              underWay--
              isFull = error !== null && error !== undefined && "code" in error && error.code === "EAGAIN"
              callback(error, written)
            })
          }
        }
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
 * A call that ends as soon as it is started.
 */
export const answering = <A>(f: () => A): Call<A> => ({
  sync: f,
  start(callback) {
    let value: A
    try {
      value = f()
    } catch (error) {
      return callback(error as Error, undefined as A)
    }
    callback(null, value)
  }
})

/**
 * A turn of the event loop.
 */
export const turn = Effect.promise(() => new Promise((resolve) => setImmediate(resolve)))
/**
 * Waits until it is so, for 100,000 turns at most.
 */
export const until = (condition: () => boolean) =>
  Effect.gen(function*() {
    for (let i = 0; !condition(); i++) {
      if (i === 100_000) throw new Error("it did not come true")
      yield* turn
    }
  })

/**
 * A call that ends with an error, before or after it is made.
 */
export const failing = <A>(call: Call<A>, code: string, isMade = false): Call<A> => {
  const sync = (): A => {
    if (isMade) call.sync()
    throw Object.assign(new Error(`${code}: planned`), { code })
  }
  return {
    sync,
    start(callback) {
      try {
        sync()
      } catch (error) {
        setImmediate(() => callback(error as Error, undefined as A))
      }
    }
  }
}

/**
 * Calls that do not begin until they are released.
 */
export const gate = () => {
  const held: Array<() => void> = []
  return {
    held,
    on: <A>(call: Call<A>): Call<A> => ({
      ...call,
      start: (callback) => void held.push(() => call.start(callback))
    }),
    release: () => held.shift()!()
  }
}

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
  const info = (): FileInfo => ({
    size: bytes().length,
    isFile: true,
    id: "the file",
    isLink: false,
    links: 1,
    mode: 0o600,
    modified: 0
  })
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
      mkdir: nothing,
      open: (_path, flags) => answering(() => (flags & nodeFs.constants.O_WRONLY) === 0 ? 4 : 3),
      fstat: () => answering(info),
      lstat: () => answering(info),
      read: (_fd, target, position) => answering(() => bytes().copy(target, 0, position)),
      write: (_fd, data) => ({
        start(callback) {
          overlapped ||= underWay > 0
          underWay++
          const step = next()
          const end = (how: { readonly take: number } | { readonly fail: string }) => {
            underWay--
            answering(() => perform(data, how)).start(callback)
          }
          if ("hang" in step) {
            const { hang } = step
            release = () => end(hang)
          } else {
            setImmediate(() => end(step))
          }
        },
        sync() {
          const step = next()
          return perform(data, "hang" in step ? step.hang : step)
        }
      }),
      fdatasync: () => answering(() => void events.push("fdatasync")),
      fchmod: nothing,
      futimes: nothing,
      close: (fd) =>
        answering(() => {
          if (fd === 3) events.push(underWay > 0 ? "closed under a write" : "close")
        }),
      rename: nothing,
      syncDirectory: () => answering(() => void events.push("names")),
      unlink: nothing,
      readdir: () => answering(() => []),
      symlink: nothing,
      realpath: (path) => answering(() => path)
    }
  }
}

const nothing = () => answering(() => {})
