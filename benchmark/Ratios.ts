/**
 * What the figures of one run say beside each other. Each ratio is the median of the ratios of the rounds: what
 * disturbs a whole round leaves them as they are.
 */
import type { WorkloadResults } from "./Results.ts"
import type { Summary } from "./Statistics.ts"
import * as Statistics from "./Statistics.ts"

/**
 * How a ratio comes from the figures of one round, and what it should be.
 *
 * - `of`: takes the contenders' figures in the order of `contenders`.
 * - `goal`: at least, or at most. A ratio without one is for comparison.
 */
export interface Definition {
  readonly workload: string
  readonly figure: string
  readonly contenders: ReadonlyArray<string>
  readonly of: (...values: ReadonlyArray<number>) => number
  readonly goal?: { readonly atLeast: number } | { readonly atMost: number }
}

const over = (a: number, b: number): number => a / b
const minus = (a: number, b: number): number => a - b
const first = (a: number): number => a

const rate = { workload: "delivered", figure: "rate" }
const cost = { workload: "call", figure: "time" }
const producers = { workload: "producers", figure: "rate" }
const rotation = { workload: "rotation", figure: "rate" }
const rotationDelay = { workload: "rotation", figure: "p99" }
const slope = { workload: "deadSink", figure: "slope", contenders: ["loggerInfo"] }

// time per call above a bare `yield*`
const costOver = (a: string, b: string): Definition => ({
  ...cost,
  contenders: [a, b, "bare"],
  of: (a, b, bare) => (a - bare) / (b - bare)
})

// time per call above that without redaction
const redactionOver = (contender: string): Definition => ({
  workload: "redaction",
  figure: "time",
  contenders: [contender, "nothing"],
  of: minus
})

// what a sink beside the file costs, over nothing beside it
const faults = (figure: string): ReadonlyArray<readonly [string, Definition]> =>
  ["healthy", "dead", "hanging", "failing", "fallback"].map((contender) => [
    `faults.${figure}.${contender}`,
    { workload: "faults", figure, contenders: [contender, "nothing"], of: over }
  ])

/**
 * All ratios, by name. What ends in `Ns`, `Ms`, `Bytes` or `PerRecord` is an amount.
 */
export const definitions: { readonly [ratio: string]: Definition } = {
  // lines per second, this library's over the other's
  deliveredVsEffect: { ...rate, contenders: ["loggerInfo", "effectToFile"], of: over, goal: { atLeast: 10 } },
  deliveredVsPinoAsync: { ...rate, contenders: ["loggerInfo", "pinoAsync"], of: over, goal: { atLeast: 5 } },
  deliveredEffectLogVsEffect: { ...rate, contenders: ["effectLog", "effectToFile"], of: over },
  deliveredVsPinoAsyncInEffect: { ...rate, contenders: ["loggerInfo", "pinoAsyncInEffect"], of: over },
  // time per line, this library's over the other's
  deliveredVsFloor: { ...rate, contenders: ["floor", "loggerInfo"], of: over, goal: { atMost: 1 } },
  callVsEffectNull: { ...costOver("loggerInfo", "effectNull"), goal: { atMost: 1 } },
  callEffectLogVsEffectNull: costOver("effectLog", "effectNull"),
  callVsEffectToFile: costOver("loggerInfo", "effectToFile"),
  callVsPinoAsync: costOver("loggerInfo", "pinoAsync"),
  disabledNs: { ...cost, contenders: ["disabled", "bare"], of: minus, goal: { atMost: 60 } },
  redactionNs: {
    workload: "redaction",
    figure: "time",
    contenders: ["alonePresent"],
    of: first,
    goal: { atMost: 400 }
  },
  redactionAbsentNs: { workload: "redaction", figure: "time", contenders: ["aloneAbsent"], of: first },
  redactionCallNs: redactionOver("present"),
  redactionAbsentCallNs: redactionOver("absent"),
  redactionDetectNs: redactionOver("detect"),
  redactionPresetsNs: redactionOver("presets"),
  // lines per second, many fibers' over one's
  producers16: { ...producers, contenders: ["sixteen", "one"], of: over, goal: { atLeast: 1 } },
  producers10000: { ...producers, contenders: ["tenThousand", "one"], of: over, goal: { atLeast: 0.9 } },
  // time per record of a further sink that does nothing, over that with the file alone
  perSink: {
    workload: "sinks",
    figure: "time",
    contenders: ["four", "one"],
    of: (four, one) => (four - one) / 3 / one,
    goal: { atMost: 0.1 }
  },
  // lines per second with rotation, over those without
  rotationRate: { ...rotation, contenders: ["plain", "none"], of: over, goal: { atLeast: 0.85 } },
  rotationGzipRate: { ...rotation, contenders: ["gzip", "none"], of: over },
  rotationZstdRate: { ...rotation, contenders: ["zstd", "none"], of: over },
  rotationDelayP99Ms: { ...rotationDelay, contenders: ["plain", "none"], of: minus, goal: { atMost: 1 } },
  rotationGzipDelayP99Ms: { ...rotationDelay, contenders: ["gzip", "none"], of: minus },
  rotationZstdDelayP99Ms: { ...rotationDelay, contenders: ["zstd", "none"], of: minus },
  rotationBusyDelayP99Ms: { ...rotationDelay, figure: "busy", contenders: ["plain", "none"], of: minus },
  eventLoopDelayP99Ms: {
    workload: "slowSink",
    figure: "p99",
    contenders: ["library10000", "nothing10000"],
    of: minus,
    goal: { atMost: 1 }
  },
  bytesPerRecord: {
    workload: "memory",
    figure: "bytes",
    contenders: ["fields2"],
    of: first,
    goal: { atMost: 300 }
  },
  // Whole bytes per offered record: what a million offers leave is less exact than that, because a collected heap
  // is never twice of the same size. A record that was kept would be hundreds. The plain number is beside it.
  deadSinkGrowth: { ...slope, of: (slope) => Math.max(0, Math.round(slope)), goal: { atMost: 0 } },
  deadSinkSlopeBytes: { ...slope, of: first },
  bundleGzipBytes: {
    workload: "bundle",
    figure: "gzip",
    contenders: ["consoleAndFile"],
    of: first,
    goal: { atMost: 15_000 }
  },
  ...Object.fromEntries([...faults("median"), ...faults("p99")])
}

/**
 * The ratios by name. `undefined`: there is no round in which all that it needs was measured and is valid.
 */
export interface Ratios {
  readonly [ratio: string]: Summary | undefined
}

/**
 * All ratios.
 */
export const ratios = (results: WorkloadResults): Ratios =>
  Object.fromEntries(Object.entries(definitions).map(([name, definition]) => [name, perRound(results, definition)]))

const perRound = (results: WorkloadResults, definition: Definition): Summary | undefined => {
  const { contenders, figure, of, workload } = definition
  const columns = contenders.map((name) => results[workload]?.contenders[name]?.figures[figure]?.rounds ?? [])
  const valid = columns[0]!.flatMap((_, round) => {
    const values = columns.flatMap((rounds) => rounds[round] ?? [])
    const ratio = values.length === columns.length ? of(...values) : NaN
    return Number.isFinite(ratio) ? ratio : []
  })
  return valid.length === 0 ? undefined : Statistics.summary(valid)
}
