/**
 * Generated records, for the property tests.
 *
 * Every value is one that a snapshot can make: numbers are finite, what is empty is undefined (spans, notes), times
 * are whole milliseconds. So a line that is read back has to be equal.
 */
import * as fc from "fast-check"
import type { LogContext, LogError, LogFields, LogGap, LogNote, LogRecord, LogValue } from "../src/Record.ts"
import { assignUnsafe } from "../src/Record.ts"

const hostilePart = fc.constantFrom(
  "\n",
  "\r\n",
  "\t",
  "\u0000",
  "\u001b[31m",
  "\u001b]0;title\u0007",
  "\u009b2J",
  "\u007f",
  "\u0085",
  "\u2028",
  "\u2029",
  "\u202e",
  "\u2066",
  "\ud800",
  "\udc00",
  "😀",
  "\ufffd",
  "\ufeff",
  "\"",
  "\\",
  "\\u000a",
  "=",
  " ",
  " level=error ",
  "\n{\"level\":\"ERROR\"}\n",
  "{",
  "}",
  "é",
  "word"
)

/**
 * Strings with what breaks lines, drives terminals, ends keys, or is half a character.
 */
export const hostileString: fc.Arbitrary<string> = fc.oneof(
  fc.array(fc.oneof(hostilePart, fc.string({ maxLength: 5 })), { maxLength: 6 }).map((parts) => parts.join("")),
  fc.string({ unit: "binary", maxLength: 20 }),
  fc.array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 10 }).map((units) => String.fromCharCode(...units))
)

const key: fc.Arbitrary<string> = fc.oneof(
  { weight: 4, arbitrary: fc.string({ minLength: 1, maxLength: 8 }) },
  {
    weight: 2,
    arbitrary: fc.constantFrom(
      "__proto__",
      "constructor",
      "toJSON",
      "hasOwnProperty",
      "10",
      "2",
      "-1",
      "",
      "level",
      "LEVEL",
      "msg",
      "time",
      "error.type",
      "a.b"
    )
  },
  hostileString
)

const dictionary = <A>(value: fc.Arbitrary<A>, minLength = 0): fc.Arbitrary<{ readonly [key: string]: A }> =>
  fc.uniqueArray(fc.tuple(key, value), { minLength, maxLength: 5, selector: ([key]) => key }).map((entries) => {
    const out: { [key: string]: A } = {}
    for (const [key, value] of entries) assignUnsafe(out, key, value)
    return out
  })

const string = fc.oneof(fc.string(), hostileString)

// JSON has no negative zero
const number = fc.oneof(fc.integer(), fc.double({ noNaN: true, noDefaultInfinity: true }))
  .map((value) => value === 0 ? 0 : value)

const values = fc.letrec<{ value: LogValue; fields: LogFields }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    fc.constant(null),
    fc.boolean(),
    number,
    string,
    fc.array(tie("value"), { maxLength: 4 }),
    tie("fields")
  ),
  fields: dictionary(tie("value"))
}))

/**
 * Any value of a field.
 */
export const logValue: fc.Arbitrary<LogValue> = values.value

/**
 * Fields, with names such as `__proto__`, `level` and `10`, and nested values.
 */
export const logFields: fc.Arbitrary<LogFields> = values.fields

const orUndefined = <A>(arbitrary: fc.Arbitrary<A>): fc.Arbitrary<A | undefined> =>
  fc.option(arbitrary, { nil: undefined, freq: 2 })

/**
 * Contexts, frozen as those of the library.
 */
export const logContext: fc.Arbitrary<LogContext> = fc.record(
  {
    service: string,
    version: string,
    environment: string,
    host: string,
    requestId: string,
    userId: string,
    custom: logFields
  },
  { requiredKeys: [], noNullPrototype: true }
).map((context) => Object.freeze(context))

/**
 * Errors, with chains of causes and further errors.
 */
export const logError: fc.Arbitrary<LogError> = fc.letrec<{ error: LogError }>((tie) => ({
  error: fc.record({
    type: string,
    message: string,
    stack: orUndefined(fc.oneof(string, string.map((text) => `Error: ${text}\n    at f (a.ts:1:2)\n    at ${text}`))),
    kind: fc.constantFrom("fail" as const, "die" as const, "interrupt" as const, undefined),
    fields: orUndefined(logFields),
    cause: fc.option(tie("error"), { nil: undefined, freq: 1, maxDepth: 3 }),
    others: fc.option(fc.array(tie("error"), { maxLength: 2 }), { nil: undefined, freq: 1, maxDepth: 2 })
  }, { noNullPrototype: true })
})).error

const time = fc.oneof(
  fc.integer({ min: 1.7e12, max: 1.9e12 }),
  fc.integer({ min: -1e5, max: 1e5 }),
  fc.maxSafeInteger().map((at) => at % 8.64e15 + 0)
)

const note: fc.Arbitrary<LogNote> = fc.constantFrom(
  "truncated",
  "unprintable",
  "enricher_failed",
  "filter_failed",
  "gate_failed",
  "redactor_failed",
  "formatter_failed",
  "event_invalid",
  "repeated"
)

const logGap: fc.Arbitrary<LogGap> = fc.record(
  { lost: fc.nat(), since: time, reasons: dictionary(fc.nat()) },
  { noNullPrototype: true }
)

/**
 * Records of every shape. Only those of an event have the key `event`.
 */
export const logRecord: fc.Arbitrary<LogRecord> = fc.record({
  time,
  level: fc.constantFrom("Trace", "Debug", "Info", "Warn", "Error", "Fatal"),
  logger: orUndefined(string),
  message: string,
  fields: logFields,
  context: logContext,
  spans: orUndefined(dictionary(fc.oneof(fc.nat(), number), 1)),
  error: orUndefined(logError),
  traceId: orUndefined(string),
  spanId: orUndefined(string),
  fiber: orUndefined(fc.nat()),
  seq: orUndefined(fc.nat()),
  gap: orUndefined(logGap),
  notes: orUndefined(fc.uniqueArray(note, { minLength: 1 })),
  event: string
}, {
  noNullPrototype: true,
  requiredKeys: [
    "time",
    "level",
    "logger",
    "message",
    "fields",
    "context",
    "spans",
    "error",
    "traceId",
    "spanId",
    "fiber",
    "seq",
    "gap",
    "notes"
  ]
})
