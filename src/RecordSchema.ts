/**
 * What a record and a context look like: the types, and the Schema of each under the same name. `Record.ts` passes all
 * of it on, and is what other modules import.
 */
import type * as LogLevel from "effect/LogLevel"
import * as Schema from "effect/Schema"

/**
 * A value that JSON can carry. Numbers are finite.
 */
export type LogValue = null | boolean | number | string | ReadonlyArray<LogValue> | LogFields

/**
 * Named values.
 */
export interface LogFields {
  readonly [key: string]: LogValue
}

/**
 * An error, an Effect failure, a defect or an interruption, as data.
 *
 * - `type`: the error's `name` or `_tag`, else the name of its class.
 * - `kind`: set when it came out of an Effect `Cause`, and tells its reasons apart.
 * - `cause`: the next link of the cause chain. Chains are cut after eight links.
 * - `others`: further errors of the same call, further reasons of the same `Cause`, members of an `AggregateError`.
 * - `fields`: the error's own further properties.
 */
export interface LogError {
  readonly type: string
  readonly message: string
  readonly stack: string | undefined
  readonly kind: "fail" | "die" | "interrupt" | undefined
  readonly fields: LogFields | undefined
  readonly cause: LogError | undefined
  readonly others: ReadonlyArray<LogError> | undefined
}

/**
 * Who says it. Keys that are not listed go under `custom`; other keys do not compile.
 *
 * One context is shared, by reference, by every record that is logged under it.
 */
export interface LogContext {
  readonly service?: string
  readonly version?: string
  readonly environment?: string
  readonly host?: string
  readonly requestId?: string
  readonly userId?: string
  readonly custom?: LogFields
}

/**
 * What a sink lost before the record that carries this: how many records, since when (milliseconds since the
 * epoch), and for which reasons.
 */
export interface LogGap {
  readonly lost: number
  readonly since: number
  readonly reasons: { readonly [reason: string]: number }
}

/**
 * What the library had to do to a record that its author should know of.
 *
 * - `truncated`: a value was cut to the limits.
 * - `unprintable`: a value could not be read (a getter threw, a proxy was revoked).
 * - `enricher_failed`, `filter_failed`, `gate_failed`: that stage threw, and the record went on without it.
 * - `redactor_failed`: redaction threw; message, fields, context, spans and error were removed.
 * - `formatter_failed`: the formatter threw; the line is the minimal one.
 * - `event_invalid`: the fields of a `LogEvent` did not fit its schema, or its message could not be made from them. A field
 *   that did not fit is `"[invalid]"`, or missing.
 * - `repeated`: the process ended while the record was being written, and it could not be known whether that write would
 *   land. The line may be there twice, whole or torn the other time: `seq` tells.
 * - `suppressed`: nobody logged this line. A gate has made it, to tell of records that it did not let through.
 */
export type LogNote =
  | "truncated"
  | "unprintable"
  | "enricher_failed"
  | "filter_failed"
  | "gate_failed"
  | "redactor_failed"
  | "formatter_failed"
  | "event_invalid"
  | "repeated"
  | "suppressed"

/**
 * What happened: plain, immutable data of one fixed shape (a key with nothing in it is `undefined`, never absent; but
 * only the record of an event has an `event`).
 *
 * - `time`: milliseconds since the epoch, by the caller's `Clock`.
 * - `spans`: Effect log spans, label to elapsed milliseconds.
 * - `traceId`, `spanId`: of the caller's current tracing span.
 * - `fiber`: id of the fiber that logged.
 * - `seq`: number of the record in its layer, given when the stages let it pass; before that, the number that was
 *   next when it was made. `undefined` on lines that the library writes by itself.
 * - `event`: the name of the `LogEvent` that it is. What OpenTelemetry calls the event name of a log record.
 */
