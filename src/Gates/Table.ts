/**
 * What a gate remembers by key, in the order in which it was used last. Every operation takes the same time, however
 * much is in it.
 */
import * as Leaf from "../Leaf.ts"

/**
 * A key, and what is remembered of it.
 */
export interface Entry<A> {
  readonly key: string
  readonly value: A
  older: Entry<A> | undefined
  newer: Entry<A> | undefined
}

/**
 * All of them, and both ends of their order.
 */
export interface Table<A> {
  readonly entries: Map<string, Entry<A>>
  oldest: Entry<A> | undefined
  newest: Entry<A> | undefined
}

/**
 * An empty table.
 */
export const make = <A>(): Table<A> => ({ entries: new Map(), oldest: undefined, newest: undefined })

/**
 * What is remembered of a key. It is the newest then.
 */
export const useUnsafe = <A>(self: Table<A>, key: string): Entry<A> | undefined => {
  const entry = self.entries.get(key)
  if (entry === undefined || entry === self.newest) return entry
  unlink(self, entry)
  append(self, entry)
  return entry
}

/**
 * Remembers a key that was not there, as the newest.
 */
export const addUnsafe = <A>(self: Table<A>, key: string, value: A): Entry<A> => {
  const entry: Entry<A> = { key: Leaf.copy(key), value, older: undefined, newer: undefined }
  self.entries.set(entry.key, entry)
  append(self, entry)
  return entry
}

/**
 * Forgets an entry that is there.
 */
export const removeUnsafe = <A>(self: Table<A>, entry: Entry<A>): void => {
  self.entries.delete(entry.key)
  unlink(self, entry)
}

/**
 * Forgets all, and answers what was there, the oldest first.
 */
export const drainUnsafe = <A>(self: Table<A>): ReadonlyArray<A> => {
  const out: Array<A> = []
  for (let entry = self.oldest; entry !== undefined; entry = entry.newer) out.push(entry.value)
  self.entries.clear()
  self.oldest = undefined
  self.newest = undefined
  return out
}

const append = <A>(self: Table<A>, entry: Entry<A>): void => {
  entry.older = self.newest
  entry.newer = undefined
  if (self.newest === undefined) self.oldest = entry
  else self.newest.newer = entry
  self.newest = entry
}

const unlink = <A>(self: Table<A>, { newer, older }: Entry<A>): void => {
  if (older === undefined) self.oldest = newer
  else older.newer = newer
  if (newer === undefined) self.newest = older
  else newer.older = older
}
