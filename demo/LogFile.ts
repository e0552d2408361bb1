/**
 * Reads the log file from outside, as a stranger would.
 */
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import { createReadStream } from "node:fs"
import { createInterface } from "node:readline"
import { JsonLine } from "../src/index.ts"

/**
 * What is in a log file.
 */
export interface LogFile {
  /**
   * Lines that decode into a record whose number is above that of the line before: a line that is torn, twice there, or
   * out of order is not counted. Lines that the library wrote by itself (they have no number) are not counted either.
   */
  readonly lines: number
  /** Its last line. */
  readonly sample: string
}

/**
 * Reads a log file.
 */
export const read = (path: string): Effect.Effect<LogFile> =>
  Effect.promise(async () => {
    let lines = 0
    let last = -1
    let sample = ""
    for await (const line of createInterface({ input: createReadStream(path), crlfDelay: Infinity })) {
      const record = Result.getOrUndefined(JsonLine.decode(line))
      if (record?.seq === undefined || record.seq <= last) continue
      lines++
      last = record.seq
      sample = line
    }
    return { lines, sample }
  })
