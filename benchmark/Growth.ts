/**
 * How the memory of this process grows with the records that are offered to a logger.
 *
 * It is read after a garbage collection, at regular intervals: what it then holds is really held.
 */
import type { Memory } from "./Heap.ts"
import * as Heap from "./Heap.ts"
import type { Sample } from "./Workload.ts"

/**
 * The memory after so many records, which took so many seconds. The time in which the memory is read is not in them.
 */
export interface Point extends Memory {
  readonly offered: number
  readonly seconds: number
}

/**
 * The points of one run, from before the first record on.
 */
export type Growth = ReadonlyArray<Point>

/**
 * Logs the records `from` to `to`, without the latter.
 */
export type Offer = (from: number, to: number) => void | Promise<void>

/**
 * Where a run is stopped: bytes that end many a container. What grows further takes ever longer to look at, too.
 */
export const limit = 1024 ** 3

const intervals = 10
const turnEvery = 1000

/**
 * Logs so many records, with a turn of the event loop now and then, as in a program that waits for things. It ends
 * earlier when the process has reached the limit.
 */
export const measure = async (records: number, offer: Offer): Promise<Growth> => {
  let seconds = 0
  const read = async (offered: number): Promise<Point> => ({ offered, seconds, ...(await Heap.retained()) })
  const points = [await read(0)]
  for (let i = 1, offered = 0; i <= intervals && points.at(-1)!.rss < limit; i++) {
    const end = Math.round(records * i / intervals)
    const start = performance.now()
    while (offered < end) {
      const next = Math.min(end, offered + turnEvery)
      await offer(offered, next)
      await new Promise((resolve) => setImmediate(resolve))
      offered = next
    }
    seconds += (performance.now() - start) / 1000
    points.push(await read(offered))
  }
  return points
}

/**
 * As figures: `heap` and `rss` in MB beyond the start, `slope` in bytes of heap per record over the second half, and
 * how many records were `offered`; as series over the seconds: `heap` and `rss`.
 */
export const sample = (self: Growth): Sample => {
  const beyond = (what: keyof Memory) =>
    self.map((point): readonly [number, number] => [point.seconds, (point[what] - self[0]![what]) / 1e6])
  const heap = beyond("heap")
  const rss = beyond("rss")
  const { offered } = self.at(-1)!
  return {
    figures: {
      heap: heap.at(-1)![1],
      rss: rss.at(-1)![1],
      slope: slope(self.filter((point) => point.offered >= offered / 2)),
      offered
    },
    series: { heap, rss }
  }
}

// Of the line that fits best: a reading that is off weighs little.
const slope = (points: Growth): number => {
  const mean = (of: (point: Point) => number) => points.reduce((sum, point) => sum + of(point), 0) / points.length
  const offered = mean((point) => point.offered)
  const heap = mean((point) => point.heap)
  return mean((point) => (point.offered - offered) * (point.heap - heap)) /
    mean((point) => (point.offered - offered) ** 2)
}
