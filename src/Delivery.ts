/**
 * What an answer of a sink means for the records of a batch. Pure: from the `Exit` of a write to the end of each
 * record, or another attempt.
 */
import type * as Cause from "effect/Cause"
import * as Duration from "effect/Duration"
import type * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import * as Schedule from "effect/Schedule"
import type { End } from "./Ledger.ts"
import * as Ledger from "./Ledger.ts"
import type { SinkError } from "./Sinks/Sink.ts"
import * as Sink from "./Sinks/Sink.ts"

/**
 * What became of a batch.
 *
 * - `ends`: the end of the record at an index, `undefined` for one that is to be tried again.
 * - `again`: whether to try those at once, because only their neighbours were at fault, or after a pause; `halves`: at
 *   once, but not all in one write, because one of them is at fault and the sink did not say which.
 * - `wait`: the pause that the destination asked for, in place of the backoff.
 * - `ended`: the sink takes no more.
 */
export interface Answer {
  readonly ends: (index: number) => End | undefined
  readonly again: "now" | "later" | "halves"
  readonly wait: Duration.Duration | undefined
  readonly reopen: boolean
  readonly ended: boolean
  /** What to tell of it, `undefined` for nothing. */
  readonly error: unknown
}

/**
 * All of it arrived.
 */
export const allDelivered: Answer = {
  ends: () => Ledger.delivered,
  again: "later",
  wait: undefined,
  reopen: false,
  ended: false,
  error: undefined
}

/**
 * Reads the answer to a write of `size` records. Total: what cannot be read is the destination's trouble.
 */
export const judge = (exit: Exit.Exit<unknown, unknown>, size: number): Answer => {
  try {
    return judgeUnsafe(exit, size)
  } catch (error) {
    return { ...allDelivered, ends: () => undefined, error }
  }
}

const judgeUnsafe = (exit: Exit.Exit<unknown, unknown>, size: number): Answer => {
  if (exit._tag === "Success") return Array.isArray(exit.value) ? judgeOutcomes([...exit.value], size) : allDelivered
  const failure = sinkError(exit.cause)
  const { reason } = failure
  const error = reason.cause ?? failure.message ?? reason._tag
  switch (reason._tag) {
    case "Unavailable": {
      const arrived = reason.delivered ?? 0
      return {
        ...allDelivered,
        ends: (index) => index < arrived ? Ledger.delivered : undefined,
        wait: retryAfter(reason.retryAfter),
        reopen: reason.reopen === true,
        error
      }
    }
    case "Rejected": {
      if (reason.indexes === undefined && size > 1) {
        return { ...allDelivered, ends: () => undefined, again: "halves", error }
      }
      const indexes = new Set(reason.indexes)
      const named = [...indexes].some((index) => Number.isInteger(index) && index >= 0 && index < size)
      return {
        ...allDelivered,
        ends: (index) => reason.indexes === undefined || indexes.has(index) ? Ledger.failed("rejected") : undefined,
        // indexes that name no record would be answered the same way for ever
        again: reason.indexes === undefined || named ? "now" : "later",
        error
      }
    }
    case "Fatal":
      return { ...allDelivered, ends: () => Ledger.failed("fatal"), ended: true, error }
  }
}

// Sinks may be written without types: what stands in the list is compared, not believed.
const judgeOutcomes = (outcomes: ReadonlyArray<unknown>, size: number): Answer => ({
  ...allDelivered,
  ends: (index) =>
    outcomes[index] === "delivered"
      ? Ledger.delivered
      : outcomes[index] === "rejected"
      ? Ledger.failed("rejected")
      : undefined,
  error: outcomes.length < size || outcomes.some((outcome) => outcome !== "delivered" && outcome !== "rejected")
    ? "records were not taken"
    : outcomes.includes("rejected")
    ? "records were refused"
    : undefined
})

// Whatever user code fails or dies with that is no `SinkError` is the destination's trouble.
const sinkError = (cause: Cause.Cause<unknown>): SinkError => {
  for (const reason of cause.reasons) {
    if (reason._tag === "Fail" && isSinkError(reason.error)) return reason.error
  }
  const reason = cause.reasons[0]
  const error = reason?._tag === "Fail" ? reason.error : reason?._tag === "Die" ? reason.defect : "interrupted"
  return Sink.unavailable({ cause: error })
}

const isSinkError = (u: unknown): u is SinkError =>
  Predicate.isTagged(u, "SinkError") && "reason" in u &&
  (["Unavailable", "Rejected", "Fatal"] as const).some((tag) => Predicate.isTagged(u.reason, tag))

const retryAfterCap = Duration.minutes(5)

// no time at all is no pause: a destination that is down and says so at once would be asked without end
const retryAfter = (input: Duration.Input | undefined): Duration.Duration | undefined =>
  input === undefined
    ? undefined
    : Duration.fromInput(input).pipe(
      Option.filter(Duration.isPositive),
      Option.map(Duration.min(retryAfterCap)),
      Option.getOrUndefined
    )

/**
 * The pauses between attempts: exponential from `initial` to `max`, with a jitter of a fifth either way, for ever.
 */
export const backoff = (initial: Duration.Duration, max: Duration.Duration): Schedule.Schedule<Duration.Duration> =>
  Schedule.jittered(Schedule.min([Schedule.exponential(initial), Schedule.spaced(max)]))
