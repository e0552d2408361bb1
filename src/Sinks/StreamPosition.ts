/**
 * How far a standard stream has come: which of the bytes that it was given the operating system has.
 *
 * When the process ends, what a stream still holds is lost: libuv writes to pipes without blocking, and keeps what does
 * not fit. Nothing moves any more then, so the rest can be written from the very byte on.
 */
import type { Landing } from "./LineWriter.ts"
import type { Output } from "./Stdio.ts"

/**
 * The place in a stream where the next bytes begin, if it counts them.
 */
export const nextUnsafe = (stream: Output): number | undefined =>
  // `bytesWritten` of a socket: all that it was given so far
  "bytesWritten" in stream && typeof stream.bytesWritten === "number" ? stream.bytesWritten : undefined

/**
 * What became of `size` bytes that were given to a stream at the place `start`, and have not come back.
 */
export const landedUnsafe = (stream: Output, start: number | undefined, size: number): Landing => {
  const isWell = !stream.destroyed && stream.errored === null
  // files and terminals are written to at once; only the callback is still to come
  if (isWell && stream.writableLength === 0) return { bytes: size, open: 0 }
  const passed = isWell ? passedUnsafe(stream) : undefined
  if (passed === undefined || start === undefined) return { bytes: 0, open: size }
  return passed < start
    ? { bytes: 0, open: 0, behindTorn: true }
    : { bytes: Math.min(size, passed - start), open: 0 }
}

/** Of libuv's handle, which Node does not document: given to it, and not written yet. */
interface Counts {
  readonly bytesWritten: number
  readonly writeQueueSize: number
}

const passedUnsafe = (stream: Output): number | undefined => {
  const handle: unknown = "_handle" in stream ? stream._handle : undefined
  return isCounts(handle) ? handle.bytesWritten - handle.writeQueueSize : undefined
}

const isCounts = (u: unknown): u is Counts =>
  typeof u === "object" && u !== null &&
  "bytesWritten" in u && typeof u.bytesWritten === "number" &&
  "writeQueueSize" in u && typeof u.writeQueueSize === "number"
