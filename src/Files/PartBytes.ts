/**
 * The bytes of an open file of a log, decompressed, in chunks that are read when they are asked for.
 */
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import type { FileHandle } from "node:fs/promises"
import { pipeline } from "node:stream"
import { createGunzip, createZstdDecompress } from "node:zlib"
import * as LogFilesError from "./LogFilesError.ts"
import type { OpenPart } from "./LogParts.ts"

/**
 * The bytes up to the size that the file had when it was opened. Of an archive that is cut, all that can be decompressed
 * comes before the error; of one with a fault in it, at most `inflated.chunkSize` bytes in front of where zlib sees it
 * are missing.
 */
export const stream = (part: OpenPart): Stream.Stream<Uint8Array, LogFilesError.LogFilesError> =>
  Stream.unwrap(Effect.sync(() =>
    Stream.fromAsyncIterable(
      part.compression === undefined ? read(part.handle, 0, part.size) : inflate(part, part.compression),
      (cause) => LogFilesError.ofFile(part.file, cause)
    )
  ))

async function* read(handle: FileHandle, from: number, to: number): AsyncGenerator<Uint8Array> {
  let position = from
  while (position < to) {
    const chunk = Buffer.allocUnsafe(Math.min(chunkBytes, to - position))
    // each one when the reader has asked for it
    // oxlint-disable-next-line no-await-in-loop
    const { bytesRead } = await handle.read(chunk, 0, chunk.length, position)
    // it has become shorter
    if (bytesRead === 0) return
    position += bytesRead
    yield chunk.subarray(0, bytesRead)
  }
}

const chunkBytes = 64 * 1024

// An archive may be several in a row, as `cat` makes them. Node ends at the end of the first, if it is zstd.
async function* inflate(
  { handle, size }: OpenPart,
  compression: NonNullable<OpenPart["compression"]>
): AsyncGenerator<Uint8Array> {
  let position = 0
  do {
    const inflater = compression === "gzip" ? createGunzip(inflated) : createZstdDecompress(inflated)
    // whoever reads the inflater is told of an error
    pipeline(read(handle, position, size), inflater, () => {})
    yield* inflater
    position += inflater.bytesWritten
  } while (position < size)
}

// One chunk at a time, and none that waits: an error throws away what does.
const inflated = { chunkSize: 16 * 1024, highWaterMark: 1 }
