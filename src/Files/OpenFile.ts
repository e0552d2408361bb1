/**
 * A file that is open for lines to be appended to it.
 */
import { constants } from "node:fs"
import { dirname } from "node:path"
import type { FileInfo, FileSystem } from "./FileSystem.ts"
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
 * What it is made with, when it is not there.
 */
export interface Modes {
  readonly mode: number
  readonly directoryMode: number
}

/**
 * Opens it, and makes it and its directories where they are missing. Nothing is left open when it fails.
 */
export const open = function*(fs: FileSystem, path: string, modes: Modes): Steps.Steps<OpenFile> {
  yield* Steps.of(fs.mkdir(dirname(path), modes.directoryMode))
  const fd = yield* Steps.of(fs.open(path, appending, modes.mode))
  try {
    const info = yield* Steps.of(fs.fstat(fd))
    const torn = info.isFile && info.size > 0 && (yield* endsWithinLine(fs, path, info.size))
    return { ...info, fd, torn }
  } catch (error) {
    yield* Steps.of(fs.close(fd))
    throw error
  }
}

// Non-blocking matters for FIFOs only: a thread that blocks in one is lost, and holds up the end of the process.
const appending = constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_NONBLOCK

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
