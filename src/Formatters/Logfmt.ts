/**
 * Lines of `key=value` pairs.
 */
import type { Formatter } from "../Pipeline.ts"
import type { LogError, LogFields, LogValue } from "../Record.ts"
import { eventOf } from "../Record.ts"
import { valueText } from "./JsonBytes.ts"
import { quote } from "./JsonText.ts"
import { escapeText } from "./Text.ts"
import { isoTime } from "./Time.ts"

/**
 * One line of logfmt, as https://pkg.go.dev/github.com/go-logfmt/logfmt and https://pkg.go.dev/github.com/kr/logfmt
 * read it (Grafana Loki, Heroku, Vector):
 *
 * `time=2026-11-21T08:00:00.123Z level=info logger=auth msg="card paid" orderId=7 requestId=r-1 span.db=12ms seq=42`
 *
 * - Order: time, level, logger, msg, event, fields, context, spans, error, trace_id, span_id, fiber, seq, gap, notes.
 * - Objects are flattened with dots (`user.id=7`), lists are compact JSON (`ids=[1,2]`).
 * - A field that would read as one of the line's own keys (`level`, `error.type`, in any case) is prefixed:
 *   `fields.level`.
 * - In keys, space, `=`, `"` and U+FFFD become `_`, controls are escaped; an empty key is `_`.
 * - A value stands bare unless it is empty, is the text `null`, or has a space, `=`, `"`, a control, U+FFFD or a
 *   character above U+FFFF in it; then it is a JSON string, with the controls of bidirectional text escaped too.
 * - The whole error is there: `error.type`, `error.message`, `error.stack`, `error.cause.type`, `error.others.0.type`.
 */
export const logfmt: Formatter = (record) => {
  const pairs = [`time=${isoTime(record.time)}`, `level=${record.level.toLowerCase()}`]
  add(pairs, "logger", record.logger)
  add(pairs, "msg", record.message)
  add(pairs, "event", eventOf(record))
  for (const [name, value] of Object.entries(record.fields)) add(pairs, fieldKey(name), value)
  for (const [name, value] of Object.entries(record.context)) add(pairs, toKey(name), value)
  for (const [label, ms] of Object.entries(record.spans ?? {})) add(pairs, `span.${toKey(label)}`, `${ms}ms`)
  if (record.error !== undefined) addError(pairs, "error", record.error)
  add(pairs, "trace_id", record.traceId)
  add(pairs, "span_id", record.spanId)
  add(pairs, "fiber", record.fiber)
  add(pairs, "seq", record.seq)
  if (record.gap !== undefined) add(pairs, "gap", { ...record.gap, since: isoTime(record.gap.since) })
  if (record.notes !== undefined && record.notes.length > 0) add(pairs, "notes", record.notes.join(","))
  return pairs.join(" ")
}

type Pairs = Array<string>

const add = (pairs: Pairs, key: string, value: LogValue | undefined): void => {
  if (value === undefined) return
  const entries = isObject(value) ? Object.entries(value) : []
  if (entries.length === 0) pairs.push(`${key}=${toText(value)}`)
  for (const [name, item] of entries) add(pairs, `${key}.${toKey(name)}`, item)
}

const addError = (pairs: Pairs, key: string, error: LogError): void => {
  const { cause, others, ...own } = error
  for (const [name, value] of Object.entries(own)) add(pairs, `${key}.${name}`, value)
  if (cause !== undefined) addError(pairs, `${key}.cause`, cause)
  others?.forEach((other, index) => addError(pairs, `${key}.others.${index}`, other))
}

const isObject = (value: LogValue): value is LogFields =>
  typeof value === "object" && value !== null && !Array.isArray(value)

const toKey = (name: string): string => {
  if (name === "") return "_"
  return special.test(name) ? escapeText(name).replace(/[ ="\ufffd]/g, "_") : name
}

// the first part of each key that the line itself uses, in lower case
const ownKeys: ReadonlySet<string> = new Set(
  "time level logger msg event fields service version environment host requestid userid custom".split(" ")
    .concat("span error trace_id span_id fiber seq gap notes".split(" "))
)

const fieldKey = (name: string): string => {
  const key = toKey(name)
  return ownKeys.has(key.toLowerCase().split(".", 1)[0]!) ? `fields.${key}` : key
}

const toText = (value: LogValue): string => {
  if (typeof value !== "string") return toBare(valueText(value))
  return value === "" || value === "null" ? quote(value) : toBare(value)
}

const toBare = (text: string): string => special.test(text) ? escapeText(quote(text)) : text

// what ends a key or a bare value, is taken for a broken byte, or may have to be escaped
const special = /[\x00-\x20"=\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufffd]/
