/**
 * What became of the requests of a round, in numbers.
 */

/**
 * Requests answered per second, and how long they took, in milliseconds.
 */
export interface Summary {
  readonly rps: number
  readonly p50: number
  readonly p99: number
  readonly max: number
}

/**
 * The summary of a round, from how long each request took.
 */
export const summary = (latencies: ReadonlyArray<number>, seconds: number): Summary => {
  const sorted = latencies.toSorted((a, b) => a - b)
  return {
    rps: Math.round(sorted.length / seconds),
    p50: quantile(sorted, 0.5),
    p99: quantile(sorted, 0.99),
    max: quantile(sorted, 1)
  }
}

/**
 * The median of each number of some rounds.
 */
export const median = (rounds: ReadonlyArray<Summary>): Summary => {
  const of = (key: keyof Summary) => quantile(rounds.map((round) => round[key]).toSorted((a, b) => a - b), 0.5)
  return { rps: of("rps"), p50: of("p50"), p99: of("p99"), max: of("max") }
}

// the nearest rank, with two decimals; 0 of nothing
const quantile = (sorted: ReadonlyArray<number>, q: number): number =>
  Math.round((sorted[Math.ceil(q * sorted.length) - 1] ?? 0) * 100) / 100
