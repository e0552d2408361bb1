/**
 * Compressed copies of files.
 *
 * A file is compressed in parts, each of them complete in itself: several members make one gzip file (RFC 1952, 2.2), several
 * frames one zstd file (RFC 8878, 3.1). So its size does not matter, and each part is one call.
 */
import { constants } from "node:fs"
import { dirname } from "node:path"
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
 * Puts a compressed file, as old as its source, in the place of that. `temporary` is its name until it is complete and
 * durable: whenever the process ends, the source is there, or the whole archive.
 *
 * The source is left as it is when `isWanted` says so, and when another process has been at it meanwhile.
 */
export const replace = function*(
  fs: FileSystem,
  compression: Compression,
  source: string,
  temporary: string,
  archive: string,
  isWanted: () => boolean
): Steps.Steps<void> {
  const from = yield* Steps.orUndefined(fs.open(source, opening), isMissing)
  // another process was faster
  if (from === undefined) return
  try {
    const before = yield* Steps.of(fs.fstat(from))
    if (!before.isFile) return
    const to = yield* Steps.of(fs.open(temporary, creating, before.mode))
    let isRenamed = false
    try {
      const end = yield* copy(fs, compression, from, to, 0, isWanted)
      if (end === undefined) return
      yield* Steps.of(fs.fdatasync(to))
      const after = yield* Steps.of(fs.fstat(from))
      if (after.links === 0 || after.size !== end || after.modified !== before.modified) return
      yield* Steps.of(fs.rename(temporary, archive))
      isRenamed = true
      // not before: by its time it is told from one that a crash has left
      yield* Steps.of(fs.futimes(to, before.modified))
      yield* Steps.of(fs.syncDirectory(dirname(archive)))
      yield* Steps.orUndefined(fs.unlink(source), isMissing)
      // what came since; who writes to it later sees that it is deleted
      if ((yield* copy(fs, compression, from, to, end, () => true)) !== end) yield* Steps.of(fs.fdatasync(to))
    } finally {
      yield* Steps.of(fs.close(to))
      // a part of an archive is no use, and the disk may be full
      if (!isRenamed) yield* Steps.orUndefined(fs.unlink(temporary), isMissing)
    }
  } finally {
    yield* Steps.of(fs.close(from))
  }
}

// A FIFO that has taken its name would block the thread.
const opening = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK

// an exclusive one follows no link
const creating = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL

// Answers where the source ended, or `undefined` if it is not wanted any more.
const copy = function*(
  fs: FileSystem,
  compression: Compression,
  from: number,
  to: number,
  start: number,
  isWanted: () => boolean
): Steps.Steps<number | undefined> {
  const part = new Uint8Array(partBytes)
  for (let at = start;;) {
    if (!isWanted()) return undefined
    const read = yield* fill(fs, from, part, at)
    // an empty file becomes an empty archive, which is a complete one too
    if (read > 0 || at === 0) {
      yield* writeAll(fs, to, yield* Steps.of(compressing[compression](part.subarray(0, read))))
    }
    at += read
    if (read < part.length) return at
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
