/**
 * How long the event loop of this process stands still.
 */

/**
 * The longest that it stood still, in milliseconds.
 *
 * - `longest`: for whatever reason. On a busy machine that is mostly another process.
 * - `computing`: that the thread was at work without a break. The system's clock of that is coarse: some milliseconds
 *   more or less.
 */
export interface Blocks {
  readonly longest: number
  readonly computing: number
}

const interval = 2

/**
 * Watches the event loop from now on, until the returned function is called.
 */
export const watch = (): () => Blocks => {
  let longest = 0
  let computing = 0
  let last = performance.now()
  let lastCpu = process.threadCpuUsage()
  const timer = setInterval(() => {
    const now = performance.now()
    const { system, user } = process.threadCpuUsage(lastCpu)
    const block = Math.max(0, now - last - interval)
    longest = Math.max(longest, block)
    computing = Math.max(computing, Math.min(block, (user + system) / 1000))
    last = now
    lastCpu = process.threadCpuUsage()
  }, interval)
  return () => {
    clearInterval(timer)
    return { longest, computing }
  }
}
