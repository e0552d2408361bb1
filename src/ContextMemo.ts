/**
 * What is known of contexts by their identity: made once for each context, not once for each record.
 *
 * The context of a request lives as long as the request, and there are thousands of them a second. In a `WeakMap` each
 * costs more than what it saves, most of it when garbage is collected. So small contexts are kept in a `Map`, which holds
 * on to so many of them, and is emptied when it is full; large ones in a `WeakMap`, which holds on to none.
 */
import type { LogContext } from "./Record.ts"
import * as Record from "./Record.ts"

/**
 * What is known of contexts.
 */
export interface ContextMemo<A> {
  readonly small: Map<LogContext, A>
  readonly large: WeakMap<LogContext, A>
}

const maxCount = 512
const maxBytes = 1024

/**
 * Knows nothing yet.
 */
export const make = <A>(): ContextMemo<A> => ({ small: new Map(), large: new WeakMap() })

/**
 * What is known of this one.
 */
export const get = <A>(self: ContextMemo<A>, context: LogContext): A | undefined =>
  self.small.get(context) ?? self.large.get(context)

/**
 * Remembers it.
 */
export const setUnsafe = <A>(self: ContextMemo<A>, context: LogContext, value: A): void => {
  if (!isSmall(context)) {
    self.large.set(context, value)
    return
  }
  if (self.small.size >= maxCount) self.small.clear()
  self.small.set(context, value)
}

const isSmall = (context: LogContext): boolean =>
  context.custom === undefined && Record.contextBytes(context) <= maxBytes
