/**
 * The built-in gates as data, with options so small that short histories reach their bounds; and records for them.
 */
import * as Effect from "effect/Effect"
import type * as LogLevel from "effect/LogLevel"
import * as Random from "effect/Random"
import * as fc from "fast-check"
import * as Gates from "../../src/Gates.ts"
import type * as Pipeline from "../../src/Pipeline.ts"
import type { LogRecord } from "../../src/Record.ts"
import * as Record from "../../src/Record.ts"

/**
 * What records belong together by: `Default` is what the gate itself says.
 */
export type KeySpec = "Default" | "message" | "requestId" | "one" | "none"

/**
 * The key that it stands for; none for the gate's own.
 */
export const keyOf = (spec: KeySpec): Gates.Key | undefined => {
  switch (spec) {
    case "Default":
      return undefined
    case "message":
      return ({ message }) => message
    case "requestId":
      return ({ context }) => context.requestId
    case "one":
      return () => "one"
    case "none":
      return () => undefined
  }
}

/**
 * A gate. Times are in milliseconds.
 */
export type GateSpec =
  | {
    readonly _tag: "Sample"
    readonly rate: number
    readonly debug: number | undefined
    readonly always: LogLevel.LogLevel
    readonly key: KeySpec
    readonly summary: number | false
    readonly seed: number
  }
  | {
    readonly _tag: "RateLimit"
    readonly limit: number
    readonly per: number
    readonly burst: number | undefined
    readonly key: KeySpec
    readonly maxKeys: number
  }
  | {
    readonly _tag: "FirstOccurrence"
    readonly first: number
    readonly thereafter: number | undefined
    readonly interval: number
    readonly key: KeySpec
    readonly maxKeys: number
  }
  | {
    readonly _tag: "Dedupe"
    readonly window: number
    readonly fields: boolean
    readonly key: KeySpec
    readonly maxKeys: number
  }
  | {
    readonly _tag: "FingersCrossed"
    readonly activation: "Error" | "Fatal" | "None" | { readonly message: string }
    readonly passThrough: LogLevel.LogLevel
    readonly key: KeySpec
    readonly withoutKey: LogLevel.LogLevel
    readonly capacity: number
    readonly maxBytes: number
    readonly maxKeys: number
    readonly maxTotalBytes: number
    readonly maxAge: number
    readonly endOn: { readonly message: string } | undefined
  }

const key = fc.constantFrom<KeySpec>("Default", "Default", "message", "requestId", "one", "none")
const maxKeys = fc.constantFrom(1, 2, 3, 1000)
const maybe = <A>(arbitrary: fc.Arbitrary<A>): fc.Arbitrary<A | undefined> => fc.option(arbitrary, { nil: undefined })

/**
 * Any gate.
 */
export const gateSpec: fc.Arbitrary<GateSpec> = fc.oneof(
  fc.record({
    _tag: fc.constant("Sample" as const),
    rate: fc.constantFrom(0, 0.3, 0.5, 1),
    debug: fc.constantFrom(undefined, 0, 0.5, 1),
    always: fc.constantFrom<LogLevel.LogLevel>("Warn", "Info", "Error", "None"),
    key,
    summary: fc.constantFrom(false as const, 1, 500, 60_000),
    seed: fc.nat({ max: 3 })
  }),
  fc.record({
    _tag: fc.constant("RateLimit" as const),
    limit: fc.integer({ min: 1, max: 3 }),
    per: fc.constantFrom(7, 100, 1000),
    burst: maybe(fc.integer({ min: 1, max: 4 })),
    key,
    maxKeys
  }),
  fc.record({
    _tag: fc.constant("FirstOccurrence" as const),
    first: fc.integer({ min: 1, max: 3 }),
    thereafter: maybe(fc.integer({ min: 1, max: 3 })),
    interval: fc.constantFrom(100, 1000, Number.POSITIVE_INFINITY),
    key,
    maxKeys
  }),
  fc.record({
    _tag: fc.constant("Dedupe" as const),
    window: fc.constantFrom(100, 1000, Number.POSITIVE_INFINITY),
    fields: fc.boolean(),
    key,
    maxKeys
  }),
  fc.record({
    _tag: fc.constant("FingersCrossed" as const),
    activation: fc.oneof(
      fc.constantFrom("Error" as const, "Error" as const, "Fatal" as const, "None" as const),
      fc.record({ message: fc.constantFrom("a", "b") })
    ),
    passThrough: fc.constantFrom<LogLevel.LogLevel>("Warn", "Warn", "Error", "Info", "None"),
    key,
    withoutKey: fc.constantFrom<LogLevel.LogLevel>("Info", "Warn", "All", "None"),
    capacity: fc.constantFrom(1, 2, 4, 256),
    maxBytes: fc.constantFrom(400, 800, 4_000),
    maxKeys,
    maxTotalBytes: fc.constantFrom(4_000, 5_000, 1_000_000),
    maxAge: fc.constantFrom(100, 1000, Number.POSITIVE_INFINITY),
    endOn: maybe(fc.record({ message: fc.constantFrom("a", "c") }))
  })
)

