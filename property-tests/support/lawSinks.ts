/**
 * Sinks that do what a history says, and hold the layer to its word: what is written, in which order, one write at a
 * time, between the opening and the closing.
 */
import { assert } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import type { LogRecord } from "../../src/Record.ts"
import type { Outcomes, SinkOptions } from "../../src/Sinks.ts"
import * as Sinks from "../../src/Sinks.ts"
import type { Behaviour, Diverts, SinkSpec } from "./history.ts"

/**
 * What a sink saw and said.
 */
export interface Seen {
  readonly spec: SinkSpec
  readonly name: string
  /** Places in the plan that were used. */
  writes: number
  /** The records that were attempted, in the order in which they first were. */
  readonly attempted: Set<LogRecord>
  /** What it said, in time and once, of each record. */
  readonly delivered: Set<LogRecord>
  readonly rejected: Set<LogRecord>
  readonly fatal: Set<LogRecord>
  /** Those of the same batch that may have been yet to be written again when it said that it is finished. */
  readonly beside: Set<LogRecord>
  /** The same, said by a write that the layer may have left behind before. */
  readonly late: {
    readonly delivered: Set<LogRecord>
    readonly rejected: Set<LogRecord>
    readonly fatal: Set<LogRecord>
  }
  lastBatch: ReadonlyArray<LogRecord>
  /** Times that it was asked to open, did open, and did close. */
  tries: number
  opened: number
  closed: number
  /** Whether it has said that it is finished. */
  ended: boolean
  /** Whether everything works from now on. */
  healed: boolean
  /** Lets the gates that are closed now open. */
  readonly gates: Set<() => void>
  /** Lets go what hangs, which only a sink that heals does. */
  readonly hung: Set<() => void>
  /** The writes that are not known to have ended. Hard ones cannot be interrupted, and may have been left behind. */
  readonly underWay: Set<Write>
}

interface Write {
  readonly fiber: Fiber.Fiber<void | Outcomes, unknown>
  readonly batch: ReadonlyArray<LogRecord>
  readonly isHard: boolean
  readonly since: number
  /** What the sink itself said, before the fiber of the write has ended: an interruption may still come in between. */
  said: Exit.Exit<void | Outcomes, unknown> | undefined
  /** Takes back what is noted of that until then. */
  readonly unsure: Array<() => void>
}

/**
 * What a sink asks of the world around it.
 */
export interface Around {
  readonly now: () => number
  /** Whether the drain may be over. */
  readonly isLate: () => boolean
  /** Looks at the law, and keeps what fails: a sink's own failures are the layer's to handle. */
  readonly observe: (check?: () => void) => void
}

/**
 * A sink that has seen nothing.
 */
export const seen = (spec: SinkSpec, name: string): Seen => ({
  spec,
  name,
  writes: 0,
  attempted: new Set(),
  delivered: new Set(),
  rejected: new Set(),
  fatal: new Set(),
  beside: new Set(),
  late: { delivered: new Set(), rejected: new Set(), fatal: new Set() },
  lastBatch: [],
  tries: 0,
  opened: 0,
  closed: 0,
  ended: false,
  healed: false,
  gates: new Set(),
  hung: new Set(),
  underWay: new Set()
})

/**
 * Where a sink stands among the others.
 */
export interface Place {
  readonly fallback: string | undefined
  readonly deadLetter: string | undefined
  /** Whether a record of this id may come here by the sink's own filter. */
  readonly isPart: ((id: number) => boolean) | undefined
}

/**
 * The sink itself.
 */
export const make = (self: Seen, around: Around, place: Place): Sinks.Sink<Sinks.SinkError> => {
  const open = Effect.suspend(() => {
    if (++self.tries <= self.spec.openFailures) return Effect.fail(Sinks.unavailable())
    self.opened++
    return Effect.succeed({ isOpen: true })
  })
  const acquired = Effect.acquireRelease(open, (connection) => {
    connection.isOpen = false
    return close(self)
  })
  return Sinks.scoped({
    ...options(self, around, place),
    open: Effect.map(acquired, (connection) => ({
      write: (batch: ReadonlyArray<LogRecord>) => {
        around.observe(() => assert.isTrue(connection.isOpen, "nothing is written to a closed sink"))
        return write(self, around, batch)
      },
      flush: flush(self)
    }))
  })
}

