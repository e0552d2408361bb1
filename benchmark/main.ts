/**
 * `npm run bench`: this library beside what Effect has, on the same work. `--json` prints one JSON object, `--quick`
 * takes fewer rounds and records. Fails when a line was missing, wrong or out of order; ratios are only printed.
 */
import { availableParallelism, cpus } from "node:os"
import { parseArgs } from "node:util"
import { ratios } from "./Ratios.ts"
import type { Rows } from "./Rounds.ts"
import * as Rounds from "./Rounds.ts"
import type { Summary } from "./Statistics.ts"
import { workloads } from "./workloads.ts"

const { values: flags } = parseArgs({ options: { json: { type: "boolean" }, quick: { type: "boolean" } } })

const plan = flags.quick === true ? { rounds: 3, records: 50_000 } : { rounds: 5, records: 200_000 }

const delivered = await Rounds.run("delivered", plan.rounds, plan.records)
const call = await Rounds.run("call", plan.rounds, plan.records)
const result = {
  ...plan,
  machine: { node: process.version, cpus: availableParallelism(), model: cpus()[0]?.model, platform: process.platform },
  ratios: ratios(delivered, call),
  delivered,
  call
}

const digits = (value: number): string => value.toLocaleString("en", { maximumFractionDigits: value < 100 ? 2 : 0 })

const spread = (value: Summary | undefined): string =>
  value === undefined
    ? "void"
    : `${digits(value.median).padStart(11)}  (${digits(value.min)} – ${digits(value.max)})`

const printRows = (workload: keyof typeof workloads, rows: Rows): void => {
  const { contenders, title, unit } = workloads[workload]
  console.log(`\n${title}, ${unit}: median (min – max)`)
  for (const [name, { value, wrong }] of Object.entries(rows)) {
    console.log(`  ${contenders[name]!.title.padEnd(46)}${spread(value)}`)
    for (const reason of wrong) console.log(`    void: ${reason}`)
  }
}

if (flags.json === true) {
  console.log(JSON.stringify(result))
} else {
  const { cpus, model, node, platform } = result.machine
  console.log(`node ${node}, ${cpus} cpus (${model}), ${platform}`)
  console.log(`${plan.rounds} interleaved rounds of ${digits(plan.records)} records, each in its own process`)
  printRows("delivered", delivered)
  printRows("call", call)
  console.log("\nratios: median (min – max) of the rounds")
  for (const [name, ratio] of Object.entries(result.ratios)) console.log(`  ${name.padEnd(46)}${spread(ratio)}`)
}

const rows = [...Object.values(delivered), ...Object.values(call)]
if (!rows.every((row) => row.linesRight)) process.exitCode = 1
