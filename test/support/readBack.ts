/**
 * What is left of a log, read back as its users do it.
 */
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import * as LogFiles from "../../src/LogFiles.ts"
import type { LogRecord } from "../../src/Record.ts"

/**
 * The records of a log, in the order of its files, and the files in which a line was cut short. Dies of a line that is
 * anything else: two lines in one, say.
 */
export const readBack = (path: string, name: string) =>
  Effect.gen(function*() {
    const torn: Array<LogFiles.LogFilesError> = []
    const records: ReadonlyArray<LogRecord> = yield* Effect.orDie(Stream.runCollect(LogFiles.records(path, {
      name,
      onTrouble: (trouble) =>
        trouble.reason === "Torn" ? Effect.sync(() => void torn.push(trouble)) : Effect.fail(trouble)
    })))
    return { records, torn }
  })

/** All lines of a log as one text, in the order of its files. */
export const textOf = (path: string, name: string) =>
  Effect.map(Effect.orDie(Stream.runCollect(LogFiles.lines(path, { name }))), (lines) => `${lines.join("\n")}\n`)

/** First and last number of those that follow one another. */
export type Range = readonly [first: number, last: number]

/**
 * The numbers of records, as ranges in the order of the records. One that says that it is repeated, or has no number, is
 * none of what these tests know.
 */
export const rangesOf = (records: ReadonlyArray<LogRecord>): ReadonlyArray<Range> => {
  const ranges: Array<[first: number, last: number]> = []
  for (const { notes, seq } of records) {
    if (seq === undefined || notes !== undefined) throw new Error(`an unexpected record: ${seq}, ${notes?.join()}`)
    const last = ranges.at(-1)
    if (last?.[1] === seq - 1) last[1] = seq
    else ranges.push([seq, seq])
  }
  return ranges
}