const options = ({ name, spec }: Seen, { observe }: Around, place: Place): SinkOptions => {
  const isPicked = (by: { readonly every: number } | undefined, record: LogRecord): boolean => {
    observe()
    return by === undefined || idOf(record) % by.every === 0
  }
  const throws = (): boolean => {
    throw new Error("boom")
  }
  const { filter, protect } = spec
  const { isPart } = place
  return {
    name,
    minimumLevel: spec.minimumLevel,
    filter: filter === undefined && isPart === undefined
      ? undefined
      : (record) => isPart?.(idOf(record)) !== false && (filter === "throws" ? throws() : isPicked(filter, record)),
    queue: {
      strategy: spec.strategy,
      capacity: spec.capacity,
      maxBytes: spec.maxBytes,
      overdraft: spec.overdraft,
      maxWait: spec.maxWait,
      protect: protect === "throws"
        ? throws
        : typeof protect === "string"
        ? protect
        : (record) => isPicked(protect, record)
    },
    batch: { size: spec.batchSize, linger: spec.linger },
    timeout: spec.timeout,
    retry: { maxAttempts: spec.maxAttempts },
    onOpenFailure: "retry",
    ...diverting(spec.diverts, place)
  }
}

const diverting = (diverts: Diverts | undefined, { deadLetter, fallback }: Place): SinkOptions => {
  if (diverts === undefined || fallback === undefined) return { deadLetter }
  const { failures, probeAfter } = diverts
  return { deadLetter, fallback, breaker: { failures, probeAfter } }
}

/**
 * The number that a record's call gave it.
 */
export const idOf = (record: LogRecord): number => Number(record.traceId)

const flush = (self: Seen): Effect.Effect<void, unknown> | undefined => {
  if (self.spec.flush === "none") return undefined
  return Effect.suspend((): Effect.Effect<void, unknown> =>
    self.spec.flush === "works" || self.healed
      ? Effect.void
      : self.spec.flush === "fails"
      ? Effect.fail("boom")
      : Effect.never
  )
}

const close = (self: Seen): Effect.Effect<void> => {
  if (self.spec.closing === "hangs") return Effect.never
  self.closed++
  return self.spec.closing === "fails" ? Effect.die("boom") : Effect.void
}

// -----------------------------------------------------------------------------
// write
// -----------------------------------------------------------------------------

const write = (
  self: Seen,
  around: Around,
  batch: ReadonlyArray<LogRecord>
): Effect.Effect<void | Outcomes, unknown> => {
  const planned = self.spec.plan[self.writes++]
  const behaviour = planned === undefined || self.healed ? { _tag: "Deliver" as const } : planned
  update(self, around)
  around.observe(() => checkBatch(self, batch))
  // a part of it is no new one, nor is a gap line alone
  if (batch.some(({ gap }) => gap === undefined) && !batch.some((record) => self.lastBatch.includes(record))) {
    self.lastBatch = batch
  }
  for (const record of batch) self.attempted.add(record)
  // a write has a fiber of its own: what that one ends with is what the layer gets to know
  const write: Write = {
    fiber: Fiber.getCurrent()!,
    batch,
    isHard: "hard" in behaviour && behaviour.hard,
    since: around.now(),
    said: undefined,
    unsure: []
  }
  self.underWay.add(write)
  const performed = perform(self, behaviour)
  if (!Effect.isEffect(performed)) return performed
  return Effect.onExit(performed, (exit) =>
    Effect.sync(() => {
      if (Exit.hasInterrupts(exit)) return
      write.said = exit
      // the layer may have heard of it, and may not
      const before = Object.values(self.late).map((said) => new Set(said))
      note(self, batch, exit, true)
      Object.values(self.late).forEach((said, i) => {
        for (const record of said) if (!before[i]!.has(record)) write.unsure.push(() => said.delete(record))
      })
    }))
}

/**
 * Notes what the writes said that have ended. Not an observer of their fibers: the layer's may come first.
 */
export const update = (self: Seen, around: Around): void => {
  for (const write of self.underWay) {
    const exit = write.fiber.pollUnsafe()
    if (exit === undefined) continue
    self.underWay.delete(write)
    if (Exit.hasInterrupts(exit) && write.said !== undefined) continue
    for (const forget of write.unsure) forget()
    const isLate = write.isHard && (around.isLate() || around.now() - write.since >= self.spec.timeout)
    note(self, write.batch, exit, isLate)
  }
}

