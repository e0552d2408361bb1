/**
 * What the context of a fiber says to its log calls: looked up once for each context, not once for each call.
 */
import * as Clock from "effect/Clock"
import type * as Context from "effect/Context"
import type * as Fiber from "effect/Fiber"
import * as LogLevel from "effect/LogLevel"
import * as References from "effect/References"
import type * as Capture from "./Capture.ts"
import * as ContextMemo from "./ContextMemo.ts"
import * as Current from "./Current.ts"
import * as Levels from "./Levels.ts"
import type { Stage } from "./Pipeline.ts"
import * as Pipeline from "./Pipeline.ts"
import type { LogContext } from "./Record.ts"
import * as Record from "./Record.ts"

/**
 * What one context says.
 */
export interface Surroundings extends Capture.Surroundings {
  /** The context that says it. */
  readonly of: Context.Context<never>
  /** The ordinal of the `MinimumLogLevel` there: what is below it is no log call. */
  readonly minimum: number
  /** See `Levels.region`. */
  readonly region: number | undefined
  readonly clock: Clock.Clock
  /** Of `context`, as `Record.contextBytes` counts them. */
  readonly contextBytes: number
  /** The stages around the call, and behind them those of the layer. */
  readonly stages: ReadonlyArray<Stage>
  /** Whether one of them has memory. */
  readonly hasGates: boolean
  /** Whether none of them can change a record that it is given: one that comes out the same is as it was captured. */
  readonly isHarmless: boolean
}

/**
 * Looks around for one layer.
 */
export interface Lookout {
  readonly levels: Levels.Levels
  /** The layer's own. */
  readonly own: Merged
  /** The layer's own. */
  readonly stages: ReadonlyArray<Stage>
  /** Lists of stages that have open gates of their own, beside the layer's. */
  readonly gated: Set<ReadonlyArray<Stage>>
  /** @internal Each pipeline that was met, with the layer's own stages behind it. */
  readonly pipelines: WeakMap<Pipeline.Pipeline, ReadonlyArray<Stage>>
  /** @internal Each context that was met. */
  readonly contexts: ContextMemo.ContextMemo<Merged>
  /** @internal Of the call before: most calls come from the same context as that one. */
  last: Surroundings | undefined
}

/** A context under that of the layer, and how large that is. */
interface Merged {
  readonly context: LogContext
  readonly bytes: number
}

const merged = (context: LogContext): Merged => ({ context, bytes: Record.contextBytes(context) })

/**
 * Has seen nothing yet.
 */
export const make = (levels: Levels.Levels, context: LogContext, stages: ReadonlyArray<Stage>): Lookout => ({
  levels,
  own: merged(context),
  stages,
  gated: new Set(),
  pipelines: new WeakMap(),
  contexts: ContextMemo.make(),
  last: undefined
})

/**
 * The surroundings of a fiber. Six lookups in a `Context` would cost a quarter of a whole call.
 */
export const of = (self: Lookout, fiber: Fiber.Fiber<unknown, unknown>): Surroundings =>
  self.last?.of === fiber.context ? self.last : (self.last = look(self, fiber))

const look = (self: Lookout, fiber: Fiber.Fiber<unknown, unknown>): Surroundings => {
  const { bytes, context } = contextOf(self, fiber.getRef(Current.CurrentLogContext))
  const stages = stagesOf(self, fiber.getRef(Pipeline.CurrentPipeline))
  const { minimumLogLevel } = fiber.cache
  return {
    of: fiber.context,
    minimum: LogLevel.getOrdinal(minimumLogLevel),
    region: Levels.region(self.levels, minimumLogLevel),
    logger: fiber.getRef(Current.CurrentLoggerName),
    clock: fiber.getRef(Clock.Clock),
    stages,
    hasGates: stages.some(isGate),
    isHarmless: stages.every((stage) => stage._tag === "Redact" && stage.isOwn),
    context,
    contextBytes: bytes,
    annotations: fiber.getRef(References.CurrentLogAnnotations),
    spans: fiber.getRef(References.CurrentLogSpans)
  }
}

const contextOf = (self: Lookout, context: LogContext): Merged => {
  if (context === Record.emptyContext) return self.own
  let known = ContextMemo.get(self.contexts, context)
  if (known === undefined) {
    known = merged(Record.mergeContext(self.own.context, context))
    ContextMemo.setUnsafe(self.contexts, context, known)
  }
  return known
}

const stagesOf = (self: Lookout, pipeline: Pipeline.Pipeline): ReadonlyArray<Stage> => {
  if (pipeline === Pipeline.identity) return self.stages
  let stages = self.pipelines.get(pipeline)
  if (stages === undefined) {
    stages = [...pipeline.stages, ...self.stages]
    self.pipelines.set(pipeline, stages)
    if (pipeline.stages.some(isGate)) {
      // a gate that saw no record closes without telling
      sweepUnsafe(self)
      self.gated.add(stages)
    }
  }
  return stages
}

/**
 * Forgets the lists that nobody needs to close gates by: theirs are closed, the layer's own, or in a list before.
 */
export const sweepUnsafe = (self: Lookout): void => {
  const known = new Set<Stage>(self.stages)
  for (const stages of self.gated) {
    const open = stages.filter((stage) => isGate(stage) && stage.owner !== "closed" && !known.has(stage))
    if (open.length === 0) self.gated.delete(stages)
    for (const gate of open) known.add(gate)
  }
}

const isGate = (stage: Stage): stage is Stage.Gate => stage._tag === "Gate"
