/**
 * What a run of the benchmark found: printed by `--json`, kept in `results/latest.json`.
 */
import * as Fs from "node:fs"
import { availableParallelism, cpus, totalmem } from "node:os"
import packageJson from "../package.json" with { type: "json" }
import type { Summary } from "./Statistics.ts"
import type { Series } from "./Workload.ts"

/**
 * One figure of one contender: the median of its rounds and their spread, void rounds left out.
 */
export interface Figure extends Summary {
  /** By round; `undefined` for a void one. */
  readonly rounds: ReadonlyArray<number | undefined>
}

/**
 * What one contender achieved.
 *
 * - `linesRight`: whether no round is void: all lines were there that the workload reads back, and it measured what it
 *   says. `wrong` says why those are that are.
 * - `figures`: without those of which no round is valid.
 * - `series`: of the round whose first figure is the median.
 */
export interface Contender {
  readonly title: string
  readonly linesRight: boolean
  readonly wrong: ReadonlyArray<string>
  readonly figures: { readonly [figure: string]: Figure }
  readonly series: { readonly [name: string]: Series }
}

/**
 * What the contenders of one workload achieved. `figures` has the units.
 */
export interface WorkloadResult {
  readonly title: string
  readonly rounds: number
  readonly records: number
  readonly figures: { readonly [figure: string]: string }
  readonly contenders: { readonly [contender: string]: Contender }
}

/**
 * By workload.
 */
export interface WorkloadResults {
  readonly [workload: string]: WorkloadResult
}

/**
 * Where the run took place, and with which versions. `memory` is in GiB.
 */
export interface Machine {
  readonly node: string
  readonly platform: string
  readonly model: string
  readonly cpus: number
  readonly memory: number
  readonly packages: { readonly [name: string]: string }
}

/**
 * A whole run.
 *
 * - `ratios`: the medians, by name; see `Ratios.ts`. One that has no valid round is not there.
 * - `spread`: of the same ratios, over the rounds.
 */
export interface Results {
  readonly machine: Machine
  readonly ratios: { readonly [ratio: string]: number }
  readonly spread: { readonly [ratio: string]: readonly [min: number, max: number] }
  readonly workloads: WorkloadResults
}

const measured = ["effect", "pino", "winston", "@logtape/logtape"] as const

/**
 * This machine.
 */
export const machine = (): Machine => ({
  node: process.version,
  platform: `${process.platform} ${process.arch}`,
  model: cpus()[0]?.model ?? "unknown processor",
  cpus: availableParallelism(),
  memory: Math.round(totalmem() / 2 ** 30),
  packages: Object.fromEntries(measured.map((name) => [name, packageJson.devDependencies[name]]))
})

/**
 * Whether every line of every contender was right.
 */
export const linesRight = (workloads: WorkloadResults): boolean =>
  Object.values(workloads).every(({ contenders }) => Object.values(contenders).every(({ linesRight }) => linesRight))

/**
 * Where the results and pictures of the last full run are kept.
 */
export const directory = new URL("results/", import.meta.url)

const latest = new URL("latest.json", directory)

/**
 * Keeps a run, with six digits of each number, and with lists of numbers on one line each.
 */
export const save = (results: Results): void => {
  const text = JSON.stringify(
    results,
    (_, value) => typeof value === "number" ? Number(value.toPrecision(6)) : value,
    2
  )
  Fs.mkdirSync(directory, { recursive: true })
  Fs.writeFileSync(latest, `${text.replaceAll(/\[[^{}"]*\]/g, onOneLine)}\n`)
}

const onOneLine = (list: string): string => list.replaceAll(/\s+/g, " ").replaceAll("[ ", "[").replaceAll(" ]", "]")

/**
 * The run that was kept last.
 */
export const load = (): Results => JSON.parse(Fs.readFileSync(latest, "utf8"))
