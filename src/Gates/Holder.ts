/**
 * What `fingersCrossed` does: it keeps records back by key, within bounds, and gives those of a key when one of them
 * activates it.
 */
import type { Filter, Gate } from "../Pipeline.ts"
import type { LogRecord } from "../Record.ts"
import * as Record from "../Record.ts"
import type { Key } from "./Key.ts"
import * as Keys from "./Key.ts"
import type { Ring } from "./Ring.ts"
import * as Rings from "./Ring.ts"
import * as Suppressed from "./Suppressed.ts"
import * as Table from "./Table.ts"

/**
 * See `FingersCrossedOptions`.
 */
export interface HolderOptions {
  readonly name: string
  readonly key: Key
  readonly activates: Filter
  readonly passes: Filter
  readonly passesWithoutKey: Filter
  readonly ends: Filter
  readonly capacity: number
  readonly maxBytes: number
  readonly maxKeys: number
  readonly maxTotalBytes: number
  /** Milliseconds. */
  readonly maxAge: number
}

/**
 * A key, while its request lasts.
 *
 * - `at`: the time of its last record.
 * - `isOpen`: whether it was activated. Then nothing more is kept of it.
 * - `lost`, `since`: how many records there was no room for, and the time of the first of them.
 */
interface Held {
  readonly ring: Ring
  at: number
  isOpen: boolean
  lost: number
  since: number
}

// A record brings one key at most, so two a record is faster than they come.
const forgottenPerRecord = 2

/**
 * Makes one.
 */
export const make = (options: HolderOptions): Gate => {
  const { capacity, maxAge, maxBytes, maxKeys, maxTotalBytes, name } = options
  const table = Table.make<Held>()
  // of keys that had to be given up: whose they were is not known any more
  const givenUp = Suppressed.make()
  const all = { held: 0, bytes: 0, made: 0 }
  let keepsLast = false

  const isOver = ({ at }: Held, time: number): boolean => time - at > maxAge || at - time > maxAge

  const forget = (entry: Table.Entry<Held>): void => {
    Table.removeUnsafe(table, entry)
    all.held -= entry.value.ring.count
    all.bytes -= entry.value.ring.bytes
  }

  // for the room that `record` takes, from which the line about it has what it says of the program
  const giveUpOldest = (record: LogRecord): void => {
    const oldest = table.oldest!
    const { lost, ring } = oldest.value
    if (ring.count + lost > 0) Suppressed.addUnsafe(givenUp, record, ring.count + lost)
    forget(oldest)
  }

  const find = (id: string, time: number): Held | undefined => {
    const entry = Table.useUnsafe(table, id)
    if (entry === undefined) return undefined
    if (isOver(entry.value, time)) {
      forget(entry)
      return undefined
    }
    entry.value.at = time
    return entry.value
  }

  const add = (id: string, record: LogRecord): Held => {
    if (table.entries.size >= maxKeys) giveUpOldest(record)
    const value = { ring: Rings.make(), at: record.time, isOpen: false, lost: 0, since: 0 }
    return Table.addUnsafe(table, id, value).value
  }

  const takeOldest = ({ ring }: Held): LogRecord | undefined => {
    const before = ring.bytes
    const record = Rings.shiftUnsafe(ring)
    if (record !== undefined) all.held--
    all.bytes -= before - ring.bytes
    return record
  }

  // It is the newest of all keys, and its ring alone is within `maxTotalBytes`: it is not given up for itself.
  const hold = (self: Held, record: LogRecord, size: number): void => {
    if (size > maxBytes) return lose(self, record.time)
    Rings.pushUnsafe(self.ring, record, size)
    keepsLast = true
    all.held++
    all.bytes += size
    while (self.ring.count > capacity || self.ring.bytes > maxBytes) lose(self, takeOldest(self)!.time)
    while (all.bytes > maxTotalBytes) giveUpOldest(record)
  }

  const tellGivenUp = (): Array<LogRecord> => {
    const { count } = givenUp
    if (count === 0) return []
    all.made++
    const line = Suppressed.takeUnsafe(
      givenUp,
      name,
      `gave up ${Suppressed.records(count)} of other keys for want of room`
    )
    return [{ ...line, level: "Warn", logger: undefined }]
  }

  // what is given, and what is said of the rest, in front of the record that asks for it
  const open = (self: Held, record: LogRecord, out: Array<LogRecord>): void => {
    if (self.lost > 0) {
      all.made++
      out.push(lostLine(name, self, record))
    }
    for (let next = takeOldest(self); next !== undefined; next = takeOldest(self)) out.push(next)
    self.isOpen = true
    self.lost = 0
  }

  return {
    push(record) {
      keepsLast = false
      // what is foreign comes first, as it may throw
      const id = Keys.of(options.key, record)
      const activates = options.activates(record)
      const ends = options.ends(record)
      const passes = activates || ends || options.passes(record) ||
        (id === undefined && options.passesWithoutKey(record))
      for (let n = forgottenPerRecord; n > 0 && table.oldest !== undefined; n--) {
        if (isOver(table.oldest.value, record.time)) forget(table.oldest)
      }
      if (id === undefined) return passes ? [record] : []
      const known = find(id, record.time)
      if (!passes) {
        if (known?.isOpen === true) return [record]
        const size = sizeOf(record)
        hold(known ?? add(id, record), record, size)
        return []
      }
      const out = activates ? tellGivenUp() : []
      if (activates && known !== undefined) open(known, record, out)
      if (activates && known === undefined && !ends) add(id, record).isOpen = true
      if (ends && known !== undefined) forget(table.newest!)
      out.push(record)
      return out
    },
    close() {
      Table.drainUnsafe(table)
      all.held = 0
      all.bytes = 0
      return tellGivenUp()
    },
    get held() {
      return all.held
    },
    get made() {
      return all.made
    },
    get keepsLast() {
      return keepsLast
    }
  }
}

// as a queue counts it, with the context, which others may share
const sizeOf = (record: LogRecord): number => Record.estimateBytes(record) + Record.contextBytes(record.context)

const lose = (self: Held, time: number): void => {
  if (self.lost === 0) self.since = time
  self.lost++
}

// It is of the request that asks for it, as all that it speaks of.
const lostLine = (name: string, { lost, ring, since }: Held, { context, time, traceId }: LogRecord): LogRecord =>
  Record.make({
    time: ring.oldest?.record.time ?? time,
    level: "Warn",
    message: `${lost} earlier ${lost === 1 ? "record was" : "records were"} not kept`,
    fields: { gate: name, suppressed: lost, since },
    context,
    traceId,
    notes: ["suppressed"]
  })
