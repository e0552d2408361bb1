/**
 * Reading back what `Sinks.file` has written: the rotated files of a log, compressed ones too, oldest first, and then
 * the current one, as one stream.
 *
 * ```ts
 * LogFiles.records("logs/app.log").pipe(
 *   Stream.filter((record) => record.level === "Error"),
 *   Stream.runForEach((record) => Console.log(record.message))
 * )
 * ```
 *
 * - What is read is the log as it is when the stream begins. Files may be rotated, compressed and deleted meanwhile: none
 *   is read twice, and none is left out but those that are deleted before their turn. Lines that are appended meanwhile
 *   are not read.
 * - A file is read in chunks of 64 KiB when the stream is pulled, one file after the other: memory does not grow
 *   with the log. The two that are open at a time, the one that is read and the current one, are closed when the stream
 *   ends.
 * - Rotated files are the regular files in the directory of the current one whose names the sink's pattern makes, be
 *   they plain, gzip (`.gz`) or zstd (`.zst`). Links are not followed, but for `path` itself. If a file is there both
 *   plain and compressed, as a crash can leave it, the plain one is read.
 *
 * The streams ask for no services, so that a tool of a few lines has nothing to provide. (Effect's `FileSystem` would not
 * do either: it follows links, and waits for a FIFO.)
 */
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as Stream from "effect/Stream"
import type { Line } from "./Files/LineSplitter.ts"
import * as LineSplitter from "./Files/LineSplitter.ts"
import { LogFilesError, ofLine } from "./Files/LogFilesError.ts"
import type { LogPart, OpenPart } from "./Files/LogParts.ts"
import * as LogParts from "./Files/LogParts.ts"
import * as PartBytes from "./Files/PartBytes.ts"
import * as RotatedName from "./Files/RotatedName.ts"
import * as JsonLine from "./JsonLine.ts"
import type { LogRecord } from "./Record.ts"
import type { ConfigInvalid } from "./SettingsSchema.ts"
import { allowed, decoder, func, isPositiveInteger, object, required } from "./SettingsSchema.ts"

export { LogFilesError } from "./Files/LogFilesError.ts"

/**
 * Options of `lines` and `records`. Wrong ones fail the stream with `ConfigInvalid`.
 */
export interface Options<E = LogFilesError, R = never> {
  /**
   * The pattern of the names of rotated files, as in the options of the sink: `%date` is `YYYY-MM-DD`, and `%n` a
   * positive integer. Default: that of the sink, `app.%date.%n.log` for `app.log`.
   */
  readonly name?: string | undefined
  /** A longer line is not kept in memory; it is `TooLong`. At most 256 MiB. Default 4 MiB. */
  readonly maxLineBytes?: number | undefined
  /**
   * What to do about what cannot be read, in its place between the lines: fail, and the stream ends, or succeed, and it
   * goes on behind it: with the next line, or the next file if it is `Damaged` or `Unreadable`. Default: `failUnlessTorn`.
   */
  readonly onTrouble?: ((trouble: LogFilesError) => Effect.Effect<void, E, R>) | undefined
}

/**
 * Passes over lines that were cut short, and fails with anything else. A `Torn` line is what every crash in the middle of a
 * write leaves, and its sink has not counted it as delivered. All else was a record, or comes from somewhere else, and
 * nobody should miss it silently.
 */
export const failUnlessTorn = (trouble: LogFilesError): Effect.Effect<void, LogFilesError> =>
  trouble.reason === "Torn" ? Effect.void : Effect.fail(trouble)

/**
 * The lines of the log at `path`, of whatever format, without their line feeds. An unfinished last line of a file counts
 * as one; an empty line does not, nor do NUL bytes.
 *
 * ```ts
 * LogFiles.lines("logs/app.log").pipe(Stream.filter((line) => line.includes("timeout")))
 * ```
 */
export const lines = <E = LogFilesError, R = never>(
  path: string,
  options: Options<E, R> = {}
): Stream.Stream<string, E | ConfigInvalid, R> => read(path, options, (_, { text }) => Result.succeed(text))

/**
 * The records of the log at `path`, from JSON lines of version 1. They come in the order in which the lines were written;
 * a record that was written twice comes twice, with the note `repeated`.
 *
 * A last line without a line feed is a record if it is whole.
 */
export const records = <E = LogFilesError, R = never>(
  path: string,
  options: Options<E, R> = {}
): Stream.Stream<LogRecord, E | ConfigInvalid, R> => read(path, options, recordOf)

// -----------------------------------------------------------------------------
// from files to segments
// -----------------------------------------------------------------------------

/** A line that is short enough. */
interface Text extends Line {
  readonly text: string
}

