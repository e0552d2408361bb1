/**
 * The file that a sink appends to: it is looked after, rotated, and opened anew when something else has taken its path.
 *
 * All of that happens between two lines. A line that is begun is ended where it is.
 */
import type * as Clock from "effect/Clock"
import * as Monotonic from "../Monotonic.ts"
import type { FileSystem } from "./FileSystem.ts"
import { isMissing, reasonOf } from "./FileSystem.ts"
import type { Access, OpenFile } from "./OpenFile.ts"
import * as OpenFiles from "./OpenFile.ts"
import type { Rescue } from "./Rescue.ts"
import * as Rescues from "./Rescue.ts"
import type { Retired } from "./Retired.ts"
import type { Rotation } from "./Rotation.ts"
import * as Rotations from "./Rotation.ts"
import * as Steps from "./Steps.ts"

/**
 * What it needs.
 *
 * - `lookAfter`: how long it trusts that the path is still that of its file, in milliseconds.
 * - `rotation`: `undefined`: only others rotate it.
 * - `tell`: says what went wrong, of which kind.
 */
export interface Options {
  readonly fs: FileSystem
  readonly clock: Clock.Clock
  readonly path: string
  readonly access: Access
  readonly lookAfter: number
  readonly rotation: Rotation | undefined
  readonly retired: Retired
  readonly tell: (kind: string, message: string) => void
}

/**
 * The current file.
 */
export interface CurrentFile {
  readonly options: Options
  /** Its own, once it is open: that of the options may lead to it by links. */
  path: string
  /** `undefined`: it is to be opened. */
  file: OpenFile | undefined
  /** One that has lost its path, with lines in it that may be in no file any more. */
  left: Rescue | undefined
  /** Bytes in it. */
  size: number
  /** Its size when it was last looked at, and what this sink has written since. */
  end: number
  /** Bytes that were in it when it still had its path. */
  seen: number
  /** When its first line was written, or its last one before it was opened; by the wall clock. */
  began: number
  /** When it is to be rotated, by the wall clock. */
  due: number
  /** It ends within a line that this sink has not begun. */
  torn: boolean
  /** Its name is durable, and so are those of the files before it. */
  isNamed: boolean
  /** It is being closed: nothing is done about it any more. */
  isClosed: boolean
  /** Somebody wants it rotated. */
  wanted: boolean
  /** Why that could not be done. */
  failed: Error | undefined
  /** When to look whether it is still there, by the clock that only goes on. */
  lookAt: number
  /** Not rotated again before that, after one that failed, by the clock that only goes on. */
  pausedUntil: number
  /** Whether something is done about it, in the background. */
  busy: boolean
}

/**
 * Not open yet.
 */
export const make = (options: Options): CurrentFile => ({
  options,
  path: options.path,
  file: undefined,
  left: undefined,
  size: 0,
  end: 0,
  seen: 0,
  began: 0,
  due: Number.POSITIVE_INFINITY,
  torn: false,
  isNamed: false,
  isClosed: false,
  wanted: false,
  failed: undefined,
  lookAt: 0,
  pausedUntil: Number.NEGATIVE_INFINITY,
  busy: false
})

const now = ({ options }: CurrentFile): number => Monotonic.millisUnsafe(options.clock)

// -----------------------------------------------------------------------------
// writing
// -----------------------------------------------------------------------------

/**
 * How many bytes it takes before something is to be done about it: then 0, and below 0 when none is open.
 */
export const roomUnsafe = (self: CurrentFile): number => {
  const { file, options: { clock, retired, rotation } } = self
  if (file === undefined) return -1
  if (self.left !== undefined) return 0
  if (!file.isFile) return Number.POSITIVE_INFINITY
  const time = now(self)
  if (time >= self.lookAt) return 0
  if (rotation === undefined || time < self.pausedUntil || retired.isFullUnsafe()) return Number.POSITIVE_INFINITY
  if (self.size === 0) return rotation.maxBytes
  if (self.wanted || clock.currentTimeMillisUnsafe() >= self.due) return 0
  return Math.max(0, rotation.maxBytes - self.size)
}

