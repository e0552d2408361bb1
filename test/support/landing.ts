/**
 * A file as it is when a process ends: the callback of a write that is under way never comes, though the write may still
 * land.
 */
import { constants } from "node:fs"
import type { FileSystem } from "../../src/Files/FileSystem.ts"
import { answering, planned } from "./files.ts"

/**
 * When the first write lands: with the nth look at the file, or after all is over; how many of its bytes; and what other
 * processes append before and behind it.
 */
export interface Plan {
  readonly look: number | "late"
  readonly take?: number | undefined
  readonly before?: string | undefined
  readonly behind?: string | undefined
  /** Empties the file before it lands. */
  readonly truncated?: boolean | undefined
  readonly isFile?: boolean | undefined
  readonly isReadable?: boolean | undefined
  /** Another file has taken its path. */
  readonly isMoved?: boolean | undefined
  /** Whether the operating system has a name for each descriptor. Default: it has. */
  readonly isNamed?: boolean | undefined
}

/**
 * A file whose first asynchronous write goes by the plan.
 */
export interface LandingFile {
  readonly fs: FileSystem
  readonly content: () => string
  /** The process is over: what was still under way lands. */
  readonly end: () => void
  readonly looks: () => number
}

/** A file with `initial` in it. */
export const landing = (plan: Plan, initial = ""): LandingFile => {
  let content = Buffer.from(initial)
  let pending: Uint8Array | undefined
  let looks = 0
  let isBegun = false
  const append = (bytes: Uint8Array) => content = Buffer.concat([content, bytes])
  const land = () => {
    if (pending === undefined) return
    if (plan.truncated === true) content = Buffer.alloc(0)
    append(Buffer.from(plan.before ?? ""))
    append(pending.subarray(0, plan.take))
    append(Buffer.from(plan.behind ?? ""))
    pending = undefined
  }
  const info = (id: string) => ({
    size: content.length,
    isFile: plan.isFile ?? true,
    id,
    isLink: false,
    links: 1,
    mode: 0o600,
    modified: 0
  })
  const { fs } = planned([])
  return {
    content: () => content.toString(),
    looks: () => looks,
    end: land,
    fs: {
      ...fs,
      fstat: (fd) => ({
        start: (callback) => callback(null, info("log")),
        sync() {
          if (fd === 4 || fd === 6) return info(plan.isMoved === true ? "another" : "log")
          if (fd === 5) return info("log")
          // before it has begun it is opened
          if (isBegun && ++looks === plan.look) land()
          return info("log")
        }
      }),
      lstat: () => answering(() => info(plan.isMoved === true ? "another" : "log")),
      open: (path, flags) => ({
        start: fs.open(path, flags).start,
        sync() {
          // the file that has taken the path: what is written to it is behind what is in this one
          if ((flags & constants.O_CREAT) !== 0) return 6
          if (plan.isReadable === false) throw new Error("EACCES: planned")
          const isByDescriptor = path.startsWith("/proc/self/fd/")
          if (isByDescriptor && plan.isNamed === false) throw new Error("ENOENT: planned")
          return isByDescriptor ? 5 : 4
        }
      }),
      read: (_fd, target, position) => ({
        start: answering(() => content.copy(target, 0, position)).start,
        // a little at a time
        sync: () => content.subarray(position, position + 1000).copy(target)
      }),
      write: (_fd, bytes) => ({
        start() {
          pending = bytes
          isBegun = true
        },
        sync() {
          append(bytes)
          return bytes.length
        }
      })
    }
  }
}
