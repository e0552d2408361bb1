/**
 * What the options of a layer and of a sink may be, as Schemas whose issues become errors that name the field.
 */
import * as Data from "effect/Data"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as LogLevel from "effect/LogLevel"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import * as Schema from "effect/Schema"
import * as SchemaIssue from "effect/SchemaIssue"
import { isStage } from "./Pipeline.ts"
import { isSink } from "./Sinks/Sink.ts"

/**
 * An option has a value that it does not allow. `field` is its path (`queue.capacity`, `sinks[1].batch.size`), and
 * the message says what is allowed.
 */
export class ConfigInvalid extends Data.TaggedError("ConfigInvalid")<{
  readonly field: string
  readonly message: string
}> {}

/**
 * An error about `field`.
 */
export const invalid = (field: string, wrong: string): ConfigInvalid =>
  new ConfigInvalid({ field, message: `${field}: ${wrong}` })

/**
 * An option that has to be there.
 */
export const required = (expected: string, predicate: (u: unknown) => boolean) =>
  Schema.Unknown.check(Schema.makeFilter(predicate, { message: `expected ${expected}` }))
    .annotateKey({ messageMissingKey: `expected ${expected}` })

/**
 * An option that may be left out, or `undefined`.
 */
export const allowed = (expected: string, predicate: (u: unknown) => boolean) =>
  Schema.optional(required(expected, predicate))

/**
 * Options, and no other ones. `others`: what else there may be.
 */
export const object = (fields: { readonly [key: string]: Schema.Codec<unknown> }, others = "") => {
  const messageUnexpectedKey = `there is no such option; expected one of ${Object.keys(fields).join(", ")}${others}`
  return Schema.Struct(fields).annotate({ message: "expected an object", messageUnexpectedKey })
}

/**
 * Options below one name.
 */
export const group = (fields: { readonly [key: string]: Schema.Codec<unknown> }) =>
  Schema.optionalKey(Schema.UndefinedOr(object(fields)).annotate({ message: "expected an object" }))

/**
 * Whether it is an integer above zero.
 */
export const isPositiveInteger = (u: unknown): boolean => Number.isSafeInteger(u) && (u as number) > 0

/**
 * Whether it is a duration of at least `min` milliseconds; with `infinite`, an endless one too.
 */
export const isDuration = (u: unknown, min: number, infinite: boolean): boolean => {
  if (u === undefined || readsAsZero(u)) return false
  const duration = Duration.fromInput(u as Duration.Input)
  if (Option.isNone(duration)) return false
  const millis = Duration.toMillis(duration.value)
  return millis >= min && (infinite || Number.isFinite(millis))
}

const units = ["weeks", "days", "hours", "minutes", "seconds", "milliseconds", "microseconds", "nanoseconds"]

// Effect takes NaN, and units that there are not, for zero.
const readsAsZero = (u: unknown): boolean => {
  if (typeof u !== "object" || u === null || Duration.isDuration(u)) return Number.isNaN(u)
  if (Array.isArray(u)) return u.some(Number.isNaN)
  const parts = Object.entries(u)
  return parts.length === 0 || parts.some(([unit, n]) => !units.includes(unit) || !Number.isFinite(n ?? 0))
}

// what options of several kinds are
export const positiveInteger = allowed("a positive integer", isPositiveInteger)
const naturalNumber = allowed("an integer of 0 or more", (u) => Number.isSafeInteger(u) && (u as number) >= 0)
/**
 * A duration above zero.
 */
export const someTime = allowed(
  "a duration above zero, such as \"10 seconds\"",
  (u) => isDuration(u, Number.MIN_VALUE, false)
)
const anyTime = allowed("a duration of zero or more, such as \"100 millis\"", (u) => isDuration(u, 0, false))
export const someOrAllTime = allowed(
  "a duration above zero, such as \"1 second\"",
  (u) => isDuration(u, Number.MIN_VALUE, true)
)
/**
 * A function.
 */
