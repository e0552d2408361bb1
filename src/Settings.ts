/**
 * The options of a layer, checked, with every default filled in. Pure: from what a user wrote to what the other
 * modules read, or to an error that names the field and says what it allows.
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
import type { Filter, Formatter } from "./Pipeline.ts"
import { isStage } from "./Pipeline.ts"
import * as Redaction from "./Redaction.ts"
import type { AnySink, BatchOptions, QueueOptions, Strategy } from "./Sinks/Sink.ts"
import { isSink } from "./Sinks/Sink.ts"
import type { Limits } from "./Snapshot.ts"
import { defaultLimits } from "./Snapshot.ts"

/**
 * An option has a value that it does not allow. `field` is its path (`queue.capacity`, `sinks[1].batch.size`), and
 * the message says what is allowed.
 */
export class ConfigInvalid extends Data.TaggedError("ConfigInvalid")<{
  readonly field: string
  readonly message: string
}> {}

/**
 * The settings of one sink.
 */
export interface SinkSettings {
  readonly name: string
  /** `undefined`: the layer's. */
  readonly minimumLevel: LogLevel.LogLevel | undefined
  readonly filter: Filter | undefined
  /** `undefined`: what the open sink prefers. */
  readonly format: Formatter | undefined
  readonly capacity: number
  readonly maxBytes: number
  readonly strategy: Strategy
  readonly protect: LogLevel.LogLevel | Filter
  readonly overdraft: number
  readonly maxWait: Duration.Duration | undefined
  readonly batchSize: number
  /** Milliseconds, 0 for none. */
  readonly linger: number
  readonly timeout: Duration.Duration
  readonly retryInitial: Duration.Duration
  readonly retryMax: Duration.Duration
  readonly maxAttempts: number
  readonly onOpenFailure: "fail" | "retry"
}

/**
 * The settings of a layer, beside those of its sinks.
 */
export interface LayerSettings {
  readonly minimumLevel: LogLevel.LogLevel | undefined
  readonly levelFloor: LogLevel.LogLevel
  readonly limits: Limits
  readonly drainTimeout: Duration.Duration
}

// -----------------------------------------------------------------------------
// what is allowed
// -----------------------------------------------------------------------------

const required = (expected: string, predicate: (u: unknown) => boolean) =>
  Schema.Unknown.check(Schema.makeFilter(predicate, { message: `expected ${expected}` }))
    .annotateKey({ messageMissingKey: `expected ${expected}` })

const allowed = (expected: string, predicate: (u: unknown) => boolean) => Schema.optional(required(expected, predicate))

// `others`: what else there may be.
const object = (fields: { readonly [key: string]: Schema.Codec<unknown> }, others = "") => {
  const messageUnexpectedKey = `there is no such option; expected one of ${Object.keys(fields).join(", ")}${others}`
  return Schema.Struct(fields).annotate({ message: "expected an object", messageUnexpectedKey })
}

const group = (fields: { readonly [key: string]: Schema.Codec<unknown> }) =>
  Schema.optionalKey(Schema.UndefinedOr(object(fields)).annotate({ message: "expected an object" }))

const isPositiveInteger = (u: unknown): boolean => Number.isSafeInteger(u) && (u as number) > 0

