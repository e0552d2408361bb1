/**
 * All workloads, by name.
 */
import { bundle } from "./workloads/bundle.ts"
import { call } from "./workloads/call.ts"
import { deadSink } from "./workloads/deadSink.ts"
import { delivered } from "./workloads/delivered.ts"
import { exactness } from "./workloads/exactness.ts"
import { faults } from "./workloads/faults.ts"
import { memory } from "./workloads/memory.ts"
import { producers } from "./workloads/producers.ts"
import { redaction } from "./workloads/redaction.ts"
import { rotation } from "./workloads/rotation.ts"
import { sinks } from "./workloads/sinks.ts"
import { slowSink } from "./workloads/slowSink.ts"
import { start } from "./workloads/start.ts"
import { sustained } from "./workloads/sustained.ts"

/**
 * All workloads, by name.
 */
export const workloads = {
  delivered,
  call,
  sustained,
  producers,
  redaction,
  sinks,
  rotation,
  slowSink,
  deadSink,
  memory,
  start,
  bundle,
  exactness,
  faults
}

/**
 * The name of a workload.
 */
export type WorkloadName = keyof typeof workloads
