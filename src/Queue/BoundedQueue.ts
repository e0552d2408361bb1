/**
 * A queue bounded by number and by bytes, whose losses are named. It knows nothing of logging.
 *
 * Effect's `Queue` bounds by number only and evicts without telling, so this one is made of two of them, both
 * unbounded: an ordinary lane and a protected lane. In front of them stands the room that they share. The invariants,
 * which the property tests hold it to:
 *
 * - `size <= capacity` and `bytes <= maxBytes`, but for one larger value in an otherwise empty queue. Only
 *   `backpressure` goes above, by the overdraft at most.
 * - Values leave in the order of their admission (`order` is dense and increasing), whichever lane they were in.
 * - A protected value is neither refused nor evicted while an ordinary one is in the queue.
 * - Every value that was admitted leaves once: by a take, by an eviction (`onEvict`), or by `clearUnsafe`.
 * - No operation depends on how many values or waiters there are, but for what it hands over.
 */
import * as Effect from "effect/Effect"
import * as MutableList from "effect/MutableList"
import * as Queue from "effect/Queue"
import type { SchedulerDispatcher } from "effect/Scheduler"
import type { Waiter } from "./Waiters.ts"
import * as Waiters from "./Waiters.ts"

/**
 * A value in the queue, with its place in the order of admission.
 */
export interface Entry<out A> {
  readonly value: A
  readonly bytes: number
  readonly order: number
}

/**
 * How the queue behaves when it is full.
 */
export interface Options<in out A> {
  /** Values that it holds, at least 1. */
  readonly capacity: number
  /** Bytes that it holds, at least 1. */
  readonly maxBytes: number
  readonly strategy: "sliding" | "dropping" | "backpressure"
  /** Values above the capacity, under `backpressure`, from callers that cannot wait. `maxBytes` grows in proportion. */
  readonly overdraft: number
  /**
   * Waiting callers that are woken at a time, at least 1. The next ones are let in after those have run, and may have
   * taken more of the room: to suspend and wake a caller costs more than what it logs, and should not come with each
   * value.
   */
  readonly groupSize: number
  /** Tells of a value that was pushed out by another one. */
  readonly onEvict: (entry: Entry<A>) => void
  /** Tells of a waiting value that found room. */
  readonly onAdmit: (waiter: Waiter<A>) => void
}

/**
 * What became of an offer.
 *
 * - `admitted`: it is in the queue. `overdrawn`: it is, above the capacity.
 * - `queue_full`, `overdraft`: it was refused.
 * - `must_wait`: nothing happened yet; the caller may join the line with `waitUnsafe`.
 * - `closed`: the queue takes no more.
 */
export type Verdict = "admitted" | "overdrawn" | "queue_full" | "overdraft" | "must_wait" | "closed"

/**
 * The queue. Its fields are read by everyone and changed by this module alone.
 */
export interface BoundedQueue<in out A> {
  readonly options: Options<A>
  readonly ordinary: Queue.Queue<Entry<A>>
  readonly protected: Queue.Queue<Entry<A>>
  readonly waiters: Waiters.Waiters<A>
  /** Wakes the one consumer. */
  readonly bell: Queue.Queue<void>
  readonly dispatcher: SchedulerDispatcher
  /** Values in both lanes. */
  size: number
  /** Bytes in both lanes. */
  bytes: number
  /** Bytes in the protected lane. */
  protectedBytes: number
  /** The most values that were ever in it. */
  highWatermark: number
  /** The place that the next admitted value gets. */
  nextOrder: number
  /** The bell rings when the queue holds so many. */
  wakeAt: number
  /** Whether an offer found no room since the last take. */
  pressed: boolean
  /** Whether a group of those who waited is about to run, and takes room before the rest of the line. */
  groupRuns: boolean
  /** Slots that takes have freed for those who wait, and that the next groups get. */
  freed: number
  closed: boolean
}

/**
 * Makes an empty queue. Waiting callers are woken through the dispatcher of the fiber that makes it, never from
 * inside a take: they run user code.
 */