const isDuration = (u: unknown, min: number, infinite: boolean): boolean => {
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

const positiveInteger = allowed("a positive integer", isPositiveInteger)
const naturalNumber = allowed("an integer of 0 or more", (u) => Number.isSafeInteger(u) && (u as number) >= 0)
const someTime = allowed("a duration above zero, such as \"10 seconds\"", (u) => isDuration(u, Number.MIN_VALUE, false))
const anyTime = allowed("a duration of zero or more, such as \"100 millis\"", (u) => isDuration(u, 0, false))
const someOrAllTime = allowed(
  "a duration above zero, such as \"1 second\"",
  (u) => isDuration(u, Number.MIN_VALUE, true)
)
const func = allowed("a function", Predicate.isFunction)
const text = allowed("a string that is not empty", (u) => typeof u === "string" && u.length > 0)
const isLevel = (u: unknown): boolean => LogLevel.values.includes(u as LogLevel.LogLevel)
const levelNames = LogLevel.values.map((level) => `"${level}"`).join(", ")
const level = allowed(`one of ${levelNames}`, isLevel)
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

const sinkFields = {
  name: text,
  minimumLevel: level,
  filter: func,
  format: func,
  queue: group(queueFields),
  batch: group(batchFields),
  timeout: someTime,
  retry: group(retryFields),
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
  redact: allowed("an array of strings", Array.isArray),
  queue: sinkFields.queue,
  batch: sinkFields.batch,
  limits: group(limitFields),
  drainTimeout: someTime,
  onClose: func,
  sinks: required("an array of sinks", (u) => Array.isArray(u) && u.every(isSink))
}

const formatIssue = SchemaIssue.makeFormatterStandardSchemaV1()

const decoder = (schema: Schema.Codec<unknown>) => {
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

const checkLayer = decoder(object(layerFields))
const checkSink = decoder(object(sinkFields, ", or an own one of this kind of sink"))

/**
 * An error about `field`.
 */
export const invalid = (field: string, wrong: string): ConfigInvalid =>
  new ConfigInvalid({ field, message: `${field}: ${wrong}` })

// -----------------------------------------------------------------------------
// what is in force
// -----------------------------------------------------------------------------

/**
 * What `layer` reads of the options of a layer here. The rest is checked, and read elsewhere.
 */
export interface LayerInput {
  readonly minimumLevel?: LogLevel.LogLevel | undefined
  readonly levelFloor?: LogLevel.LogLevel | undefined
  readonly queue?: QueueOptions | undefined
  readonly batch?: BatchOptions | undefined
  readonly limits?: Partial<Limits> | undefined
  readonly drainTimeout?: Duration.Input | undefined
  readonly redact?: ReadonlyArray<string> | undefined
  readonly sinks: ReadonlyArray<AnySink>
}

/**
 * The settings of a layer, or what is wrong with its options.
 */
export const layer = (input: LayerInput): LayerSettings | ConfigInvalid =>
  checkLayer(input, "") ?? checkRedact(input.redact) ?? {
    minimumLevel: input.minimumLevel,
    levelFloor: input.levelFloor ?? "All",
    limits: { ...defaultLimits, ...given(input.limits) },
    drainTimeout: duration(input.drainTimeout, "10 seconds")
  }

/**
 * What is wrong with stages that Effects built, whose result the options do not show.
 */
export const built = (stages: ReadonlyArray<unknown>): ConfigInvalid | undefined => {
  const index = stages.findIndex((stage) => !isStage(stage))
  return index < 0 ? undefined : invalid(`stages[${index}]`, "expected a stage, or an Effect that builds one")
}

const checkRedact = (paths: ReadonlyArray<string> = []): ConfigInvalid | undefined => {
  const wrong = Redaction.validate(paths)
  return wrong === undefined ? undefined : new ConfigInvalid({ field: "redact", message: wrong })
}

/**
 * The settings of every sink of a layer, or what is wrong with the options of one. A sink without a name gets its
 * kind as its name; a second one of that kind gets `-2`, and so on.
 */
export const sinks = (input: LayerInput): ReadonlyArray<SinkSettings> | ConfigInvalid => {
  const taken = new Set<string>()
  for (const [index, { options, wrong: [wrong] }] of input.sinks.entries()) {
    const invalidOption = checkSink(options, `sinks[${index}]`)
    if (invalidOption !== undefined) return invalidOption
    if (wrong !== undefined) return invalid(`sinks[${index}].${wrong.field}`, wrong.message)
    if (options.name === undefined) continue
    if (taken.has(options.name)) {
      return invalid(`sinks[${index}].name`, `the name "${options.name}" is given to two sinks`)
    }
    taken.add(options.name)
  }
  return input.sinks.map((sink) => {
    const name = sink.options.name ?? freeName(sink.kind, taken)
    taken.add(name)
    return sinkSettings(sink, name, input)
  })
}

const freeName = (kind: string, taken: ReadonlySet<string>): string => {
  let name = kind
  for (let n = 2; taken.has(name); n++) name = `${kind}-${n}`
  return name
}

const sinkSettings = ({ batchSize, options }: AnySink, name: string, defaults: LayerInput): SinkSettings => {
  const queue = { ...defaults.queue, ...given(options.queue) }
  const batch = { ...defaults.batch, ...given(options.batch) }
  const capacity = queue.capacity ?? 16_384
  return {
    name,
    minimumLevel: options.minimumLevel,
    filter: options.filter,
    format: options.format,
    capacity,
    maxBytes: queue.maxBytes ?? 64 * 1024 * 1024,
    strategy: queue.strategy ?? "sliding",
    protect: queue.protect ?? "Error",
    overdraft: queue.overdraft ?? capacity,
    maxWait: queue.maxWait === undefined ? undefined : Duration.fromInputUnsafe(queue.maxWait),
    batchSize: batch.size ?? batchSize,
    linger: batch.linger === undefined ? 0 : Duration.toMillis(batch.linger),
    timeout: duration(options.timeout, "30 seconds"),
    retryInitial: duration(options.retry?.initial, "200 millis"),
    retryMax: duration(options.retry?.max, "30 seconds"),
    maxAttempts: options.retry?.maxAttempts ?? Number.POSITIVE_INFINITY,
    onOpenFailure: options.onOpenFailure ?? "fail"
  }
}

// An option that is `undefined` is one that is left out.
const given = <A extends object>(options: A | undefined): Partial<A> =>
  Object.fromEntries(Object.entries(options ?? {}).filter(([, value]) => value !== undefined)) as Partial<A>

const duration = (input: Duration.Input | undefined, otherwise: Duration.Input): Duration.Duration =>
  Duration.fromInputUnsafe(input ?? otherwise)