/**
 * So many bytes were written to it.
 */
export const wroteUnsafe = (self: CurrentFile, bytes: number): void => {
  const { clock, rotation } = self.options
  if (self.size === 0 && rotation !== undefined) beginUnsafe(self, rotation, clock.currentTimeMillisUnsafe())
  self.size += bytes
  self.end += bytes
}

const beginUnsafe = (self: CurrentFile, rotation: Rotation, time: number): void => {
  self.began = time
  self.due = rotation.nextDue(time)
}

// -----------------------------------------------------------------------------
// between two lines
// -----------------------------------------------------------------------------

/**
 * Wants it rotated as soon as that can be, also when it has just failed.
 */
export const wantUnsafe = (self: CurrentFile): void => {
  self.wanted = true
  self.failed = undefined
  self.pausedUntil = Number.NEGATIVE_INFINITY
}

/**
 * Does what is to be done, so that a line of so many bytes has its place. Fails when no file can be opened.
 */
export const makeRoom = function*(self: CurrentFile, bytes: number): Steps.Steps<void> {
  if (self.isClosed) throw new Error(`${self.path} is closed`)
  self.busy = true
  try {
    if (self.file === undefined) yield* open(self)
    else if (self.file.isFile && now(self) >= self.lookAt) yield* look(self)
    yield* rescue(self)
    const { rotation } = self.options
    if (self.size === 0) self.wanted = false
    if (rotation !== undefined && isDue(self, rotation, bytes)) {
      yield* rotate(self, rotation)
      yield* rescue(self)
    }
  } finally {
    self.busy = false
  }
}

/**
 * The process ends. What is done in the background may come to its end or not, and is not heard of; a file that has lost its
 * path is left for another one at once, and none is rotated any more.
 */
export const endUnsafe = (self: CurrentFile): void => {
  const { file, left } = self
  if (self.busy && left !== undefined && file !== undefined) {
    // copied from its start again, behind whatever of it is there
    Rescues.restartUnsafe(left)
    self.torn = true
  }
  self.busy = false
  self.lookAt = Number.NEGATIVE_INFINITY
  self.pausedUntil = Number.POSITIVE_INFINITY
}

const isDue = (self: CurrentFile, { maxBytes }: Rotation, bytes: number): boolean =>
  self.size > 0 && self.file?.isFile === true && now(self) >= self.pausedUntil &&
  !self.options.retired.isFullUnsafe() &&
  (self.wanted || self.size + bytes > maxBytes || self.options.clock.currentTimeMillisUnsafe() >= self.due)

/**
 * Opens it for the first time. `isRotated`: what is there is moved away.
 */
export const begin = function*(self: CurrentFile, isRotated: boolean): Steps.Steps<OpenFile> {
  const { access, fs, rotation } = self.options
  const file = yield* open(self)
  try {
    if (access.followLinks) self.path = yield* Steps.of(fs.realpath(self.path))
    if (rotation !== undefined) yield* Rotations.number(fs, rotation, self.path)
    self.wanted = isRotated
    if (isRotated) yield* makeRoom(self, 0)
    return self.file ?? file
  } catch (error) {
    for (const open of [self.file, self.left]) if (open !== undefined) yield* Steps.of(fs.close(open.fd))
    throw error
  }
}

/**
 * Opens it.
 */
const open = function*(self: CurrentFile): Steps.Steps<OpenFile> {
  const { clock, fs, rotation } = self.options
  const file = yield* OpenFiles.open(fs, self.path, self.options.access)
  self.file = file
  self.isNamed = false
  self.size = self.end = self.seen = file.size
  self.lookAt = now(self) + self.options.lookAfter
  if (rotation !== undefined) {
    beginUnsafe(self, rotation, file.size > 0 ? file.modified : clock.currentTimeMillisUnsafe())
  }
  self.torn = file.torn
  return file
}

