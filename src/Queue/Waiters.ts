/**
 * First in, first out, and any one of them can leave: callers that wait for room. A doubly linked list, because a
 * caller that gives up may stand anywhere in the line, and neither joining nor leaving may depend on its length.
 */

/**
 * A place in the line. `state` says how it ended; `resume` wakes the caller, if it has one, after the end of the wait.
 * Made by a constructor, like a record: see `Record.Plain`.
 */
export class Waiter<in out A> {
  readonly value: A
  readonly bytes: number
  readonly isProtected: boolean
  state: "waiting" | "admitted" | "left" = "waiting"
  /** The place in the order of admission that it got. */
  order = -1
  resume: (() => void) | undefined = undefined
  /** @internal */
  previous: Waiter<A> | undefined = undefined
  /** @internal */
  next: Waiter<A> | undefined = undefined

  constructor(value: A, bytes: number, isProtected: boolean) {
    this.value = value
    this.bytes = bytes
    this.isProtected = isProtected
  }
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
  const waiter = new Waiter(value, bytes, isProtected)
  waiter.previous = self.last
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
