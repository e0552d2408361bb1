/**
 * Which records belong together: those for which a key is the same text.
 */
import * as Crypto from "node:crypto"
import * as Leaf from "../Leaf.ts"
import type { LogRecord } from "../Record.ts"
import { eventOf } from "../Record.ts"

/**
 * Says what a record belongs to. Pure; `undefined` for nothing.
 */
export type Key = (record: LogRecord) => string | undefined

/**
 * A key under which records are alike when level, logger, message, event and the type of the error are the same.
 *
 * Programs say the same things again and again, and to put the text together takes five times as long as to find it. So
 * what was put together last for a message is kept; for a bounded number of messages that are not long.
 */
export const ofLine = (): Key => {
  const lines = new Map<string, Line>()
  return (record) => {
    const { error, level, logger = "", message } = record
    const event = eventOf(record) ?? ""
    const type = error === undefined ? "" : error.type
    const known = lines.get(message)
    if (known?.level === level && known.logger === logger && known.event === event && known.type === type) {
      return known.key
    }
    // the lengths keep the parts apart, whatever is in them
    const key = `${level} ${logger.length} ${event.length} ${type.length} ${logger}${event}${type}${message}`
    if (key.length > maxLength) return key
    if (lines.size >= maxLines) lines.clear()
    lines.set(Leaf.copy(message), { level, logger, event, type, key })
    return key
  }
}

interface Line {
  readonly level: LogRecord["level"]
  readonly logger: string
  readonly event: string
  readonly type: string
  readonly key: string
}

const maxLines = 1000

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
