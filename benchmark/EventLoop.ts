/**
 * How long the event loop of this process stands still.
 */

/**
 * The longest that it stood still, in milliseconds.
 *
 * - `longest`: for whatever reason. On a busy machine that is mostly another process.
 * - `computing`: that the thread was at work without a break. The system's clock of that is coarse: some milliseconds
 *   more or less.
 *
 * `turns` has what it computed without a break in each turn, also in milliseconds.
 */
export interface Blocks {
  readonly longest: number
  readonly computing: number
  readonly turns: ReadonlyArray<number>
}

const interval = 2

/**
 * Watches the event loop from now on, until the returned function is called.
 */
export const watch = (): () => Blocks => {
  let longest = 0
  const turns: Array<number> = []
  let last = performance.now()
  let lastCpu = process.threadCpuUsage()
  const timer = setInterval(() => {
    const now = performance.now()
    const { system, user } = process.threadCpuUsage(lastCpu)
    const block = Math.max(0, now - last - interval)
    longest = Math.max(longest, block)
    turns.push(Math.min(block, (user + system) / 1000))
    last = now
    lastCpu = process.threadCpuUsage()
  }, interval)
  return () => {
    clearInterval(timer)
    return { longest, computing: Math.max(0, ...turns), turns }
  }
}
