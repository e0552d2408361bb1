/**
 * One measurement, in a process of its own: `node benchmark/child.ts <workload> <contender> <records>` prints a
 * `Sample` as JSON. Useful by itself under a profiler.
 */
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { WorkloadName } from "./workloads.ts"
import { workloads } from "./workloads.ts"

const [workload, contender, records] = process.argv.slice(2)
const directory = mkdtempSync(join(tmpdir(), "effect-async-logging-bench-"))
try {
  const sample = await workloads[workload as WorkloadName].contenders[contender!]!.run({
    directory,
    records: Number(records)
  })
  console.log(JSON.stringify(sample))
} finally {
  rmSync(directory, { recursive: true })
}
