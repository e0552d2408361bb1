/**
 * What the callers of a history do, log and flush, and what they may expect of it.
 */
import { assert } from "@effect/vitest"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as References from "effect/References"
import * as Scheduler from "effect/Scheduler"
import type * as AsyncLogging from "../../src/AsyncLogging.ts"
import * as Logger from "../../src/Logger.ts"
import type { CallSpec } from "./history.ts"
import type { Run } from "./lawRun.ts"
import * as LawSinks from "./lawSinks.ts"
import * as Levels from "./levelModel.ts"

/**
 * Logs, in a fiber of its own.
 */
export const log = (self: Run, spec: CallSpec): void => {
  const { context, world } = self.lab
  const calls = Effect.provideContext(
    Effect.forEach(Array.from({ length: spec.times }), () => call(self, spec), { discard: true }),
    context
  )
  const fiber = world.fork(spec.uninterruptible ? Effect.uninterruptible(calls) : calls)
  self.callers.push({ fiber, interrupted: false })
}

const call = (self: Run, spec: CallSpec): Effect.Effect<void> =>
  Effect.suspend(() => {
    const { ids, levels } = self.lab.expected
    const { by, level, logger, message, region, size, uninterruptible } = spec
    const id = ++self.calls
    const { version } = levels
    const isEnabled = Levels.isEnabled(levels, level, logger, region)
    const canWait = by !== "Effect.log" && !uninterruptible
    const fields = { id, canWait, ...(region && { region }), ...(size > 0 && { text: "x".repeat(size) }) }
    const logged = logBy(self, by, level, logger, message, fields)
    const named = logger === undefined || by === "named" ? logged : Logger.withName(logged, logger)
    const around = region === undefined ? named : Effect.provideService(named, References.MinimumLogLevel, region)
    return Effect.map(around, () => {
      if (levels.version !== version || self.closingSince !== undefined) return
      assert.strictEqual(ids.has(id), isEnabled, "an enabled call reaches the stages, and no other does")
    })
  })

const logBy = (
  self: Run,
  by: CallSpec["by"],
  level: CallSpec["level"],
  logger: string | undefined,
  message: string,
  fields: { readonly id: number }
): Effect.Effect<void> => {
  switch (by) {
    case "Effect.log":
      return Effect.logWithLevel(level)(message, fields)
    case "Logger":
      return Logger.log(level)(message, fields)
    case "named":
      return logger === undefined
        ? Logger.log(level)(message, fields)
        : Logger.named(logger, { bound: 1 }).log(level)(message, fields)
    case "acknowledged": {
      const check = (result: Logger.Receipt | Logger.NotAccepted) =>
        Effect.sync(() => checkReceipt(self, result, fields.id))
      return Effect.matchEffect(Logger.acknowledged(level, message, fields), { onSuccess: check, onFailure: check })
    }
  }
}

// What a sink is said to have delivered, it has said itself; what the stages are said to have done, they have.
const checkReceipt = (self: Run, result: Logger.Receipt | Logger.NotAccepted, id: number): void => {
  const { expected: { passed }, sinks, update } = self.lab
  update()
  for (const { delivered, late, name } of sinks) {
    if (result.sinks[name] !== "delivered") continue
    const ids = [...delivered, ...late.delivered].map(LawSinks.idOf)
    assert.include(ids, id, `${name} has delivered what it acknowledges`)
  }
  for (const [i, { name }] of sinks.entries()) {
    if (result.sinks[name] !== "diverted") continue
    const ids = sinks.slice(i + 1).flatMap(({ delivered, late }) =>
      [...delivered, ...late.delivered].map(LawSinks.idOf)
    )
    assert.include(ids, id, `${name} has diverted what another sink has delivered`)
  }
  const reason = "reason" in result ? result.reason : "delivered"
  if (reason === "already_shutdown") return
  const isEnded = reason === "disabled" || reason === "filtered" || reason === "held"
  assert.strictEqual(passed.has(id), !isEnded, `the stages let pass what is ${reason}`)
}

/**
 * Flushes. In one piece up to the call, so that what is outstanding then is known.
 */
export const flush = (self: Run, millis: number): Effect.Effect<void> =>
  Effect.provideService(
    Effect.suspend(() => {
      const { layer, stats, world } = self.lab
      const before = stats()
      const start = world.now()
      return Effect.map(layer.flush(Duration.millis(millis)), (report) => {
        if (!self.jumped) assert.isAtMost(world.now() - start, millis, "a flush ends by its limit")
        checkFlush(self, before, report, stats())
      })
    }),
    Scheduler.PreventSchedulerYield,
    true
  )

const checkFlush = (
  self: Run,
  before: AsyncLogging.Stats,
  report: AsyncLogging.FlushReport,
  after: AsyncLogging.Stats
): void => {
  for (const { healed, name, spec } of self.lab.sinks) {
    const { delivered, diverted, dropped, durable, failed, pending } = report.sinks[name]!
    const { queued, sending } = before.sinks[name]!.ledger
    assert.strictEqual(
      delivered + diverted + dropped + failed + pending,
      queued + sending,
      "each outstanding record is told of"
    )
    const arrived = after.sinks[name]!.ledger.delivered - before.sinks[name]!.ledger.delivered
    assert.isAtMost(delivered, arrived, "what arrived since")
    if (report.complete) assert.strictEqual(pending, 0, "no false success")
    if (durable && !healed) assert.strictEqual(spec.flush, "works")
  }
}
