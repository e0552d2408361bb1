/**
 * The end of a history: sinks that recover, the close, and what must not happen after it.
 */
import { assert } from "@effect/vitest"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"
import type * as AsyncLogging from "../../src/AsyncLogging.ts"
import * as Calls from "./lawCalls.ts"
import * as Check from "./lawCheck.ts"
import type { Run } from "./lawRun.ts"
import * as Levels from "./levelModel.ts"
import { exitOf } from "./scheduler.ts"

const drainTimeout = 10_000

const lastCall = {
  _tag: "Log",
  by: "Logger",
  level: "Fatal",
  logger: undefined,
  region: undefined,
  uninterruptible: false,
  message: "last",
  size: 0,
  times: 1
} as const

/**
 * All sinks work from now on: given time, everything is delivered, and the next record brings the news of all losses.
 */
export const heal = (self: Run): void => {
  const { expected: { levels }, layer, sinks, stats, world } = self.lab
  for (const seen of sinks) {
    seen.healed = true
    for (const open of [...seen.gates, ...seen.hung]) open()
  }
  // longer than any timeout, backoff, linger and wait
  world.advance(300_000)
  checkIdle(self, stats())
  for (const [i, { name }] of sinks.entries()) {
    Effect.runSync(layer.setLevel("Trace", { sink: name }))
    Levels.set(levels, "Trace", i, undefined)
  }
  const before = stats()
  Calls.log(self, lastCall)
  const flushed = world.fork(layer.flush(Duration.seconds(10)))
  world.advance(10_000)
  const after = stats()
  checkIdle(self, after)
  const report = exitOf(flushed)
  assert.isTrue(Exit.isSuccess(report) && report.value.complete, "a flush to sinks that work is complete")
  for (const seen of sinks) {
    const earlier = before.sinks[seen.name]!.ledger
    const { delivered } = after.sinks[seen.name]!.ledger
    const lost = Check.lost(after.sinks[seen.name]!.ledger)
    // a stage may have ended the last record, and a gate may have given so many that one was lost
    if (delivered === earlier.delivered || lost > Check.lost(earlier)) continue
    // what a sink said too late may have been told again
    if (seen.late.delivered.size > 0) continue
    assert.strictEqual(Check.told(seen), lost, "gap lines tell of every loss")
  }
}

const checkIdle = ({ lab }: Run, stats: AsyncLogging.Stats): void => {
  for (const { name } of lab.sinks) {
    const { queued, sending, waiting } = stats.sinks[name]!.ledger
    assert.deepStrictEqual({ queued, sending, waiting }, { queued: 0, sending: 0, waiting: 0 }, `${name} is idle`)
  }
  Check.atRest(lab, stats)
}

/**
 * Somebody closes the layer, or its scope.
 */
export const startClose = (self: Run): void => {
  const { history, layer, scope, world } = self.lab
  const closed = history.closeBy === "close" || self.closers.length > 0
    ? layer.close
    : Effect.andThen(Scope.close(scope, Exit.void), layer.close)
  const fiber = world.fork(Effect.suspend(() => {
    self.closingSince ??= world.now()
    return closed
  }))
  self.closers.push({ fiber, interrupted: false })
}

/**
 * Closes the layer, by two at once: both get the same report, in time, and no record is under way any more.
 */
export const close = (self: Run): void => {
  const { lab: { history, reports, scope, sinks, stats, world } } = self
  startClose(self)
  startClose(self)
  world.settle()
  // a millisecond is the shortest wait; after a jump there are only such left, some in a row
  world.advance(self.jumped ? drainTimeout : Math.max(0, self.closingSince! + drainTimeout + 5 - world.now()))
  // who is interrupted before it has begun has not begun it: it began here
  if (self.closers.some(({ fiber }) => fiber.pollUnsafe() === undefined)) world.advance(drainTimeout + 5)
  // one who is interrupted later leaves a close that goes on
  const results = self.closers.filter(({ interrupted }) => !interrupted).map(({ fiber }) => exitOf(fiber))
  const result = results[0]!
  if (!Exit.isSuccess(result)) throw new Error(`the close failed: ${String(result.cause)}`)
  const report = result.value
  for (const other of results) assert.isTrue(Exit.isSuccess(other) && other.value === report, "the report is shared")
  assert.deepStrictEqual(reports, history.onClose === "none" ? [] : [report], "onClose gets it, once")
  world.fork(Scope.close(scope, Exit.void))
  world.settle()

  const { ledger, sinks: counted } = stats()
  checkIdle(self, stats())
  assert.strictEqual(ledger.held, 0)
  if (!self.jumped) assert.isAtMost(report.duration, drainTimeout + 5)
  let lost = 0
  for (const { name, spec } of sinks) {
    const told = report.sinks[name]!
    lost += Check.lost(told)
    if (report.abandoned.includes(name)) assert.strictEqual(spec.closing, "hangs")
    // records may have been logged since, into the closed layer
    const { accepted, dropped, filteredHere } = counted[name]!.ledger
    const unchanged = { ...told, accepted, filteredHere, dropped: { ...told.dropped } }
    unchanged.dropped.already_shutdown = dropped.already_shutdown
    assert.deepStrictEqual(counted[name]!.ledger, unchanged, "the report is the last word")
  }
  assert.strictEqual(report.lost, lost)
}

/**
 * After the close nothing is started, nobody waits, no timer runs, and who logs gets on.
 */
export const afterwards = (self: Run): void => {
  const { lab: { pipelineScope, sinks, stats, world } } = self
  const started = sinks.map(({ tries, writes }) => [tries, writes])
  const before = stats()
  for (const by of ["Effect.log", "Logger", "named", "acknowledged"] as const) {
    Calls.log(self, { ...lastCall, by, times: 2 })
  }
  for (const seen of sinks) for (const open of seen.gates) open()
  world.fork(Scope.close(pipelineScope, Exit.void))
  world.advance(300_000)
  for (const { fiber, interrupted } of self.callers) {
    const exit = exitOf(fiber)
    if (Exit.isFailure(exit) && !interrupted) throw new Error(`a caller failed: ${String(exit.cause)}`)
  }
  for (const { fiber, interrupted } of self.flushes) {
    const exit = exitOf(fiber)
    if (Exit.isFailure(exit) && !interrupted) throw new Error(`a flush failed: ${String(exit.cause)}`)
  }
  assert.strictEqual(world.sleeping(), 0, "no timer is left")
  assert.deepStrictEqual(sinks.map(({ tries, writes }) => [tries, writes]), started, "nothing is started any more")
  const after = stats()
  checkIdle(self, after)
  for (const { closed, name, opened, spec } of sinks) {
    if (spec.closing !== "hangs") assert.strictEqual(closed, opened, `${name} is closed as often as it was opened`)
    assert.strictEqual(after.sinks[name]!.ledger.delivered, before.sinks[name]!.ledger.delivered)
  }
  const interruptions = self.callers.filter(({ interrupted }) => interrupted).length
  for (const { name } of sinks) {
    const { interrupted } = after.sinks[name]!.ledger.dropped
    if (interruptions === 0) assert.strictEqual(interrupted, 0, "nobody was interrupted")
  }
}
