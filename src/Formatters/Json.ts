/**
 * The JSON line, version 1. `JsonLine` is its schema and reads it back.
 */
import type * as LogLevel from "effect/LogLevel"
import type { Formatter } from "../Pipeline.ts"
import type { LogContext, LogError, LogFields, LogGap } from "../Record.ts"
import { emptyContext, eventOf, isFixed, noFields } from "../Record.ts"
import type { Fragment, Page } from "./Bytes.ts"
import { formatter, fragment, writeFragment } from "./Bytes.ts"
import { writeObject, writeQuoted, writeValue } from "./JsonBytes.ts"
import { quote } from "./JsonText.ts"
import { isoTime, toDateTime } from "./Time.ts"

/**
 * One JSON object on one line, version 1:
 *
 * `{"timestamp":"2026-11-21T08:00:00.123Z","level":"INFO","logger":"auth","message":"paid","event":"OrderPaid",
 * "fields":{…},"context":{…},"spans":{…},"error":{…},"trace_id":"…","span_id":"…","fiber":12,"seq":42,"gap":{…},
 * "notes":[…]}`
 *
 * - Keys come in this order; one with nothing in it is left out. What a program logs is under `fields` and `context`,
 *   and cannot stand for `level`, `message` or `event`.
 * - `error` has `type`, `message`, `stack`, `kind`, `fields`, `cause` and `others`; `gap.since` is a timestamp.
 * - DEL, C1 controls, U+2028 and U+2029 are escaped, like everything that JSON itself escapes.
 * - A number that is not finite is null; a time that `Date` cannot hold is the epoch.
 *
 * The schema ships with the package: `schema/json-line-v1.schema.json`.
 */
export const json: Formatter = formatter((record, page, at) => {
  let end = writeHead(page, at, record.time, record.level)
  if (record.logger !== undefined) {
    // between the level and the message
    end = writeQuoted(page, writeFragment(page, end - keys.message.bytes.length, keys.logger), record.logger)
    end = writeFragment(page, end, keys.message)
  }
  end = writeQuoted(page, end, record.message)
  const event = eventOf(record)
  if (event !== undefined) end = writeQuoted(page, writeFragment(page, end, keys.event), event)
  if (record.fields !== noFields) end = writePart(page, end, keys.fields, record.fields)
  if (record.context !== emptyContext) end = writeContext(page, end, record.context)
  if (record.spans !== undefined) end = writePart(page, end, keys.spans, record.spans)
  if (record.error !== undefined) end = writeError(page, writeFragment(page, end, keys.error), record.error)
  if (record.traceId !== undefined) end = writeQuoted(page, writeFragment(page, end, keys.traceId), record.traceId)
  if (record.spanId !== undefined) end = writeQuoted(page, writeFragment(page, end, keys.spanId), record.spanId)
  if (record.fiber !== undefined) end = writeValue(page, writeFragment(page, end, keys.fiber), record.fiber)
  if (record.seq !== undefined) end = writeValue(page, writeFragment(page, end, keys.seq), record.seq)
  if (record.gap !== undefined) end = writeGap(page, writeFragment(page, end, keys.gap), record.gap)
  if (record.notes !== undefined && record.notes.length > 0) {
    end = writeValue(page, writeFragment(page, end, keys.notes), record.notes)
  }
  page.bytes[end] = closing
  return end + 1
})

const closing = 0x7d
const messageKey = `,"message":`

const keys = {
  logger: fragment(`,"logger":`),
  message: fragment(messageKey),
  event: fragment(`,"event":`),
  fields: fragment(`,"fields":`),
  context: fragment(`,"context":`),
  spans: fragment(`,"spans":`),
  error: fragment(`,"error":`),
  traceId: fragment(`,"trace_id":`),
  spanId: fragment(`,"span_id":`),
  fiber: fragment(`,"fiber":`),
  seq: fragment(`,"seq":`),
  gap: fragment(`,"gap":`),
  notes: fragment(`,"notes":`)
}

// A line up to the text of its message, for one level: made anew each second, but for the milliseconds.
interface Head {
  readonly afterTime: string
  second: number
  fragment: Fragment
  /** Where the milliseconds are. */
  millis: number
}

