/**
 * Histories of a whole layer, as data: what it is made of, and what then happens to it. Data shrinks, prints and can
 * be kept as a regression.
 */
import type * as LogLevel from "effect/LogLevel"
import * as fc from "fast-check"
import type { GateSpec } from "./gateSpecs.ts"
import { gateSpec } from "./gateSpecs.ts"
import type { Choices } from "./scheduler.ts"
import { choices } from "./scheduler.ts"

/**
 * What one write of a sink does.
 *
 * - `Gate`: does `next` when it is released; one that is `hard` cannot be interrupted before.
 * - `Never`: nothing, for ever. `Sleep`: does `next` after so many milliseconds.
 */
export type Behaviour =
  | { readonly _tag: "Deliver" | "Fatal" | "Die" | "Throw" | "Fail" | "NoEffect" }
  | {
    readonly _tag: "Unavailable"
    readonly delivered: number | undefined
    readonly retryAfter: number | undefined
    readonly reopen: boolean
  }
  | { readonly _tag: "Rejected"; readonly indexes: ReadonlyArray<number> | undefined }
  | { readonly _tag: "Outcomes"; readonly outcomes: ReadonlyArray<"delivered" | "rejected" | "retry"> }
  | { readonly _tag: "Gate"; readonly hard: boolean; readonly next: Behaviour }
  | { readonly _tag: "Sleep"; readonly millis: number; readonly next: Behaviour }
  | { readonly _tag: "Never"; readonly hard: boolean }

/**
 * Where a sink diverts to: for either, how many sinks further than the next one, around the end of the list. Only to
 * sinks behind it, which makes no cycle; the last one diverts nothing.
 */
export interface Diverts {
  readonly fallback: number | undefined
  readonly deadLetter: number | undefined
  readonly failures: number
  readonly probeAfter: number
}

/**
 * Where a sink diverts to.
 */
export const targetsOf = (
  { sinks }: History,
  index: number
): { readonly fallback: number | undefined; readonly deadLetter: number | undefined } => {
  const { diverts } = sinks[index]!
  const behind = sinks.length - 1 - index
  const target = (further: number | undefined): number | undefined =>
    further === undefined || behind === 0 ? undefined : index + 1 + further % behind
  return { fallback: target(diverts?.fallback), deadLetter: target(diverts?.deadLetter) }
}

/**
 * The sinks that divert to this one.
 */
export const sourcesOf = (history: History, index: number): ReadonlyArray<number> =>
  [...history.sinks.keys()].filter((source) => Object.values(targetsOf(history, source)).includes(index))

/**
 * Whether others divert to this one: then it gets nothing else.
 */
export const isTarget = (history: History, index: number): boolean => sourcesOf(history, index).length > 0

/**
 * Which part of the records a sink takes that shares a target with others, by their ids: else the same record would
 * come there twice, and nobody could tell its two places apart.
 */
export const partOf = (history: History, index: number): ((id: number) => boolean) | undefined => {
  const reached = (from: number): ReadonlyArray<number> =>
    Object.values(targetsOf(history, from)).flatMap((to) => to === undefined ? [] : [to, ...reached(to)])
  const own = reached(index)
  const direct = [...history.sinks.keys()].filter((i) => !isTarget(history, i))
  if (!direct.some((i) => i !== index && reached(i).some((to) => own.includes(to)))) return undefined
  return isTarget(history, index) ? undefined : (id) => id % direct.length === direct.indexOf(index)
}

/**
 * One sink. `plan`: what its writes do, one after the other; those behind its end deliver. `every` of a filter or of a
 * protection picks the records whose id it divides.
 */
export interface SinkSpec {
  readonly strategy: "sliding" | "dropping" | "backpressure"
  readonly capacity: number
  readonly maxBytes: number | undefined
  readonly overdraft: number
  readonly maxWait: number | undefined
  readonly protect: "Error" | "None" | "throws" | { readonly every: number }
  readonly minimumLevel: LogLevel.Severity | undefined
  readonly filter: "throws" | { readonly every: number } | undefined
  readonly batchSize: number
  readonly linger: number
  readonly timeout: number
  readonly maxAttempts: number | undefined
  /** What it diverts, if there is a sink behind it. */
  readonly diverts: Diverts | undefined
  readonly plan: ReadonlyArray<Behaviour>
  readonly flush: "none" | "works" | "fails" | "hangs"
  readonly openFailures: number
  readonly closing: "works" | "fails" | "hangs"
}

/**
 * A stage. `every` picks the records whose id it divides.
 */
export type StageSpec =
  | { readonly _tag: "Drop" | "Raise" | "Rename" | "Nested"; readonly every: number }
  | { readonly _tag: "Throw"; readonly kind: "enrich" | "filter" | "gate" | "redact"; readonly every: number }
  | { readonly _tag: "Hold"; readonly capacity: number; readonly atClose: "discard" | "release" }
  | { readonly _tag: "Repeat" }
  | { readonly _tag: "Gate"; readonly gate: GateSpec }

/**
 * What somebody logs, `times` times in a row, in a fiber of its own.
 */
