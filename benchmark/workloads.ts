/**
 * All workloads, by name.
 */
import { call } from "./workloads/call.ts"
import { deadSink } from "./workloads/deadSink.ts"
import { delivered } from "./workloads/delivered.ts"
import { faults } from "./workloads/faults.ts"
import { memory } from "./workloads/memory.ts"
import { producers } from "./workloads/producers.ts"
import { sinks } from "./workloads/sinks.ts"
import { slowSink } from "./workloads/slowSink.ts"

/**
 * All workloads, by name.
 */
export const workloads = { delivered, call, producers, sinks, slowSink, deadSink, memory, faults }

/**
 * The name of a workload.
 */
export type WorkloadName = keyof typeof workloads
