/**
 * `npm run bench`: this library beside what its users could take instead, on the same work. Fails when a line was
 * missing, wrong or out of order; ratios are only printed.
 *
 * - no flag: everything, half an hour. Keeps the results and pictures in `benchmark/results/`, if no line was wrong.
 * - `--quick`: only what the ratios with a goal need, within two minutes.
 * - `--only workload,workload`: only these.
 * - `--json`: prints one JSON object.
 * - `--draw`: measures nothing; draws the pictures of the results that were kept last.
 */
import { tmpdir } from "node:os"
import { join } from "node:path"
import { parseArgs } from "node:util"
import * as Pictures from "./Pictures.ts"
import * as Plan from "./Plan.ts"
import * as Ratios from "./Ratios.ts"
import * as Report from "./Report.ts"
import type { WorkloadResult } from "./Results.ts"
import * as Results from "./Results.ts"
import * as Rounds from "./Rounds.ts"
import type { Summary } from "./Statistics.ts"
import type { Workload } from "./Workload.ts"
import * as Workloads from "./workloads.ts"

const { values: flags } = parseArgs({
  options: {
    draw: { type: "boolean", default: false },
    json: { type: "boolean", default: false },
    only: { type: "string" },
    quick: { type: "boolean", default: false }
  }
})

// Half of the start of a process is to compile what it imports. No ratio with a goal is about that.
if (flags.quick) process.env["NODE_COMPILE_CACHE"] ??= join(tmpdir(), "node-compile-cache")

const workloads: { readonly [workload: string]: Workload } = Workloads.workloads

const plan = (): ReadonlyArray<Plan.Part> => {
  const names = flags.only?.split(",") ?? Object.keys(workloads)
  const available = Object.fromEntries(names.map((name) => {
    const workload = workloads[name]
    if (workload === undefined) throw new Error(`no workload ${name}; there are ${Object.keys(workloads).join(", ")}`)
    return [name, Object.keys(workload.contenders)]
  }))
  return flags.quick ? Plan.whatGoalsNeed(available) : Plan.everything(available)
}

const progress = (step: string): void => {
  if (process.stderr.isTTY) process.stderr.write(`\r\u001b[K${step}`)
}

const measure = async (): Promise<Results.Results> => {
  const measured: { [workload: string]: WorkloadResult } = {}
  const parts = plan()
  if (parts.length === 0) throw new Error("no ratio with a goal needs these workloads: leave out --quick")
  for (const part of parts) measured[part.workload] = await Rounds.run(workloads[part.workload]!, part, progress)
  progress("")
  const ratios = Object.entries(Ratios.ratios(measured))
  const pick = <A>(value: (summary: Summary) => A): { readonly [ratio: string]: A } =>
    Object.fromEntries(ratios.flatMap(([name, summary]) => summary === undefined ? [] : [[name, value(summary)]]))
  return {
    machine: Results.machine(),
    ratios: pick(({ median }) => median),
    spread: pick(({ max, min }) => [min, max]),
    workloads: measured
  }
}

if (flags.draw) {
  await Pictures.save(Results.load())
} else {
  const results = await measure()
  console.log(flags.json ? JSON.stringify(results) : Report.tables(results))
  if (!Results.linesRight(results.workloads)) process.exitCode = 1
  else if (!flags.quick && flags.only === undefined) {
    Results.save(results)
    await Pictures.save(results)
  }
}
