/**
 * First in, first out, and any one of them can leave: callers that wait for room. A doubly linked list, because a
 * caller that gives up may stand anywhere in the line, and neither joining nor leaving may depend on its length.
 */

/**
 * A place in the line. `state` says how it ended; `resume` wakes the caller, if it has one, after the end of the wait.
 */
export interface Waiter<in out A> {
  readonly value: A
  readonly bytes: number
  readonly isProtected: boolean
  state: "waiting" | "admitted" | "left"
  /** The place in the order of admission that it got. */
  order: number
  resume: (() => void) | undefined
  /** @internal */
  previous: Waiter<A> | undefined
  /** @internal */
  next: Waiter<A> | undefined
}

/**
 * The line.
 */
export interface Waiters<in out A> {
  first: Waiter<A> | undefined
  last: Waiter<A> | undefined
  size: number
}

/**
 * An empty line.
 */
export const make = <A>(): Waiters<A> => ({ first: undefined, last: undefined, size: 0 })

/**
 * Joins at the end.
 */
export const joinUnsafe = <A>(self: Waiters<A>, value: A, bytes: number, isProtected: boolean): Waiter<A> => {
  const waiter: Waiter<A> = {
    value,
    bytes,
    isProtected,
    state: "waiting",
    order: -1,
    resume: undefined,
    previous: self.last,
    next: undefined
  }
  if (self.last === undefined) self.first = waiter
  else self.last.next = waiter
  self.last = waiter
  self.size++
  return waiter
}

/**
 * Leaves the line, from wherever it stands. Answers `false` when it stood there no longer.
 */
export const leaveUnsafe = <A>(self: Waiters<A>, waiter: Waiter<A>, state: "admitted" | "left"): boolean => {
  if (waiter.state !== "waiting") return false
  waiter.state = state
  if (waiter.previous === undefined) self.first = waiter.next
  else waiter.previous.next = waiter.next
  if (waiter.next === undefined) self.last = waiter.previous
  else waiter.next.previous = waiter.previous
  waiter.previous = waiter.next = undefined
  self.size--
  return true
}