/**
 * The stage that it stands for, with a memory of its own.
 */
export const build = (spec: GateSpec): Pipeline.Stage.Gate => {
  const stage = Effect.runSync(effectOf(spec))
  if (stage._tag !== "Gate") throw new Error("it is no gate")
  return stage
}

const effectOf = (spec: GateSpec) => {
  const key = keyOf(spec.key)
  switch (spec._tag) {
    case "Sample": {
      const { always, debug, rate, seed, summary } = spec
      // a share for a level that passes anyway is an error
      const byLevel = always === "None" ? { Debug: debug, Info: rate } : { Debug: debug }
      return Random.withSeed(Gates.sample({ rate, byLevel, always, key, summary }), seed)
    }
    case "RateLimit":
      return Gates.rateLimit({ ...withoutTag(spec), key })
    case "FirstOccurrence":
      return Gates.firstOccurrence({ ...withoutTag(spec), key })
    case "Dedupe":
      return Gates.dedupe({ ...withoutTag(spec), key })
    case "FingersCrossed":
      return Gates.fingersCrossed({
        ...withoutTag(spec),
        key,
        activation: typeof spec.activation === "string" ? spec.activation : says(spec.activation),
        endOn: spec.endOn && says(spec.endOn)
      })
  }
}

const withoutTag = <A extends { readonly _tag: string }>({ _tag: _, ...rest }: A): Omit<A, "_tag"> => rest

/**
 * Picks the records with this message.
 */
export const says = ({ message }: { readonly message: string }) => (record: LogRecord): boolean =>
  record.message === message

// Mostly a little later; also at once, much later, out of order, and after the clock was set.
const step = fc.oneof(
  { arbitrary: fc.nat({ max: 120 }), weight: 8 },
  { arbitrary: fc.constantFrom(0, 1000, 5000, -1, -50, -400, -1500, 1e9, -1e9), weight: 3 }
)

const severity = fc.constantFrom<LogLevel.Severity>("Info", "Info", "Debug", "Debug", "Trace", "Warn", "Error", "Fatal")

/**
 * Records of few kinds, numbered by their fiber, at times that go on, stand, jump and go back.
 */
export const records = (maxLength: number): fc.Arbitrary<ReadonlyArray<LogRecord>> =>
  fc.array(
    fc.record({
      step,
      level: severity,
      message: fc.constantFrom("a", "a", "b", "c"),
      logger: maybe(fc.constantFrom("auth", "db")),
      requestId: maybe(fc.constantFrom("r1", "r2", "r3")),
      traceId: maybe(fc.constantFrom("0af7651916cd43dd8448eb211c80319c", "f".repeat(32))),
      error: fc.constantFrom(undefined, undefined, "TypeError", "NotFound"),
      size: fc.constantFrom(0, 0, 0, 0, 300, 3_000)
    }),
    { maxLength, size: "max" }
  ).map((list) => {
    let time = 1_000_000
    return list.map(({ error, level, logger, message, requestId, size, step, traceId }, i) =>
      Record.make({
        time: time += step,
        level,
        logger,
        message,
        fields: size === 0 ? Record.noFields : { text: "x".repeat(size) },
        context: requestId === undefined ? Record.emptyContext : { service: "shop", requestId },
        error: error && {
          type: error,
          message: "",
          stack: undefined,
          kind: undefined,
          fields: undefined,
          cause: undefined,
          others: undefined
        },
        traceId,
        fiber: i + 1
      })
    )
  })
