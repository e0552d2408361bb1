/**
 * Which workloads a run takes, how often, and how much of each.
 */
import { definitions } from "./Ratios.ts"

/**
 * One workload of a run.
 */
export interface Part {
  readonly workload: string
  readonly rounds: number
  readonly records: number
  readonly contenders: ReadonlyArray<string>
}

/**
 * The contenders of each workload there is.
 */
export interface Available {
  readonly [workload: string]: ReadonlyArray<string>
}

interface Size {
  readonly rounds: number
  readonly records: number
}

const full: Size = { rounds: 5, records: 200_000 }
const fullSizes: { readonly [workload: string]: Partial<Size> } = {
  call: { records: 100_000 },
  redaction: { records: 100_000 },
  rotation: { records: 2_000_000 },
  // two seconds at 10,000 logs/s, and as long at the other rates
  slowSink: { records: 20_000 },
  deadSink: { records: 1_000_000 },
  exactness: { records: 100_000 },
  // a second at 2,000 records/s
  faults: { records: 2000 }
}

const quick: Size = { rounds: 3, records: 50_000 }
const quickSizes: { readonly [workload: string]: Partial<Size> } = {
  call: { records: 20_000 },
  slowSink: { records: 10_000 },
  // ten rotations
  rotation: { records: 100_000 },
  // bytes are the same in each round; of fewer offers the slope would be mostly that of the garbage
  deadSink: { rounds: 1, records: 1_000_000 },
  memory: { rounds: 1 },
  bundle: { rounds: 1 }
}

/**
 * Everything, as exact as it gets in half an hour.
 */
export const everything = (available: Available): ReadonlyArray<Part> =>
  Object.entries(available).map(([workload, contenders]) => ({
    workload,
    contenders,
    ...full,
    ...fullSizes[workload]
  }))

// A quick run takes its two minutes without them.
const onlyFull: ReadonlySet<string> = new Set(["redaction"])

/**
 * Only what the ratios with a goal need, in two minutes on a busy machine, but for those that a full run alone measures.
 */
export const whatGoalsNeed = (available: Available): ReadonlyArray<Part> => {
  const needed = Object.values(definitions).filter(({ goal }) => goal !== undefined)
  return Object.entries(available).flatMap(([workload, contenders]) => {
    if (onlyFull.has(workload)) return []
    const names = new Set(needed.filter((ratio) => ratio.workload === workload).flatMap((ratio) => ratio.contenders))
    const there = contenders.filter((name) => names.has(name))
    return there.length === 0 ? [] : { workload, contenders: there, ...quick, ...quickSizes[workload] }
  })
}
