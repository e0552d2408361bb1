/**
 * The files that a log consists of at one instant, oldest first, while others rotate, compress and delete them.
 *
 * - The current file is opened first and the directory listed then. If the path still leads to the open file after
 *   that, there was no rotation in between: the file is not in the list under another name too, and all that were
 *   rotated before it are. A rotation begins with an empty file of the new name, the last one: it is left out.
 * - A rotated file keeps its number and its name for life, but for the end `.gz` or `.zst`. It gets that in one step,
 *   before the plain file goes. So the plain name is tried before the others, when it is the file's turn: a file that has
 *   none of them by then was deleted.
 * - A directory that changes while it is listed may show neither the plain file nor the archive that takes its place.
 *   That happens once in the life of a file: what is in one of two lists is all that there is.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import type * as Scope from "effect/Scope"
import { constants } from "node:fs"
import * as fs from "node:fs/promises"
import { basename, dirname, join, resolve } from "node:path"
import * as LogFilesError from "./LogFilesError.ts"
import * as RotatedName from "./RotatedName.ts"

/**
 * What is asked of the file system. A `FileHandle` is closed only after the last read that is under way.
 *
 * A reference, for tests in which something happens between two calls.
 */
export const CurrentCalls: Context.Reference<Calls> = Context.Reference<Calls>(
  "effect-async-logging/Files/LogParts",
  { defaultValue: () => fs }
)

/**
 * As in `node:fs/promises`.
 */
export type Calls = Pick<typeof fs, "open" | "readdir" | "readlink" | "realpath" | "stat">

/**
 * A file of the log. `undefined` once it is open: it was deleted since.
 */
export type LogPart = Effect.Effect<OpenPart | undefined, LogFilesError.LogFilesError, Scope.Scope>

/**
 * A file that is open, under whatever name by now.
 *
 * - `size`: bytes, when it was opened. What is appended later is not read.
 */
export interface OpenPart {
  readonly file: string
  readonly handle: fs.FileHandle
  readonly size: number
  readonly id: string
  readonly compression: RotatedName.Compression | undefined
}

/**
 * The files of the log at `path`, which are opened one after the other. The current file, the last one, is held open from
 * now on.
 *
 * - `name`: the pattern of rotated names. `undefined`: that of the file sink.
 */
export const find = Effect.fnUntraced(function*(path: string, name: string | undefined) {
  const calls = yield* CurrentCalls
  const target = yield* targetOf(calls, path)
  const directory = dirname(target)
  const current = basename(target)
  // a pattern that makes the name of the current file itself makes no others
  const pattern = Result.getOrElse(
    RotatedName.make(name, current),
    () => Result.getOrThrow(RotatedName.make(undefined, current))
  )
  while (true) {
    const opened = yield* Effect.result(open(calls, target, undefined, constants.O_RDONLY))
    const rotated = yield* Effect.result(Effect.flatMap(
      list(calls, directory, pattern),
      (bases) => withoutTaken(calls, bases)
    ))
    if (opened._tag === "Success" && (yield* idOf(calls, target)) !== opened.success.id) {
      yield* close(opened.success.handle)
      continue
    }
    const parts: Array<LogPart> = rotated._tag === "Success"
      ? rotated.success.map((base) => openRotated(calls, base))
      : [Effect.fail(rotated.failure)]
    // between its rotation and its first line there is no current file
    if (opened._tag === "Success" || codeOf(opened.failure) !== "ENOENT" || parts.length === 0) {
      parts.push(Effect.fromResult(opened))
    }
    return parts
  }
})

// What `path` is a link to. One that the file sink keeps may lead nowhere for a moment.
const targetOf = (calls: Calls, path: string): Effect.Effect<string> =>
  Effect.promise(() =>
    calls.readlink(path).then(
      (link) => calls.realpath(path).catch(() => resolve(dirname(path), link)),
      () => path
    )
  )

