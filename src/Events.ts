/**
 * What a program can react to: losses, trouble and breakers of the sinks of one layer, as they happen.
 *
 * Nothing is kept for those who listen. Each remembers the counters as it saw them last, and is handed the difference
 * to those of now. So what it is told adds up to the ledger's own numbers whatever its pace, a slow one costs nobody
 * anything, and one that has gone leaves nothing behind.
 */
import * as Arr from "effect/Array"
import * as Cause from "effect/Cause"
import type * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type * as Pull from "effect/Pull"
import * as Stream from "effect/Stream"
import type { BreakerState } from "./Breaker.ts"
import type { DropReason, FailReason, SinkLedger } from "./Ledger.ts"
import * as Ledger from "./Ledger.ts"

/**
 * So many records were lost without an attempt, since the last event of this sink and reason. `time` is when that was
 * told, in milliseconds since the epoch.
 */
export interface Dropped {
  readonly _tag: "Dropped"
  readonly time: number
  readonly sink: string
  readonly reason: DropReason
  readonly count: number
}

/**
 * So many records were lost after an attempt, since the last event of this sink and reason. `time` is when that was
 * told, in milliseconds since the epoch.
 */
export interface Failed {
  readonly _tag: "Failed"
  readonly time: number
  readonly sink: string
  readonly reason: FailReason
  readonly count: number
}

/**
 * A sink could not do what it was asked: open, write, or make durable. It does not say that records were lost: most
 * often they are tried again. `count` times since the last event of this sink; `message` and `time` (milliseconds
 * since the epoch) are those of the last time, as in `SinkStats.lastError`.
 */
export interface Trouble {
  readonly _tag: "Trouble"
  readonly time: number
  readonly sink: string
  readonly message: string
  readonly count: number
}

/**
 * The breaker of a sink is in another state than was told last: `state`, since `time` in milliseconds since the epoch.
 * Every breaker begins `closed`.
 */
export interface BreakerChanged {
  readonly _tag: "BreakerChanged"
  readonly time: number
  readonly sink: string
  readonly state: BreakerState
}

/**
 * What happened at a sink. See `events`.
 */
export type Event = Dropped | Failed | Trouble | BreakerChanged

/**
 * One sink, as seen from here.
 */
interface Source {
  readonly sink: string
  readonly ledger: SinkLedger
  trouble: { readonly count: number; readonly time: number; readonly message: string }
  breaker: { readonly state: BreakerState; readonly time: number }
}

/**
 * All that events are made of, of one sink at one instant.
 */
type Look = Pick<Source, "sink" | "trouble" | "breaker"> & Pick<Ledger.SinkCounts, "dropped" | "failed">

/**
 * The events of one layer. `waiting` are those who have been told everything; `last` is how it stood at the end.
 */
export interface Events {
  readonly clock: Clock.Clock
  readonly sources: Map<string, Source>
  readonly waiting: Set<() => void>
  readonly onNews: () => void
  last: ReadonlyArray<Look> | undefined
}

/**
 * Makes the events of a layer without sinks.
 */
export const make = (clock: Clock.Clock): Events => {
  const self: Events = {
    clock,
    sources: new Map(),
    waiting: new Set(),
    onNews: () => wakeUnsafe(self),
    last: undefined
  }
  return self
}

/**
 * Adds a sink, while the layer is built.
 */
export const addUnsafe = (self: Events, sink: string, ledger: SinkLedger): void => {
  self.sources.set(sink, {
    sink,
    ledger,
    trouble: { count: 0, time: 0, message: "" },
    breaker: { state: "closed", time: 0 }
  })
}

// -----------------------------------------------------------------------------
// what happens
// -----------------------------------------------------------------------------

/**
 * A sink could not do what it was asked. Losses are not told here: the ledger knows them.
 */
export const troubleUnsafe = (self: Events, sink: string, message: string): void => {
  const source = self.sources.get(sink)
  if (source === undefined) return
  source.trouble = { count: source.trouble.count + 1, time: self.clock.currentTimeMillisUnsafe(), message }
  wakeUnsafe(self)
}

/**
 * The breaker of a sink is in this state from now on.
 */
