/**
 * Lines in a file.
 */
import * as Effect from "effect/Effect"
import { CurrentFileSystem } from "../Files/FileSystem.ts"
import type { OpenFile } from "../Files/OpenFile.ts"
import * as OpenFiles from "../Files/OpenFile.ts"
import * as Steps from "../Files/Steps.ts"
import * as Check from "./Check.ts"
import * as FileLanding from "./FileLanding.ts"
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
  return Sink.make("file", sinkOptions, open(path, { mode, directoryMode }), wrong, Sink.linesBatchSize)
}

const open = Effect.fnUntraced(function*(path: string, modes: OpenFiles.Modes) {
  const fs = yield* CurrentFileSystem
  const inFlight = InFlights.make()
  // apart from the writes: a line may be written while another one is being made durable
  const syncing = InFlights.make()
  const closing = (f: () => void) => void inFlight.whenIdleUnsafe(() => void syncing.whenIdleUnsafe(f))
  const file = yield* Effect.mapError(
    Effect.acquireRelease(
      InFlights.run<OpenFile>((callback) => Steps.start(OpenFiles.open(fs, path, modes), callback)),
      // Never under an operation: its descriptor may by then be another file's. One that does not come back keeps it
      // open, and whoever closes does not have to wait for that.
      ({ fd }) =>
        Effect.interruptible(
          Effect.orDie(InFlights.run<void>((callback) => closing(() => fs.close(fd).start(callback))))
        )
    ),
    (cause) => Sink.unavailable({ cause: new Error(`cannot open ${path}: ${cause.message}`, { cause }) })
  )
  const lines = Lines.make({ torn: file.torn, maxBytes: file.isFile ? fileMaxBytes : undefined })
  let end = file.size
  const writer = LineWriter.make(lines, inFlight, {
    write: ({ bytes }, callback) =>
      fs.write(file.fd, bytes).start((error, written) => {
        if (!error) end += written
        callback(error, written)
      }),
    writeSync: ({ bytes }) => {
      const written = fs.write(file.fd, bytes).sync()
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
        Effect.andThen(inFlight.idle, syncing.run(fs.fdatasync(file.fd).start)),
        (cause) => Sink.unavailable({ cause })
      )
      : undefined
  }
  return handle
})

// A batch in one piece, most of the time: each one costs a turn of the event loop.
const fileMaxBytes = 512 * 1024

const modes = "an integer from 0 to 0o777"

const isMode = (mode: number): boolean => Number.isInteger(mode) && mode >= 0 && mode <= 0o777