export const make = <A>(options: Options<A>): Effect.Effect<BoundedQueue<A>> =>
  Effect.withFiber((fiber) =>
    Effect.gen(function*() {
      return {
        options,
        ordinary: yield* Queue.unbounded<Entry<A>>(),
        protected: yield* Queue.unbounded<Entry<A>>(),
        waiters: Waiters.make<A>(),
        bell: yield* Queue.dropping<void>(1),
        dispatcher: fiber.currentDispatcher,
        size: 0,
        bytes: 0,
        protectedBytes: 0,
        highWatermark: 0,
        nextOrder: 0,
        wakeAt: Number.POSITIVE_INFINITY,
        pressed: false,
        groupRuns: false,
        freed: 0,
        closed: false
      }
    })
  )

/**
 * Offers a value. `canWait` says whether the caller would join the line: under `backpressure` it is then sent there
 * whenever there is no room, or others stand there already.
 */
export const offerUnsafe = <A>(
  self: BoundedQueue<A>,
  value: A,
  bytes: number,
  isProtected: boolean,
  canWait: boolean
): Verdict => {
  if (self.closed) return "closed"
  const { strategy } = self.options
  if (hasRoom(self, bytes)) {
    if (canWait && strategy === "backpressure") {
      if (mustLineUp(self)) return "must_wait"
      if (self.freed > 0) self.freed--
    }
    append(self, value, bytes, isProtected)
    return "admitted"
  }
  press(self)
  if (strategy === "backpressure") {
    if (canWait) return "must_wait"
    // a full overdraft behaves like `dropping`
    if (!hasOverdraft(self, bytes) && !(isProtected && evictOrdinary(self, bytes, hasOverdraft))) return "overdraft"
    append(self, value, bytes, isProtected)
    return "overdrawn"
  }
  const made = isProtected
    ? evictOrdinary(self, bytes, hasRoom) || (strategy === "sliding" && evictProtected(self, bytes))
    : strategy === "sliding" && wouldFit(self, bytes) && evictOrdinary(self, bytes, hasRoom)
  if (!made) return "queue_full"
  append(self, value, bytes, isProtected)
  return "admitted"
}

/**
 * Joins the line, after a `must_wait` or without an offer. The waiter is admitted by a later take, in its turn.
 */
export const waitUnsafe = <A>(self: BoundedQueue<A>, value: A, bytes: number, isProtected: boolean): Waiter<A> => {
  ringIfAwaited(self)
  return Waiters.joinUnsafe(self.waiters, value, bytes, isProtected)
}

/**
 * Leaves the line. Answers `false` when the waiter was admitted before.
 */
export const leaveUnsafe = <A>(self: BoundedQueue<A>, waiter: Waiter<A>): boolean => {
  const left = Waiters.leaveUnsafe(self.waiters, waiter, "left")
  // the one behind may be smaller, and fit
  if (left && !self.groupRuns) admitWaiters(self, 0)
  return left
}

/**
 * Takes at most `n` values, in the order of admission, and lets waiting callers into the freed room.
 */
export const takeUnsafe = <A>(self: BoundedQueue<A>, n: number): Array<Entry<A>> => {
  const count = Math.min(n, self.size)
  const out: Array<Entry<A>> = []
  for (let i = 0; i < count; i++) {
    const entry = shift(self, nextLane(self)!)
    out.push(entry)
  }
  self.pressed = false
  admitWaiters(self, count)
  return out
}

/**
 * The value that a take would answer first.
 */
export const peekUnsafe = <A>(self: BoundedQueue<A>): Entry<A> | undefined => {
  const lane = nextLane(self)
  return lane === undefined ? undefined : head(lane)
}

/**
 * Refuses offers from now on. What is in it, and those who wait, can still be taken.
 */
export const closeUnsafe = <A>(self: BoundedQueue<A>): void => {
  self.closed = true
  ringUnsafe(self)
}

/**
 * Closes the queue, empties it and sends the line away; answers what was in it and who waited.
 */
