/**
 * The flushes that wait for one worker.
 */
import * as Deferred from "effect/Deferred"
import * as Exit from "effect/Exit"
import type { Barrier } from "./Barriers.ts"

/**
 * Asks for all that was admitted before to be settled, and then made durable where the sink can.
 */
export interface FlushRequest {
  readonly barrier: Barrier
  readonly done: Deferred.Deferred<Flushed>
}

/**
 * How a flush went, when all had settled: made durable, written by a sink that cannot do more, or not made durable
 * although the sink can.
 */
export type Flushed = "durable" | "written" | "failed"

/**
 * All that wait.
 */
export type Flushes = Set<FlushRequest>

/**
 * Nobody waits.
 */
export const make = (): Flushes => new Set()

/**
 * Those whose records have settled.
 */
export const due = (self: Flushes): ReadonlyArray<FlushRequest> =>
  [...self].filter((request) => request.barrier.pending === 0)

/**
 * Answers some of them, who do not wait any more then.
 */
export const answerUnsafe = (self: Flushes, requests: Iterable<FlushRequest>, flushed: Flushed): void => {
  for (const request of requests) {
    self.delete(request)
    Deferred.doneUnsafe(request.done, Exit.succeed(flushed))
  }
}
