/**
 * A real file system that fails as it is told: it is full for some writes, or all of it stops in the middle of a call, as
 * for a process that is killed. Its times are those of a clock that the test has.
 */
import * as fs from "node:fs"
import type { FileInfo, FileSystem } from "../../src/Files/FileSystem.ts"
import { node } from "../../src/Files/FileSystem.ts"
import type { Call } from "../../src/Files/Steps.ts"

/**
 * What goes wrong.
 */
export interface Faults {
  /** So many writes find a full disk, which has room for so many bytes first. */
  full: { writes: number; room: number } | undefined
  /** After so many calls all stops; a write that is the last one still takes so many bytes. */
  crash: { calls: number; take: number } | undefined
  crashed: boolean
  /** After so many calls one fails; of those that can be made again. */
  fail: number | undefined
  /** What is open. */
  readonly fds: Set<number>
}

/**
 * Nothing goes wrong yet.
 */
export const make = (): Faults => ({
  full: undefined,
  crash: undefined,
  crashed: false,
  fail: undefined,
  fds: new Set()
})

/**
 * The operating system closes what a dead process had open.
 */
export const bury = (faults: Faults): void => {
  for (const fd of faults.fds) fs.closeSync(fd)
  faults.fds.clear()
}

const never = { never: true }

/**
 * The file system of one process. `now`: the time, in milliseconds since the epoch.
 */
export const fileSystem = (faults: Faults, now: () => number): FileSystem => {
  const times = new Map<string, number>()
  const timed = (info: FileInfo): FileInfo => ({ ...info, modified: times.get(info.id) ?? now() })
  const guarded = <A>(
    call: Call<A>,
    { last = () => {}, mayFail = true }: { readonly last?: () => void; readonly mayFail?: boolean } = {}
  ): Call<A> => {
    // the answer of a call that is made, `never` for one that is not
    const attempt = (f: () => A): A | typeof never => {
      if (faults.crashed) return never
      if (faults.crash !== undefined && faults.crash.calls-- === 0) {
        last()
        faults.crashed = true
        return never
      }
      if (mayFail && faults.fail !== undefined && faults.fail-- === 0) {
        faults.fail = undefined
        throw Object.assign(new Error("EIO: planned"), { code: "EIO" })
      }
      return f()
    }
    return {
      sync() {
        const value = attempt(call.sync)
        if (value === never) throw new Error("the process is dead")
        return value as A
      },
      start(callback) {
        let value: A | typeof never
        try {
          value = attempt(call.sync)
        } catch (error) {
          return void setImmediate(() => callback(error as Error, undefined as A))
        }
        if (value !== never) setImmediate(() => callback(null, value as A))
      }
    }
  }
  const write = (fd: number, bytes: Uint8Array): number => {
    let { length } = bytes
    if (faults.full !== undefined) {
      const { full } = faults
      length = Math.min(length, full.room)
      if (--full.writes === 0) faults.full = undefined
      else full.room = 0
      if (length === 0) throw Object.assign(new Error("ENOSPC: full"), { code: "ENOSPC" })
    }
    const written = fs.writeSync(fd, bytes, 0, length)
    times.set(node.fstat(fd).sync().id, now())
    return written
  }
  return {
    mkdir: (path, mode) => guarded(node.mkdir(path, mode)),
    open: (path, flags, mode) =>
      guarded({
        ...node.open(path, flags, mode),
        sync() {
          const fd = node.open(path, flags, mode).sync()
          faults.fds.add(fd)
          return fd
        }
        // what cannot be read of a deleted file is lost, and a notice says so
      }, { mayFail: !path.startsWith("/proc/") }),
    fstat: (fd) => guarded({ ...node.fstat(fd), sync: () => timed(node.fstat(fd).sync()) }),
    lstat: (path) => guarded({ ...node.lstat(path), sync: () => timed(node.lstat(path).sync()) }),
    read: (fd, bytes, position) => guarded(node.read(fd, bytes, position), { mayFail: false }),
    write: (fd, bytes) =>
      guarded({ ...node.write(fd, bytes), sync: () => write(fd, bytes) }, {
        last: () => void fs.writeSync(fd, bytes, 0, Math.min(bytes.length, faults.crash!.take))
      }),
    fdatasync: (fd) => guarded({ ...node.fdatasync(fd), sync: () => {} }),
    fchmod: (fd, mode) => guarded(node.fchmod(fd, mode)),
    futimes: (fd, modified) =>
      guarded({ ...node.futimes(fd, modified), sync: () => void times.set(node.fstat(fd).sync().id, modified) }),
    close: (fd) =>
      guarded({
        ...node.close(fd),
        sync() {
          faults.fds.delete(fd)
          node.close(fd).sync()
        }
      }),
    rename: (from, to) => guarded(node.rename(from, to)),
    unlink: (path) => guarded(node.unlink(path)),
    syncDirectory: (path) => guarded({ ...node.syncDirectory(path), sync: () => {} }),
    readdir: (path) => guarded(node.readdir(path)),
    symlink: (target, path) => guarded(node.symlink(target, path)),
    realpath: (path) => guarded(node.realpath(path))
  }
}
