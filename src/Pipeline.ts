/**
 * What happens to a record between the call and the queues: stages, composed.
 *
 * A `Pipeline` is a value: a list of stages. Composition is concatenation, so `identity` is neutral on both sides
 * and composition is associative. Enrichers, filters and formatters are pure functions; a `Gate` is the one kind of
 * stage with a memory.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import { dual } from "effect/Function"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import type { Source } from "./Ledger.ts"
import type { LogNote, LogRecord } from "./Record.ts"

/**
 * Makes another record out of a record. Pure; one that throws is skipped, with the note `enricher_failed`.
 */
export type Enricher = (record: LogRecord) => LogRecord

/**
 * Says whether a record goes on. Pure; one that throws lets the record through, with the note `filter_failed`.
 */
export type Filter = (record: LogRecord) => boolean

/**
 * Makes the text of a record, without the line break at its end. Pure; one that throws is replaced, for that record,
 * by a minimal JSON line with the note `formatter_failed`.
 */
export type Formatter = (record: LogRecord) => string

/**
 * A stage with memory: sampling, rate limit, dedupe, "fingers crossed".
 *
 * It runs in the caller's fiber, so it is synchronous, and what it keeps has to be bounded. Its time is the
 * records' own.
 *
 * - `push` takes one record and answers those that go on now: none, one or several.
 * - `close` answers what it still owes. It is called once; nothing is pushed afterwards.
 * - `held`: how many records it keeps at this moment, to answer them later or to discard them.
 * - `made`: how many records it has created in its life ("repeated 12 times"). Never decreases.
 * - `keepsLast`: whether the record that was pushed last is among those that it keeps, for `Logger.acknowledged`. Without
 *   it, a record that it did not answer counts as kept while it keeps any.
 *
 * The layer reads these after each call, and counts what is missing as filtered by this gate. A gate that
 * throws, or answers no list of records, lets the record through, with the note `gate_failed`. Push one gate from one
 * AsyncLogging layer only: records of another layer pass it by.
 */
export interface Gate {
  readonly push: (record: LogRecord) => ReadonlyArray<LogRecord>
  readonly close: () => ReadonlyArray<LogRecord>
  readonly held: number
  readonly made: number
  readonly keepsLast?: boolean | undefined
}

const TypeId = "~effect-async-logging/Pipeline/Stage"

/**
 * One step of a pipeline, with the name that it is counted under.
 */
export type Stage = Stage.Enrich | Stage.Filter | Stage.Gate | Stage.Redact

/**
 * The kinds of stages.
 */
export declare namespace Stage {
  /** What each stage has. */
  export interface Named {
    readonly [TypeId]: typeof TypeId
    /** What `stats` and notices call it. Need not be unique: stages of one name are counted together. */
    readonly name: string
  }
  /** Replaces the record. */
  export interface Enrich extends Named {
    readonly _tag: "Enrich"
    readonly enrich: Enricher
  }
  /** Ends the record, or not. */
  export interface Filter extends Named {
    readonly _tag: "Filter"
    readonly filter: import("./Pipeline.ts").Filter
  }
  /** Holds, makes, discards. */
  export interface Gate extends Named {
    readonly _tag: "Gate"
    readonly gate: import("./Pipeline.ts").Gate
    /** @internal the one visitor that may push, and whether the gate is closed */
    owner: Visitor | "closed" | undefined
    /** @internal how many of the gate's `held` the visitor knows of */
    held: number
    /** @internal how many of the gate's `made` the visitor knows of */
    made: number
  }
  /** Replaces the record, and fails closed. */
  export interface Redact extends Named {
    readonly _tag: "Redact"
    readonly redact: Enricher
    /** @internal whether it is this library's: it answers a record, and does not change the one that it was given */
    readonly isOwn: boolean
  }
}

/**
 * What a list of stages takes: a stage, or an Effect that builds one. Building may need services and a `Scope`,
 * running never does.
 */
// oxlint-disable-next-line typescript/no-explicit-any -- E and R are inferred from each element of the list
export type StageInput = Stage | Effect.Effect<Stage, any, any>

/**
 * What building these stages can fail with.
 */
export type StagesError<S extends ReadonlyArray<StageInput>> = S[number] extends infer I
  ? I extends Effect.Effect<unknown, infer E, unknown> ? E : never
  : never

/**
 * What building these stages needs, beside a `Scope`.
 */
export type StagesServices<S extends ReadonlyArray<StageInput>> = S[number] extends infer I
  ? I extends Effect.Effect<unknown, unknown, infer R> ? Exclude<R, Scope.Scope> : never
  : never

/**
 * Stages, composed. They run in this order.
 */
export interface Pipeline {
  readonly stages: ReadonlyArray<Stage>
}

/**
 * Says whether a value is a stage.
 */
