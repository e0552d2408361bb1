/**
 * Writes batches as lines to a destination that takes bytes: one piece at a time, asynchronously or at once.
 */
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import type { Callback } from "../Files/Steps.ts"
import * as Steps from "../Files/Steps.ts"
import type { Formatter } from "../Pipeline.ts"
import type { LogRecord } from "../Record.ts"
import type { InFlight } from "./InFlight.ts"
import type { Lines, Piece } from "./Lines.ts"
import type { Patience } from "./Patience.ts"
import * as Patiences from "./Patience.ts"
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
  /**
   * How many bytes it takes before it has to make room: 0, if it has to at once. Asked at the beginning of a line, or
   * within one, which is finished whatever the answer. Default: no end.
   */
  readonly roomUnsafe?: (() => number) | undefined
  /** Makes room for a line of so many bytes. What fails then is the write. After it the line is written. */
  readonly makeRoom?: ((bytes: number) => Steps.Steps<void>) | undefined
  /** Whether it is made at once, as by a log call that cannot wait for it. Default: in the background. */
  readonly isAtOnce?: boolean | undefined
  /**
   * Whether others write to it too. A line of which only a part could be written is ended there then, and written again,
   * with the note `repeated`: its rest would be behind lines of others.
   */
  readonly isShared?: boolean | undefined
  /** Whether nothing can be written after this error. */
  readonly isFatal: (error: Error) => boolean
  /**
   * How many bytes are out of the piece that `write` was given last, and that is still under way. Asks nobody for it, as
   * nobody may answer. Default: none.
   */
  readonly passedUnsafe?: ((piece: Piece) => number) | undefined
  /** Ends a batch that is out. */
  readonly settle?: ((batch: ReadonlyArray<LogRecord>) => Effect.Effect<void, Error>) | undefined
  /** Whether a batch has not arrived before it is settled. */
  readonly isOwed?: ((batch: ReadonlyArray<LogRecord>) => boolean) | undefined
  /** Whether what was to be settled may be lost after this error: it is written again, with the note `repeated`. */
  readonly isLost?: ((error: Error) => boolean) | undefined
  /** The same at once. Throws when it fails. */
  readonly settleSync?: ((batch: ReadonlyArray<LogRecord>) => void) | undefined
  /** The process ends: what was being done in the background is not heard of again. Does at once what is to be done. */
  readonly endUnsafe?: (() => void) | undefined
  /** What became of the piece that `write` was given last, and whose callback will not come. May wait a little. */
  readonly landedUnsafe: (piece: Piece, patience: Patience) => Landing
}

/**
 * What is known of a piece: `bytes` of it are out, and the `open` ones behind them may be, or come out yet. `behindTorn`:
 * what is out may end within a line that is not of this sink.
 */
export interface Landing {
  readonly bytes: number
  readonly open: number
  readonly behindTorn?: boolean | undefined
}

/**
 * What a sink that writes lines does.
 */
export interface LineWriter {
  readonly write: SinkHandle<SinkError>["write"]
  readonly outUnsafe: (records: ReadonlyArray<LogRecord>) => number
  readonly writeSync: (batch: ReadonlyArray<LogRecord>, format: Formatter) => void
  readonly writeLast: (batch: ReadonlyArray<LogRecord>, format: Formatter, patience: Patience) => void
  /** Does what is to be done between two lines. Nothing where one is begun. */
  readonly betweenLines: Effect.Effect<void, Error>
}

/**
 * The `write`, `outUnsafe`, `writeSync` and `writeLast` of a sink.
 *
 * - A short write is continued.
 * - `EAGAIN` is waited out, from 1 ms to 50 ms at a time, as long as nobody interrupts.
 * - Any other error ends the call, with the number of records that are wholly written. Of one that is fatal, and of one
 *   of `writeSync`, `outUnsafe` knows it.
 * - A piece that is under way when `write` is interrupted is waited for by the next call. For `outUnsafe`, only what the
 *   destination says of it is out.
 * - `writeSync` throws while a piece is under way. `writeLast` finds out what became of it, and goes on from there.
 */
