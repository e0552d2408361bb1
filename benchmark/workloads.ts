/**
 * All workloads, by name.
 */
import { call } from "./workloads/call.ts"
import { delivered } from "./workloads/delivered.ts"
import { exactness } from "./workloads/exactness.ts"
import { faults } from "./workloads/faults.ts"
import { sustained } from "./workloads/sustained.ts"

/**
 * All workloads, by name.
 */
export const workloads = { delivered, call, sustained, faults, exactness }

/**
 * The name of a workload.
 */
export type WorkloadName = keyof typeof workloads
