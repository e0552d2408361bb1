/**
 * Which records belong together: those for which a key is the same text.
 */
import * as Crypto from "node:crypto"
import type { LogRecord } from "../Record.ts"

/**
 * Says what a record belongs to. Pure; `undefined` for nothing.
 */
export type Key = (record: LogRecord) => string | undefined

/**
 * Records are alike when level, logger, message and the type of the error are the same. The lengths keep the parts
 * apart, whatever is in them.
 */
export const ofLine: Key = ({ error, level, logger = "", message }) => {
  const type = error === undefined ? "" : error.type
  return `${level} ${logger.length} ${type.length} ${logger}${type}${message}`
}

/**
 * The request that a record belongs to: `context.requestId`, else its trace.
 */
export const ofRequest: Key = ({ context, traceId }) => context.requestId ?? traceId

const maxLength = 256

/**
 * The key of a record, at most 256 characters: a longer one becomes its SHA-256. What is no text is no key.
 */
export const of = (key: Key, record: LogRecord): string | undefined => {
  const text: unknown = key(record)
  if (typeof text !== "string") return undefined
  return text.length <= maxLength ? text : Crypto.hash("sha256", text, "base64")
}
