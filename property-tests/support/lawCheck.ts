/**
 * What holds at every instant of a layer's life, and what holds when it is over.
 */
import { assert } from "@effect/vitest"
import * as AsyncLogging from "../../src/AsyncLogging.ts"
import type { LogRecord } from "../../src/Record.ts"
import * as Expect from "./expect.ts"
import { isTarget, sourcesOf, targetsOf } from "./history.ts"
import type { Lab } from "./lawLayer.ts"
import type { Seen } from "./lawSinks.ts"

/**
 * The law alone, for places in the middle of a call.
 */
export const law = (stats: AsyncLogging.Stats): void => {
  Expect.equal(AsyncLogging.layerImbalance(stats.ledger), 0, "the law of the layer")
  Expect.atLeast(stats.ledger.held, 0, "held")
  for (const sink of Object.values(stats.sinks)) {
    Expect.equal(AsyncLogging.sinkImbalance(sink.ledger), 0, "the law of a sink")
    Expect.equal(sink.ledger.queued, sink.depth, "queued is what is in the queue")
    Expect.atLeast(sink.ledger.waiting, 0, "waiting")
    Expect.atLeast(sink.ledger.sending, 0, "sending")
  }
}

/**
 * Between two steps: the law, the bounds, the counters that only grow, and the model beside it.
 */
export const always = (
  lab: Lab,
  before: AsyncLogging.Stats | undefined,
  stats: AsyncLogging.Stats,
  isClosing: boolean
): void => {
  law(stats)
  if (before !== undefined) grows(before, stats)
  atLayer(lab, stats, isClosing)
  lab.sinks.forEach((seen, i) => {
    const sink = stats.sinks[seen.name]!
    const isDiverted = isTarget(lab.history, i)
    Expect.equal(sink.ledger.accepted, isDiverted ? 0 : stats.ledger.accepted, "each sink is offered what is accepted")
    atDiverted(lab, stats, i)
    atSink(seen, sink, isDiverted ? undefined : lab.expected.filteredHere[i]!, isClosing)
    atQueue(lab, seen, sink, isDiverted)
  })
  const counts = Object.values(stats.sinks).map(({ ledger }) => ledger)
  const [ins, outs] = [sum(counts.map((c) => c.divertedIn)), sum(counts.map((c) => c.divertedOut))]
  Expect.equal(ins, outs, "what some sinks divert others get")
}

// What comes to a sink comes from those that divert to it: all that they divert, if they have no other target.
const atDiverted = ({ history, sinks }: Lab, stats: AsyncLogging.Stats, index: number): void => {
  const counts = (i: number): AsyncLogging.SinkCounts => stats.sinks[sinks[i]!.name]!.ledger
  const sources = sourcesOf(history, index)
  const out = sum(sources.map((source) => counts(source).divertedOut))
  const isOnly = (to: number | undefined): boolean => to === undefined || to === index
  const isAll = sources.every((source) => Object.values(targetsOf(history, source)).every(isOnly))
  if (isAll) Expect.equal(counts(index).divertedIn, out, "what one sink diverts the other one gets")
  else Expect.atMost(counts(index).divertedIn, out, "what comes is what some sink diverts")
  const { deadLetter, fallback } = targetsOf(history, index)
  if (deadLetter === undefined && fallback === undefined) Expect.equal(counts(index).divertedOut, 0, "divertedOut")
}

type Counters = { readonly [name: string]: number }

const grow = (before: Counters, after: Counters): void => {
  for (const name in before) Expect.atLeast(after[name]!, before[name]!, name)
}

// All counters but those that say where records are now.
const grows = (before: AsyncLogging.Stats, after: AsyncLogging.Stats): void => {
  const { filtered: filteredBefore, held: _held, ...layerBefore } = before.ledger
  const { filtered, held: _heldNow, ...layer } = after.ledger
  grow(layerBefore, layer)
  grow(filteredBefore, filtered)
  for (const name in before.sinks) {
    const a = before.sinks[name]!
    const b = after.sinks[name]!
    grow(a.ledger.dropped, b.ledger.dropped)
    grow(a.ledger.failed, b.ledger.failed)
    Expect.atLeast(b.ledger.accepted, a.ledger.accepted, "accepted")
    Expect.atLeast(b.ledger.filteredHere, a.ledger.filteredHere, "filteredHere")
    Expect.atLeast(b.ledger.delivered, a.ledger.delivered, "delivered")
    Expect.atLeast(b.ledger.divertedIn, a.ledger.divertedIn, "divertedIn")
    Expect.atLeast(b.ledger.divertedOut, a.ledger.divertedOut, "divertedOut")
    Expect.atLeast(b.injected, a.injected, "injected")
    Expect.atLeast(b.attempts, a.attempts, "attempts")
    Expect.atLeast(b.retries, a.retries, "retries")
    Expect.atLeast(b.highWatermark, a.highWatermark, "highWatermark")
  }
}

const atLayer = ({ expected, gates }: Lab, { ledger }: AsyncLogging.Stats, isClosing: boolean): void => {
  // calls after the close reach no stage
  const refused = ledger.offered - expected.offered
  Expect.equal(ledger.accepted - expected.accepted, refused, "what passes is accepted")
  if (isClosing) Expect.atLeast(refused, 0, "offered")
  else Expect.equal(refused, 0, "what is offered reaches the stages")
  Expect.equal(ledger.made, sum(gates.map(({ made }) => made)), "made")
  Expect.equal(ledger.held, sum(gates.map(({ held }) => held)), "held")
}