const open = (
  calls: Calls,
  file: string,
  compression: RotatedName.Compression | undefined,
  flags: number
): Effect.Effect<OpenPart, LogFilesError.LogFilesError, Scope.Scope> =>
  Effect.acquireRelease(
    // non-blocking, for a FIFO
    attempt(file, () => calls.open(file, flags | constants.O_NONBLOCK)),
    close
  ).pipe(
    Effect.bindTo("handle"),
    Effect.bind("stats", ({ handle }) => attempt(file, () => handle.stat())),
    Effect.flatMap(({ handle, stats }) =>
      stats.isFile()
        ? Effect.succeed({ file, handle, size: stats.size, id: `${stats.dev}:${stats.ino}`, compression })
        : Effect.fail(LogFilesError.noFile(file))
    )
  )

// nothing was written, so nothing can be lost by a close that fails
const close = (handle: fs.FileHandle): Effect.Effect<void> => Effect.promise(() => handle.close().catch(() => {}))

const forms = [["", undefined], [".gz", "gzip"], [".zst", "zstd"]] as const

const openRotated = Effect.fnUntraced(function*(calls: Calls, base: string) {
  for (const [end, compression] of forms) {
    const opened = yield* Effect.result(open(calls, `${base}${end}`, compression, withoutLinks))
    if (opened._tag === "Success") return opened.success
    if (!isAbsent(opened.failure)) return yield* opened.failure
  }
  return undefined
})

const withoutLinks = constants.O_RDONLY | constants.O_NOFOLLOW

// The names of rotated files as they were before compression, in order.
const list = (
  calls: Calls,
  directory: string,
  pattern: RotatedName.RotatedName
): Effect.Effect<ReadonlyArray<string>, LogFilesError.LogFilesError> =>
  Effect.gen(function*() {
    const numbers = new Map<string, number>()
    for (let times = 0; times < 2; times++) {
      for (const entry of yield* attempt(directory, () => calls.readdir(directory))) {
        const parsed = RotatedName.parse(pattern, entry)
        if (parsed !== undefined) numbers.set(baseOf(entry, parsed.compression), parsed.n)
      }
    }
    return Array.from(numbers.keys())
      .toSorted((a, b) => numbers.get(a)! - numbers.get(b)! || (a < b ? -1 : 1))
      .map((base) => join(directory, base))
  }).pipe(
    // the current file tells
    Effect.catchIf((error) => codeOf(error) === "ENOENT", () => Effect.succeed([]))
  )

const withoutTaken = Effect.fnUntraced(function*(calls: Calls, bases: ReadonlyArray<string>) {
  let { length } = bases
  while (length > 0 && (yield* isEmpty(calls, bases[length - 1]!))) length--
  return bases.slice(0, length)
})

const isEmpty = (calls: Calls, path: string): Effect.Effect<boolean> =>
  Effect.promise(() => calls.stat(path).then(({ size }) => size === 0, () => false))

const baseOf = (name: string, compression: RotatedName.Compression | undefined): string =>
  name.slice(0, name.length - forms.find(([, of]) => of === compression)![0].length)

const idOf = (calls: Calls, path: string): Effect.Effect<string | undefined> =>
  Effect.promise(() => calls.stat(path).then(({ dev, ino }) => `${dev}:${ino}`, () => undefined))

const attempt = <A>(file: string, f: () => Promise<A>): Effect.Effect<A, LogFilesError.LogFilesError> =>
  Effect.tryPromise({ try: f, catch: (cause) => LogFilesError.ofFile(file, cause) })

const codeOf = ({ cause }: LogFilesError.LogFilesError): unknown =>
  cause instanceof Error && "code" in cause ? cause.code : undefined

// not there, or something else in its place: a link, or no regular file
const isAbsent = (error: LogFilesError.LogFilesError): boolean =>
  error.cause === undefined || codeOf(error) === "ENOENT" || codeOf(error) === "ELOOP"
