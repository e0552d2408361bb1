/**
 * Runs contenders in turn, A B C A B C …, each in a process of its own, so that a noisy minute hits all of them.
 */
import { execFile } from "node:child_process"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import type { Part } from "./Plan.ts"
import type { Contender, Figure, WorkloadResult } from "./Results.ts"
import * as Statistics from "./Statistics.ts"
import type { Sample, Workload } from "./Workload.ts"

const child = fileURLToPath(new URL("child.ts", import.meta.url))
const execute = promisify(execFile)

// one that hangs is void, and does not stop the others
const timeout = 180_000

const sample = async (workload: string, contender: string, records: number): Promise<Sample> => {
  try {
    const { stdout } = await execute(process.execPath, [child, workload, contender, String(records)], {
      timeout,
      killSignal: "SIGKILL"
    })
    return JSON.parse(stdout)
  } catch (error) {
    return { figures: {}, wrong: String(error) }
  }
}

/**
 * Runs one part of a plan. `progress` hears what is going on.
 */
export const run = async (
  { figures, contenders, title }: Workload,
  { records, rounds, workload, contenders: names }: Part,
  progress: (step: string) => void
): Promise<WorkloadResult> => {
  const samples = names.map((): Array<Sample> => [])
  for (let round = 1; round <= rounds; round++) {
    for (let n = 0; n < names.length; n++) {
      // no one is always the first, or always behind the same one
      const i = (n + round - 1) % names.length
      const name = names[i]!
      progress(`${workload}, round ${round} of ${rounds}: ${name}`)
      samples[i]!.push(await sample(workload, name, records))
    }
  }
  return {
    title,
    rounds,
    records,
    figures,
    contenders: Object.fromEntries(
      names.map((name, i) => [name, together(contenders[name]!.title, Object.keys(figures), samples[i]!)])
    )
  }
}

const together = (title: string, figures: ReadonlyArray<string>, samples: ReadonlyArray<Sample>): Contender => {
  const wrong = samples.flatMap((sample) => sample.wrong ?? [])
  return {
    title,
    linesRight: wrong.length === 0,
    wrong,
    figures: Object.fromEntries(figures.flatMap((figure) => {
      const value = figureOf(samples, figure)
      return value === undefined ? [] : [[figure, value]]
    })),
    series: middle(samples, figures[0]!)?.series ?? {}
  }
}

const isValid = (sample: Sample): boolean => sample.wrong === undefined

const figureOf = (samples: ReadonlyArray<Sample>, figure: string): Figure | undefined => {
  const rounds = samples.map((sample) => isValid(sample) ? sample.figures[figure] : undefined)
  const values = rounds.filter((value) => value !== undefined)
  return values.length === 0 ? undefined : { ...Statistics.summary(values), rounds }
}

// Of an even number of rounds the lower one: half of one round and half of another is no series.
const middle = (samples: ReadonlyArray<Sample>, figure: string): Sample | undefined => {
  const valid = samples.filter(isValid).toSorted((a, b) => (a.figures[figure] ?? 0) - (b.figures[figure] ?? 0))
  return valid[Math.floor((valid.length - 1) / 2)]
}
