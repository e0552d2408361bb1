/**
 * A file that is open for lines to be appended to it.
 */
import { constants } from "node:fs"
import { dirname, isAbsolute, relative, sep } from "node:path"
import type { FileInfo, FileSystem } from "./FileSystem.ts"
import { isMissing } from "./FileSystem.ts"
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
 * - `base`: the directory that it has to be in, or below. `undefined`: anywhere.
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
    const info = yield* Steps.of(fs.fstat(fd))
    if (info.isFile) yield* checkPermissions(fs, fd, info.mode, access)
    const torn = info.isFile && info.size > 0 && (yield* endsWithinLine(fs, path, info.size))
    return { ...info, fd, torn }
  } catch (error) {
    yield* Steps.of(fs.close(fd))
    throw error
  }
}

// The directory is there, most of the time, and each call is a turn of the event loop. Nothing is made outside of the base.
const openIn = function*(fs: FileSystem, path: string, access: Access): Steps.Steps<number> {
  const directory = dirname(path)
  const opening = fs.open(path, access.followLinks ? appending : appending | constants.O_NOFOLLOW, access.mode)
  if (access.base === undefined) {
    const fd = yield* Steps.orUndefined(opening, isMissing)
    if (fd !== undefined) return fd
  }
  yield* Steps.of(fs.mkdir(directory, access.directoryMode))
  if (access.base !== undefined) yield* checkBase(fs, access.base, directory)
  return yield* Steps.of(opening)
}

// Non-blocking matters for FIFOs only: a thread that blocks in one is lost, and holds up the end of the process.
const appending = constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_NONBLOCK

const checkBase = function*(fs: FileSystem, base: string, directory: string): Steps.Steps<void> {
  const real = yield* Steps.of(fs.realpath(base))
  const below = relative(real, yield* Steps.of(fs.realpath(directory)))
  if (below === ".." || below.startsWith(`..${sep}`) || isAbsolute(below)) {
    throw new Error(`its directory is not below ${base}`)
  }
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
