/**
 * What became of an asynchronous write to a file when the process ends before its callback has come.
 *
 * The thread pool still finishes it, but nobody is told, and it may be behind slower work. So the file itself is asked:
 * its size, and the bytes at its end, as other processes may append to it too.
 */
import { constants } from "node:fs"
import type { FileSystem } from "../Files/FileSystem.ts"
import type { Landing } from "./LineWriter.ts"
import type { Patience } from "./Patience.ts"
import * as Patiences from "./Patience.ts"

/**
 * An open file that is appended to. `end`: its size when it was opened, and what was written to it since.
 */
export interface Appended {
  readonly fd: number
  readonly path: string
  readonly isFile: boolean
  readonly end: number
}

/** It lands within a millisecond, unless the threads are busy with other work. */
const longest = 100
const pause = 1

/** What other processes may have appended behind it in that time. */
const window = 1024 * 1024

/**
 * Waits, at most 100 ms, for a write of `bytes` at the end of a file to land. What cannot be known is open.
 */
export const awaitUnsafe = (fs: FileSystem, file: Appended, bytes: Uint8Array, patience: Patience): Landing => {
  const patient = Patiences.within(patience, longest)
  try {
    if (!file.isFile) {
      // A FIFO cannot be read back. What is not blocked by other work has landed by then.
      Patiences.sleepUnsafe(patient, pauseUnseen)
      return nothingKnown(bytes)
    }
    let seen = -1
    do {
      const { size } = fs.fstat(file.fd).sync()
      if (size !== seen && hasLanded(fs, file, bytes, size)) return { bytes: bytes.length, open: 0 }
      seen = size
    } while (Patiences.sleepUnsafe(patient, pause))
    return partly(fs, file, bytes, seen)
  } catch {
    // a file that cannot be asked: the records are repeated, and say so
    return nothingKnown(bytes)
  }
}

const pauseUnseen = 20

const nothingKnown = (bytes: Uint8Array): Landing => ({ bytes: 0, open: bytes.length })

// A file that has shrunk was truncated under us: the bytes are where they are.
const hasLanded = (fs: FileSystem, file: Appended, bytes: Uint8Array, size: number): boolean => {
  const { end } = file
  if (size >= end && size < end + bytes.length) return false
  const tail = readTail(fs, file, Math.max(size < end ? 0 : end, size - bytes.length - window), size)
  return tail.includes(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length))
}

// A write that was cut short, by a full disk say, or that still goes on: what is there of it is known.
const partly = (fs: FileSystem, file: Appended, bytes: Uint8Array, size: number): Landing => {
  const out = size - file.end
  if (out <= 0 || out >= bytes.length) return nothingKnown(bytes)
  const tail = readTail(fs, file, file.end, size)
  return tail.equals(bytes.subarray(0, out))
    ? { bytes: out, open: bytes.length - out }
    : nothingKnown(bytes)
}

// What cannot be read proves nothing: as many bytes as ours may be those of another process, behind a write of ours that was
// cut short.
const readTail = (fs: FileSystem, file: Appended, from: number, to: number): Buffer => {
  const fd = openToRead(fs, file)
  try {
    const tail = Buffer.allocUnsafe(to - from)
    let at = 0
    while (at < tail.length) {
      const read = fs.read(fd, tail.subarray(at), from + at).sync()
      if (read === 0) break
      at += read
    }
    return tail.subarray(0, at)
  } finally {
    fs.close(fd).sync()
  }
}

// The log's own descriptor cannot read. At its path there may be another file by now, unless it is the one that the
// operating system keeps for the descriptor.
const openToRead = (fs: FileSystem, { fd, path }: Appended): number => {
  const { id } = fs.fstat(fd).sync()
  for (const name of [path, `/proc/self/fd/${fd}`]) {
    const own = openOrNot(fs, name)
    if (own === undefined) continue
    if (fs.fstat(own).sync().id === id) return own
    fs.close(own).sync()
  }
  throw new Error("it cannot be read")
}

const openOrNot = (fs: FileSystem, path: string): number | undefined => {
  try {
    return fs.open(path, constants.O_RDONLY | constants.O_NONBLOCK).sync()
  } catch {
    return undefined
  }
}
