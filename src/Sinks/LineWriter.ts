/**
 * Writes batches as lines to a destination that takes bytes: one piece at a time, asynchronously or at once.
 */
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import type { Callback, InFlight } from "./InFlight.ts"
import type { Lines, Piece } from "./Lines.ts"
import type { SinkError, SinkHandle } from "./Sink.ts"
import * as Sink from "./Sink.ts"

/**
 * A destination that takes bytes. It may take fewer than it was given.
 */
export interface Destination {
  /** Answers how many bytes it took. */
  readonly write: (piece: Piece, callback: Callback<number>) => void
  /** Answers how many bytes it took, or throws. */
  readonly writeSync: (piece: Piece) => number
  /** Whether nothing can be written after this error. */
  readonly isFatal: (error: Error) => boolean
}

/**
 * The `write` and `writeSync` of a sink.
 *
 * - A short write is continued.
 * - `EAGAIN` is waited out, from 1 ms to 50 ms at a time, as long as nobody interrupts.
 * - Any other error ends the call, with the number of records that are wholly written.
 * - A piece that is under way when `write` is interrupted is waited for by the next call.
 * - `writeSync` throws while a piece is under way.
 */
export const make = (
  lines: Lines,
  inFlight: InFlight,
  destination: Destination
): Required<Pick<SinkHandle<SinkError>, "write" | "writeSync">> => {
  const writePiece = (piece: Piece) =>
    Effect.retry(
      inFlight.run<number>(
        (callback) => destination.write(piece, (error, written) => callback(error ?? refused(written), written)),
        lines.wroteUnsafe
      ),
      { while: isAgain, schedule: patience }
    )

  const failWith = (cause: Error): Effect.Effect<never, SinkError> =>
    Effect.suspend(() => {
      const delivered = lines.endUnsafe()
      return Effect.fail(destination.isFatal(cause) ? Sink.fatal({ cause }) : Sink.unavailable({ delivered, cause }))
    })

  return {
    write: Effect.fnUntraced(function*(batch, format) {
      yield* inFlight.idle
      lines.beginUnsafe(batch, format)
      for (let piece = lines.nextUnsafe(); piece !== undefined; piece = lines.nextUnsafe()) yield* writePiece(piece)
      lines.endUnsafe()
    }, Effect.catch(failWith)),
    writeSync(batch, format) {
      if (inFlight.busyUnsafe()) throw new Error("an asynchronous write is under way")
      lines.beginUnsafe(batch, format)
      for (let piece = lines.nextUnsafe(); piece !== undefined; piece = lines.nextUnsafe()) {
        lines.wroteUnsafe(writePieceSync(destination, piece))
      }
      lines.endUnsafe()
    }
  }
}

// Growing, but never so long that a reader that comes back is kept waiting.
const patience = Schedule.min([Schedule.exponential("1 millis"), Schedule.spaced("50 millis")])

const again = "EAGAIN"

const isAgain = (error: unknown): boolean => error instanceof Error && "code" in error && error.code === again

// a destination that takes nothing and says nothing would otherwise be asked for ever, without a pause
const refused = (written: number): Error | undefined =>
  written > 0 ? undefined : Object.assign(new Error("nothing was written"), { code: again })

const attemptsSync = 100
const pauseSync = 10
const sleeper = new Int32Array(new SharedArrayBuffer(4))

// One second at most: this may be the last thing that a process does.
const writePieceSync = (destination: Destination, piece: Piece): number => {
  for (let attempt = 1;; attempt++) {
    try {
      const written = destination.writeSync(piece)
      const error = refused(written)
      if (error === undefined) return written
      throw error
    } catch (error) {
      if (!isAgain(error) || attempt === attemptsSync) throw error
      Atomics.wait(sleeper, 0, 0, pauseSync)
    }
  }
}
