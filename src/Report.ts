/**
 * What the library answers when it is asked: statistics, the report of a flush, the report of the close. Plain data.
 */
import type { BreakerState } from "./Breaker.ts"
import type { LayerCounts, SinkCounts } from "./Ledger.ts"
import * as Ledger from "./Ledger.ts"
import * as Monotonic from "./Monotonic.ts"
import * as Rate from "./Rate.ts"
import type { Worker } from "./Worker.ts"

/**
 * One sink, at one instant.
 */
export interface SinkStats {
  /** Where its records are: the terms of the law. */
  readonly ledger: SinkCounts
  /** Records in its queue now, and their estimated bytes. */
  readonly depth: number
  readonly bytes: number
  /** The most records that were ever in its queue. */
  readonly highWatermark: number
  /** Delivered records a second: a moving average over about ten seconds. */
  readonly deliveredPerSecond: number
  /** Writes, and how many of them repeated an earlier one. */
  readonly attempts: number
  readonly retries: number
  /** Delivered lines that the library wrote by itself. They are in no other number. */
  readonly injected: number
  /** Of a sink with a fallback: whether it is tried. `undefined` without one. */
  readonly breaker: BreakerState | undefined
  /** Its last trouble; `time` in milliseconds since the epoch. */
  readonly lastError: { readonly time: number; readonly message: string } | undefined
}

/**
 * A layer, at one instant.
 */
export interface Stats {
  readonly ledger: LayerCounts
  readonly sinks: { readonly [name: string]: SinkStats }
}

/**
 * What became, at one sink, of the records that were outstanding when the flush was called. `pending` ones had not
 * settled when its time was up. `durable`: the sink has made durable all that it wrote.
 *
 * What the sink diverted is followed: `diverted` were delivered by another sink; those that that one lost are among
 * `failed` and `dropped`.
 */
export interface SinkFlush {
  readonly delivered: number
  readonly diverted: number
  readonly failed: number
  readonly dropped: number
  readonly pending: number
  readonly durable: boolean
}

/**
 * The report of a flush. `complete`: every record that was outstanding has settled, and no sink failed to make
 * durable what it wrote. It does not say that all arrived: see `failed` and `dropped`.
 */
export interface FlushReport {
  readonly complete: boolean
  readonly sinks: { readonly [name: string]: SinkFlush }
}

/**
 * The report of the close.
 */
export interface CloseReport {
  /** How long it took, in milliseconds. */
  readonly duration: number
  /** Records that were lost at any sink during the life of the layer: dropped and failed. */
  readonly lost: number
  /** The terms of the law, after the last record. */
  readonly sinks: { readonly [name: string]: SinkCounts }
  /** Sinks whose own close did not return in time, and was left behind. */
  readonly abandoned: ReadonlyArray<string>
}

/**
 * The statistics of a layer, now.
 */
export const stats = (ledger: Ledger.Ledger, workers: ReadonlyArray<Worker>): Stats => ({
  ledger: Ledger.layerCounts(ledger),
  sinks: Object.fromEntries(workers.map((worker) => [worker.outlet.settings.name, sinkStats(worker)]))
})

const sinkStats = (worker: Worker): SinkStats => {
  const { ledger, queue } = worker.outlet
  return {
    ledger: Ledger.sinkCounts(ledger),
    depth: queue.size,
    bytes: queue.bytes,
    highWatermark: queue.highWatermark,
    deliveredPerSecond: Rate.read(worker.delivered, Monotonic.millisUnsafe(worker.clock)),
    attempts: worker.attempts,
    retries: worker.retries,
    injected: worker.injected,
    breaker: worker.breaker?.state,
    lastError: worker.lastError
  }
}

/**
 * The terms of the law of each sink.
 */
export const sinks = (workers: ReadonlyArray<Worker>): CloseReport["sinks"] =>
  Object.fromEntries(workers.map(({ outlet }) => [outlet.settings.name, Ledger.sinkCounts(outlet.ledger)]))

/**
 * What was lost, at which sinks and why, as text: `lost 3 records (file: evicted 3)`. `undefined`: nothing was.
 */
export const lossText = (sinks: CloseReport["sinks"]): string | undefined => {
  const lossy = Object.entries(sinks).filter(([, counts]) => Ledger.lost(counts) > 0)
  if (lossy.length === 0) return undefined
  const lost = lossy.reduce((total, [, counts]) => total + Ledger.lost(counts), 0)
  const bySink = lossy.map(([name, counts]) => `${name}: ${Ledger.reasonsText(Ledger.losses(counts))}`)
  return `lost ${lost} ${lost === 1 ? "record" : "records"} (${bySink.join("; ")})`
}