/**
 * Looks whether it is still there, and closes it. What was in a deleted file, and found no new one, is lost.
 */
export const close = function*(self: CurrentFile): Steps.Steps<void> {
  const { fs, tell } = self.options
  try {
    if (self.file?.isFile === true) yield* look(self)
    yield* rescue(self)
  } catch (error) {
    tellLeft(self, error)
  }
  const { file, left } = self
  self.file = undefined
  self.left = undefined
  if (left !== undefined) {
    tell("file_deleted", `${self.path} was deleted, and lines that were written to it meanwhile are lost`)
    yield* Steps.of(fs.close(left.fd))
  }
  if (file !== undefined) yield* Steps.of(fs.close(file.fd))
}

/**
 * Says that no file has taken the place of one that has lost its path.
 */
export const tellLeft = ({ options: { tell }, path }: CurrentFile, error: unknown): void =>
  tell("file_left", `${path} is not there any more, and no new one could be written: ${reasonOf(error)}`)

// Whether the path is still that of the file.
const look = function*(self: CurrentFile): Steps.Steps<void> {
  const { path, options: { fs, lookAfter, tell } } = self
  self.lookAt = now(self) + lookAfter
  const named = yield* Steps.orUndefined(fs.lstat(path), isMissing)
  if (named === undefined || named.id !== self.file!.id) return yield* leave(self)
  if (named.size < self.seen) {
    tell("file_truncated", `${path} was truncated by another program: what was written meanwhile may be lost`)
  }
  self.size = self.end = self.seen = named.size
}

// Something else has the path, or nothing: the file was renamed or deleted.
const leave = function*(self: CurrentFile): Steps.Steps<void> {
  const { fs, retired } = self.options
  const file = self.file!
  const { links, size } = yield* Steps.of(fs.fstat(file.fd))
  self.file = undefined
  const { left } = self
  if (links === 0 && left === undefined) {
    // one that was truncated before it was deleted has nothing in it but what is new
    self.left = Rescues.make(file.fd, size < self.end ? 0 : self.seen)
  } else {
    // a line that was begun in it is begun again; one that was deleted in its turn takes with it what was copied
    if (left !== undefined) (links === 0 ? Rescues.restartUnsafe : Rescues.beginLineUnsafe)(left)
    retired.retireUnsafe(file.fd)
  }
  yield* open(self)
}

// Before anything else is written to the new file.
const rescue = function*(self: CurrentFile): Steps.Steps<void> {
  const { file, left, path, options: { fs, retired, tell } } = self
  if (left === undefined || file === undefined) return
  if (self.torn) {
    wroteUnsafe(self, yield* Steps.of(fs.write(file.fd, lineBreak)))
    self.torn = false
  }
  const error = yield* Rescues.copy(fs, left, file.fd, (bytes) => wroteUnsafe(self, bytes))
  self.left = undefined
  if (Rescues.isTorn(left)) self.torn = true
  if (error !== undefined) {
    tell(
      "file_deleted",
      `${path} was deleted, and lines that were written to it meanwhile are lost: ${reasonOf(error)}`
    )
  }
  retired.retireUnsafe(left.fd)
}

const lineBreak = Uint8Array.of(10)

const rotate = function*(self: CurrentFile, rotation: Rotation): Steps.Steps<void> {
  const { path, options: { fs, retired, tell } } = self
  const file = self.file!
  let isMoved: boolean
  try {
    isMoved = yield* Rotations.moveAway(fs, rotation, path, file, self.began)
  } catch (error) {
    self.pausedUntil = now(self) + pause
    self.failed = error instanceof Error ? error : new Error(String(error))
    tell("rotation_failed", `cannot rotate ${path}, it is tried again in 30 s: ${reasonOf(error)}`)
    return
  }
  self.wanted = false
  // somebody else was faster: a new one is begun as it was wanted
  if (!isMoved) return yield* leave(self)
  self.file = undefined
  retired.retireUnsafe(file.fd)
  rotation.onRotated()
  yield* open(self)
}

const pause = 30_000
