/**
 * A layer under observation: built in a world from the specs of a history, with probes in front of and
 * behind its stages, which count what the layer should count.
 */
import { assert } from "@effect/vitest"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import type * as LogLevel from "effect/LogLevel"
import * as Scope from "effect/Scope"
import * as AsyncLogging from "../../src/AsyncLogging.ts"
import * as Filters from "../../src/Filters.ts"
import * as Pipeline from "../../src/Pipeline.ts"
import type { LogRecord } from "../../src/Record.ts"
import { hold, repeat } from "../../test/support/gates.ts"
import * as GateSpecs from "./gateSpecs.ts"
import type { History, StageSpec } from "./history.ts"
import { isTarget, partOf, targetsOf } from "./history.ts"
import type { Seen } from "./lawSinks.ts"
import * as LawSinks from "./lawSinks.ts"
import type { LevelModel } from "./levelModel.ts"
import * as Levels from "./levelModel.ts"
import type * as Worlds from "./scheduler.ts"
import { exitOf } from "./scheduler.ts"

/**
 * What the layer should have counted, as far as that is determined.
 */
export interface Expected {
  readonly levels: LevelModel
  /** Calls that reached the stages, and records that passed them. */
  offered: number
  accepted: number
  /** By sink: accepted records that its level or filter ends. */
  readonly filteredHere: Array<number>
  /** Numbers of accepted records whose call could wait for room. */
  readonly couldWait: Set<number>
  /** Accepted records whose call could not. */
  couldNotWait: number
  /** Ids of the calls that the stages saw, and of those whose own record they let pass. */
  readonly ids: Set<number>
  readonly passed: Set<number>
  /** The call whose record is in the stages now. */
  call: {
    readonly id: number | undefined
    readonly region: LogLevel.Severity | undefined
    readonly canWait: boolean
  }
}

/**
 * A layer that runs, and all that is known of it.
 */
export interface Lab {
  readonly history: History
  readonly world: Worlds.World
  readonly layer: Context.Service.Shape<typeof AsyncLogging.AsyncLogging>
  /** The context of the callers. */
  readonly context: Context.Context<never>
  readonly scope: Scope.Closeable
  readonly pipelineScope: Scope.Closeable
  readonly gates: ReadonlyArray<Pipeline.Gate>
  readonly sinks: ReadonlyArray<Seen>
  readonly expected: Expected
  readonly reports: Array<AsyncLogging.CloseReport>
  readonly stats: () => AsyncLogging.Stats
  /** Has the sinks note what they have said. */
  readonly update: () => void
}

/**
 * What is no call of a caller: a gate that closes.
 */
export const noCall: Expected["call"] = { id: undefined, region: undefined, canWait: false }

/**
 * Builds the layer. `observe` is called inside stages and sinks; `isLate` says whether the drain may be over.
 */
export const make = (
  history: History,
  world: Worlds.World,
  observe: (check?: () => void) => void,
  isLate: () => boolean
): Lab => {
  const sinks = history.sinks.map((spec, i) => LawSinks.seen(spec, `sink${i}`))
  const expected: Expected = {
    levels: Levels.make(
      history.minimumLevel,
      history.sinks.map((spec) => spec.minimumLevel),
      [...history.sinks.keys()].filter((i) => !isTarget(history, i))
    ),
    offered: 0,
    accepted: 0,
    filteredHere: sinks.map(() => 0),
    couldWait: new Set(),
    couldNotWait: 0,
    ids: new Set(),
    passed: new Set(),
    call: noCall
  }
  const gates: Array<Pipeline.Gate> = []
  const reports: Array<AsyncLogging.CloseReport> = []
  let isNested = false
  const logNested = (id: number): void => {
    if (isNested) return
    isNested = true
    const { call } = expected
    Effect.runSyncWith(lab.context)(Effect.logInfo("nested", { id, canWait: false }))
    expected.call = call
    isNested = false
  }
  const build = (spec: StageSpec): Pipeline.Stage => buildStage(spec, gates, logNested)
  const onClose = (report: AsyncLogging.CloseReport): Effect.Effect<void> => {
    reports.push(report)
    return history.onClose === "hangs" ? Effect.never : history.onClose === "fails" ? Effect.die("boom") : Effect.void
  }
  const around = { now: world.now, isLate, observe }
  const layer = AsyncLogging.layer({
    minimumLevel: history.minimumLevel,
    stages: [...history.stages.map(build), lastProbe(history, expected, sinks, observe)],
    sinks: sinks.map((seen, i) => LawSinks.make(seen, around, placeOf(history, sinks, i))),
    onClose: history.onClose === "none" ? undefined : onClose
  })
  const pipeline = Pipeline.layer([firstProbe(expected, observe), ...history.pipeline.map(build)])

  const scope = Scope.makeUnsafe()
  const pipelineScope = Scope.makeUnsafe()
  const silent = Context.make(AsyncLogging.NoticeWriter, () => {})
  const built = world.fork(Effect.provideContext(
    Effect.gen(function*() {
      const logging = yield* Layer.buildWithScope(layer, scope)
      const stages = yield* Layer.buildWithScope(pipeline, pipelineScope)
      return Context.merge(logging, stages)
    }),
    silent
  ))
  world.settle()
  const exit = exitOf(built)
  if (Exit.isFailure(exit)) throw new Error(`the layer was not built: ${String(exit.cause)}`)
  const service = Context.get(exit.value, AsyncLogging.AsyncLogging)
  const lab: Lab = {
    history,
    world,
    layer: service,
    context: Context.merge(world.context, exit.value),
    scope,
    pipelineScope,
    gates,
    sinks,
    expected,
    reports,
    stats: () => Effect.runSync(service.stats),
    update: () => sinks.forEach((seen) => LawSinks.update(seen, around))
  }
  return lab
}

