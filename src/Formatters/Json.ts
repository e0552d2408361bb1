/**
 * The JSON line, version 1. `JsonLine` is its schema and reads it back.
 */
import type * as LogLevel from "effect/LogLevel"
import type { Formatter } from "../Pipeline.ts"
import type { LogContext, LogError, LogFields, LogGap } from "../Record.ts"
import { emptyContext, noFields } from "../Record.ts"
import { appendQuoted, quote, writeObject, writeValue } from "./JsonText.ts"
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
export const json: Formatter = (record) => {
  let line = writeHead(record.time, record.level)
  if (record.logger !== undefined) line += `,"logger":${quote(record.logger)}`
  line = appendQuoted(line, `,"message":`, record.message)
  if (record.fields !== noFields) line += writePart(`,"fields":`, record.fields)
  if (record.context !== emptyContext) line += writeContext(record.context)
  if (record.spans !== undefined) line += writePart(`,"spans":`, record.spans)
  if (record.error !== undefined) line += `,"error":${writeError(record.error)}`
  if (record.traceId !== undefined) line += `,"trace_id":${quote(record.traceId)}`
  if (record.spanId !== undefined) line += `,"span_id":${quote(record.spanId)}`
  if (record.fiber !== undefined) line += `,"fiber":${writeValue(record.fiber)}`
  if (record.seq !== undefined) line += `,"seq":${writeValue(record.seq)}`
  if (record.gap !== undefined) line += `,"gap":${writeGap(record.gap)}`
  if (record.notes !== undefined && record.notes.length > 0) line += `,"notes":${writeValue(record.notes)}`
  return `${line}}`
}

// Many records share their millisecond with the one before.
const writeHead = (time: number, level: LogLevel.Severity): string => {
  if (time !== headTime || level !== headLevel) {
    head = `{"timestamp":"${isoTime(time)}${levels[level]}`
    headTime = time
    headLevel = level
  }
  return head
}

let headTime = Number.NaN
let headLevel: LogLevel.Severity = "Info"
let head = ""

// from behind the timestamp to the end of the level
const levels: { readonly [L in LogLevel.Severity]: string } = {
  Trace: `","level":"TRACE"`,
  Debug: `","level":"DEBUG"`,
  Info: `","level":"INFO"`,
  Warn: `","level":"WARN"`,
  Error: `","level":"ERROR"`,
  Fatal: `","level":"FATAL"`
}

const writePart = (key: string, part: LogFields): string => {
  const text = writeObject(part)
  return text === "{}" ? "" : key + text
}

// One context is shared by many records: 10 ns instead of 300 with three keys. One that is not frozen may yet change.
const writtenContexts = new WeakMap<LogContext, string>()

const writeContext = (context: LogContext): string => {
  const cached = writtenContexts.get(context)
  if (cached !== undefined) return cached
  const text = writePart(`,"context":`, { ...context })
  if (Object.isFrozen(context)) writtenContexts.set(context, text)
  return text
}

const writeError = (error: LogError): string => {
  let text = `{"type":${quote(error.type)},"message":${quote(error.message)}`
  if (error.stack !== undefined) text += `,"stack":${quote(error.stack)}`
  if (error.kind !== undefined) text += `,"kind":${quote(error.kind)}`
  if (error.fields !== undefined) text += `,"fields":${writeObject(error.fields)}`
  if (error.cause !== undefined) text += `,"cause":${writeError(error.cause)}`
  if (error.others !== undefined) text += `,"others":[${error.others.map(writeError).join(",")}]`
  return `${text}}`
}

const writeGap = (gap: LogGap): string =>
  `{"lost":${writeValue(gap.lost)},"since":"${isoTime(gap.since)}","reasons":${writeObject(gap.reasons)}}`
