/**
 * Records that are kept back, the oldest first.
 */
import type { LogRecord } from "../Record.ts"

interface Link {
  readonly record: LogRecord
  readonly bytes: number
  next: Link | undefined
}

/**
 * The records, and what they weigh.
 */
export interface Ring {
  oldest: Link | undefined
  newest: Link | undefined
  count: number
  bytes: number
}

/**
 * An empty one.
 */
export const make = (): Ring => ({ oldest: undefined, newest: undefined, count: 0, bytes: 0 })

/**
 * Adds a record.
 */
export const pushUnsafe = (self: Ring, record: LogRecord, bytes: number): void => {
  const link: Link = { record, bytes, next: undefined }
  if (self.newest === undefined) self.oldest = link
  else self.newest.next = link
  self.newest = link
  self.count++
  self.bytes += bytes
}

/**
 * Takes the oldest record out.
 */
export const shiftUnsafe = (self: Ring): LogRecord | undefined => {
  const link = self.oldest
  if (link === undefined) return undefined
  self.oldest = link.next
  if (link.next === undefined) self.newest = undefined
  self.count--
  self.bytes -= link.bytes
  return link.record
}