export const breakerUnsafe = (self: Events, sink: string, state: BreakerState): void => {
  const source = self.sources.get(sink)
  if (source === undefined || source.breaker.state === state) return
  source.breaker = { state, time: self.clock.currentTimeMillisUnsafe() }
  wakeUnsafe(self)
}

/**
 * The layer has closed. What happened until now is still told, and nothing else.
 */
export const closeUnsafe = (self: Events): void => {
  self.last ??= look(self)
  wakeUnsafe(self)
}

// -----------------------------------------------------------------------------
// listening
// -----------------------------------------------------------------------------

/**
 * What happens from the moment on that it is run, until the layer has closed and all is told.
 */
export const stream = (self: Events): Stream.Stream<Event> => Stream.fromPull(listen(self))

// Each pull waits until there is something to tell of, and for the next turn of the event loop: what happens within one
// turn is told at once, summed.
const listen = (self: Events): Effect.Effect<Pull.Pull<Arr.NonEmptyReadonlyArray<Event>>> =>
  Effect.sync(() => {
    let seen = look(self)
    const pull: Pull.Pull<Arr.NonEmptyReadonlyArray<Event>> = Effect.flatMap(
      awaitNews(self, () => between(seen, look(self), 0).length > 0),
      () => {
        const now = look(self)
        const events = between(seen, now, self.clock.currentTimeMillisUnsafe())
        seen = now
        if (Arr.isReadonlyArrayNonEmpty(events)) return Effect.succeed(events)
        // a breaker may be back where it was
        return self.last === undefined ? pull : Cause.done()
      }
    )
    return pull
  })

// Those who wait are woken in the middle of a log call: by a task of their own, for they run user code.
const awaitNews = (self: Events, hasNews: () => boolean): Effect.Effect<void> =>
  Effect.withFiber((fiber) =>
    Effect.callback<void>((resume) => {
      const wake = () => fiber.currentDispatcher.scheduleTask(() => resume(Effect.void), 0)
      if (self.last !== undefined || hasNews()) return wake()
      self.waiting.add(wake)
      watchLedgers(self, self.onNews)
      return Effect.sync(() => {
        self.waiting.delete(wake)
        if (self.waiting.size === 0) watchLedgers(self, undefined)
      })
    })
  )

// The ledgers ring for the first loss only: until somebody waits again, the others cost one check each.
const wakeUnsafe = (self: Events): void => {
  if (self.waiting.size === 0) return
  watchLedgers(self, undefined)
  for (const wake of self.waiting) wake()
  self.waiting.clear()
}

const watchLedgers = (self: Events, listener: (() => void) | undefined): void => {
  for (const { ledger } of self.sources.values()) Ledger.listen(ledger, listener)
}

const look = (self: Events): ReadonlyArray<Look> =>
  self.last ?? Array.from(self.sources.values(), ({ breaker, ledger, sink, trouble }) => {
    const { dropped, failed } = Ledger.sinkCounts(ledger)
    return { sink, trouble, breaker, dropped, failed }
  })

// By sink, causes before their effects.
const between = (before: ReadonlyArray<Look>, now: ReadonlyArray<Look>, time: number): ReadonlyArray<Event> =>
  now.flatMap((now, index) => betweenLooks(before[index]!, now, time))

const betweenLooks = (before: Look, now: Look, time: number): Array<Event> => {
  const { breaker, sink, trouble } = now
  const out: Array<Event> = []
  const troubles = trouble.count - before.trouble.count
  if (troubles > 0) out.push({ _tag: "Trouble", time: trouble.time, sink, message: trouble.message, count: troubles })
  if (breaker.state !== before.breaker.state) {
    out.push({ _tag: "BreakerChanged", time: breaker.time, sink, state: breaker.state })
  }
  for (const reason of Ledger.dropReasons) {
    const count = now.dropped[reason] - before.dropped[reason]
    if (count > 0) out.push({ _tag: "Dropped", time, sink, reason, count })
  }
  for (const reason of Ledger.failReasons) {
    const count = now.failed[reason] - before.failed[reason]
    if (count > 0) out.push({ _tag: "Failed", time, sink, reason, count })
  }
  return out
}
