/**
 * The results of a run as tables for a terminal.
 */
import type { Definition } from "./Ratios.ts"
import { definitions } from "./Ratios.ts"
import type { Figure, Machine, Results, WorkloadResult } from "./Results.ts"

/**
 * One line about the machine.
 */
export const machine = ({ cpus, memory, model, node, platform }: Machine): string =>
  `node ${node}, ${cpus} cpus (${model}), ${memory} GiB, ${platform}`

/**
 * All tables, the ratios last.
 */
export const tables = (results: Results): string =>
  [
    machine(results.machine),
    "Rounds are interleaved, each measurement has a process of its own. Figures: median (min – max) of the rounds.",
    ...Object.values(results.workloads).map(workload),
    ratios(results)
  ].join("\n\n")

const workload = ({ contenders, figures, records, rounds, title }: WorkloadResult): string => {
  const rows = Object.values(contenders)
  const names = Object.keys(figures)
  const lines = table([
    ["", ...names.map((name) => figures[name]!)],
    ...rows.map((row) => [row.title, ...names.map((name) => figure(row.figures[name]))])
  ])
  const reasons = rows.flatMap((row) => row.wrong.map((reason) => `    void: ${row.title}: ${reason}`))
  return [`${title} (rounds: ${rounds}, records: ${digits(records)})`, ...lines, ...reasons].join("\n")
}

const ratios = ({ ratios, spread }: Results): string =>
  [
    "ratios",
    ...table([
      ["", "median (min – max)", "goal"],
      ...Object.entries(ratios).map(([name, median]) => {
        const [min, max] = spread[name]!
        return [name, figure({ median, min, max }), goal(definitions[name]?.goal)]
      })
    ])
  ].join("\n")

const goal = (goal: Definition["goal"]): string => {
  if (goal === undefined) return ""
  return "atLeast" in goal ? `at least ${digits(goal.atLeast)}` : `at most ${digits(goal.atMost)}`
}

// three digits at least, and all that are before the point
const digits = (value: number): string =>
  value.toLocaleString("en", Math.abs(value) < 100 ? { maximumSignificantDigits: 3 } : { maximumFractionDigits: 0 })

const figure = (value: Pick<Figure, "median" | "min" | "max"> | undefined): string => {
  if (value === undefined) return "–"
  const { max, median, min } = value
  return min === max ? digits(median) : `${digits(median)} (${digits(min)} – ${digits(max)})`
}

const table = (rows: ReadonlyArray<ReadonlyArray<string>>): ReadonlyArray<string> => {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)))
  return rows.map((row) => `  ${row.map((cell, column) => cell.padEnd(widths[column]! + 2)).join("").trimEnd()}`)
}
