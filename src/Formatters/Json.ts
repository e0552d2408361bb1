/**
 * The JSON line, version 1. `JsonLine` is its schema and reads it back.
 */
import type * as LogLevel from "effect/LogLevel"
import type { Formatter } from "../Pipeline.ts"
import type { LogContext, LogError, LogFields, LogGap } from "../Record.ts"
import { emptyContext, isFixed, noFields } from "../Record.ts"
import { formatter, writeBytes } from "./Bytes.ts"
import { writeObject, writeQuoted, writeValue } from "./JsonBytes.ts"
import { isoTime } from "./Time.ts"

/**
 * One JSON object on one line, version 1:
 *
 * `{"timestamp":"2026-11-21T08:00:00.123Z","level":"INFO","logger":"auth","message":"paid","fields":{…},
 * "context":{…},"spans":{…},"error":{…},"trace_id":"…","span_id":"…","fiber":12,"seq":42,"gap":{…},"notes":[…]}`
 *
 * - Keys come in this order; one with nothing in it is left out. What a program logs is under `fields` and `context`,
 *   and cannot stand for `level` or `message`.
 * - `error` has `type`, `message`, `stack`, `kind`, `fields`, `cause` and `others`; `gap.since` is a timestamp.
 * - DEL, C1 controls, U+2028 and U+2029 are escaped, like everything that JSON itself escapes.
 * - A number that is not finite is null; a time that `Date` cannot hold is the epoch.
 *
 * The schema ships with the package: `schema/json-line-v1.schema.json`.
 */
export const json: Formatter = formatter((record, bytes, at) => {
  let end = writeHead(bytes, at, record.time, record.level)
  if (record.logger !== undefined) end = writeQuoted(bytes, writeBytes(bytes, end, keys.logger), record.logger)
  end = writeQuoted(bytes, writeBytes(bytes, end, keys.message), record.message)
  if (record.fields !== noFields) end = writePart(bytes, end, keys.fields, record.fields)
  if (record.context !== emptyContext) end = writeContext(bytes, end, record.context)
  if (record.spans !== undefined) end = writePart(bytes, end, keys.spans, record.spans)
  if (record.error !== undefined) end = writeError(bytes, writeBytes(bytes, end, keys.error), record.error)
  if (record.traceId !== undefined) end = writeQuoted(bytes, writeBytes(bytes, end, keys.traceId), record.traceId)
  if (record.spanId !== undefined) end = writeQuoted(bytes, writeBytes(bytes, end, keys.spanId), record.spanId)
  if (record.fiber !== undefined) end = writeValue(bytes, writeBytes(bytes, end, keys.fiber), record.fiber)
  if (record.seq !== undefined) end = writeValue(bytes, writeBytes(bytes, end, keys.seq), record.seq)
  if (record.gap !== undefined) end = writeGap(bytes, writeBytes(bytes, end, keys.gap), record.gap)
  if (record.notes !== undefined && record.notes.length > 0) {
    end = writeValue(bytes, writeBytes(bytes, end, keys.notes), record.notes)
  }
  return writeBytes(bytes, end, closing)
})

const closing = Buffer.from("}")

const keys = {
  logger: Buffer.from(`,"logger":`),
  message: Buffer.from(`,"message":`),
  fields: Buffer.from(`,"fields":`),
  context: Buffer.from(`,"context":`),
  spans: Buffer.from(`,"spans":`),
  error: Buffer.from(`,"error":`),
  traceId: Buffer.from(`,"trace_id":`),
  spanId: Buffer.from(`,"span_id":`),
  fiber: Buffer.from(`,"fiber":`),
  seq: Buffer.from(`,"seq":`),
  gap: Buffer.from(`,"gap":`),
  notes: Buffer.from(`,"notes":`)
}

// Many records share their millisecond with the one before.
const writeHead = (bytes: Buffer, at: number, time: number, level: LogLevel.Severity): number => {
  if (time !== headTime || level !== headLevel) {
    head = Buffer.from(`{"timestamp":"${isoTime(time)}","level":"${level.toUpperCase()}"`)
    headTime = time
    headLevel = level
  }
  return writeBytes(bytes, at, head)
}

let head = Buffer.alloc(0)
let headTime = Number.NaN
let headLevel: LogLevel.Severity = "Info"

// nothing for an object without keys
const writePart = (bytes: Buffer, at: number, key: Buffer, part: LogFields): number => {
  const start = writeBytes(bytes, at, key)
  const end = writeObject(bytes, start, part)
  return end === start + "{}".length ? at : end
}

// One context is shared by many records.
const writtenContexts = new WeakMap<LogContext, Buffer>()

const writeContext = (bytes: Buffer, at: number, context: LogContext): number => {
  const cached = writtenContexts.get(context)
  if (cached !== undefined) return writeBytes(bytes, at, cached)
  const end = writePart(bytes, at, keys.context, { ...context })
  if (end <= bytes.length && isFixed(context)) {
    writtenContexts.set(context, Buffer.from(bytes.subarray(at, end)))
  }
  return end
}

const errorKeys = {
  type: Buffer.from(`{"type":`),
  message: Buffer.from(`,"message":`),
  stack: Buffer.from(`,"stack":`),
  kind: Buffer.from(`,"kind":`),
  fields: Buffer.from(`,"fields":`),
  cause: Buffer.from(`,"cause":`),
  others: Buffer.from(`,"others":[`),
  other: Buffer.from(","),
  othersEnd: Buffer.from("]")
}

const writeError = (bytes: Buffer, at: number, error: LogError): number => {
  let end = writeQuoted(bytes, writeBytes(bytes, at, errorKeys.type), error.type)
  end = writeQuoted(bytes, writeBytes(bytes, end, errorKeys.message), error.message)
  if (error.stack !== undefined) end = writeQuoted(bytes, writeBytes(bytes, end, errorKeys.stack), error.stack)
  if (error.kind !== undefined) end = writeQuoted(bytes, writeBytes(bytes, end, errorKeys.kind), error.kind)
  if (error.fields !== undefined) end = writeObject(bytes, writeBytes(bytes, end, errorKeys.fields), error.fields)
  if (error.cause !== undefined) end = writeError(bytes, writeBytes(bytes, end, errorKeys.cause), error.cause)
  if (error.others !== undefined) {
    end = writeBytes(bytes, end, errorKeys.others)
    for (let i = 0; i < error.others.length; i++) {
      if (i > 0) end = writeBytes(bytes, end, errorKeys.other)
      end = writeError(bytes, end, error.others[i]!)
    }
    end = writeBytes(bytes, end, errorKeys.othersEnd)
  }
  return writeBytes(bytes, end, closing)
}

const writeGap = (bytes: Buffer, at: number, { lost, reasons, since }: LogGap): number =>
  writeObject(bytes, at, { lost, since: isoTime(since), reasons })