const perform = (self: Seen, behaviour: Behaviour): Effect.Effect<void | Outcomes, unknown> => {
  switch (behaviour._tag) {
    case "Deliver":
      return Effect.void
    case "Fatal":
      return Effect.fail(Sinks.fatal())
    case "Die":
      return Effect.die("boom")
    case "Throw":
      throw new Error("boom")
    case "Fail":
      return Effect.fail("boom")
    case "NoEffect":
      // what a user without types may answer
      return "nothing" as unknown as Effect.Effect<void>
    case "Unavailable":
      return Effect.fail(Sinks.unavailable(behaviour))
    case "Rejected":
      return Effect.fail(Sinks.rejected(behaviour))
    case "Outcomes":
      return Effect.succeed(behaviour.outcomes)
    case "Sleep":
      return Effect.andThen(Effect.sleep(behaviour.millis), Effect.suspend(() => perform(self, behaviour.next)))
    case "Gate":
      return hold(self.gates, behaviour.hard, Effect.suspend(() => perform(self, behaviour.next)))
    case "Never":
      return hold(self.hung, behaviour.hard, Effect.void)
  }
}

// Waits until it is let go.
const hold = <A, E>(gates: Set<() => void>, isHard: boolean, then: Effect.Effect<A, E>): Effect.Effect<A, E> => {
  const gate = Effect.callback<void>((resume) => {
    const open = () => {
      gates.delete(open)
      resume(Effect.void)
    }
    gates.add(open)
    return Effect.sync(() => void gates.delete(open))
  })
  const held = Effect.andThen(gate, then)
  return isHard ? Effect.uninterruptible(held) : held
}

// The records of a batch are new, or they are what is left of the one before, in its order. Gap lines come between.
const checkBatch = (self: Seen, batch: ReadonlyArray<LogRecord>): void => {
  assert.isAbove(batch.length, 0, "no batch is empty")
  assert.isAtMost(batch.length, self.spec.batchSize, "no batch is larger than it may be")
  assert.isFalse(self.ended, "nothing is written to a sink that has ended")
  assert.isTrue([...self.underWay].every(({ isHard }) => isHard), "one write at a time")
  const records = batch.filter(({ gap }) => gap === undefined)
  if (records.some((record) => self.attempted.has(record))) {
    const rest = self.lastBatch.filter((record) => records.includes(record))
    assert.isTrue(records.every((record, i) => record === rest[i]), "a retry is of the last batch, in its order")
  }
  for (const record of batch) {
    assert.isFalse(self.delivered.has(record), "nothing is written again that the sink has delivered")
    assert.isFalse(self.rejected.has(record), "nothing is written again that the sink has rejected")
    if (record.gap === undefined) continue
    assert.isAbove(record.gap.lost, 0)
    assert.strictEqual(record.gap.lost, Object.values(record.gap.reasons).reduce((a, b) => a + b, 0))
    assert.strictEqual(record.seq, undefined)
  }
}

// What the fiber of a write ended with is what the sink has said. An interruption says nothing.
const note = (
  self: Seen,
  batch: ReadonlyArray<LogRecord>,
  exit: Exit.Exit<void | Outcomes, unknown>,
  isLate: boolean
): void => {
  const say = (record: LogRecord | undefined, how: "delivered" | "rejected" | "fatal"): void => {
    if (record === undefined) return
    const said = isLate ? self.late : self
    said[how].add(record)
  }
  if (Exit.isSuccess(exit)) {
    batch.forEach((record, i) => {
      const outcome = exit.value === undefined ? "delivered" : exit.value[i]
      if (outcome === "delivered" || outcome === "rejected") say(record, outcome)
    })
    return
  }
  const failure = exit.cause.reasons.find((reason) => reason._tag === "Fail")?.error
  if (!(failure instanceof Sinks.SinkError)) return
  const { reason } = failure
  switch (reason._tag) {
    case "Unavailable":
      for (let i = 0; i < (reason.delivered ?? 0); i++) say(batch[i], "delivered")
      return
    case "Rejected":
      // of a batch without indexes: one of them, nobody knows which
      for (const i of reason.indexes ?? (batch.length === 1 ? [0] : [])) say(batch[i], "rejected")
      return
    case "Fatal":
      self.ended ||= !isLate
      for (const record of batch) say(record, "fatal")
      for (const record of self.lastBatch) if (!batch.includes(record)) self.beside.add(record)
  }
}