/** What a line is. */
type Convert<A> = (file: string, line: Text) => Result.Result<A, LogFilesError>

/** What lies between two troubles, or a trouble. */
type Segment<A> = ReadonlyArray<A> | LogFilesError

const read = <A, E, R>(
  path: string,
  options: Options<E, R>,
  convert: Convert<A>
): Stream.Stream<A, E | ConfigInvalid, R> => {
  const wrong = check({ ...options, path }, "")
  if (wrong !== undefined) return Stream.fail(wrong)
  // without a handler E and R are their defaults, which are those of this one
  const otherwise = failUnlessTorn as unknown as (trouble: LogFilesError) => Effect.Effect<void, E, R>
  const { maxLineBytes = 4 * 1024 * 1024, name, onTrouble = otherwise } = options
  return Stream.unwrap(Effect.map(LogParts.find(path, name), Stream.fromIterable)).pipe(
    Stream.flatMap((part) => segmentsOfPart(part, maxLineBytes, convert)),
    Stream.flatMap((segment) =>
      segment instanceof LogFilesError ? Stream.fromEffectDrain(onTrouble(segment)) : Stream.fromArray(segment)
    )
  )
}

const segmentsOfPart = <A>(
  part: LogPart,
  maxLineBytes: number,
  convert: Convert<A>
): Stream.Stream<Segment<A>> =>
  Stream.unwrap(Effect.map(
    part,
    (opened) => opened === undefined ? Stream.empty : segmentsOfOpen(opened, maxLineBytes, convert)
  )).pipe(
    Stream.catch((trouble) => Stream.succeed<Segment<A>>(trouble))
  )

const segmentsOfOpen = <A>(
  part: OpenPart,
  maxLineBytes: number,
  convert: Convert<A>
): Stream.Stream<Segment<A>, LogFilesError> => {
  const splitter = LineSplitter.make(maxLineBytes)
  const segments = (lines: ReadonlyArray<Line>) => segmentsOf(part.file, lines, maxLineBytes, convert)
  // also in front of an error, which may have cut it
  const rest = Stream.suspend(() => Stream.fromArray(segments(splitter.end())))
  return PartBytes.stream(part).pipe(
    Stream.flatMap((chunk) => Stream.fromArray(segments(splitter.push(chunk)))),
    Stream.concat(rest),
    Stream.catch((trouble) => Stream.concat(rest, Stream.fail(trouble)))
  )
}

const segmentsOf = <A>(
  file: string,
  lines: ReadonlyArray<Line>,
  maxLineBytes: number,
  convert: Convert<A>
): ReadonlyArray<Segment<A>> => {
  const segments: Array<Segment<A>> = []
  let good: Array<A> = []
  for (const line of lines) {
    const result = hasText(line)
      ? convert(file, line)
      : Result.fail(ofLine("TooLong", file, line.number, undefined, `longer than ${maxLineBytes} bytes`))
    if (Result.isSuccess(result)) {
      good.push(result.success)
    } else {
      segments.push(good, result.failure)
      good = []
    }
  }
  segments.push(good)
  return segments
}

const hasText = (line: Line): line is Text => line.text !== undefined

// -----------------------------------------------------------------------------
// lines and options
// -----------------------------------------------------------------------------

const recordOf: Convert<LogRecord> = (file, line) =>
  Result.mapError(JsonLine.decode(line.text), ({ message }) =>
    isCut(line.text)
      ? ofLine("Torn", file, line.number, line.text, "cut short")
      : ofLine("Invalid", file, line.number, line.text, `no record: ${message}`))

// It begins as all do, and its object is not closed; whether the next process that wrote to the file has ended it or not.
const isCut = (text: string): boolean => (text.startsWith(start) || start.startsWith(text)) && !closes(text)

const start = `{"timestamp":"`

const closes = (text: string): boolean => {
  let depth = 0
  let isString = false
  for (let index = 0; index < text.length; index++) {
    const char = text[index]
    if (isString) {
      if (char === "\\") index++
      else if (char === "\"") isString = false
    } else if (char === "\"") isString = true
    else if (char === "{") depth++
    else if (char === "}" && --depth === 0) return true
  }
  return false
}

const isText = (u: unknown): u is string => typeof u === "string" && u !== "" && !u.includes("\0")

const check = decoder(object({
  path: required("a string that is not empty, without NUL bytes", isText),
  name: allowed(RotatedName.allowed, (u) => isText(u) && Result.isSuccess(RotatedName.make(u, ""))),
  maxLineBytes: allowed("an integer from 1 to 268435456", (u) => isPositiveInteger(u) && (u as number) <= 2 ** 28),
  onTrouble: func
}))
