/**
 * Compressed copies of files.
 *
 * A file is compressed in parts, each of them complete in itself: several members make one gzip file (RFC 1952, 2.2), several
 * frames one zstd file (RFC 8878, 3.1). So its size does not matter, and each part is one call.
 */
import { constants } from "node:fs"
import * as zlib from "node:zlib"
import type { FileSystem } from "./FileSystem.ts"
import { isMissing } from "./FileSystem.ts"
import type { Compression } from "./RotatedName.ts"
import type { Call } from "./Steps.ts"
import * as Steps from "./Steps.ts"

/**
 * Whether this Node can do it: zstd came with Node 22.15 and 23.8.
 */
export const isAvailable = (compression: Compression): boolean =>
  compression === "gzip" || typeof zlib.zstdCompress === "function"

/**
 * Puts a compressed file in the place of another one. `temporary` is its name until it is complete and durable: whenever the
 * process ends, the source is there, or the whole archive. Answers `false`, with nothing done, when `isWanted` says so.
 */
export const replace = function*(
  fs: FileSystem,
  compression: Compression,
  source: string,
  temporary: string,
  archive: string,
  isWanted: () => boolean
): Steps.Steps<boolean> {
  const from = yield* Steps.of(fs.open(source, constants.O_RDONLY | constants.O_NOFOLLOW))
  try {
    const { mode } = yield* Steps.of(fs.fstat(from))
    yield* Steps.orUndefined(fs.unlink(temporary), isMissing)
    const to = yield* Steps.of(fs.open(temporary, creating, mode))
    let isDone = false
    try {
      isDone = yield* copy(fs, compression, from, to, isWanted)
      if (isDone) yield* Steps.of(fs.fdatasync(to))
    } finally {
      yield* Steps.of(fs.close(to))
      // a part of an archive is no use, and the disk may be full
      if (!isDone) yield* Steps.of(fs.unlink(temporary))
    }
    if (!isDone) return false
  } finally {
    yield* Steps.of(fs.close(from))
  }
  yield* Steps.of(fs.rename(temporary, archive))
  yield* Steps.of(fs.unlink(source))
  return true
}

// an exclusive one follows no link
const creating = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL

const copy = function*(
  fs: FileSystem,
  compression: Compression,
  from: number,
  to: number,
  isWanted: () => boolean
): Steps.Steps<boolean> {
  const part = new Uint8Array(partBytes)
  for (let at = 0;;) {
    if (!isWanted()) return false
    const read = yield* fill(fs, from, part, at)
    // an empty file becomes an empty archive, which is a complete one too
    if (read > 0 || at === 0) {
      yield* writeAll(fs, to, yield* Steps.of(compressing[compression](part.subarray(0, read))))
    }
    if (read < part.length) return true
    at += read
  }
}

const partBytes = 1024 * 1024

const fill = function*(fs: FileSystem, fd: number, bytes: Uint8Array, position: number): Steps.Steps<number> {
  let filled = 0
  while (filled < bytes.length) {
    const read = yield* Steps.of(fs.read(fd, bytes.subarray(filled), position + filled))
    if (read === 0) break
    filled += read
  }
  return filled
}

const writeAll = function*(fs: FileSystem, fd: number, bytes: Uint8Array): Steps.Steps<void> {
  for (let written = 0; written < bytes.length;) {
    written += yield* Steps.of(fs.write(fd, bytes.subarray(written)))
  }
}

const compressing: { readonly [C in Compression]: (bytes: Uint8Array) => Call<Uint8Array> } = {
  gzip: (bytes) => ({ sync: () => zlib.gzipSync(bytes), start: (callback) => zlib.gzip(bytes, callback) }),
  zstd: (bytes) => ({
    sync: () => zlib.zstdCompressSync(bytes),
    start: (callback) => zlib.zstdCompress(bytes, callback)
  })
}
