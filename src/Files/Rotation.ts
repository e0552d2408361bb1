/**
 * How a file is moved away: to a name of its own, with a number that no other has had.
 */
import * as Result from "effect/Result"
import { constants } from "node:fs"
import { dirname, join } from "node:path"
import type { FileInfo, FileSystem } from "./FileSystem.ts"
import { isError } from "./FileSystem.ts"
import * as RotatedNames from "./RotatedName.ts"
import * as Steps from "./Steps.ts"

/**
 * When and where to.
 */
export interface Rotation {
  /** More than that is not in a file, unless one line alone is. */
  readonly maxBytes: number
  /** The first moment after this one at which it is due, in milliseconds since the epoch. */
  readonly nextDue: (time: number) => number
  /** The name of the nth file, whose first line is of that time. */
  readonly nameOf: (n: number, time: number) => string
  /** The number of a file, or of what was made of it, by its name. `undefined`: it is none of them. */
  readonly numberOf: (name: string) => number | undefined
  /** A file has been moved away. */
  readonly onRotated: () => void
  /** The number of the next file. `undefined`: what is in the directory is yet to be looked at. */
  next: number | undefined
}

/**
 * Moves `file` away, which began at `time`. Answers `false` when it is not at `path` any more, and fails when it cannot be
 * moved: it is where it was then.
 *
 * The name is taken with an empty file, which is then replaced: nothing that is there can be overwritten.
 */
export const moveAway = function*(
  fs: FileSystem,
  self: Rotation,
  path: string,
  file: FileInfo,
  time: number
): Steps.Steps<boolean> {
  const directory = dirname(path)
  for (let n = self.next ?? (yield* number(fs, self, path));; n++) {
    // one more would be the same number again
    if (!Number.isSafeInteger(n)) throw new Error("there is no number behind those of the files there")
    const target = join(directory, self.nameOf(n, time))
    // Two at a time: lines wait for as many turns of the event loop as there are here, and more would take all threads of a
    // program whose disk hangs.
    const [taken, named] = yield* Steps.of(Steps.all([fs.open(target, placeholder, 0o600), fs.lstat(path)]))
    if (Result.isFailure(taken)) {
      if (isError(taken.failure, "EEXIST")) continue
      throw taken.failure
    }
    // nothing was written, so nothing can be lost by a close that fails, and nobody has to wait for it
    fs.close(taken.success).start(() => {})
    const isThere = Result.isSuccess(named) && named.success.id === file.id
    // another process has had the number, and has compressed its file meanwhile; it cannot any more
    const archives = yield* Steps.of(Steps.all(RotatedNames.archives(target).map(fs.lstat)))
    const isUsed = archives.some(Result.isSuccess)
    if (!isThere || isUsed) yield* Steps.of(fs.unlink(target))
    if (!isThere) return false
    if (isUsed) continue
    try {
      yield* Steps.of(fs.rename(path, target))
    } catch (error) {
      // it may be there in spite of it: a server that is asked again, as of NFS, does not find what it has moved already
      if ((yield* Steps.of(fs.lstat(target))).size === 0) {
        yield* Steps.of(fs.unlink(target))
        throw error
      }
    }
    self.next = n + 1
    return true
  }
}

/**
 * Numbers go on behind those that are there already.
 */
export const number = function*(fs: FileSystem, self: Rotation, path: string): Steps.Steps<number> {
  let last = 0
  for (const name of yield* Steps.of(fs.readdir(dirname(path)))) last = Math.max(last, self.numberOf(name) ?? 0)
  return self.next = last + 1
}

// an exclusive one follows no link
const placeholder = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL
