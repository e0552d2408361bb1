/**
 * Lines in a file.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import type * as Scope from "effect/Scope"
import * as CurrentFiles from "../Files/CurrentFile.ts"
import { CurrentFileSystem, isError } from "../Files/FileSystem.ts"
import type { Housekeeping } from "../Files/Housekeeping.ts"
import * as Housekeepings from "../Files/Housekeeping.ts"
import type { OpenFile } from "../Files/OpenFile.ts"
import * as Retireds from "../Files/Retired.ts"
import * as Rotations from "../Files/RotationOptions.ts"
import * as Steps from "../Files/Steps.ts"
import * as Symlinks from "../Files/Symlink.ts"
import * as Durabilities from "./Durability.ts"
import * as FileLanding from "./FileLanding.ts"
import type { FileOptions, FileSettings } from "./FileOptions.ts"
import * as FileOptionsOf from "./FileOptions.ts"
import * as InFlights from "./InFlight.ts"
import * as Lines from "./Lines.ts"
import * as LineWriter from "./LineWriter.ts"
import { CurrentAtOnce } from "./Pace.ts"
import type { SinkError, SinkHandle } from "./Sink.ts"
import * as Sink from "./Sink.ts"
import type { Tell } from "./Tell.ts"
import { CurrentTell } from "./Tell.ts"

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
 * - It may be renamed by another program (logrotate), and goes on in a new file then. Lines that it wrote to a file that
 *   was deleted are copied to the new one: those since it last looked, so that some may come again. (On Linux. Elsewhere they
 *   are lost, and a notice says so.)
 * - FIFOs and devices are fine, without the `fdatasync`. A FIFO without a reader cannot be opened (`ENXIO`); one
 *   whose reader is gone ends the sink.
 * - Of processes that share it, each line is whole, as long as the disk has room.
 */
export const make = (options: FileOptions): Sink.Sink<SinkError, never, true> => {
  const { settings, sinkOptions } = FileOptionsOf.parse(options)
  return Result.isFailure(settings)
    ? Sink.make("file", sinkOptions, Effect.never, settings.failure, Sink.linesBatchSize)
    : Sink.make("file", sinkOptions, open(settings.success), [], Sink.linesBatchSize)
}

