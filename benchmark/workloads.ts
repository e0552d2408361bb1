/**
 * All workloads, by name.
 */
import { call } from "./call.ts"
import { delivered } from "./delivered.ts"

/**
 * All workloads, by name.
 */
export const workloads = { delivered, call }

/**
 * The name of a workload.
 */
export type WorkloadName = keyof typeof workloads