export const isStage = (u: unknown): u is Stage => typeof u === "object" && u !== null && TypeId in u

/**
 * A stage from an enricher. `name`, which notices call it by, defaults to `"enrich"`.
 */
export const enrich = (enrich: Enricher, name = "enrich"): Stage => ({ [TypeId]: TypeId, _tag: "Enrich", name, enrich })

/**
 * A stage from a filter. `Filters.where` is the way for users.
 *
 * @internal
 */
export const filter = (filter: Filter, name: string): Stage => ({ [TypeId]: TypeId, _tag: "Filter", name, filter })

/**
 * A stage from a gate. `name`, which its count is filed under, defaults to `"gate"`.
 */
export const gate = (gate: Gate, name = "gate"): Stage => ({
  [TypeId]: TypeId,
  _tag: "Gate",
  name,
  gate,
  owner: undefined,
  held: 0,
  made: 0
})

/**
 * A stage from an enricher that takes things away, which fails closed: when it throws, the body of the record is dropped,
 * and time, level, logger and ids stay. `name`, which notices call it by, defaults to `"redact"`. To redact by the names
 * of keys, use the layer's `redact`.
 */
export const redact = (redact: Enricher, name = "redact"): Stage => ({
  [TypeId]: TypeId,
  _tag: "Redact",
  name,
  redact,
  isOwn: false
})

/**
 * The same, for the redactors of this library.
 *
 * @internal
 */
export const redactOwn = (redact: Enricher): Stage => ({
  [TypeId]: TypeId,
  _tag: "Redact",
  name: "redact",
  redact,
  isOwn: true
})

/**
 * The pipeline that changes nothing.
 */
export const identity: Pipeline = { stages: [] }

/**
 * A pipeline of these stages, in this order.
 */
export const make = (...stages: ReadonlyArray<Stage>): Pipeline => stages.length === 0 ? identity : { stages }

/**
 * First `self`, then `that`. Associative, with `identity` as its neutral element.
 */
export const compose: {
  (that: Pipeline): (self: Pipeline) => Pipeline
  (self: Pipeline, that: Pipeline): Pipeline
} = dual(2, (self: Pipeline, that: Pipeline): Pipeline => make(...self.stages, ...that.stages))

/**
 * The pipeline in force for the running fiber, before the layer's own stages. Defaults to `identity`.
 */
export const CurrentPipeline: Context.Reference<Pipeline> = Context.Reference<Pipeline>(
  "effect-async-logging/Pipeline/CurrentPipeline",
  { defaultValue: () => identity }
)

/**
 * Builds each stage, in order.
 *
 * @internal
 */
export const buildStages = <const S extends ReadonlyArray<StageInput>>(
  inputs: S
): Effect.Effect<ReadonlyArray<Stage>, StagesError<S>, StagesServices<S> | Scope.Scope> =>
  Effect.forEach(inputs, (input: StageInput) => Effect.isEffect(input) ? input : Effect.succeed(input))

/**
 * Appends stages to the pipeline of everything that runs under the layer.
 *
 * Layers of it are stacked with `Layer.provideMerge`; merged side by side, one of them replaces the other. What its
 * gates still hold when the layer closes goes to the AsyncLogging layer that pushed it.
 */
export const layer = <const S extends ReadonlyArray<StageInput>>(
  stages: S
): Layer.Layer<never, StagesError<S>, StagesServices<S>> =>
  Layer.effect(
    CurrentPipeline,
    Effect.gen(function*() {
      const current = yield* CurrentPipeline
      const own = yield* buildStages(stages)
      const pipeline = compose(current, make(...own))
      yield* Effect.addFinalizer(() => Effect.sync(() => own.forEach(closeByOwner)))
      return pipeline
    })
  ) as Layer.Layer<never, StagesError<S>, StagesServices<S>>

// A gate that saw no record has no owner, and nothing to give. It closes all the same: what a gate before it still
// gives would stay in it for ever.
const closeByOwner = (stage: Stage): void => {
  if (stage._tag !== "Gate") return
  if (typeof stage.owner === "object") stage.owner.closeGate(stage)
  else stage.owner = "closed"
}

// -----------------------------------------------------------------------------
// what `PipelineRun.ts` tells the layer
// -----------------------------------------------------------------------------

/**
 * What running a pipeline reports: each record that goes in ends in exactly one of `accepted`, `filtered`, `held`.
 *
 * @internal
 */
export interface Visitor {
  readonly accepted: (record: LogRecord, source: Source) => void
  readonly filtered: (by: string, source: Source) => void
  readonly held: (source: Source) => void
  readonly failed: (stage: Stage, note: LogNote, error: unknown) => void
  /** Closes one gate and runs what it owes through the stages behind it. */
  readonly closeGate: (stage: Stage.Gate) => void
}
