/**
 * What is done with rotated files, in the background: what a crash has left is cleared away, they are compressed, and the
 * oldest ones go.
 *
 * All of it follows from what is in the directory. So it goes on after a crash where it had stopped, and twice does no harm.
 */
import type * as Clock from "effect/Clock"
import type * as Effect from "effect/Effect"
import { basename, dirname, join } from "node:path"
import * as Archive from "./Archive.ts"
import type { FileInfo, FileSystem } from "./FileSystem.ts"
import { isMissing, reasonOf } from "./FileSystem.ts"
import type { Limits } from "./Retention.ts"
import * as Retention from "./Retention.ts"
import type { Compression, RotatedName } from "./RotatedName.ts"
import * as RotatedNames from "./RotatedName.ts"
import * as Steps from "./Steps.ts"
import * as Waitings from "./Waiting.ts"

/**
 * What is kept, and how.
 *
 * - `pathOf`: of the current file, beside which the rotated ones are.
 * - `isRotated`: whether the nth file is moved away, and nothing is written to it any more.
 * - `tell`: says what went wrong, of which kind.
 */
export interface Options {
  readonly fs: FileSystem
  readonly clock: Clock.Clock
  readonly pathOf: () => string
  readonly name: RotatedName
  readonly compression: Compression | undefined
  readonly limits: Limits
  readonly isRotated: (n: number) => boolean
  readonly tell: (kind: string, message: string) => void
}

/**
 * The housekeeping of one log.
 */
export interface Housekeeping {
  /** There may be something to do. */
  readonly wakeUnsafe: () => void
  /** Waits until all is done. */
  readonly idle: Effect.Effect<void>
  /** Begins nothing more: what is half done is left for the next time. */
  readonly stopUnsafe: () => void
}

/**
 * Nothing done yet.
 */
export const make = (options: Options): Housekeeping => {
  let state: "idle" | "busy" | "again" = "idle"
  let stopped = false
  let isCleared = false
  // no other process has it, whatever its number in its container is
  const id = crypto.randomUUID().slice(0, 8)
  const sweeping = Waitings.make(() => state === "idle")
  const isWanted = () => !stopped

  const run = (): void => {
    state = "busy"
    Steps.start(sweep(options, id, isWanted), (error) => {
      if (error) options.tell("housekeeping_failed", `cannot look after the rotated files: ${error.message}`)
      else isCleared = true
      if (state === "again" && !stopped) return run()
      state = "idle"
      sweeping.wakeUnsafe()
    })
  }

  return {
    wakeUnsafe() {
      if (stopped || (isCleared && !hasWork(options))) return
      if (state === "idle") run()
      else state = "again"
    },
    idle: sweeping.over,
    stopUnsafe() {
      stopped = true
    }
  }
}

// Beside what a crash has left, which is cleared away once.
const hasWork = ({ compression, limits }: Options): boolean => compression !== undefined || Retention.isLimited(limits)

interface RotatedFile {
  readonly name: string
  readonly n: number
  readonly compression: Compression | undefined
  readonly size: number
  readonly time: number
}

// Another process may do the same at the same time, and one that fails does not keep the others.
const sweep = function*(options: Options, id: string, isWanted: () => boolean): Steps.Steps<void> {
  const { clock, compression, fs, limits, pathOf, tell } = options
  const directory = dirname(pathOf())
  let files = yield* list(options, directory)
  if (compression !== undefined) {
    for (const { compression: done, name } of files) {
      if (!isWanted()) return
      if (done !== undefined) continue
      const archive = join(directory, RotatedNames.archive(name, compression))
      try {
        const temporary = RotatedNames.temporary(archive, id)
        yield* Archive.replace(fs, compression, join(directory, name), temporary, archive, isWanted)
      } catch (error) {
        tell("compression_failed", `cannot compress ${name}, it is left as it is: ${reasonOf(error)}`)
      }
    }
  }
  if (!Retention.isLimited(limits)) return
  if (compression !== undefined) files = yield* list(options, directory)
  for (const { name } of Retention.expired(files, limits, clock.currentTimeMillisUnsafe())) {
    if (!isWanted()) return
    yield* remove(options, join(directory, name))
  }
}

// Those that are rotated, oldest first; archives only where there is a limit. What a crash has left of others is removed:
// archives that are not complete, and names that were taken for files which were not moved away then.
const list = function*(options: Options, directory: string): Steps.Steps<ReadonlyArray<RotatedFile>> {
  const { clock, fs, isRotated, limits, name: names, pathOf } = options
  const current = basename(pathOf())
  const files: Array<RotatedFile> = []
  for (const name of yield* Steps.of(fs.readdir(directory))) {
    if (name === current) continue
    const isTemporary = RotatedNames.isTemporary(names, name)
    const rotated = RotatedNames.parse(names, name)
    if (!isTemporary && (rotated === undefined || !isRotated(rotated.n))) continue
    // nobody asks for archives, of which there may be thousands
    if (rotated?.compression !== undefined && !Retention.isLimited(limits)) continue
    const path = join(directory, name)
    const info: FileInfo | undefined = yield* Steps.orUndefined(fs.lstat(path), isMissing)
    if (info?.isFile !== true) continue
    const age = clock.currentTimeMillisUnsafe() - info.modified
    if (rotated === undefined) {
      if (age > unfinishedMillis) yield* remove(options, path)
    } else if (info.size === 0) {
      if (age > takenMillis) yield* remove(options, path)
    } else {
      files.push({ name, n: rotated.n, compression: rotated.compression, size: info.size, time: info.modified })
    }
  }
  return files.toSorted((a, b) => a.n - b.n)
}

// Younger ones may be another process's. It writes to an archive many times a second; a file that it has just moved to the
// name it had taken must never be removed, and an empty one harms nobody.
const unfinishedMillis = 60_000
const takenMillis = 3_600_000

const remove = function*({ fs, tell }: Options, path: string): Steps.Steps<void> {
  try {
    yield* Steps.orUndefined(fs.unlink(path), isMissing)
  } catch (error) {
    tell("housekeeping_failed", `cannot remove ${basename(path)}: ${reasonOf(error)}`)
  }
}