const atSink = (
  { beside, delivered, fatal, late, rejected }: Seen,
  { injected, ledger: { delivered: arrived, dropped, failed, filteredHere } }: AsyncLogging.SinkStats,
  expectedFilteredHere: number | undefined,
  isClosing: boolean
): void => {
  Expect.atMost(arrived, records(delivered) + records(late.delivered), "delivered is what the sink said")
  Expect.atMost(injected, gapLines(delivered).length + gapLines(late.delivered).length, "injected")
  Expect.atMost(failed.rejected, records(rejected) + records(late.rejected), "rejected is what the sink said")
  Expect.atMost(failed.fatal, records(fatal) + records(beside) + records(late.fatal), "fatal is what the sink said")
  if (fatal.size + late.fatal.size === 0) Expect.equal(dropped.sink_ended, 0, "sink_ended")
  if (isClosing) return Expect.atLeast(filteredHere, expectedFilteredHere ?? 0, "filteredHere")
  if (expectedFilteredHere !== undefined) {
    Expect.equal(filteredHere, expectedFilteredHere, "the sink's level and filter")
  }
  Expect.equal(dropped.already_shutdown + dropped.shutdown_timeout + failed.shutdown_timeout, 0, "no close, no loss")
}

const atQueue = (
  { expected }: Lab,
  { spec: { batchSize, capacity, maxBytes, maxWait, overdraft, strategy } }: Seen,
  { bytes, depth, highWatermark, ledger: { dropped, sending, waiting } }: AsyncLogging.SinkStats,
  isDiverted: boolean
): void => {
  const above = strategy === "backpressure" ? overdraft : 0
  Expect.atMost(depth, capacity + above, "the queue is bounded")
  if (maxBytes !== undefined && depth > 1) Expect.atMost(bytes, maxBytes * (1 + above / capacity), "in bytes too")
  if (depth === 0) Expect.equal(bytes, 0, "bytes")
  Expect.atMost(highWatermark, capacity + above, "highWatermark")
  Expect.atLeast(highWatermark, depth, "highWatermark")
  Expect.atMost(sending, batchSize, "one batch is in flight")
  if (waiting > 0) Expect.atLeast(depth, 1, "nobody waits for an empty queue")
  // what is diverted stands in line for room, whatever the strategy, and nobody leaves that line
  if (isDiverted) {
    const { evicted, interrupted, overdraft, queue_full, wait_timeout } = dropped
    return Expect.equal(evicted + interrupted + overdraft + queue_full + wait_timeout, 0, "a fallback is not overrun")
  }
  if (strategy !== "backpressure") {
    const never = waiting + dropped.interrupted + dropped.wait_timeout + dropped.overdraft
    return Expect.equal(never, 0, "only backpressure waits")
  }
  Expect.equal(dropped.queue_full, 0, "queue_full")
  if (maxWait === undefined) Expect.equal(dropped.wait_timeout, 0, "wait_timeout")
  Expect.atMost(dropped.overdraft, expected.couldNotWait, "only who cannot wait meets a full overdraft")
  if (expected.couldNotWait === 0) Expect.equal(dropped.evicted, 0, "who waits evicts nothing")
}

/**
 * When nothing moves, what was said is what is counted, and the order is what was promised.
 */
export const atRest = (lab: Lab, stats: AsyncLogging.Stats): void => {
  for (const seen of lab.sinks) {
    const { injected, ledger } = stats.sinks[seen.name]!
    assert.isAtLeast(ledger.delivered, records(seen.delivered), `${seen.name}: what the sink said is delivered`)
    assert.isAtLeast(injected, gapLines(seen.delivered).length)
    const { divertedOut, failed } = ledger
    assert.isAtLeast(failed.rejected + divertedOut, records(seen.rejected), `${seen.name}: what it rejected is lost`)
    assert.isAtLeast(failed.fatal + divertedOut, records(seen.fatal))
    checkOrder(lab, seen)
    checkGaps(seen, ledger)
  }
}

// Records that cannot wait come in the order of their numbers. Those that can may be let in later, first in, first out.
const checkOrder = ({ expected, history, sinks }: Lab, seen: Seen): void => {
  const numbers = [...seen.attempted].flatMap(({ seq }) => seq === undefined ? [] : [seq])
  const waits = (seq: number) => seen.spec.strategy === "backpressure" && expected.couldWait.has(seq)
  // what is diverted comes in the order in which another sink has given it up
  const inOrder = isTarget(history, sinks.indexOf(seen))
    ? []
    : [numbers.filter(waits), numbers.filter((seq) => !waits(seq))]
  for (const some of inOrder) {
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
 * The losses that the gap lines tell of which a sink has delivered.
 */
export const told = (seen: Seen): number => sum(gapLines(seen.delivered).map(({ gap }) => gap!.lost))

// Gap lines tell of losses that happened, by reason, and of each once.
const checkGaps = (seen: Seen, ledger: AsyncLogging.SinkCounts): void => {
  const dropped: { readonly [reason: string]: number } = ledger.dropped
  const failed: { readonly [reason: string]: number } = ledger.failed
  const byReason = new Map<string, number>()
  for (const { gap } of gapLines(seen.delivered)) {
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
