/**
 * What the local sinks need of the file system and Effect's own `FileSystem` does not have: open flags, descriptors,
 * `fdatasync`, synchronous calls.
 */
import * as Context from "effect/Context"
import * as fs from "node:fs"
import type { Callback } from "./InFlight.ts"

/**
 * What a sink asks of an open file.
 */
export interface FileInfo {
  /** Bytes. */
  readonly size: number
  /** Whether it is a regular file: not a FIFO, not a device. */
  readonly isFile: boolean
  /** The same for two descriptors of one file, whatever its path is by now. */
  readonly id: string
}

/**
 * The calls, one to one as in `node:fs`, on whole arrays of bytes.
 */
export interface FileSystem {
  /** Makes a directory and its parents. One that exists is fine. */
  readonly mkdir: (path: string, mode: number, callback: Callback<void>) => void
  readonly open: (path: string, flags: number, mode: number, callback: Callback<number>) => void
  readonly openSync: (path: string, flags: number) => number
  readonly fstat: (fd: number, callback: Callback<FileInfo>) => void
  readonly fstatSync: (fd: number) => FileInfo
  /** Answers how many bytes were read. */
  readonly read: (fd: number, bytes: Uint8Array, position: number, callback: Callback<number>) => void
  /** Answers how many bytes were read: 0 at the end. */
  readonly readSync: (fd: number, bytes: Uint8Array, position: number) => number
  /** Answers how many bytes were written, which may be fewer than were given. */
  readonly write: (fd: number, bytes: Uint8Array, callback: Callback<number>) => void
  /** Answers how many bytes were written, or throws. */
  readonly writeSync: (fd: number, bytes: Uint8Array) => number
  readonly fdatasync: (fd: number, callback: Callback<void>) => void
  readonly close: (fd: number, callback: Callback<void>) => void
  readonly closeSync: (fd: number) => void
}

/**
 * Node's file system.
 */
export const node: FileSystem = {
  mkdir: (path, mode, callback) => fs.mkdir(path, { recursive: true, mode }, (error) => callback(error)),
  open: fs.open,
  openSync: fs.openSync,
  fstat: (fd, callback) =>
    fs.fstat(fd, (error, stats) => error === null ? callback(null, infoOf(stats)) : callback(error, noInfo)),
  fstatSync: (fd) => infoOf(fs.fstatSync(fd)),
  read: (fd, bytes, position, callback) => fs.read(fd, bytes, 0, bytes.length, position, callback),
  readSync: (fd, bytes, position) => fs.readSync(fd, bytes, 0, bytes.length, position),
  write: (fd, bytes, callback) => fs.write(fd, bytes, 0, bytes.length, null, callback),
  writeSync: (fd, bytes) => fs.writeSync(fd, bytes, 0, bytes.length, null),
  fdatasync: (fd, callback) => fs.fdatasync(fd, (error) => callback(error)),
  close: (fd, callback) => fs.close(fd, (error) => callback(error)),
  closeSync: fs.closeSync
}

const infoOf = (stats: fs.Stats): FileInfo => ({
  size: stats.size,
  isFile: stats.isFile(),
  id: `${stats.dev}:${stats.ino}`
})

const noInfo: FileInfo = { size: 0, isFile: false, id: "" }

/**
 * The file system of the local sinks. Defaults to Node's.
 */
export const CurrentFileSystem: Context.Reference<FileSystem> = Context.Reference<FileSystem>(
  "effect-async-logging/Sinks/FileSystem",
  { defaultValue: () => node }
)
