/**
 * The JSON line, version 1, from the reader's side: its schema, and the way back to a `LogRecord`.
 *
 * `Formatters.json` writes it. Keys may be added to the version, and a reader ignores those it does not know; what
 * breaks a reader is another version.
 */
import * as Data from "effect/Data"
import type * as JsonSchema from "effect/JsonSchema"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as SchemaTransformation from "effect/SchemaTransformation"
import { isoTime } from "./Formatters/Time.ts"
import type { LogContext, LogError, LogFields, LogGap, LogNote, LogRecord } from "./Record.ts"
import * as Record from "./Record.ts"

/**
 * The object that a line is, before it is read. What the keys mean is said at `LogRecord`.
 */
export interface Line {
  readonly timestamp: string
  readonly level: "TRACE" | "DEBUG" | "INFO" | "WARN" | "ERROR" | "FATAL"
  readonly logger?: string
  readonly message: string
  readonly event?: string
  readonly fields?: LogFields
  readonly context?: LogContext
  readonly spans?: { readonly [label: string]: number }
  readonly error?: LineError
  readonly trace_id?: string
  readonly span_id?: string
  readonly fiber?: number
  readonly seq?: number
  readonly gap?: Omit<LogGap, "since"> & { readonly since: string }
  readonly notes?: ReadonlyArray<LogNote>
}

/**
 * An error in a line.
 */
export interface LineError {
  readonly type: string
  readonly message: string
  readonly stack?: string
  readonly kind?: "fail" | "die" | "interrupt"
  readonly fields?: LogFields
  readonly cause?: LineError
  readonly others?: ReadonlyArray<LineError>
}

// undefined in the record, no key in the line
const orUndefined = <A, I>(schema: Schema.Codec<A, I>) =>
  Schema.optionalKey(schema).pipe(
    Schema.decodeTo(
      Schema.UndefinedOr(Schema.toType(schema)),
      SchemaTransformation.transformOptional<A | undefined, A>({
        decode: (value) => Option.some(Option.getOrUndefined(value)),
        encode: Option.filter((value) => value !== undefined)
      })
    )
  )

// empty in the record, no key in the line
const orEmpty = <A extends object, I>(schema: Schema.Codec<A, I>, empty: A) =>
  Schema.optionalKey(schema).pipe(
    Schema.decodeTo(
      Schema.toType(schema),
      SchemaTransformation.transformOptional<A, A>({
        decode: (value) => Option.some(Option.getOrElse(value, () => empty)),
        encode: Option.filter((value) => Object.keys(value).length > 0)
      })
    )
  )

const Timestamp = Schema.String.check(
  Schema.isPattern(/^(\d{4}|[+-]\d{6})-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$/u),
  Schema.makeFilter((text) => isoTime(Date.parse(text)) === text, { expected: "a time of the calendar" })
).pipe(
  Schema.decodeTo(Schema.Finite, SchemaTransformation.transform({ decode: Date.parse, encode: isoTime }))
)

const Level = Schema.Literals(["TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"])
  .transform(["Trace", "Debug", "Info", "Warn", "Error", "Fatal"])

const ErrorOfLine: Schema.Codec<LogError, LineError> = Schema.Struct({
  type: Schema.String,
  message: Schema.String,
  stack: orUndefined(Schema.String),
  kind: orUndefined(Schema.Literals(["fail", "die", "interrupt"])),
  fields: orUndefined(Record.LogFields),
  cause: orUndefined(Schema.suspend(() => ErrorOfLine)),
  others: orUndefined(Schema.Array(Schema.suspend(() => ErrorOfLine)))
}).annotate({ identifier: "LogError" })

const Gap = Schema.Struct({
  lost: Schema.Finite,
  since: Timestamp,
  reasons: Schema.Record(Schema.String, Schema.Finite)
})

/**
 * Schema of a line: decodes the parsed object into a `LogRecord` of the fixed shape, encodes a `LogRecord` into the
 * object. Keys that it does not know are passed over. Times have whole milliseconds.
 */
export const schema: Schema.Codec<LogRecord, Line> = Schema.Struct({
  time: Timestamp,
  level: Level,
  logger: orUndefined(Schema.String),
  message: Schema.String,
  event: Schema.optionalKey(Schema.String),
  fields: orEmpty(Record.LogFields, Record.noFields),
  context: orEmpty(Record.LogContext, Record.emptyContext),
  spans: orUndefined(Schema.Record(Schema.String, Schema.Finite)),
  error: orUndefined(ErrorOfLine),
  traceId: orUndefined(Schema.String),
  spanId: orUndefined(Schema.String),
  fiber: orUndefined(Schema.Finite),
  seq: orUndefined(Schema.Finite),
  gap: orUndefined(Gap),
  notes: orUndefined(Schema.Array(Record.LogNote))
}).pipe(Schema.encodeKeys({ time: "timestamp", traceId: "trace_id", spanId: "span_id" }))

/**
 * A text is no line of version 1. `message` says where.
 */
export class JsonLineInvalid extends Data.TaggedError("JsonLineInvalid")<{
  readonly message: string
}> {}

/**
 * The record of a line.
 */
export const decode = (line: string): Result.Result<LogRecord, JsonLineInvalid> =>
  Result.try({
    // objects nested a few thousand deep exhaust the stack, in `JSON.parse` as in the schema
    try: () => decodeObject(JSON.parse(line)),
    catch: (error) => new JsonLineInvalid({ message: error instanceof Error ? error.message : String(error) })
  })

const decodeObject = Schema.decodeUnknownSync(schema)

/**
 * The JSON Schema of a line (draft 2020-12). It ships with the package as `schema/json-line-v1.schema.json`.
 */
export const jsonSchema = (): JsonSchema.JsonSchema => {
  const document = Schema.toJsonSchemaDocument(schema)
  return {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    title: "effect-async-logging JSON line, version 1",
    ...document.schema,
    $defs: document.definitions
  }
}
