/**
 * A file that is open for lines to be appended to it.
 */
import { constants } from "node:fs"
import { basename, dirname, isAbsolute, join, relative, sep } from "node:path"
import type { FileInfo, FileSystem } from "./FileSystem.ts"
import { isError, isMissing } from "./FileSystem.ts"
import * as Steps from "./Steps.ts"

/**
 * An open file, and what was known of it when it was opened.
 */
export interface OpenFile extends FileInfo {
  readonly fd: number
  /** It ends within a line. */
  readonly torn: boolean
}

/**
 * How it is made and opened.
 *
 * - `mode`, `directoryMode`: permissions of what is not there yet.
 * - `permissions`: what becomes of a file that has more of them.
 * - `followLinks`: whether its path may be a symbolic link.
 * - `base`: the directory that it has to be in, or below, and a link to it has to lead to a file that is there. `undefined`:
 *   anywhere.
 */
export interface Access {
  readonly mode: number
  readonly directoryMode: number
  readonly permissions: "keep" | "repair" | "refuse"
  readonly followLinks: boolean
  readonly base: string | undefined
}

/**
 * Opens it, and makes it and its directories where they are missing. Nothing is left open when it fails.
 */
export const open = function*(fs: FileSystem, path: string, access: Access): Steps.Steps<OpenFile> {
  const fd = yield* openIn(fs, path, access)
  try {
    // it has just been opened: nothing has to be read for it
    const info = yield* Steps.of(Steps.atOnce(fs.fstat(fd)))
    if (info.isFile) yield* checkPermissions(fs, fd, info.mode, access)
    const torn = info.isFile && info.size > 0 && (yield* endsWithinLine(fs, path, info.size))
    return { ...info, fd, torn }
  } catch (error) {
    yield* Steps.of(fs.close(fd))
    throw error
  }
}

const openIn = (fs: FileSystem, path: string, access: Access): Steps.Steps<number> =>
  access.base === undefined ? openAnywhere(fs, path, access) : openBelow(fs, access.base, path, access)

// The directory is there, most of the time, and each call is a turn of the event loop.
const openAnywhere = function*(fs: FileSystem, path: string, access: Access): Steps.Steps<number> {
  const opening = fs.open(path, access.followLinks ? appending : appending | constants.O_NOFOLLOW, access.mode)
  const fd = yield* Steps.orUndefined(opening, isMissing)
  if (fd !== undefined) return fd
  yield* Steps.of(fs.mkdir(dirname(path), access.directoryMode))
  return yield* Steps.of(opening)
}

// Nothing is made, nor opened, before it is known to be below the base. So no link is followed by the open itself.
const openBelow = function*(fs: FileSystem, base: string, path: string, access: Access): Steps.Steps<number> {
  const directory = dirname(path)
  yield* checkBelow(fs, base, directory)
  yield* Steps.of(fs.mkdir(directory, access.directoryMode))
  const opening = (path: string) => Steps.of(fs.open(path, appending | constants.O_NOFOLLOW, access.mode))
  try {
    return yield* opening(path)
  } catch (error) {
    if (!access.followLinks || !isError(error, "ELOOP")) throw error
  }
  const target = yield* Steps.of(fs.realpath(path))
  yield* checkBelow(fs, base, target)
  return yield* opening(target)
}

// Non-blocking matters for FIFOs only: a thread that blocks in one is lost, and holds up the end of the process.
const appending = constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_NONBLOCK

const checkBelow = function*(fs: FileSystem, base: string, path: string): Steps.Steps<void> {
  const below = relative(yield* realPath(fs, base), yield* realPath(fs, path))
  if (below === ".." || below.startsWith(`..${sep}`) || isAbsolute(below)) throw new Error(`it is not below ${base}`)
}

// Of what is yet to be made, too: what is there of it, and then names.
const realPath = function*(fs: FileSystem, path: string): Steps.Steps<string> {
  const parent = dirname(path)
  const real = yield* Steps.orUndefined(fs.realpath(path), (error) => isMissing(error) && parent !== path)
  return real ?? join(yield* realPath(fs, parent), basename(path))
}

const checkPermissions = function*(
  fs: FileSystem,
  fd: number,
  mode: number,
  access: Access
): Steps.Steps<void> {
  if (access.permissions === "keep" || (mode & ~access.mode) === 0) return
  if (access.permissions === "refuse") {
    throw new Error(`its mode ${octal(mode)} has more permissions than ${octal(access.mode)}`)
  }
  yield* Steps.of(fs.fchmod(fd, mode & access.mode))
}

const octal = (mode: number): string => `0${mode.toString(8)}`

/**
 * How to open a file to read it: as a log needs no permission to be read, through a descriptor of its own.
 */
export const reading = constants.O_RDONLY | constants.O_NONBLOCK

const endsWithinLine = function*(fs: FileSystem, path: string, size: number): Steps.Steps<boolean> {
  try {
    const fd = yield* Steps.of(fs.open(path, reading))
    try {
      const last = new Uint8Array(1)
      yield* Steps.of(fs.read(fd, last, size - 1))
      return last[0] !== lineFeed
    } finally {
      yield* Steps.of(fs.close(fd))
    }
  } catch {
    // not readable: an empty line does less harm than two lines in one
    return true
  }
}

const lineFeed = 10
