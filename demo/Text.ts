/**
 * Numbers as text for a terminal.
 */
import { styleText } from "node:util"
import { AsyncLogging } from "../src/index.ts"
import type { Summary } from "./Latency.ts"

export const bold = (text: string): string => styleText("bold", text)
export const dim = (text: string): string => styleText("dim", text)

/**
 * A whole number: `1,234`.
 */
export const count = (n: number): string => n.toLocaleString("en-US", { maximumFractionDigits: 0 })

/**
 * A time: `12.3 ms`, `1,234 ms`.
 */
export const millis = (n: number): string => `${n < 100 ? n.toFixed(1) : count(n)} ms`

/**
 * A table of summaries, a line for each.
 */
export const table = (rows: ReadonlyArray<readonly [title: string, summary: Summary]>): string => {
  const line = (title: string, ...cells: ReadonlyArray<string>) =>
    `  ${title.padEnd(titleWidth)}${cells.map((cell) => cell.padStart(12)).join("")}`
  return [
    dim(line("", "requests/s", "p50", "p99", "max")),
    ...rows.map(([title, { rps, p50, p99, max }]) => line(title, count(rps), millis(p50), millis(p99), millis(max)))
  ].join("\n")
}

const titleWidth = 14

/**
 * The distributions of latencies, one above the other. Both scales are logarithmic, so that a rare slow request can be
 * seen beside thousands of fast ones.
 */
export const picture = (rows: ReadonlyArray<readonly [title: string, latencies: ReadonlyArray<number>]>): string => {
  const histograms = rows.map(([, latencies]) => histogram(latencies))
  const most = Math.max(...histograms.flat())
  const axis = Array.from(ticks, ([ms, label], index) => {
    const next = ticks[index + 1]
    return `╵${label}`.padEnd((next === undefined ? columns : column(next[0])) - column(ms))
  })
  return [
    ...rows.map(([title], index) =>
      `  ${title.padEnd(titleWidth)}${histograms[index]!.map((n) => block(n, most)).join("")}`
    ),
    dim(`  ${" ".repeat(titleWidth + column(ticks[0][0]))}${axis.join("")}`)
  ].join("\n")
}

const columns = 60
const shortest = 8
const longest = 3_000
const ticks = [[10, "10 ms"], [30, "30 ms"], [100, "100 ms"], [300, "300 ms"], [1_000, "1 s"]] as const

const column = (ms: number): number => {
  const share = Math.log(ms / shortest) / Math.log(longest / shortest)
  return Math.min(columns - 1, Math.max(0, Math.floor(share * columns)))
}

const histogram = (latencies: ReadonlyArray<number>): ReadonlyArray<number> => {
  const counts = new Array<number>(columns).fill(0)
  for (const latency of latencies) counts[column(latency)]!++
  return counts
}

const block = (n: number, most: number): string =>
  n === 0 ? " " : "▁▂▃▄▅▆▇█"[Math.floor((7 * Math.log(n)) / Math.log(Math.max(2, most)))]!

/**
 * The law of a sink: where its records went, every term that is not zero, and whether it balances.
 */
export const ledger = (name: string, counts: AsyncLogging.SinkCounts): string => {
  const { accepted, dropped, failed, ...terms } = counts
  const ends = [
    ...Object.entries(terms),
    ...Object.entries(dropped).map(([reason, n]) => [`dropped: ${reason}`, n] as const),
    ...Object.entries(failed).map(([reason, n]) => [`failed: ${reason}`, n] as const)
  ].flatMap(([term, n]) => n === 0 ? [] : [`${count(n)} ${term}`])
  const off = AsyncLogging.sinkImbalance(counts)
  return `  ${name.padEnd(titleWidth)}${count(accepted)} accepted = ${ends.join(" + ") || "0"}` +
    `   ${off === 0 ? "balances" : bold(`is off by ${off}`)}`
}
