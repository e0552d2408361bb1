/**
 * A logger that is not Effect's, into a file.
 */
import * as Effect from "effect/Effect"
import { setImmediate } from "node:timers/promises"
import { logAll } from "../programs.ts"

/**
 * A logger whose file is open.
 */
export interface FileLogger {
  /** Logs the record of that number: the message and the fields of `Subject`, at the level Info. */
  readonly log: (orderId: number) => void
  /** Ends the file. Answers when its last line was there, as `performance.now()`. */
  readonly close: () => Promise<number>
}

/**
 * Opens a file, and answers when it is open.
 */
export type Open = (path: string) => Promise<FileLogger>

// The event loop gets a turn as often as a server gives it one. In one long loop, what is written asynchronously waits for
// its end: winston then takes half as long again, pino as long or longer, LogTape as long.
const recordsPerTurn = 256

/**
 * Logs `records` records into a file, one after the other. Answers when it began and when the last line was there.
 */
export const logTo = async (open: Open, path: string, records: number): Promise<readonly [number, number]> => {
  const logger = await open(path)
  const start = performance.now()
  for (let i = 0; i < records; i++) {
    logger.log(i)
    if (i % recordsPerTurn === recordsPerTurn - 1) await setImmediate()
  }
  return [start, await logger.close()]
}

/**
 * The same, called from one fiber.
 */
export const logInEffectTo = async (open: Open, path: string, records: number): Promise<readonly [number, number]> => {
  const logger = await open(path)
  const start = performance.now()
  await Effect.runPromise(logAll((i) => Effect.sync(() => logger.log(i)), records))
  return [start, await logger.close()]
}