// -----------------------------------------------------------------------------
// stages
// -----------------------------------------------------------------------------

const buildStage = (
  spec: StageSpec,
  gates: Array<Pipeline.Gate>,
  logNested: (id: number) => void
): Pipeline.Stage => {
  const gate = (gate: Pipeline.Gate): Pipeline.Stage => {
    gates.push(gate)
    return Pipeline.gate(gate)
  }
  switch (spec._tag) {
    case "Hold":
      return gate(hold(spec.capacity, spec.atClose))
    case "Repeat":
      return gate(repeat())
    case "Gate":
      return gate(GateSpecs.build(spec.gate).gate)
    case "Drop":
      return Filters.where((record) => !picks(spec, record), "drop")
    case "Raise":
      return Pipeline.enrich((record) => picks(spec, record) ? { ...record, level: "Error" } : record)
    case "Rename":
      return Pipeline.enrich((record) => picks(spec, record) ? { ...record, logger: "auth" } : record)
    case "Nested":
      return Filters.where((record) => {
        if (picks(spec, record)) logNested(1_000_000 + LawSinks.idOf(record))
        return true
      })
    case "Throw": {
      const throwing = <A>(result: (record: LogRecord) => A) => (record: LogRecord): A => {
        if (picks(spec, record)) throw new Error("boom")
        return result(record)
      }
      switch (spec.kind) {
        case "enrich":
          return Pipeline.enrich(throwing((record) => record))
        case "filter":
          return Filters.where(throwing(() => true), "filter")
        case "gate":
          return gate({ push: throwing((record) => [record]), close: () => [], held: 0, made: 0 })
        case "redact":
          return Pipeline.redact(throwing((record) => record))
      }
    }
  }
}

const picks = ({ every }: { readonly every: number }, record: LogRecord): boolean => LawSinks.idOf(record) % every === 0

// Sees each record of a call, and knows from it what that call can do. It moves the id to where no redactor takes it.
const firstProbe = (expected: Expected, observe: (check?: () => void) => void): Pipeline.Stage =>
  Pipeline.enrich((record) => {
    const { canWait, id, region } = record.fields
    expected.call = { id: Number(id), region: severities.find((level) => level === region), canWait: canWait === true }
    expected.ids.add(Number(id))
    observe(() => {
      assert.isTrue(
        Levels.isEnabled(expected.levels, record.level, record.logger, expected.call.region),
        "only enabled records come to the stages"
      )
    })
    expected.offered++
    return { ...record, traceId: String(id) }
  }, "first")

const severities: ReadonlyArray<LogLevel.Severity> = ["Trace", "Debug", "Info", "Warn", "Error", "Fatal"]

// Sees each record that passes: what each sink's level and filter should do to it is known here.
const lastProbe = (
  history: History,
  expected: Expected,
  sinks: ReadonlyArray<Seen>,
  observe: (check?: () => void) => void
): Pipeline.Stage => {
  const parts = sinks.map((_, i) => partOf(history, i))
  return Filters.where((record) => {
    observe()
    if (expected.call.canWait) expected.couldWait.add(expected.accepted)
    else expected.couldNotWait++
    expected.accepted++
    // what a gate gives with the call's own record, or has made, is in no region
    const isOwn = LawSinks.idOf(record) === expected.call.id && record.fiber !== undefined
    const region = isOwn ? expected.call.region : undefined
    if (isOwn) expected.passed.add(LawSinks.idOf(record))
    sinks.forEach(({ spec: { filter } }, i) => {
      const isTaken = Levels.takes(expected.levels, i, record.level, record.logger, region) &&
        parts[i]?.(LawSinks.idOf(record)) !== false &&
        (filter === undefined || filter === "throws" || picks(filter, record))
      if (!isTaken) expected.filteredHere[i]!++
    })
    return true
  }, "last")
}

const placeOf = (history: History, sinks: ReadonlyArray<Seen>, index: number): LawSinks.Place => {
  const { deadLetter, fallback } = targetsOf(history, index)
  const name = (target: number | undefined) => target === undefined ? undefined : sinks[target]!.name
  return { fallback: name(fallback), deadLetter: name(deadLetter), isPart: partOf(history, index) }
}