export const clearUnsafe = <A>(
  self: BoundedQueue<A>
): { readonly entries: Array<Entry<A>>; readonly waiters: Array<Waiter<A>> } => {
  self.closed = true
  const entries: Array<Entry<A>> = []
  for (let lane = nextLane(self); lane !== undefined; lane = nextLane(self)) entries.push(shift(self, lane))
  const waiters: Array<Waiter<A>> = []
  for (let waiter = self.waiters.first; waiter !== undefined; waiter = self.waiters.first) {
    Waiters.leaveUnsafe(self.waiters, waiter, "left")
    waiters.push(waiter)
  }
  resumeLater(self, waiters)
  return { entries, waiters }
}

/**
 * Those who wait, the first one first.
 */
export const waitersUnsafe = <A>(self: BoundedQueue<A>): Array<Waiter<A>> => {
  const out: Array<Waiter<A>> = []
  for (let waiter = self.waiters.first; waiter !== undefined; waiter = waiter.next) out.push(waiter)
  return out
}

/**
 * Whether nothing is in it and nobody waits.
 */
export const isIdle = <A>(self: BoundedQueue<A>): boolean => self.size === 0 && self.waiters.size === 0

/**
 * Whether it holds what it can, or an offer found no room, or somebody waits for room.
 */
export const isFull = <A>(self: BoundedQueue<A>): boolean =>
  self.pressed || self.waiters.size > 0 || self.size >= self.options.capacity

/**
 * Whether a value of so many bytes may have to wait, were it offered now.
 */
export const isCrowded = <A>(self: BoundedQueue<A>, bytes: number): boolean => mustLineUp(self) || !hasRoom(self, bytes)

/**
 * Wakes the consumer, or has its next `awaitBell` return at once.
 */
export const ringUnsafe = <A>(self: BoundedQueue<A>): void => {
  Queue.offerUnsafe(self.bell, undefined)
}

/**
 * Waits until the queue holds `n` values, has no room for one that was offered, somebody joins the line, or the bell is
 * rung. May return early: look again.
 */
export const awaitBell = <A>(self: BoundedQueue<A>, n: number): Effect.Effect<void> =>
  Effect.suspend(() => {
    if (self.size >= n) return Effect.void
    self.wakeAt = n
    return Effect.ensuring(
      Queue.take(self.bell),
      Effect.sync(() => {
        self.wakeAt = Number.POSITIVE_INFINITY
      })
    )
  })

// -----------------------------------------------------------------------------
// room
// -----------------------------------------------------------------------------

const hasRoom = <A>(self: BoundedQueue<A>, bytes: number): boolean =>
  self.size === 0 || (self.size < self.options.capacity && self.bytes + bytes <= self.options.maxBytes)

const hasOverdraft = <A>(self: BoundedQueue<A>, bytes: number): boolean => {
  const { capacity, maxBytes, overdraft, strategy } = self.options
  if (strategy !== "backpressure") return false
  return self.size === 0 ||
    (self.size < capacity + overdraft && self.bytes + bytes <= maxBytes * (1 + overdraft / capacity))
}

// Whether an ordinary value would find room with every other ordinary one gone. If not, evicting them is in vain.
const wouldFit = <A>(self: BoundedQueue<A>, bytes: number): boolean => {
  const kept = self.protected.messages.length
  return kept === 0 ||
    (kept < self.options.capacity && self.protectedBytes + bytes <= self.options.maxBytes)
}

type HasRoom = <A>(self: BoundedQueue<A>, bytes: number) => boolean

const evictOrdinary = <A>(self: BoundedQueue<A>, bytes: number, hasRoom: HasRoom): boolean => {
  while (self.ordinary.messages.length > 0) {
    self.options.onEvict(shift(self, self.ordinary))
    if (hasRoom(self, bytes)) return true
  }
  return false
}

const evictProtected = <A>(self: BoundedQueue<A>, bytes: number): boolean => {
  while (!hasRoom(self, bytes)) self.options.onEvict(shift(self, self.protected))
  return true
}

