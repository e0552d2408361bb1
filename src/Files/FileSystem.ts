/**
 * What the local sinks need of the file system and Effect's own `FileSystem` does not have: open flags, descriptors,
 * `fdatasync`, links, synchronous calls.
 */
import * as Context from "effect/Context"
import * as fs from "node:fs"
import type { Call, Callback } from "./Steps.ts"
import * as Steps from "./Steps.ts"

/**
 * What a sink asks of a file.
 */
export interface FileInfo {
  /** Bytes. */
  readonly size: number
  /** Whether it is a regular file: not a link, not a FIFO, not a device. */
  readonly isFile: boolean
  readonly isLink: boolean
  /** The same for all descriptors and names of one file, whatever its path is by now. */
  readonly id: string
  /** How many names it has. */
  readonly links: number
  /** Permissions: the lowest nine bits of its mode. */
  readonly mode: number
  /** When it was last written to, in milliseconds since the epoch. */
  readonly modified: number
}

/**
 * The calls, as in `node:fs`, on whole arrays of bytes. Each can be made at once, or started in the background.
 */
export interface FileSystem {
  /** Makes a directory and its parents. One that exists is fine. */
  readonly mkdir: (path: string, mode: number) => Call<void>
  readonly open: (path: string, flags: number, mode?: number) => Call<number>
  readonly fstat: (fd: number) => Call<FileInfo>
  /** Of the name itself: a symbolic link is not followed. */
  readonly lstat: (path: string) => Call<FileInfo>
  /** Answers how many bytes were read: 0 at the end. */
  readonly read: (fd: number, bytes: Uint8Array, position: number) => Call<number>
  /** Answers how many bytes were written, which may be fewer than were given. */
  readonly write: (fd: number, bytes: Uint8Array) => Call<number>
  readonly fdatasync: (fd: number) => Call<void>
  readonly fchmod: (fd: number, mode: number) => Call<void>
  /** When it was last written to, in milliseconds since the epoch. */
  readonly futimes: (fd: number, modified: number) => Call<void>
  readonly close: (fd: number) => Call<void>
  /** Replaces a file that has the new name. */
  readonly rename: (from: string, to: string) => Call<void>
  readonly unlink: (path: string) => Call<void>
  /**
   * Makes the names in a directory durable: a file is not found after a loss of power when its name is not (fsync(2)).
   * Nothing where directories have no such call, or this one cannot be read.
   */
  readonly syncDirectory: (path: string) => Call<void>
  readonly readdir: (path: string) => Call<ReadonlyArray<string>>
  readonly symlink: (target: string, path: string) => Call<void>
  /** The path without symbolic links: `..` is the parent of where one leads. Fails where nothing is. */
  readonly realpath: (path: string) => Call<string>
}

/**
 * Whether an error says that there is nothing at a path.
 */
export const isMissing = (error: unknown): boolean => isError(error, "ENOENT") || isError(error, "ENOTDIR")

/**
 * Whether it is an error with this code.
 */
export const isError = (error: unknown, code: string): boolean =>
  error instanceof Error && "code" in error && error.code === code

/**
 * What it says.
 */
export const reasonOf = (error: unknown): string => error instanceof Error ? error.message : String(error)

/**
 * Node's file system.
 */
export const node: FileSystem = {
  mkdir: (path, mode) => ({
    sync: () => void fs.mkdirSync(path, { recursive: true, mode }),
    start: (callback) => fs.mkdir(path, { recursive: true, mode }, (error) => callback(error))
  }),
  open: (path, flags, mode) => ({
    sync: () => fs.openSync(path, flags, mode),
    start: (callback) => fs.open(path, flags, mode, callback)
  }),
  fstat: (fd) => ({
    sync: () => infoOf(fs.fstatSync(fd)),
    start: (callback) => fs.fstat(fd, answering(infoOf, callback))
  }),
  lstat: (path) => ({
    sync: () => infoOf(fs.lstatSync(path)),
    start: (callback) => fs.lstat(path, answering(infoOf, callback))
  }),
  read: (fd, bytes, position) => ({
    sync: () => fs.readSync(fd, bytes, 0, bytes.length, position),
    start: (callback) => fs.read(fd, bytes, 0, bytes.length, position, callback)
  }),
  write: (fd, bytes) => ({
    sync: () => fs.writeSync(fd, bytes, 0, bytes.length, null),
    start: (callback) => fs.write(fd, bytes, 0, bytes.length, null, callback)
  }),
  fdatasync: (fd) => ({
    sync: () => fs.fdatasyncSync(fd),
    start: (callback) => fs.fdatasync(fd, (error) => callback(error))
  }),
  fchmod: (fd, mode) => ({
    sync: () => fs.fchmodSync(fd, mode),
    start: (callback) => fs.fchmod(fd, mode, (error) => callback(error))
  }),
  futimes: (fd, modified) => ({
    sync: () => fs.futimesSync(fd, modified / 1000, modified / 1000),
    start: (callback) => fs.futimes(fd, modified / 1000, modified / 1000, (error) => callback(error))
  }),
  close: (fd) => ({
    sync: () => fs.closeSync(fd),
    start: (callback) => fs.close(fd, (error) => callback(error))
  }),
  rename: (from, to) => ({
    sync: () => fs.renameSync(from, to),
    start: (callback) => fs.rename(from, to, (error) => callback(error))
  }),
  unlink: (path) => ({
    sync: () => fs.unlinkSync(path),
    start: (callback) => fs.unlink(path, (error) => callback(error))
  }),
  syncDirectory: (path) => ({
    sync: () => Steps.runSync(syncNames(path)),
    start: (callback) => Steps.start(syncNames(path), callback)
  }),
  readdir: (path) => ({
    sync: () => fs.readdirSync(path),
    start: (callback) => fs.readdir(path, callback)
  }),
  symlink: (target, path) => ({
    sync: () => fs.symlinkSync(target, path),
    start: (callback) => fs.symlink(target, path, (error) => callback(error))
  }),
  realpath: (path) => ({
    sync: () => fs.realpathSync.native(path),
    start: (callback) => fs.realpath.native(path, callback)
  })
}

const syncNames = function*(path: string): Steps.Steps<void> {
  const fd = yield* Steps.orUndefined(node.open(path, fs.constants.O_RDONLY), isUnsupported)
  if (fd === undefined) return
  try {
    yield* Steps.orUndefined(node.fdatasync(fd), isUnsupported)
  } finally {
    yield* Steps.of(node.close(fd))
  }
}

const isUnsupported = (error: unknown): boolean =>
  ["EACCES", "EPERM", "EISDIR", "EINVAL", "ENOTSUP"].some((code) => isError(error, code))

const infoOf = (stats: fs.Stats): FileInfo => ({
  size: stats.size,
  isFile: stats.isFile(),
  isLink: stats.isSymbolicLink(),
  id: `${stats.dev}:${stats.ino}`,
  links: stats.nlink,
  mode: stats.mode & 0o777,
  modified: stats.mtimeMs
})

const answering = <A, B>(f: (a: A) => B, callback: Callback<B>) => (error: Error | null, value: A): void =>
  error === null ? callback(null, f(value)) : callback(error, undefined as B)

/**
 * The file system of the local sinks. Defaults to Node's.
 */
export const CurrentFileSystem: Context.Reference<FileSystem> = Context.Reference<FileSystem>(
  "effect-async-logging/Files/FileSystem",
  { defaultValue: () => node }
)
