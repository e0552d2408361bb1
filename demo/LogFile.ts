/**
 * The log file, read from outside.
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
   * How many lines decode into a record whose number is above all before it. So a line that is torn, out of order or
   * twice there does not count; nor do lines that the library wrote by itself, which have no number.
   */
  readonly records: number
  /** The last of these lines. */
  readonly last: string
}

/**
 * Reads a log file.
 */
export const read = (path: string): Effect.Effect<LogFile> =>
  Effect.promise(async () => {
    let records = 0
    let last = ""
    let highest = -1
    for await (const line of createInterface({ input: createReadStream(path) })) {
      const record = Result.getOrUndefined(JsonLine.decode(line))
      if (record?.seq === undefined || record.seq <= highest) continue
      records++
      last = line
      highest = record.seq
    }
    return { records, last }
  })