const open = Effect.fnUntraced(function*(settings: FileSettings) {
  const { lookAfter, path, plan, shared, symlink, sync } = settings
  const fs = yield* CurrentFileSystem
  const clock = yield* Clock.Clock
  const tell = yield* CurrentTell
  const isAtOnce = yield* CurrentAtOnce
  const inFlight = InFlights.make()
  const retired = Retireds.make(fs, sync.onFlush, (error) => void durability.lostUnsafe(error))
  const keeper: Housekeeping | undefined = plan && Housekeepings.make({
    ...plan,
    fs,
    clock,
    tell,
    pathOf: () => current.path,
    isRotated: (n) => rotation?.next !== undefined && n < rotation.next
  })
  const rotation = plan && Rotations.make(plan, () => keeper?.wakeUnsafe())
  // files that it has left, also when it is closed
  yield* Effect.addFinalizer(() => Effect.interruptible(retired.settled))
  const current = CurrentFiles.make({
    fs,
    clock,
    path,
    access: settings.access,
    lookAfter,
    rotation,
    retired,
    tell
  })
  // apart from the writes: a line may be written while another one is being made durable
  const syncing = InFlights.make()
  const { isFile } = yield* Effect.mapError(
    Effect.acquireRelease(
      InFlights.run<OpenFile>((callback) => Steps.start(CurrentFiles.begin(current, plan?.onStart === true), callback)),
      // Never under an operation: its descriptor may by then be another file's. One that does not come back keeps it
      // open, and whoever closes does not have to wait for that.
      () =>
        Effect.orDie(InFlights.runAnyway<void>((callback) => {
          // whatever begins behind that does nothing
          current.isClosed = true
          inFlight.whenIdleUnsafe(() =>
            syncing.whenIdleUnsafe(() => Steps.start(CurrentFiles.close(current), callback))
          )
        }))
    ),
    cannotOpen(path)
  )
  if (symlink !== undefined) {
    yield* Effect.mapError(
      InFlights.run<void>((callback) => Steps.start(Symlinks.make(fs, symlink, path), callback)),
      cannotOpen(path)
    )
  }
  if (keeper !== undefined) {
    keeper.wakeUnsafe()
    // the others change with a rotation only
    if (plan?.limits.ageMillis !== undefined) {
      yield* Effect.forkScoped(Effect.forever(Effect.andThen(Effect.sleep("1 hour"), Effect.sync(keeper.wakeUnsafe))))
    }
    // what is being rotated has it wake once more
    yield* Effect.addFinalizer(() =>
      Effect.ensuring(
        Effect.interruptible(Effect.andThen(inFlight.idle, keeper.idle)),
        Effect.sync(keeper.stopUnsafe)
      )
    )
  }
  // what takes less than a line at once, as a FIFO may, would never take it whole
  const isWhole = isFile && shared
  const [ownMaxBytes, sharedMaxBytes] = isFile ? [fileMaxBytes, undefined] : [undefined, fifoMaxBytes]
  const lines = Lines.make({ torn: current.torn, maxBytes: shared ? sharedMaxBytes : ownMaxBytes, whole: isWhole })
  current.torn = false
  const makeRoom = function*(bytes: number): Steps.Steps<void> {
    yield* CurrentFiles.makeRoom(current, bytes)
    if (current.torn) lines.tornUnsafe()
    current.torn = false
  }
  const isSettled = isFile && (sync.from !== "None" || sync.every !== undefined)
  const { betweenLines, ...writer } = LineWriter.make(lines, inFlight, {
    roomUnsafe: () => CurrentFiles.roomUnsafe(current),
    makeRoom,
    isAtOnce,
    write: ({ bytes }, callback) =>
      fs.write(current.file!.fd, bytes).start((error, written) => {
        if (!error) CurrentFiles.wroteUnsafe(current, written)
        callback(error, written)
      }),
    writeSync: ({ bytes }) => {
      const written = fs.write(current.file!.fd, bytes).sync()
      CurrentFiles.wroteUnsafe(current, written)
      return written
    },
    isShared: isWhole,
    settle: isSettled ? (batch) => durability.settle(batch) : undefined,
    isOwed: isSettled ? (batch) => durability.isOwed(batch) : undefined,
    isLost: Durabilities.isLost,
    settleSync: isSettled ? (batch) => durability.settleSync(batch) : undefined,
    endUnsafe() {
      try {
        CurrentFiles.endUnsafe(current)
        if (!lines.isBegunUnsafe()) Steps.runSync(makeRoom(0))
      } catch (error) {
        // whatever is to be written meets it again
        CurrentFiles.tellLeft(current, error)
      }
    },
    isFatal: (error) => isError(error, "EPIPE"),
    landedUnsafe: ({ bytes }, patience) =>
      FileLanding.awaitUnsafe(fs, { ...current.file!, path: current.path, end: current.end }, bytes, patience)
  })
  const rotate = Effect.suspend(() => {
    CurrentFiles.wantUnsafe(current)
    return Effect.mapError(
      Effect.andThen(
        betweenLines,
        Effect.suspend(() => {
          if (current.failed !== undefined) return Effect.fail(current.failed)
          return current.wanted ? Effect.fail(new Error(notNow)) : Effect.void
        })
      ),
      (cause) => Sink.unavailable({ cause })
    )
  })
  // what is in a deleted file is not durable
  const look = Effect.suspend(() => {
    current.lookAt = Number.NEGATIVE_INFINITY
    return betweenLines
  })
  const durability = Durabilities.make({ fs, current, syncing, look, retired, sync, tell, scope: yield* Effect.scope })
  yield* Effect.addFinalizer(() => durability.close)
  if (isFile && plan?.signal !== undefined) yield* onSignal(plan.signal, rotate, tell)
  const handle: SinkHandle<unknown> = {
    ...writer,
    flush: isFile ? durability.flush : undefined,
    rotate: isFile && rotation !== undefined ? rotate : undefined
  }
  return handle
})

const notNow =
  "it is in the midst of a line, or too many files of before are being made durable: it is rotated behind that"

const cannotOpen = (path: string) => (cause: Error): SinkError =>
  Sink.unavailable({ cause: new Error(`cannot open ${path}: ${cause.message}`, { cause }) })

const onSignal = (
  signal: NodeJS.Signals,
  rotate: Effect.Effect<void, SinkError>,
  tell: Tell
): Effect.Effect<void, never, Scope.Scope> => {
  const told = rotate.pipe(Effect.catch((error) => Effect.sync(() => tell("rotation_failed", error.message))))
  return Effect.asVoid(Effect.acquireRelease(
    Effect.sync(() => {
      const listener = () => void Effect.runFork(told)
      process.on(signal, listener)
      return listener
    }),
    (listener) => Effect.sync(() => process.off(signal, listener))
  ))
}

// A batch in one piece, most of the time: each one costs a turn of the event loop.
const fileMaxBytes = 512 * 1024

// Linux's PIPE_BUF: so many are taken as one, or not at all.
const fifoMaxBytes = 4096
