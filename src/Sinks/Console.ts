/**
 * Lines on the standard streams.
 */
import * as Effect from "effect/Effect"
import * as LogLevel from "effect/LogLevel"
import type * as Scope from "effect/Scope"
import * as Check from "../Check.ts"
import { CurrentFileSystem } from "../Files/FileSystem.ts"
import type { Callback } from "../Files/Steps.ts"
import * as Formatters from "../Formatters.ts"
import * as Bytes from "../Formatters/Bytes.ts"
import { withColors } from "../Formatters/Pretty.ts"
import type { Formatter } from "../Pipeline.ts"
import type { LogRecord } from "../Record.ts"
import type { InFlight } from "./InFlight.ts"
import * as InFlights from "./InFlight.ts"
import type { Lane, Piece } from "./Lines.ts"
import * as Lines from "./Lines.ts"
import * as LineWriter from "./LineWriter.ts"
import type { SinkHandle, SinkOptions } from "./Sink.ts"
import * as Sink from "./Sink.ts"
import type { Output, Stdio } from "./Stdio.ts"
import { CurrentStdio } from "./Stdio.ts"
import * as StreamPosition from "./StreamPosition.ts"

/**
 * Options of `Sinks.console`.
 */
export interface ConsoleOptions extends SinkOptions {
  /** Records from this level on go to stderr, the others to stdout. Default `"None"`: all go to stdout. */
  readonly stderrFrom?: LogLevel.LogLevel | undefined
}

/**
 * A sink that writes lines to stdout and stderr.
 *
 * - On a terminal its format is `Formatters.pretty`, elsewhere JSON, version 1: for each of the two streams. A
 *   `Formatters.pretty()` that says nothing of colours has them where the stream is a terminal (`NO_COLOR` and
 *   `FORCE_COLOR` decide before that).
 * - One piece of at most 64 KiB is under way at a time, and the order between the two streams is kept, so a reader
 *   that is stuck costs no memory.
 * - When the process ends before the layer has closed, what is left is written at once, from the very byte on where the
 *   stream had stopped. A reader that is stuck then is waited for, at most a second.
 * - A reader that is gone (`EPIPE`) or a stream that is destroyed ends this sink, never the process.
 */
export const make = (options: ConsoleOptions = {}): Sink.Sink<never, never, true> => {
  const { format, stderrFrom = "None", ...sinkOptions } = options
  // The layer prefers the option to the handle's format, but only the handle knows the streams. What is no function
  // stays in the options, where the layer refuses it.
  const rest = typeof format === "function" ? sinkOptions : { ...sinkOptions, format }
  const wrong = Check.option("stderrFrom", stderrFrom, LogLevel.values.includes(stderrFrom), levels)
  return Sink.make("console", rest, open(format, stderrFrom), wrong, Sink.linesBatchSize)
}

const open = Effect.fnUntraced(function*(format: Formatter | undefined, stderrFrom: LogLevel.LogLevel) {
  const fs = yield* CurrentFileSystem
  const stdio = yield* CurrentStdio
  const inFlight = InFlights.make()
  const streams = [stdio.stdout, stdio.stderr] as const
  const writes = [yield* writer(stdio.stdout, inFlight), yield* writer(stdio.stderr, inFlight)] as const
  const formats = [formatFor(stdio.stdout, stdio.env, format), formatFor(stdio.stderr, stdio.env, format)] as const
  const writers = [Bytes.writerOf(formats[0]), Bytes.writerOf(formats[1])] as const
  const lane = (record: LogRecord): Lane => LogLevel.isGreaterThanOrEqualTo(record.level, stderrFrom) ? 1 : 0
  // of the piece that is under way
  let start: number | undefined
  const landed = ({ bytes, lane }: Piece) => StreamPosition.landedUnsafe(streams[lane], start, bytes.length)
  const handle: SinkHandle<unknown> = {
    ...LineWriter.make(Lines.make({ lane }), inFlight, {
      write: (piece, callback) => {
        start = StreamPosition.nextUnsafe(streams[piece.lane])
        writes[piece.lane](piece.bytes, callback)
      },
      writeSync: (piece) => fs.write(descriptors[piece.lane], piece.bytes).sync(),
      passedUnsafe: (piece) => landed(piece).bytes,
      landedUnsafe: landed,
      isFatal: (error) => isGone(error) || streams.some((stream) => stream.destroyed)
    }),
    format: Bytes.formatter(
      (record, page, at) => writers[lane(record)](record, page, at),
      (record) => formats[lane(record)](record)
    )
  }
  return handle
})

const descriptors = [1, 2] as const

const levels = `one of ${LogLevel.values.map((level) => `"${level}"`).join(", ")}`

type Write = (bytes: Uint8Array, callback: Callback<number>) => void

// A stream takes a piece whole or not at all. The listeners stay until the last piece has come back, and a piece that
// never does keeps them: without one, the error of a stream ends the process.
const writer = (stream: Output, inFlight: InFlight): Effect.Effect<Write, never, Scope.Scope> =>
  Effect.map(
    Effect.acquireRelease(
      Effect.sync(() => {
        const pending: { abandon: () => void } = { abandon: ignore }
        const onClose = () => pending.abandon()
        stream.on("error", ignore).on("close", onClose)
        return { pending, onClose }
      }),
      ({ onClose }) =>
        Effect.sync(() => void inFlight.whenIdleUnsafe(() => stream.off("error", ignore).off("close", onClose)))
    ),
    ({ pending }) => (bytes, callback) => {
      // a stream that is destroyed may forget the piece that it was writing
      pending.abandon = () => callback(new Error("the stream was closed"), 0)
      // a copy: the bytes are soon others, and a stream may keep what it was given
      stream.write(bytes.slice(), (error) => {
        pending.abandon = ignore
        if (error) {
          // its error event is yet to come, and the sink may be closed as soon as it knows
          setImmediate(() => callback(error, 0))
        } else {
          callback(undefined, bytes.length)
        }
      })
    }
  )

const ignore = () => {}

const goneCodes: ReadonlyArray<unknown> = ["EPIPE", "ECONNRESET", "ERR_STREAM_DESTROYED", "ERR_STREAM_WRITE_AFTER_END"]

const isGone = (error: Error): boolean => "code" in error && goneCodes.includes(error.code)

const formatFor = (stream: Output, env: Stdio["env"], format: Formatter | undefined): Formatter => {
  const isTerminal = stream.isTTY === true
  return withColors(
    format ?? (isTerminal ? Formatters.pretty() : Formatters.json),
    Formatters.colorsFromEnv(env, isTerminal)
  )
}