export const make = (
  lines: Lines,
  inFlight: InFlight,
  destination: Destination
): LineWriter => {
  // the piece that is under way; `undefined` while room is made
  let given: Piece | undefined
  const underWay = () => inFlight.busyUnsafe() ? given : undefined
  const settleUnsafe = ({ bytes }: Piece, written: number): void => {
    if (destination.isShared === true && written < bytes.length && bytes[written - 1] !== lineFeed) {
      lines.doubtUnsafe(written, 0)
    } else lines.wroteUnsafe(written)
  }

  const { settle, settleSync } = destination
  const startSteps = destination.isAtOnce === true ? Steps.startSync : Steps.start
  const { makeRoom = () => nothing(), roomUnsafe = () => Number.POSITIVE_INFINITY } = destination
  const startRoom = (bytes: number, callback: (error: Error | null | undefined) => void): void => {
    given = undefined
    startSteps(makeRoom(bytes), callback)
  }
  // Makes room where that is lacking, and writes the next piece: which one that is is known when it is its turn.
  const advance = Effect.retry(
    inFlight.run<number>((callback, isAwaited) => {
      const write = () => {
        const piece = given = lines.nextUnsafe(roomUnsafe())
        if (piece === undefined) callback(null, 0)
        else destination.write(piece, (error, written) => callback(error ?? refused(written), written))
      }
      const lacking = lines.lackingUnsafe(roomUnsafe())
      if (lacking === 0) return write()
      startRoom(lacking, (error) => {
        // nothing is begun for somebody who has gone
        if (error || !isAwaited()) return callback(error, 0)
        try {
          write()
        } catch (error) {
          callback(error instanceof Error ? error : new Error(String(error)), 0)
        }
      })
    }, (written) => {
      if (given !== undefined) settleUnsafe(given, written)
    }),
    { while: isAgain, schedule: pauses }
  )
  const betweenLines = inFlight.run<void>((callback) => lines.isBegunUnsafe() ? callback(null) : startRoom(0, callback))

  // One that is fatal has no room for the number: `outUnsafe` keeps it. What is yet to be settled has not arrived.
  const isOwed = (batch: ReadonlyArray<LogRecord>): boolean => destination.isOwed?.(batch) === true
  const failure = (batch: ReadonlyArray<LogRecord>, cause: Error): SinkError =>
    destination.isFatal(cause)
      ? Sink.fatal({ cause })
      : Sink.unavailable({ delivered: isOwed(batch) ? 0 : lines.endUnsafe(), cause })

  const settled = (batch: ReadonlyArray<LogRecord>, settle: NonNullable<Destination["settle"]>) =>
    Effect.tapError(settle(batch), (error) =>
      Effect.sync(() => {
        if (destination.isLost?.(error) === true) lines.againUnsafe()
      }))

  const writeAll = (batch: ReadonlyArray<LogRecord>, format: Formatter, patience: Patience): void => {
    lines.beginUnsafe(batch, format)
    while (true) {
      const lacking = lines.lackingUnsafe(roomUnsafe())
      if (lacking > 0) Steps.runSync(makeRoom(lacking))
      const piece = lines.nextUnsafe(roomUnsafe())
      if (piece === undefined) break
      settleUnsafe(piece, writePieceSync(destination, piece, patience))
    }
  }

  return {
    betweenLines,
    write: Effect.fnUntraced(
      function*(batch, format) {
        yield* inFlight.idle
        lines.beginUnsafe(batch, format)
        while (lines.nextUnsafe() !== undefined) yield* advance
        if (settle !== undefined) yield* settled(batch, settle)
        lines.endUnsafe()
      },
      (written, batch) =>
        written.pipe(Effect.catch((cause) => Effect.suspend(() => Effect.fail(failure(batch, cause)))))
    ),
    outUnsafe(records) {
      // what is yet to be settled has not arrived
      if (isOwed(records)) return 0
      const piece = underWay()
      return lines.outUnsafe(records, piece === undefined ? 0 : destination.passedUnsafe?.(piece) ?? 0)
    },
    writeSync(batch, format) {
      if (inFlight.busyUnsafe()) throw new Error("an asynchronous write is under way")
      writeAll(batch, format, Patiences.make(patienceSync))
      try {
        settleSync?.(batch)
      } catch (error) {
        if (error instanceof Error && destination.isLost?.(error) === true) lines.againUnsafe()
        throw error
      }
      lines.endUnsafe()
    },
    writeLast(batch, format, patience) {
      const piece = underWay()
      if (piece !== undefined) {
        const { behindTorn, bytes, open } = destination.landedUnsafe(piece, patience)
        inFlight.abandonUnsafe()
        if (open > 0 || behindTorn === true) lines.doubtUnsafe(bytes, open)
        else lines.wroteUnsafe(bytes)
      }
      let cause: unknown
      try {
        destination.endUnsafe?.()
        writeAll(batch, format, patience)
      } catch (error) {
        cause = error
      }
      try {
        settleSync?.(batch)
      } catch {
        // the lines are out, and there is no later moment
      }
      const error = cause === undefined || cause instanceof Error ? cause : new Error(String(cause))
      if (error !== undefined && destination.isFatal(error)) throw Sink.fatal({ cause: error })
      const delivered = lines.endUnsafe()
      if (error !== undefined) throw Sink.unavailable({ delivered, cause: error })
    }
  }
}

const nothing = function*(): Steps.Steps<void> {}

const lineFeed = 10

// Growing, but never so long that a reader that comes back is kept waiting.
const pauses = Schedule.min([Schedule.exponential("1 millis"), Schedule.spaced("50 millis")])

const again = "EAGAIN"

const isAgain = (error: unknown): boolean => error instanceof Error && "code" in error && error.code === again

// a destination that takes nothing and says nothing would otherwise be asked for ever, without a pause
const refused = (written: number): Error | undefined =>
  written > 0 ? undefined : Object.assign(new Error("nothing was written"), { code: again })

// the caller's thread waits: this may be a log call of `layerSync`
const patienceSync = 1000
const pauseSync = 10

const writePieceSync = (destination: Destination, piece: Piece, patience: Patience): number => {
  while (true) {
    try {
      const written = destination.writeSync(piece)
      const error = refused(written)
      if (error === undefined) return written
      throw error
    } catch (error) {
      if (!isAgain(error) || !Patiences.sleepUnsafe(patience, pauseSync)) throw error
    }
  }
}
