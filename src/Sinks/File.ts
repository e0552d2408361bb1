/**
 * Lines in a file.
 */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { constants } from "node:fs"
import { dirname } from "node:path"
import * as Check from "./Check.ts"
import * as FileLanding from "./FileLanding.ts"
import type { FileInfo, FileSystem } from "./FileSystem.ts"
import { CurrentFileSystem } from "./FileSystem.ts"
import type { Callback } from "./InFlight.ts"
import * as InFlights from "./InFlight.ts"
import * as Lines from "./Lines.ts"
import * as LineWriter from "./LineWriter.ts"
import type { SinkError, SinkHandle, SinkOptions } from "./Sink.ts"
import * as Sink from "./Sink.ts"

/**
 * Options of `Sinks.file`.
 */
export interface FileOptions extends SinkOptions {
  /** Where it is. Directories that are missing are made. */
  readonly path: string
  /** Permissions of the file when it is made, minus the umask. Default `0o600`. */
  readonly mode?: number | undefined
  /** Permissions of the directories that are made, minus the umask. Default `0o700`. */
  readonly directoryMode?: number | undefined
}

/**
 * A sink that appends lines to a file, JSON (version 1) unless `format` says otherwise.
 *
 * - The file is opened when the layer is built. It fails with a `SinkError` whose message has the path and the reason.
 * - What `write` has accepted survives the end of the process. `AsyncLogging.flush` is an `fdatasync`: it survives a
 *   power loss too.
 * - A write that fails (a full disk), or takes too long, is repeated from the very byte on where it stopped: no line is
 *   torn, merged, or written twice. Records whose lines are out then are delivered, whatever becomes of the others. A
 *   partial line at the end of an existing file is ended first.
 * - When the process ends before the layer has closed, what is left is written at once. A write that is under way then is
 *   waited for, at most 100 ms; if it has not landed by then, its records are written again, with the note `repeated`.
 * - FIFOs and devices are fine, without the `fdatasync`. A FIFO without a reader cannot be opened (`ENXIO`); one
 *   whose reader is gone ends the sink.
 * - It does not notice when the file is renamed or deleted, and it follows symbolic links.
 */
export const make = (options: FileOptions): Sink.Sink<SinkError, never, true> => {
  const { directoryMode = 0o700, mode = 0o600, path, ...sinkOptions } = options
  const wrong = [
    ...Check.option("path", path, typeof path === "string" && path !== "", "a string that is not empty"),
    ...Check.option("mode", mode, isMode(mode), modes),
    ...Check.option("directoryMode", directoryMode, isMode(directoryMode), modes)
  ]
  return Sink.make("file", sinkOptions, open(path, mode, directoryMode), wrong, Sink.linesBatchSize)
}

const open = Effect.fnUntraced(function*(path: string, mode: number, directoryMode: number) {
  const fs = yield* CurrentFileSystem
  const inFlight = InFlights.make()
  // apart from the writes: a line may be written while another one is being made durable
  const syncing = InFlights.make()
  const closing = (f: () => void) => void inFlight.whenIdleUnsafe(() => void syncing.whenIdleUnsafe(f))
  const file = yield* Effect.mapError(
    openFile(fs, closing, path, mode, directoryMode),
    (cause) => Sink.unavailable({ cause: new Error(`cannot open ${path}: ${cause.message}`, { cause }) })
  )
  const lines = Lines.make({ torn: file.torn, maxBytes: file.isFile ? fileMaxBytes : undefined })
  let end = file.size
  const writer = LineWriter.make(lines, inFlight, {
    write: ({ bytes }, callback) =>
      fs.write(file.fd, bytes, (error, written) => {
        if (!error) end += written
        callback(error, written)
      }),
    writeSync: ({ bytes }) => {
      const written = fs.writeSync(file.fd, bytes)
      end += written
      return written
    },
    isFatal: (error) => "code" in error && error.code === "EPIPE",
    landedUnsafe: ({ bytes }, patience) => FileLanding.awaitUnsafe(fs, { ...file, path, end }, bytes, patience)
  })
  const handle: SinkHandle<unknown> = {
    ...writer,
    flush: file.isFile
      ? Effect.mapError(
        Effect.andThen(inFlight.idle, syncing.run<void>((callback) => fs.fdatasync(file.fd, callback))),
        (cause) => Sink.unavailable({ cause })
      )
      : undefined
  }
  return handle
})

// A batch in one piece, most of the time: each one costs a turn of the event loop.
const fileMaxBytes = 512 * 1024

interface OpenFile {
  readonly fd: number
  readonly isFile: boolean
  readonly size: number
  /** It ends within a line. */
  readonly torn: boolean
}

const openFile = (
  fs: FileSystem,
  whenIdle: (f: () => void) => void,
  path: string,
  mode: number,
  directoryMode: number
): Effect.Effect<OpenFile, Error, Scope.Scope> =>
  Effect.gen(function*() {
    yield* call<void>((callback) => fs.mkdir(dirname(path), directoryMode, callback))
    const fd = yield* Effect.acquireRelease(
      call<number>((callback) => fs.open(path, appending, mode, callback)),
      (fd) => closeFile(fs, whenIdle, fd)
    )
    const { isFile, size } = yield* call<FileInfo>((callback) => fs.fstat(fd, callback))
    const torn = isFile && size > 0 && (yield* endsWithinLine(fs, path, size))
    return { fd, isFile, size, torn }
  })

// Non-blocking matters for FIFOs only: a thread that blocks in one is lost, and holds up the end of the process.
const appending = constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_NONBLOCK

// Never under an operation: its descriptor may by then be another file's. One that does not come back keeps it open,
// and whoever closes does not have to wait for that.
const closeFile = (fs: FileSystem, whenIdle: (f: () => void) => void, fd: number): Effect.Effect<void> =>
  Effect.interruptible(Effect.orDie(
    call<void>((callback) => whenIdle(() => fs.close(fd, callback)))
  ))

// Through a descriptor of its own, so that the log needs no permission to read.
const endsWithinLine = (fs: FileSystem, path: string, size: number): Effect.Effect<boolean> => {
  const last = new Uint8Array(1)
  return Effect.acquireUseRelease(
    call<number>((callback) => fs.open(path, constants.O_RDONLY | constants.O_NONBLOCK, 0, callback)),
    (fd) => call<number>((callback) => fs.read(fd, last, size - 1, callback)),
    (fd) => call<void>((callback) => fs.close(fd, callback))
  ).pipe(
    Effect.map(() => last[0] !== 10),
    // not readable: an empty line does less harm than two lines in one
    Effect.orElseSucceed(() => true)
  )
}

const call = <A>(start: (callback: Callback<A>) => void): Effect.Effect<A, Error> =>
  Effect.callback((resume) => start((error, value) => resume(error ? Effect.fail(error) : Effect.succeed(value))))

const modes = "an integer from 0 to 0o777"

const isMode = (mode: number): boolean => Number.isInteger(mode) && mode >= 0 && mode <= 0o777
