/**
 * Runs contenders in turn, A B C A B C …, each in a process of its own, so that a noisy minute hits all of them.
 */
import { execFile } from "node:child_process"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import type { Summary } from "./Statistics.ts"
import * as Statistics from "./Statistics.ts"
import type { Sample } from "./Workload.ts"
import type { WorkloadName } from "./workloads.ts"
import { workloads } from "./workloads.ts"

/**
 * What one contender achieved, in one figure.
 *
 * - `value`: of its runs, void ones left out; `undefined` if all are void.
 * - `linesRight`: whether no run is void. `wrong` says why those are that are.
 */
export interface Row {
  readonly value: Summary | undefined
  readonly linesRight: boolean
  readonly wrong: ReadonlyArray<string>
  /** By round; `undefined` for a void one. */
  readonly rounds: ReadonlyArray<number | undefined>
}

/**
 * By contender.
 */
export interface Rows {
  readonly [contender: string]: Row
}

/**
 * By figure.
 */
export interface Figures {
  readonly [figure: string]: Rows
}

const child = fileURLToPath(new URL("child.ts", import.meta.url))
const execute = promisify(execFile)

// one that hangs is void, and does not stop the others
const timeout = 5 * 60_000

const sample = async (workload: WorkloadName, contender: string, records: number): Promise<Sample> => {
  try {
    const { stdout } = await execute(process.execPath, [child, workload, contender, String(records)], { timeout })
    return JSON.parse(stdout)
  } catch (error) {
    return { figures: {}, wrong: String(error) }
  }
}

/**
 * Runs all contenders of a workload, `rounds` times.
 */
export const run = async (workload: WorkloadName, rounds: number, records: number): Promise<Figures> => {
  const { contenders, figures } = workloads[workload]
  const names = Object.keys(contenders)
  const samples = names.map((): Array<Sample> => [])
  for (let round = 1; round <= rounds; round++) {
    for (const [i, name] of names.entries()) {
      process.stderr.write(`\r\u001b[K${workload}, round ${round} of ${rounds}: ${name}`)
      samples[i]!.push(await sample(workload, name, records))
    }
  }
  process.stderr.write("\r\u001b[K")
  const rows = (figure: string): Rows => Object.fromEntries(names.map((name, i) => [name, row(samples[i]!, figure)]))
  return Object.fromEntries(Object.keys(figures).map((figure) => [figure, rows(figure)]))
}

const row = (samples: ReadonlyArray<Sample>, figure: string): Row => {
  const wrong = samples.flatMap((sample) => sample.wrong ?? [])
  const rounds = samples.map((sample) => sample.wrong === undefined ? sample.figures[figure] : undefined)
  const values = rounds.filter((value) => value !== undefined)
  return {
    value: values.length === 0 ? undefined : Statistics.summary(values),
    linesRight: wrong.length === 0,
    wrong,
    rounds
  }
}
