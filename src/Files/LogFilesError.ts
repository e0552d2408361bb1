/**
 * What a reader of logs met that is no line, or no record.
 */
import * as Data from "effect/Data"

/**
 * What is wrong with a log that is read.
 *
 * - `reason`: `Torn`: a line was cut short, as a crash, a full disk or a power cut does, or is being written now.
 *   `Invalid`: a line is no record of version 1. `TooLong`: a line has more than `maxLineBytes`. `Damaged`: an archive
 *   cannot be decompressed from somewhere on. `Unreadable`: a file is not there, is no regular file, or the operating
 *   system refuses it.
 * - `file`: its path. `line`: counted from 1, for an archive in what it was made of; `undefined` if it is about the file.
 * - `text`: what the line says, of `Torn` and `Invalid`.
 */
export class LogFilesError extends Data.TaggedError("LogFilesError")<{
  readonly reason: "Torn" | "Invalid" | "TooLong" | "Damaged" | "Unreadable"
  readonly file: string
  readonly line: number | undefined
  readonly text: string | undefined
  readonly message: string
  readonly cause?: unknown
}> {}

/**
 * About a line.
 */
export const ofLine = (
  reason: "Torn" | "Invalid" | "TooLong",
  file: string,
  line: number,
  text: string | undefined,
  what: string
): LogFilesError => new LogFilesError({ reason, file, line, text, message: `${file}:${line}: ${what}` })

/**
 * About a file, from what Node says of it.
 */
export const ofFile = (file: string, cause: unknown): LogFilesError => {
  const [reason, what] = isOfSystem(cause) ? ["Unreadable", "cannot be read"] as const : ["Damaged", "damaged"] as const
  const message = `${file}: ${what}: ${cause instanceof Error ? cause.message : String(cause)}`
  return new LogFilesError({ reason, file, line: undefined, text: undefined, message, cause })
}

/**
 * About what is there under the name of a log, and is no regular file.
 */
export const noFile = (file: string): LogFilesError =>
  new LogFilesError({
    reason: "Unreadable",
    file,
    line: undefined,
    text: undefined,
    message: `${file}: cannot be read: it is no regular file`
  })

// those of zlib have a code, and no system call
const isOfSystem = (cause: unknown): boolean => typeof cause === "object" && cause !== null && "syscall" in cause
