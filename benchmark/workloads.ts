/**
 * All workloads, by name.
 */
import { call } from "./workloads/call.ts"
import { delivered } from "./workloads/delivered.ts"
import { faults } from "./workloads/faults.ts"

/**
 * All workloads, by name.
 */
export const workloads = { delivered, call, faults }

/**
 * The name of a workload.
 */
export type WorkloadName = keyof typeof workloads
