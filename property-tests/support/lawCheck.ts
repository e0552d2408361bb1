/**
 * What holds at every instant of a layer's life, and what holds when it is over.
 */
import { assert } from "@effect/vitest"
import * as AsyncLogging from "../../src/AsyncLogging.ts"
import type { LogRecord } from "../../src/Record.ts"
import type { Lab } from "./lawLayer.ts"
import type { Seen } from "./lawSinks.ts"

/**
 * Counters by name.
 */
export type Counters = ReadonlyMap<string, number>

/**
 * The law alone, for places in the middle of a call.
 */
export const law = (stats: AsyncLogging.Stats): void => {
  assert.strictEqual(AsyncLogging.layerImbalance(stats.ledger), 0, "the law of the layer")
  for (const [name, sink] of Object.entries(stats.sinks)) {
    assert.strictEqual(AsyncLogging.sinkImbalance(sink.ledger), 0, `the law of ${name}`)
    assert.strictEqual(sink.ledger.queued, sink.depth, `${name}: queued is what is in the queue`)
    for (const term of ["waiting", "queued", "sending"] as const) assert.isAtLeast(sink.ledger[term], 0, term)
  }
  assert.isAtLeast(stats.ledger.held, 0)
}

/**
 * What only grows: the counters but for those that say where records are now.
 */
export const counters = ({ ledger, sinks }: AsyncLogging.Stats): Counters => {
  const out = new Map<string, number>()
  const add = (name: string, value: number) => void out.set(name, value)
  add("offered", ledger.offered)
  add("made", ledger.made)
  add("accepted", ledger.accepted)
  for (const [by, n] of Object.entries(ledger.filtered)) add(`filtered ${by}`, n)
  for (const [name, sink] of Object.entries(sinks)) {
    add(`${name} accepted`, sink.ledger.accepted)
    add(`${name} filteredHere`, sink.ledger.filteredHere)
    add(`${name} delivered`, sink.ledger.delivered)
    add(`${name} injected`, sink.injected)
    add(`${name} attempts`, sink.attempts)
    add(`${name} retries`, sink.retries)
    add(`${name} highWatermark`, sink.highWatermark)
    for (const [reason, n] of Object.entries(sink.ledger.dropped)) add(`${name} dropped ${reason}`, n)
    for (const [reason, n] of Object.entries(sink.ledger.failed)) add(`${name} failed ${reason}`, n)
  }
  return out
}

/**
 * Between two steps: the law, the bounds, the counters that only grow, and the model beside it.
 */
export const always = (lab: Lab, stats: AsyncLogging.Stats, before: Counters, isClosing: boolean): void => {
  law(stats)
  for (const [name, value] of counters(stats)) assert.isAtLeast(value, before.get(name) ?? 0, `${name} never decreases`)
  atLayer(lab, stats, isClosing)
  lab.sinks.forEach((seen, i) => {
    const sink = stats.sinks[seen.name]!
    assert.strictEqual(sink.ledger.accepted, stats.ledger.accepted, "each sink is offered what is accepted")
    atSink(lab, seen, sink, lab.expected.filteredHere[i]!, isClosing)
  })
}

const atLayer = ({ expected, gates }: Lab, { ledger }: AsyncLogging.Stats, isClosing: boolean): void => {
  // calls after the close reach no stage
  const refused = ledger.offered - expected.offered
  assert.strictEqual(ledger.accepted - expected.accepted, refused, "what passes is accepted")
  if (isClosing) assert.isAtLeast(refused, 0)
  else assert.strictEqual(refused, 0, "what is offered reaches the stages")
  assert.strictEqual(ledger.made, sum(gates.map(({ made }) => made)), "made")
  assert.strictEqual(ledger.held, sum(gates.map(({ held }) => held)), "held")
}