export interface CallSpec {
  readonly _tag: "Log"
  readonly by: "Effect.log" | "Logger" | "named" | "acknowledged"
  readonly level: LogLevel.Severity
  readonly logger: string | undefined
  /** The `MinimumLogLevel` around it. */
  readonly region: LogLevel.Severity | undefined
  readonly uninterruptible: boolean
  readonly message: string
  /** Characters of a further field. */
  readonly size: number
  readonly times: number
}

/**
 * What happens to the layer.
 */
export type Command =
  | CallSpec
  | { readonly _tag: "Run"; readonly tasks: number }
  | { readonly _tag: "Settle" | "ClosePipeline" | "Close" }
  | { readonly _tag: "Advance" | "Jump" | "Flush"; readonly millis: number }
  | { readonly _tag: "Release"; readonly sink: number }
  | { readonly _tag: "Interrupt"; readonly who: "caller" | "flush" | "close"; readonly which: number }
  | {
    readonly _tag: "SetLevel"
    readonly level: LogLevel.LogLevel | "inherit"
    readonly logger: string | undefined
    readonly sink: number | undefined
  }

/**
 * A whole history. `pipeline` are the stages of a `Pipeline.layer` around the callers. `heals`: before the close all
 * sinks work, and get the time to deliver everything.
 */
export interface History {
  readonly minimumLevel: LogLevel.Severity
  readonly sinks: ReadonlyArray<SinkSpec>
  readonly stages: ReadonlyArray<StageSpec>
  readonly pipeline: ReadonlyArray<StageSpec>
  readonly onClose: "none" | "works" | "fails" | "hangs"
  readonly closeBy: "close" | "scope"
  readonly heals: boolean
  readonly choices: Choices
  readonly commands: ReadonlyArray<Command>
}

// -----------------------------------------------------------------------------
// any history
// -----------------------------------------------------------------------------

const every = fc.integer({ min: 1, max: 4 })
const level = fc.constantFrom<LogLevel.Severity>("Info", "Info", "Error", "Warn", "Debug", "Fatal", "Trace")
const loggerName = fc.option(fc.constantFrom("auth", "auth.login", "author"), { nil: undefined })
const maybe = <A>(arbitrary: fc.Arbitrary<A>, freq = 3): fc.Arbitrary<A | undefined> =>
  fc.option(arbitrary, { nil: undefined, freq })

const answer: fc.Arbitrary<Behaviour> = fc.oneof(
  { arbitrary: fc.constant<Behaviour>({ _tag: "Deliver" }), weight: 3 },
  { arbitrary: fc.constantFrom<Behaviour>({ _tag: "Die" }, { _tag: "Throw" }, { _tag: "Fail" }), weight: 1 },
  { arbitrary: fc.constantFrom<Behaviour>({ _tag: "NoEffect" }, { _tag: "Fatal" }), weight: 1 },
  {
    arbitrary: fc.record({
      _tag: fc.constant("Unavailable" as const),
      delivered: maybe(fc.nat({ max: 3 })),
      retryAfter: maybe(fc.integer({ min: 1, max: 1000 })),
      reopen: fc.boolean()
    }),
    weight: 3
  },
  {
    arbitrary: fc.record({
      _tag: fc.constant("Rejected" as const),
      indexes: maybe(fc.array(fc.integer({ min: -1, max: 4 }), { maxLength: 3 }))
    }),
    weight: 2
  },
  {
    arbitrary: fc.record({
      _tag: fc.constant("Outcomes" as const),
      outcomes: fc.array(fc.constantFrom("delivered" as const, "rejected" as const, "retry" as const), { maxLength: 5 })
    }),
    weight: 2
  }
)

const behaviour: fc.Arbitrary<Behaviour> = fc.oneof(
  { arbitrary: answer, weight: 3 },
  {
    arbitrary: fc.record({ _tag: fc.constant("Gate" as const), hard: fc.boolean(), next: answer }),
    weight: 3
  },
  {
    arbitrary: fc.record({
      _tag: fc.constant("Sleep" as const),
      millis: fc.integer({ min: 1, max: 1500 }),
      next: answer
    }),
    weight: 1
  },
  { arbitrary: fc.record({ _tag: fc.constant("Never" as const), hard: fc.boolean() }), weight: 1 }
)

const diverts: fc.Arbitrary<Diverts> = fc.record({
  fallback: maybe(fc.nat({ max: 2 })),
  deadLetter: maybe(fc.nat({ max: 2 }), 2),
  failures: fc.integer({ min: 1, max: 3 }),
  probeAfter: fc.constantFrom(100, 1_000)
})

