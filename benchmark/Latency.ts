/**
 * The times of single calls, as a distribution.
 *
 * A call of some hundred nanoseconds is not much longer than looking at the clock, twice, takes. So what two looks with
 * nothing between them take, the median of many, is taken off each time. What is left is good to the clock's own step
 * (10 ns on some machines), and no call takes less than nothing.
 */
import type { Sample, Series } from "./Workload.ts"

/**
 * The figures, and their units.
 */
export const figures = {
  p50: "ns, p50 of single calls",
  p99: "ns, p99",
  p999: "ns, p99.9",
  timer: "ns, the clock (taken off)"
}

/**
 * Of times in milliseconds, as two looks at `performance.now()` give them: the figures, and the series `latency`, of
 * points [quantile, ns] that are denser toward 1.
 */
export const sample = (times: Float64Array): Pick<Sample, "figures" | "series"> => {
  const sorted = times.toSorted()
  const timer = timerMillis()
  const at = (quantile: number): number => {
    const time = sorted[Math.max(0, Math.ceil(quantile * sorted.length) - 1)]!
    return Math.max(0, time - timer) * 1e6
  }
  return {
    figures: { p50: at(0.5), p99: at(0.99), p999: at(0.999), timer: timer * 1e6 },
    series: { latency: quantiles.map((quantile): Series[number] => [quantile, at(quantile)]) }
  }
}

// equally far apart on an axis that has 90%, 99% and 99.9% so: from 0 to 99.99%
const quantiles = Array.from({ length: 60 }, (_, i) => 1 - 10 ** (-4 * i / 59))

const timerMillis = (): number => {
  const times = new Float64Array(100_000)
  for (let i = 0; i < times.length; i++) {
    const before = performance.now()
    times[i] = performance.now() - before
  }
  return times.toSorted()[times.length / 2]!
}
