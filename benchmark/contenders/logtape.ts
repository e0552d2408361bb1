/**
 * LogTape: `getStreamFileSink`, with the options that its documentation has for high volumes, and its JSON lines.
 *
 * Its other file sink, `getFileSink`, makes an fsync for each line as short as these when nothing is buffered, and never
 * buffers in that case: 50,000 lines took more than a minute. With `nonBlocking` it takes as long as this one or longer.
 */
import { getStreamFileSink } from "@logtape/file"
import { configure, dispose, getLogger, jsonLinesFormatter } from "@logtape/logtape"
import * as Subject from "../Subject.ts"
import type { Open } from "./FileLogger.ts"

const category = "bench"

/**
 * Opens a file. Only one can be open: LogTape's configuration is the process's.
 */
export const open: Open = async (path) => {
  await configure({
    reset: true,
    sinks: { file: getStreamFileSink(path, { formatter: jsonLinesFormatter, highWaterMark: 32 * 1024 }) },
    loggers: [
      { category, sinks: ["file"], lowestLevel: "info" },
      // its own messages: without this, it tells that on the console
      { category: ["logtape", "meta"], sinks: ["file"], lowestLevel: "warning" }
    ]
  })
  const logger = getLogger(category)
  return {
    log: (orderId) => logger.info(Subject.message, Subject.fields(orderId)),
    async close() {
      await dispose()
      return performance.now()
    }
  }
}
