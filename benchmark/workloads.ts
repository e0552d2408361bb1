/**
 * All workloads, by name.
 */
import { bundle } from "./workloads/bundle.ts"
import { call } from "./workloads/call.ts"
import { deadSink } from "./workloads/deadSink.ts"
import { delivered } from "./workloads/delivered.ts"
import { exactness } from "./workloads/exactness.ts"
import { faults } from "./workloads/faults.ts"
<<<<<<< HEAD
import { sustained } from "./workloads/sustained.ts"
=======
import { memory } from "./workloads/memory.ts"
import { producers } from "./workloads/producers.ts"
import { sinks } from "./workloads/sinks.ts"
import { slowSink } from "./workloads/slowSink.ts"
import { start } from "./workloads/start.ts"
>>>>>>> 4b28b7884d1a966b8ada0088b3942e2e4d20b4df

/**
 * All workloads, by name.
 */
<<<<<<< HEAD
export const workloads = { delivered, call, sustained, faults, exactness }
=======
export const workloads = { delivered, call, producers, sinks, slowSink, deadSink, memory, start, bundle, faults }
>>>>>>> 4b28b7884d1a966b8ada0088b3942e2e4d20b4df

/**
 * The name of a workload.
 */
export type WorkloadName = keyof typeof workloads
