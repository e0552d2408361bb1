/**
 * A gate that counts records by key, lets some of them through, and tells of the others.
 *
 * They are told of in front of the next record of that key that passes; when the key came no more, as soon as it may be
 * forgotten; when it has to be forgotten for want of room; and at the close.
 */
import type { Gate } from "../Pipeline.ts"
import type { LogRecord } from "../Record.ts"
import type { Key } from "./Key.ts"
import * as Keys from "./Key.ts"
import type { Suppressed } from "./Suppressed.ts"
import * as Suppression from "./Suppressed.ts"
import * as Table from "./Table.ts"

/**
 * Which records of a key pass. `State` is what it remembers of one; times are those of records, in milliseconds, in any
 * order.
 */
export interface Policy<State> {
  /** Of a key that no record came for yet. */
  readonly start: (time: number) => State
  /** Whether a record of this time passes. Remembers that it came. */
  readonly passUnsafe: (state: State, time: number) => boolean
  /** Whether what it remembers makes no difference any more. */
  readonly isOver: (state: State, time: number) => boolean
}

/**
 * How much older than another one a record may be, in milliseconds, and still count as of the same time, where what is
 * counted spans less: those that `fingersCrossed` gives are as old as their request. One that is older still means that
 * the clock was set back.
 */
export const lateness = 5 * 60_000

/**
 * - `maxKeys`: how many keys it remembers. For a further one it forgets the one that was used least recently.
 * - `tell`: what the line says of so many records, in front of the message of the last one.
 */
export interface LimiterOptions {
  readonly name: string
  readonly key: Key
  readonly maxKeys: number
  readonly tell: (count: number) => string
}

interface Limited<State> {
  readonly state: State
  readonly suppressed: Suppressed
}

// A record brings one key at most, so two a record is faster than they come.
const forgottenPerRecord = 2

/**
 * Makes one.
 */
export const make = <State>(policy: Policy<State>, { key, maxKeys, name, tell }: LimiterOptions): Gate => {
  const table = Table.make<Limited<State>>()
  let made = 0
  const tellOf = ({ suppressed }: Limited<State>, out: Array<LogRecord>): void => {
    const { count, message } = suppressed
    if (count === 0) return
    out.push(Suppression.takeUnsafe(suppressed, name, message === "" ? tell(count) : `${tell(count)}: ${message}`))
    made++
  }
  const forget = (entry: Table.Entry<Limited<State>>, out: Array<LogRecord>): void => {
    Table.removeUnsafe(table, entry)
    tellOf(entry.value, out)
  }
  const find = (id: string, time: number, out: Array<LogRecord>): Limited<State> => {
    const known = Table.useUnsafe(table, id)
    if (known !== undefined) return known.value
    if (table.entries.size >= maxKeys) forget(table.oldest!, out)
    return Table.addUnsafe(table, id, { state: policy.start(time), suppressed: Suppression.make() }).value
  }
  return {
    push(record) {
      const id = Keys.of(key, record)
      const out: Array<LogRecord> = []
      const limited = id === undefined ? undefined : find(id, record.time, out)
      for (let n = forgottenPerRecord; n > 0; n--) {
        const { oldest } = table
        if (oldest === undefined || oldest.value === limited) break
        if (!policy.isOver(oldest.value.state, record.time)) break
        forget(oldest, out)
      }
      if (limited === undefined || policy.passUnsafe(limited.state, record.time)) {
        if (limited !== undefined) tellOf(limited, out)
        out.push(record)
      } else Suppression.addUnsafe(limited.suppressed, record)
      return out
    },
    close() {
      const out: Array<LogRecord> = []
      for (const limited of Table.drainUnsafe(table)) tellOf(limited, out)
      return out
    },
    held: 0,
    get made() {
      return made
    }
  }
}