// First in, first out; but the room that a take made is for the group that runs, until the next one is let in.
const mustLineUp = <A>(self: BoundedQueue<A>): boolean => self.waiters.size > 0 && !self.groupRuns

const press = <A>(self: BoundedQueue<A>): void => {
  self.pressed = true
  ringIfAwaited(self)
}

const ringIfAwaited = <A>(self: BoundedQueue<A>): void => {
  if (self.wakeAt !== Number.POSITIVE_INFINITY) ringUnsafe(self)
}

// Freed slots go to those who wait, one to each, even while the overdraft is in use: callers that cannot wait would starve
// them. Beyond that the overdraft is not for them.
const admitWaiters = <A>(self: BoundedQueue<A>, freed: number): void => {
  const admitted: Array<Waiter<A>> = []
  let left = self.freed + freed
  self.freed = 0
  for (let waiter = self.waiters.first; waiter !== undefined; waiter = self.waiters.first) {
    if (!hasRoom(self, waiter.bytes) && !(left > 0 && hasOverdraft(self, waiter.bytes))) break
    if (admitted.length === self.options.groupSize) {
      self.groupRuns = true
      self.freed = left
      break
    }
    Waiters.leaveUnsafe(self.waiters, waiter, "admitted")
    waiter.order = append(self, waiter.value, waiter.bytes, waiter.isProtected)
    left = Math.max(0, left - 1)
    self.options.onAdmit(waiter)
    admitted.push(waiter)
  }
  resumeLater(self, admitted)
}

// Whoever is resumed runs within the task, until it suspends, and so may what watches it throw. That is thrown where
// nothing of others stands behind it.
const resumeLater = <A>(self: BoundedQueue<A>, waiters: ReadonlyArray<Waiter<A>>): void => {
  if (waiters.length === 0) return
  self.dispatcher.scheduleTask(() => {
    for (const waiter of waiters) {
      try {
        waiter.resume?.()
      } catch (error) {
        queueMicrotask(() => {
          throw error
        })
      }
    }
    if (!self.groupRuns) return
    self.groupRuns = false
    admitWaiters(self, 0)
  }, 0)
}

// -----------------------------------------------------------------------------
// lanes
// -----------------------------------------------------------------------------

// Not a literal, for the reason that `Record.Plain` tells.
class Place<A> implements Entry<A> {
  readonly value: A
  readonly bytes: number
  readonly order: number
  constructor(value: A, bytes: number, order: number) {
    this.value = value
    this.bytes = bytes
    this.order = order
  }
}

const append = <A>(self: BoundedQueue<A>, value: A, bytes: number, isProtected: boolean): number => {
  const order = self.nextOrder++
  Queue.offerUnsafe(isProtected ? self.protected : self.ordinary, new Place(value, bytes, order))
  self.bytes += bytes
  if (isProtected) self.protectedBytes += bytes
  if (++self.size > self.highWatermark) self.highWatermark = self.size
  if (self.size >= self.wakeAt) ringUnsafe(self)
  return order
}

// What `Queue.takeUnsafe` does for a queue that nobody closes and nobody waits to offer to, without an `Exit` for each.
const shift = <A>(self: BoundedQueue<A>, lane: Queue.Queue<Entry<A>>): Entry<A> => {
  const entry = MutableList.take(lane.messages) as Entry<A>
  self.size--
  self.bytes -= entry.bytes
  if (lane === self.protected) self.protectedBytes -= entry.bytes
  return entry
}

// The lane whose head was admitted first.
const nextLane = <A>(self: BoundedQueue<A>): Queue.Queue<Entry<A>> | undefined => {
  if (self.size === 0) return undefined
  if (self.protected.messages.length === 0) return self.ordinary
  if (self.ordinary.messages.length === 0) return self.protected
  return head(self.ordinary).order < head(self.protected).order ? self.ordinary : self.protected
}

const head = <A>(lane: Queue.Queue<Entry<A>>): Entry<A> => {
  const bucket = lane.messages.head!
  return bucket.array[bucket.offset]
}
