/**
 * All workloads, by name.
 */
import { call } from "./call.ts"
import { delivered } from "./delivered.ts"
import { faults } from "./faults.ts"

/**
 * All workloads, by name.
 */
export const workloads = { delivered, call, faults }

/**
 * The name of a workload.
 */
export type WorkloadName = keyof typeof workloads
