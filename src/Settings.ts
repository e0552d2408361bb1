/**
 * The options of a layer, checked, with every default filled in. Pure: from what a user wrote to what the other
 * modules read, or to an error that names the field and says what it allows.
 */
import * as Duration from "effect/Duration"
import type * as LogLevel from "effect/LogLevel"
import type { Filter, Formatter } from "./Pipeline.ts"
import { isStage } from "./Pipeline.ts"
import type * as Redaction from "./Redaction.ts"
import * as RedactionOptions from "./Redaction/Options.ts"
import { checkLayer, checkSink, ConfigInvalid, invalid } from "./SettingsSchema.ts"
import type { AnySink, BatchOptions, QueueOptions, Strategy } from "./Sinks/Sink.ts"
import type { Limits } from "./Snapshot.ts"
import { defaultLimits } from "./Snapshot.ts"

export { ConfigInvalid } from "./SettingsSchema.ts"

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
  /** Names of other sinks of the layer. */
  readonly fallback: string | undefined
  readonly deadLetter: string | undefined
  readonly breakerFailures: number
  readonly breakerProbeAfter: Duration.Duration
  /** How many sinks divert to it, one after the other. 0: it takes what is logged, otherwise it gets nothing else. */
  readonly depth: number
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
  readonly redact?: Redaction.Input | undefined
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

const checkRedact = (input: Redaction.Input | undefined): ConfigInvalid | undefined => {
  const trouble = input === undefined ? undefined : RedactionOptions.check(input)
  return trouble && new ConfigInvalid(trouble)
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
  const names = input.sinks.map((sink) => {
    const name = sink.options.name ?? freeName(sink.kind, taken)
    taken.add(name)
    return name
  })
  return checkTargets(input.sinks, names) ??
    input.sinks.map((sink, index) =>
      sinkSettings(sink, names[index]!, depthOf(input.sinks, names, names[index]!), input)
    )
}

const depthOf = (sinks: ReadonlyArray<AnySink>, names: ReadonlyArray<string>, name: string): number =>
  sinks.reduce(
    (depth, { options }, index) =>
      options.fallback === name || options.deadLetter === name
        ? Math.max(depth, 1 + depthOf(sinks, names, names[index]!))
        : depth,
    0
  )

// Where a sink diverts to has to be there, and to lead somewhere.
const checkTargets = (sinks: ReadonlyArray<AnySink>, names: ReadonlyArray<string>): ConfigInvalid | undefined => {
  const allowed = names.map((name) => `"${name}"`).join(", ")
  for (const [index, { options }] of sinks.entries()) {
    for (const key of ["fallback", "deadLetter"] as const) {
      const target = options[key]
      if (target === undefined) continue
      const field = `sinks[${index}].${key}`
      if (!names.includes(target)) return invalid(field, `there is no sink "${target}"; there are ${allowed}`)
      if (leadsTo(sinks, names, target, names[index]!, new Set())) {
        return invalid(field, `"${target}" leads back to "${names[index]!}"`)
      }
    }
    if (options.breaker !== undefined && options.fallback === undefined) {
      return invalid(`sinks[${index}].breaker`, "it has no meaning without a fallback")
    }
  }
  return undefined
}

const leadsTo = (
  sinks: ReadonlyArray<AnySink>,
  names: ReadonlyArray<string>,
  from: string,
  to: string,
  seen: Set<string>
): boolean => {
  if (from === to) return true
  if (seen.has(from)) return false
  seen.add(from)
  const options = sinks[names.indexOf(from)]?.options
  return [options?.fallback, options?.deadLetter].some((next) =>
    next !== undefined && leadsTo(sinks, names, next, to, seen)
  )
}

const freeName = (kind: string, taken: ReadonlySet<string>): string => {
  let name = kind
  for (let n = 2; taken.has(name); n++) name = `${kind}-${n}`
  return name
}

const sinkSettings = (
  { batchSize, options }: AnySink,
  name: string,
  depth: number,
  defaults: LayerInput
): SinkSettings => {
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
    fallback: options.fallback,
    deadLetter: options.deadLetter,
    breakerFailures: options.breaker?.failures ?? 5,
    breakerProbeAfter: duration(options.breaker?.probeAfter, "30 seconds"),
    depth,
    onOpenFailure: options.onOpenFailure ?? "fail"
  }
}

// An option that is `undefined` is one that is left out.
const given = <A extends object>(options: A | undefined): Partial<A> =>
  Object.fromEntries(Object.entries(options ?? {}).filter(([, value]) => value !== undefined)) as Partial<A>

const duration = (input: Duration.Input | undefined, otherwise: Duration.Input): Duration.Duration =>
  Duration.fromInputUnsafe(input ?? otherwise)