const makeHead = (level: string): Head => ({
  afterTime: `Z","level":${quote(level)}${messageKey}`,
  second: Number.NaN,
  fragment: fragment(""),
  millis: 0
})

const severities: ReadonlyArray<LogLevel.Severity> = ["Trace", "Debug", "Info", "Warn", "Error", "Fatal"]
const heads = new Map<string, Head>(severities.map((level) => [level, makeHead(level.toUpperCase())]))

const writeHead = (page: Page, at: number, recordTime: number, level: LogLevel.Severity): number => {
  // a stage without types may have made another level
  const head = heads.get(level) ?? makeHead(String(level).toUpperCase())
  const time = toDateTime(recordTime)
  const second = Math.floor(time / 1000)
  if (second !== head.second) {
    const upToMillis = `{"timestamp":"${isoTime(second * 1000).slice(0, -"000Z".length)}`
    head.fragment = fragment(`${upToMillis}000${head.afterTime}`)
    head.millis = upToMillis.length
    head.second = second
  }
  const end = writeFragment(page, at, head.fragment)
  const millis = time - second * 1000
  const hundreds = (millis / 100) | 0
  const tens = (millis / 10) | 0
  const { bytes } = page
  bytes[at + head.millis] = 0x30 + hundreds
  bytes[at + head.millis + 1] = 0x30 + tens - hundreds * 10
  bytes[at + head.millis + 2] = 0x30 + millis - tens * 10
  return end
}

// nothing for an object without keys
const writePart = (page: Page, at: number, key: Fragment, part: LogFields): number => {
  const start = writeFragment(page, at, key)
  const end = writeObject(page, start, part)
  return end === start + "{}".length ? at : end
}

// One context is shared by many records, or by the few of a request. To keep what is written of each of those would cost
// as much as to write it: kept is that of the last one, once it has come again and again.
interface Last {
  readonly context: LogContext
  times: number
  written: Fragment | undefined
}

let last: Last = { context: emptyContext, times: 0, written: undefined }
const timesToWrite = 8

const writeContext = (page: Page, at: number, context: LogContext): number => {
  if (context !== last.context) last = { context, times: 0, written: undefined }
  else if (last.written !== undefined) return writeFragment(page, at, last.written)
  const end = writePart(page, at, keys.context, { ...context })
  if (++last.times % timesToWrite === 0 && end <= page.bytes.length && isFixed(context)) {
    last.written = fragment(page.bytes.toString("utf8", at, end))
  }
  return end
}

const errorKeys = {
  type: fragment(`{"type":`),
  message: fragment(`,"message":`),
  stack: fragment(`,"stack":`),
  kind: fragment(`,"kind":`),
  fields: fragment(`,"fields":`),
  cause: fragment(`,"cause":`),
  others: fragment(`,"others":[`),
  other: fragment(","),
  othersEnd: fragment("]")
}

const writeError = (page: Page, at: number, error: LogError): number => {
  let end = writeQuoted(page, writeFragment(page, at, errorKeys.type), error.type)
  end = writeQuoted(page, writeFragment(page, end, errorKeys.message), error.message)
  if (error.stack !== undefined) end = writeQuoted(page, writeFragment(page, end, errorKeys.stack), error.stack)
  if (error.kind !== undefined) end = writeQuoted(page, writeFragment(page, end, errorKeys.kind), error.kind)
  if (error.fields !== undefined) end = writeObject(page, writeFragment(page, end, errorKeys.fields), error.fields)
  if (error.cause !== undefined) end = writeError(page, writeFragment(page, end, errorKeys.cause), error.cause)
  if (error.others !== undefined) {
    end = writeFragment(page, end, errorKeys.others)
    for (let i = 0; i < error.others.length; i++) {
      if (i > 0) end = writeFragment(page, end, errorKeys.other)
      end = writeError(page, end, error.others[i]!)
    }
    end = writeFragment(page, end, errorKeys.othersEnd)
  }
  page.bytes[end] = closing
  return end + 1
}

const writeGap = (page: Page, at: number, { lost, reasons, since }: LogGap): number =>
  writeObject(page, at, { lost, since: isoTime(since), reasons })
