/**
 * What this process keeps in memory.
 */
import { setFlagsFromString } from "node:v8"
import { runInNewContext } from "node:vm"

/**
 * Memory in bytes.
 *
 * - `heap`: what is reachable: objects, and the buffers that they hold outside of V8's heap.
 * - `rss`: what the system has given to the process, free parts of the heap included.
 */
export interface Memory {
  readonly heap: number
  readonly rss: number
}

// Here, and not as a flag of the process: all others are measured without it.
const exposed = (): () => void => {
  setFlagsFromString("--expose-gc")
  return runInNewContext("gc")
}

let collect: (() => void) | undefined

/**
 * What is left after a full garbage collection.
 */
export const retained = async (): Promise<Memory> => {
  collect ??= exposed()
  for (let i = 0; i < 2; i++) {
    // what finalizers and ended fibers hold goes with a turn of the event loop
    await new Promise((resolve) => setImmediate(resolve))
    collect()
  }
  const { external, heapUsed, rss } = process.memoryUsage()
  return { heap: heapUsed + external, rss }
}