const sink: fc.Arbitrary<SinkSpec> = fc.record({
  strategy: fc.constantFrom("sliding", "backpressure", "dropping", "backpressure"),
  capacity: fc.integer({ min: 1, max: 5 }),
  maxBytes: maybe(fc.integer({ min: 300, max: 2_000 })),
  overdraft: fc.nat({ max: 4 }),
  maxWait: maybe(fc.integer({ min: 1, max: 2_000 }), 2),
  protect: fc.oneof(fc.constantFrom<SinkSpec["protect"]>("Error", "None", "throws"), fc.record({ every })),
  minimumLevel: maybe(level, 5),
  filter: maybe(fc.oneof(fc.constant("throws" as const), fc.record({ every })), 5),
  batchSize: fc.integer({ min: 1, max: 6 }),
  linger: fc.constantFrom(0, 0, 100, 3_000),
  timeout: fc.constantFrom(30_000, 1_000, 100),
  maxAttempts: maybe(fc.integer({ min: 1, max: 3 })),
  diverts: maybe(diverts, 2),
  plan: fc.array(behaviour, { maxLength: 10, size: "max" }),
  flush: fc.constantFrom("none", "works", "fails", "hangs"),
  openFailures: fc.constantFrom(0, 0, 0, 1, 2),
  closing: fc.constantFrom("works", "works", "works", "fails", "hangs")
})

// Many sinks that all divert are rare among any: shared targets, and ways that part and meet again, need them.
const sinks: fc.Arbitrary<ReadonlyArray<SinkSpec>> = fc.oneof(
  { arbitrary: fc.array(sink, { minLength: 1, maxLength: 4, size: "max" }), weight: 3 },
  {
    arbitrary: fc.array(fc.tuple(sink, diverts).map(([spec, diverts]) => ({ ...spec, diverts })), {
      minLength: 3,
      maxLength: 4,
      size: "max"
    }),
    weight: 1
  }
)

const stage: fc.Arbitrary<StageSpec> = fc.oneof(
  fc.record({ _tag: fc.constantFrom("Drop" as const, "Raise" as const, "Rename" as const, "Nested" as const), every }),
  fc.record({
    _tag: fc.constant("Throw" as const),
    kind: fc.constantFrom("enrich", "filter", "gate", "redact"),
    every
  }),
  fc.record({
    _tag: fc.constant("Hold" as const),
    capacity: fc.nat({ max: 4 }),
    atClose: fc.constantFrom("discard" as const, "release" as const)
  }),
  fc.constant<StageSpec>({ _tag: "Repeat" }),
  fc.record({ _tag: fc.constant("Gate" as const), gate: gateSpec })
)

const stages = (maxLength: number): fc.Arbitrary<ReadonlyArray<StageSpec>> =>
  fc.oneof(fc.constant([]), fc.array(stage, { maxLength, size: "max" }))

const call: fc.Arbitrary<CallSpec> = fc.record({
  _tag: fc.constant("Log" as const),
  by: fc.constantFrom("Effect.log", "Logger", "Logger", "named", "acknowledged"),
  level,
  logger: loggerName,
  region: maybe(level, 5),
  uninterruptible: fc.constantFrom(false, false, true),
  message: fc.constantFrom("a", "b", "c"),
  size: fc.constantFrom(0, 0, 0, 500, 3_000),
  times: fc.integer({ min: 1, max: 5 })
})

const millis = fc.constantFrom(1, 50, 250, 1_000, 5_000, 20_000)

const command: fc.Arbitrary<Command> = fc.oneof(
  { arbitrary: call, weight: 10 },
  { arbitrary: fc.record({ _tag: fc.constant("Run" as const), tasks: fc.integer({ min: 1, max: 12 }) }), weight: 6 },
  { arbitrary: fc.constant<Command>({ _tag: "Settle" }), weight: 3 },
  { arbitrary: fc.record({ _tag: fc.constant("Advance" as const), millis }), weight: 4 },
  { arbitrary: fc.record({ _tag: fc.constant("Jump" as const), millis }), weight: 1 },
  { arbitrary: fc.record({ _tag: fc.constant("Release" as const), sink: fc.nat({ max: 3 }) }), weight: 5 },
  {
    arbitrary: fc.record({
      _tag: fc.constant("Interrupt" as const),
      who: fc.constantFrom("caller", "caller", "flush", "close"),
      which: fc.nat({ max: 7 })
    }),
    weight: 5
  },
  { arbitrary: fc.record({ _tag: fc.constant("Flush" as const), millis }), weight: 2 },
  {
    arbitrary: fc.record({
      _tag: fc.constant("SetLevel" as const),
      level: fc.oneof(level, fc.constantFrom<LogLevel.LogLevel | "inherit">("inherit", "All", "None")),
      logger: maybe(fc.constantFrom("auth", "auth.login"), 1),
      sink: maybe(fc.nat({ max: 3 }), 1)
    }),
    weight: 2
  },
  { arbitrary: fc.constantFrom<Command>({ _tag: "ClosePipeline" }, { _tag: "Close" }), weight: 1 }
)

/**
 * Any history.
 */
export const history: fc.Arbitrary<History> = fc.record({
  minimumLevel: fc.constantFrom("Info", "Info", "Trace", "Warn"),
  sinks,
  stages: stages(3),
  pipeline: stages(2),
  onClose: fc.constantFrom("none", "works", "fails", "hangs"),
  closeBy: fc.constantFrom("close", "scope"),
  heals: fc.boolean(),
  choices,
  commands: fc.array(command, { maxLength: 60, size: "max" })
})