export interface LogRecord {
  readonly time: number
  readonly level: LogLevel.Severity
  readonly logger: string | undefined
  readonly message: string
  readonly fields: LogFields
  readonly context: LogContext
  readonly spans: { readonly [label: string]: number } | undefined
  readonly error: LogError | undefined
  readonly traceId: string | undefined
  readonly spanId: string | undefined
  readonly fiber: number | undefined
  readonly seq: number | undefined
  readonly gap: LogGap | undefined
  readonly notes: ReadonlyArray<LogNote> | undefined
  readonly event?: string
}

// -----------------------------------------------------------------------------
// schemas
// -----------------------------------------------------------------------------

/**
 * Schema of `LogValue`.
 */
export const LogValue: Schema.Codec<LogValue> = Schema.suspend(() =>
  Schema.Union([
    Schema.Null,
    Schema.Boolean,
    Schema.Finite,
    Schema.String,
    Schema.Array(LogValue),
    LogFields
  ])
).annotate({ identifier: "LogValue" })

/**
 * Schema of `LogFields`.
 */
export const LogFields: Schema.Codec<LogFields> = Schema.Record(Schema.String, LogValue).annotate({
  identifier: "LogFields"
})

/**
 * Schema of the level of a record.
 */
export const Level: Schema.Codec<LogLevel.Severity> = Schema.Literals([
  "Trace",
  "Debug",
  "Info",
  "Warn",
  "Error",
  "Fatal"
])

/**
 * Schema of `LogError`.
 */
export const LogError: Schema.Codec<LogError> = Schema.Struct({
  type: Schema.String,
  message: Schema.String,
  stack: Schema.UndefinedOr(Schema.String),
  kind: Schema.UndefinedOr(Schema.Literals(["fail", "die", "interrupt"])),
  fields: Schema.UndefinedOr(LogFields),
  cause: Schema.UndefinedOr(Schema.suspend((): Schema.Codec<LogError> => LogError)),
  others: Schema.UndefinedOr(Schema.Array(Schema.suspend((): Schema.Codec<LogError> => LogError)))
})

/**
 * Schema of `LogContext`.
 */
export const LogContext: Schema.Codec<LogContext> = Schema.Struct({
  service: Schema.optionalKey(Schema.String),
  version: Schema.optionalKey(Schema.String),
  environment: Schema.optionalKey(Schema.String),
  host: Schema.optionalKey(Schema.String),
  requestId: Schema.optionalKey(Schema.String),
  userId: Schema.optionalKey(Schema.String),
  custom: Schema.optionalKey(LogFields)
})

/**
 * Schema of `LogGap`.
 */
export const LogGap: Schema.Codec<LogGap> = Schema.Struct({
  lost: Schema.Finite,
  since: Schema.Finite,
  reasons: Schema.Record(Schema.String, Schema.Finite)
})

/**
 * Schema of `LogNote`.
 */
export const LogNote: Schema.Codec<LogNote> = Schema.Literals([
  "truncated",
  "unprintable",
  "enricher_failed",
  "filter_failed",
  "gate_failed",
  "redactor_failed",
  "formatter_failed",
  "event_invalid",
  "repeated",
  "suppressed"
])

/**
 * Schema of `LogRecord`.
 */
export const LogRecord: Schema.Codec<LogRecord> = Schema.Struct({
  time: Schema.Finite,
  level: Level,
  logger: Schema.UndefinedOr(Schema.String),
  message: Schema.String,
  fields: LogFields,
  context: LogContext,
  spans: Schema.UndefinedOr(Schema.Record(Schema.String, Schema.Finite)),
  error: Schema.UndefinedOr(LogError),
  traceId: Schema.UndefinedOr(Schema.String),
  spanId: Schema.UndefinedOr(Schema.String),
  fiber: Schema.UndefinedOr(Schema.Finite),
  seq: Schema.UndefinedOr(Schema.Finite),
  gap: Schema.UndefinedOr(LogGap),
  notes: Schema.UndefinedOr(Schema.Array(LogNote)),
  event: Schema.optionalKey(Schema.String)
})
