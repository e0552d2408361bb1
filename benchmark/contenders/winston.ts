/**
 * winston: its file transport, lines as JSON with a timestamp.
 */
import { once } from "node:events"
import { setImmediate } from "node:timers/promises"
import winston from "winston"
import * as Subject from "../Subject.ts"
import type { Open } from "./FileLogger.ts"

/**
 * Opens a file.
 */
export const open: Open = async (path) => {
  const { combine, json, timestamp } = winston.format
  const file = new winston.transports.File({ filename: path })
  const logger = winston.createLogger({ level: "info", format: combine(timestamp(), json()), transports: [file] })
  await once(file, "open")
  return {
    log: (orderId) => void logger.info(Subject.message, Subject.fields(orderId)),
    async close() {
      // `end` alone, as documented, throws now and then: it ends the transport while the logger has lines for it
      while (logger.writableLength + logger.readableLength + file.writableLength > 0) await setImmediate()
      const finished = once(logger, "finish")
      logger.end()
      await finished
      return performance.now()
    }
  }
}