const atSink = (
  { expected }: Lab,
  seen: Seen,
  { bytes, depth, highWatermark, injected, ledger }: AsyncLogging.SinkStats,
  filteredHere: number,
  isClosing: boolean
): void => {
  const { batchSize, capacity, maxBytes, overdraft, strategy } = seen.spec
  const above = strategy === "backpressure" ? overdraft : 0
  assert.isAtMost(depth, capacity + above, "the queue is bounded")
  assert.isAtMost(highWatermark, capacity + above)
  assert.isAtLeast(highWatermark, depth)
  if (maxBytes !== undefined && depth > 1) assert.isAtMost(bytes, maxBytes * (1 + above / capacity), "in bytes too")
  if (depth === 0) assert.strictEqual(bytes, 0)
  assert.isAtMost(ledger.sending, batchSize, "one batch is in flight")
  if (isClosing) assert.isAtLeast(ledger.filteredHere, filteredHere)
  else assert.strictEqual(ledger.filteredHere, filteredHere, "the sink's level and filter")
  assert.isAtMost(ledger.delivered, records(seen.delivered) + records(seen.late), "delivered is what the sink said")
  assert.isAtMost(injected, gapLines(seen.delivered).length + gapLines(seen.late).length)
  assert.isAtMost(ledger.failed.rejected, records(seen.rejected))
  if (seen.ended) assert.isAtMost(ledger.failed.fatal, records(seen.fatal))
  else assert.strictEqual(ledger.failed.fatal + ledger.dropped.sink_ended, 0)
  if (!isClosing) assert.strictEqual(ledger.dropped.already_shutdown + ledger.dropped.shutdown_timeout, 0)
  if (!isClosing) assert.strictEqual(ledger.failed.shutdown_timeout, 0)
  if (strategy !== "backpressure") {
    const { interrupted, overdraft, wait_timeout } = ledger.dropped
    assert.strictEqual(ledger.waiting + interrupted + wait_timeout + overdraft, 0, "only backpressure waits")
  } else {
    assert.strictEqual(ledger.dropped.queue_full, 0)
    if (seen.spec.maxWait === undefined) assert.strictEqual(ledger.dropped.wait_timeout, 0)
    assert.isAtMost(
      ledger.dropped.overdraft + ledger.dropped.evicted,
      expected.couldNotWait,
      "only who cannot wait meets a full overdraft"
    )
  }
}

/**
 * When nothing moves, what was said is what is counted, and the order is what was promised.
 */
export const atRest = (lab: Lab, stats: AsyncLogging.Stats): void => {
  for (const seen of lab.sinks) {
    const { injected, ledger } = stats.sinks[seen.name]!
    assert.isAtLeast(ledger.delivered, records(seen.delivered), `${seen.name}: what the sink said is delivered`)
    assert.isAtLeast(injected, gapLines(seen.delivered).length)
    assert.isAtLeast(ledger.failed.rejected, records(seen.rejected), `${seen.name}: what it rejected is failed`)
    assert.isAtLeast(ledger.failed.fatal, records(seen.fatal))
    checkOrder(lab, seen)
    checkGaps(seen, ledger)
  }
}

// Records that cannot wait come in the order of their numbers. Those that can may be let in later, first in, first out.
const checkOrder = ({ expected }: Lab, seen: Seen): void => {
  const numbers = [...seen.attempted.keys()].flatMap(({ seq }) => seq === undefined ? [] : [seq])
  const waits = (seq: number) => seen.spec.strategy === "backpressure" && expected.couldWait.has(seq)
  for (const some of [numbers.filter(waits), numbers.filter((seq) => !waits(seq))]) {
    assert.deepStrictEqual(some, some.toSorted((a, b) => a - b), `${seen.name}: first attempts are in order`)
  }
  assert.strictEqual(new Set(numbers).size, numbers.length, "no number is given twice")
  assert.isTrue(numbers.every((seq) => seq < expected.accepted))
}

/**
 * The records that a sink lost.
 */
export const lost = ({ dropped, failed }: AsyncLogging.SinkCounts): number =>
  sum(Object.values(dropped)) + sum(Object.values(failed))

/**
 * The losses that a sink's gap lines tell of.
 */
export const told = (seen: Seen): number => sum(gapLines(seen.attempted.keys()).map(({ gap }) => gap!.lost))

// Gap lines tell of losses that happened, by reason, and of each once.
const checkGaps = (seen: Seen, ledger: AsyncLogging.SinkCounts): void => {
  const dropped: { readonly [reason: string]: number } = ledger.dropped
  const failed: { readonly [reason: string]: number } = ledger.failed
  const byReason = new Map<string, number>()
  for (const { gap } of gapLines(seen.attempted.keys())) {
    for (const [reason, n] of Object.entries(gap!.reasons)) byReason.set(reason, (byReason.get(reason) ?? 0) + n)
  }
  for (const [reason, n] of byReason) {
    assert.isAtMost(n, (dropped[reason] ?? 0) + (failed[reason] ?? 0), `${seen.name}: ${reason} is told once`)
  }
}

const sum = (numbers: ReadonlyArray<number>): number => numbers.reduce((a, b) => a + b, 0)

const gapLines = (records: Iterable<LogRecord>): ReadonlyArray<LogRecord> =>
  [...records].filter(({ gap }) => gap !== undefined)

const records = (records: ReadonlySet<LogRecord>): number => {
  let n = 0
  for (const { gap } of records) if (gap === undefined) n++
  return n
}