export const func = allowed("a function", Predicate.isFunction)
/**
 * A string that is not empty.
 */
export const text = allowed("a string that is not empty", (u) => typeof u === "string" && u.length > 0)
/**
 * Whether it is the name of a level.
 */
export const isLevel = (u: unknown): boolean => LogLevel.values.includes(u as LogLevel.LogLevel)
/**
 * The names of all levels, for messages.
 */
export const levelNames = LogLevel.values.map((level) => `"${level}"`).join(", ")
export const level = allowed(`one of ${levelNames}`, isLevel)
const oneOf = (...values: ReadonlyArray<string>) =>
  allowed(`one of ${values.map((value) => `"${value}"`).join(", ")}`, (u) => values.includes(u as string))

const queueFields = {
  capacity: positiveInteger,
  maxBytes: positiveInteger,
  strategy: oneOf("sliding", "dropping", "backpressure"),
  protect: allowed(`a filter, or one of ${levelNames}`, (u) => Predicate.isFunction(u) || isLevel(u)),
  overdraft: naturalNumber,
  maxWait: someOrAllTime
}

const batchFields = { size: positiveInteger, linger: anyTime }

const retryFields = { initial: someTime, max: someTime, maxAttempts: positiveInteger }

const breakerFields = { failures: positiveInteger, probeAfter: someTime }

const sinkFields = {
  name: text,
  minimumLevel: level,
  filter: func,
  format: func,
  queue: group(queueFields),
  batch: group(batchFields),
  timeout: someTime,
  retry: group(retryFields),
  fallback: text,
  breaker: group(breakerFields),
  deadLetter: text,
  onOpenFailure: oneOf("fail", "retry")
}

const contextFields = {
  service: text,
  version: text,
  environment: text,
  host: text,
  requestId: text,
  userId: text,
  custom: allowed("an object", Predicate.isObject)
}

const limitFields = {
  recordBytes: positiveInteger,
  stringLength: positiveInteger,
  // what walks a record afterwards walks no deeper
  depth: allowed("an integer from 1 to 64", (u) => isPositiveInteger(u) && (u as number) <= 64),
  keys: positiveInteger,
  items: positiveInteger
}

const layerFields = {
  context: group(contextFields),
  minimumLevel: level,
  levelFloor: level,
  stages: allowed(
    "an array of stages, or of Effects that build one",
    (u) => Array.isArray(u) && u.every((stage) => isStage(stage) || Effect.isEffect(stage))
  ),
  // its options name the field by themselves
  redact: Schema.optional(Schema.Unknown),
  queue: sinkFields.queue,
  batch: sinkFields.batch,
  limits: group(limitFields),
  drainTimeout: someTime,
  onClose: func,
  sinks: required("an array of sinks", (u) => Array.isArray(u) && u.every(isSink))
}

const formatIssue = SchemaIssue.makeFormatterStandardSchemaV1()

/**
 * Makes a check of options: what is wrong with them, if anything is. It names the field from `at` on.
 */
export const decoder = (schema: Schema.Codec<unknown>) => {
  const decode = Schema.decodeUnknownExit(schema, { onExcessProperty: "error" })
  return (input: unknown, at: string): ConfigInvalid | undefined => {
    const exit = decode(input)
    if (Exit.isSuccess(exit)) return undefined
    const reason = exit.cause.reasons[0]
    const issue = reason?._tag === "Fail" && Schema.isSchemaError(reason.error)
      ? formatIssue(reason.error.issue).issues[0]
      : undefined
    const path = [...(at === "" ? [] : [at]), ...(issue?.path ?? []).map(String)].join(".")
    return invalid(path === "" ? "config" : path, issue?.message ?? "it cannot be read")
  }
}

/**
 * What is wrong with the options of a layer.
 */
export const checkLayer = decoder(object(layerFields))

/**
 * What is wrong with the options of a sink, beside those that only its kind has.
 */
export const checkSink = decoder(object(sinkFields, ", or an own one of this kind of sink"))
