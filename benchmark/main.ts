/**
 * `npm run bench`: this library beside what Effect has, on the same work. `--json` prints one JSON object, `--quick`
 * takes fewer rounds and records. Fails when a line was missing, wrong or out of order; ratios are only printed.
 */
import { availableParallelism, cpus } from "node:os"
import { parseArgs } from "node:util"
import { ratios, toControl } from "./Ratios.ts"
import type { Rows } from "./Rounds.ts"
import * as Rounds from "./Rounds.ts"
import type { Summary } from "./Statistics.ts"
import { workloads } from "./workloads.ts"

const { values: flags } = parseArgs({ options: { json: { type: "boolean" }, quick: { type: "boolean" } } })

const plan = flags.quick === true
  ? { rounds: 3, records: 50_000, steadyRecords: 1000 }
  : { rounds: 5, records: 200_000, steadyRecords: 2000 }

const delivered = (await Rounds.run("delivered", plan.rounds, plan.records)).rate!
const call = (await Rounds.run("call", plan.rounds, plan.records)).time!
const faults = await Rounds.run("faults", plan.rounds, plan.steadyRecords)
const result = {
  ...plan,
  machine: { node: process.version, cpus: availableParallelism(), model: cpus()[0]?.model, platform: process.platform },
  ratios: ratios(delivered, call),
  // time per call, over that with nothing beside the file
  faultRatios: { median: toControl(faults.median!, "nothing"), p99: toControl(faults.p99!, "nothing") },
  delivered,
  call,
  faults
}

const digits = (value: number): string => value.toLocaleString("en", { maximumFractionDigits: value < 100 ? 2 : 0 })

const spread = (value: Summary | undefined, width = 11): string =>
  value === undefined
    ? "void".padStart(width)
    : `${digits(value.median).padStart(width)}  (${digits(value.min)} – ${digits(value.max)})`

const printRows = (workload: keyof typeof workloads, rows: Rows): void => {
  const { contenders, figures, title } = workloads[workload]
  console.log(`\n${title}, ${Object.values(figures).join()}: median (min – max)`)
  for (const [name, { value, wrong }] of Object.entries(rows)) {
    console.log(`  ${contenders[name]!.title.padEnd(46)}${spread(value)}`)
    for (const reason of wrong) console.log(`    void: ${reason}`)
  }
}

type Column = readonly [heading: string, cell: (contender: string) => Summary | undefined]

const printFaults = (): void => {
  const { contenders, figures, title } = workloads.faults
  const figure = (name: string): Column => [figures[name]!, (contender) => faults[name]![contender]!.value]
  const ratio = (name: keyof typeof result.faultRatios): Column => [
    "over nothing",
    (contender) => result.faultRatios[name][contender]
  ]
  for (
    const columns of [
      [figure("median"), ratio("median"), figure("p99"), ratio("p99")],
      [figure("max"), figure("block"), figure("computing")]
    ]
  ) {
    console.log(`\n${title}: median (min – max)`)
    console.log(`  ${" ".repeat(30)}${columns.map(([heading]) => heading.padEnd(22)).join("")}`)
    for (const name of Object.keys(contenders)) {
      const cells = columns.map(([_, cell]) => spread(cell(name), 0).padEnd(22))
      console.log(`  ${contenders[name]!.title.padEnd(30)}${cells.join("")}`)
    }
  }
  for (const { wrong } of Object.values(faults.median!)) for (const reason of wrong) console.log(`    void: ${reason}`)
}

if (flags.json === true) {
  console.log(JSON.stringify(result))
} else {
  const { cpus, model, node, platform } = result.machine
  console.log(`node ${node}, ${cpus} cpus (${model}), ${platform}`)
  console.log(`${plan.rounds} interleaved rounds of ${digits(plan.records)} records, each in its own process`)
  printRows("delivered", delivered)
  printRows("call", call)
  printFaults()
  console.log("\nratios: median (min – max) of the rounds")
  for (const [name, ratio] of Object.entries(result.ratios)) console.log(`  ${name.padEnd(46)}${spread(ratio)}`)
}

const rows = [delivered, call, faults.median!].flatMap((rows) => Object.values(rows))
if (!rows.every((row) => row.linesRight)) process.exitCode = 1
