/**
 * What each gate does, in plain words: lists that are searched from end to end, and all that was ever seen. Slow, and
 * without a bound.
 */
import * as Effect from "effect/Effect"
import * as LogLevel from "effect/LogLevel"
import * as Random from "effect/Random"
import type { LogRecord } from "../../src/Record.ts"
import * as Record from "../../src/Record.ts"
import { isSampled } from "../../src/Sampling.ts"
import type { GateSpec } from "./gateSpecs.ts"
import { keyOf, says } from "./gateSpecs.ts"

/**
 * A line that a gate makes, as far as it is determined.
 */
export interface Told {
  readonly time: number
  readonly level: LogLevel.Severity
  readonly logger: string | undefined
  readonly message: string
  readonly suppressed: number
  readonly since: number
}

/**
 * Records that were logged, and lines that the gate makes, in order.
 */
export type Given = ReadonlyArray<LogRecord | Told>

/**
 * A model of a gate.
 */
export interface Model {
  readonly push: (record: LogRecord) => Given
  readonly close: () => Given
  /** The records that are kept. */
  readonly held: () => ReadonlyArray<LogRecord>
}

/**
 * The model of a gate.
 */
export const make = (spec: GateSpec): Model => {
  switch (spec._tag) {
    case "Sample":
      return sample(spec)
    case "RateLimit":
      return limiter(spec, (times) => tokens(spec, times), suppressed)
    case "FirstOccurrence":
      return limiter(spec, (times) => windows(spec, times), suppressed)
    case "Dedupe": {
      const { fields, window } = spec
      const of = { first: 1, thereafter: undefined, interval: window }
      return limiter(
        spec,
        (times) => windows(of, times),
        (n) => n === 1 ? "repeated once" : `repeated ${n} times`,
        fields
      )
    }
    case "FingersCrossed":
      return fingersCrossed(spec)
  }
}

// what `fingersCrossed` gives comes late
const lateness = 300_000

type Spec<Tag extends GateSpec["_tag"]> = Extract<GateSpec, { readonly _tag: Tag }>

const ordinal = ({ level }: { readonly level: LogLevel.LogLevel }): number => LogLevel.getOrdinal(level)
const suppressed = (n: number): string => n === 1 ? "suppressed 1 record" : `suppressed ${n} records`

const toTold = (records: ReadonlyArray<LogRecord>, logger: string | undefined, message: string): Told => ({
  time: records.at(-1)!.time,
  level: records.toSorted((a, b) => ordinal(b) - ordinal(a))[0]!.level,
  logger,
  message,
  suppressed: records.length,
  since: records[0]!.time
})

// -----------------------------------------------------------------------------
// sample
// -----------------------------------------------------------------------------

const sample = (spec: Spec<"Sample">): Model => {
  const { always, debug, rate, summary } = spec
  const random = Effect.runSync(Random.withSeed(Effect.map(Random.Random, (random) => random), spec.seed))
  const key = keyOf(spec.key) ?? (({ context, traceId }: LogRecord) => traceId ?? context.requestId)
  let left: Array<LogRecord> = []
  const tell = (): Given => {
    const told = left
    left = []
    return told.length === 0 ? [] : [toTold(told, undefined, suppressed(told.length))]
  }
  const isTaken = (record: LogRecord): boolean => {
    if (ordinal(record) >= LogLevel.getOrdinal(always)) return true
    const share = record.level === "Debug" ? debug ?? rate : rate
    const id = key(record)
    if (id !== undefined) return share > 0 && isSampled(share, id)
    return share === 1 || random.nextDoubleUnsafe() < share
  }
  return {
    push(record) {
      const taken = isTaken(record)
      const isDue = summary !== false && left.length > 0 && (
        record.time - left[0]!.time >= summary || left[0]!.time - record.time > summary
      )
      const told = isDue ? tell() : []
      if (!taken && summary !== false) left.push(record)
      return taken ? [...told, record] : told
    },
    close: tell,
    held: () => []
  }
}

// -----------------------------------------------------------------------------
// rateLimit, firstOccurrence, dedupe
// -----------------------------------------------------------------------------

/**
 * What came of a key whose records came at these times: whether the last of them passes, and from when on the key is as
 * if it had never come.
 */
interface Verdict {
  readonly passes: boolean
  readonly isOver: (time: number) => boolean
}

// A bucket that is filled in steps, in units of which a token has `per` and a millisecond brings `limit`.
const tokens = (
  { burst, limit, per }: Pick<Spec<"RateLimit">, "limit" | "per" | "burst">,
  times: ReadonlyArray<Look>
): Verdict => {
  const full = (burst ?? limit) * per
  let credit = full
  let now = times[0]!.time
  let passes = false
  const goTo = (time: number): void => {
    if (time > now) credit = Math.min(full, credit + limit * (time - now))
    if (time > now || time < now - Math.max(per, lateness)) now = time
  }
  for (const { isRecord, time } of times) {
    goTo(time)
    if (!isRecord) continue
    passes = credit >= per
    if (passes) credit -= per
  }
  return {
    passes,
    isOver: (time) => {
      goTo(time)
      return credit >= full
    }
  }
}

const windows = (
  { first, interval, thereafter }: Pick<Spec<"FirstOccurrence">, "first" | "thereafter" | "interval">,
  times: ReadonlyArray<Look>
): Verdict => {
  const came = times.filter(({ isRecord }) => isRecord).map(({ time }) => time)
  let start = came[0]!
  let inWindow = 0
  const isOver = (time: number): boolean => time >= start + interval || time < start - Math.max(interval, lateness)
  for (const time of came) {
    if (isOver(time)) {
      start = time
      inWindow = 0
    }
    inWindow++
  }
  const beyond = inWindow - first
  return {
    passes: beyond <= 0 || (thereafter !== undefined && beyond % thereafter === 0),
    isOver
  }
}

/**
 * A time at which a key was looked at: because a record of it came, or to see whether it is over.
 */
interface Look {
  readonly time: number
  readonly isRecord: boolean
}

interface Known {
  readonly id: string
  readonly times: Array<Look>
  owed: Array<LogRecord>
}

const limiter = (
  spec: { readonly key: Spec<"RateLimit">["key"]; readonly maxKeys: number },
  verdict: (times: ReadonlyArray<Look>) => Verdict,
  what: (n: number) => string,
  fields = false
): Model => {
  const own = keyOf(spec.key) ??
    (({ error, level, logger, message }: LogRecord) =>
      JSON.stringify([level, logger ?? "", message, error?.type ?? ""]))
  const key = (record: LogRecord): string | undefined => {
    const id = own(record)
    return fields && id !== undefined ? JSON.stringify([id, record.fields]) : id
  }
  // the one that was used least recently first
  let known: Array<Known> = []
  const tell = (self: Known): Given => {
    const { owed } = self
    self.owed = []
    const last = owed.at(-1)
    return last === undefined ? [] : [toTold(owed, last.logger, `${what(owed.length)}: ${last.message}`)]
  }
  return {
    push(record) {
      const out: Array<LogRecord | Told> = []
      const id = key(record)
      let self: Known | undefined
      if (id !== undefined) {
        self = known.find((one) => one.id === id)
        known = known.filter((one) => one !== self)
        if (self === undefined && known.length >= spec.maxKeys) out.push(...tell(known.shift()!))
        self ??= { id, times: [], owed: [] }
        known.push(self)
      }
      for (let n = 0; n < 2 && known.length > 0 && known[0] !== self; n++) {
        const isOver = verdict(known[0]!.times).isOver(record.time)
        known[0]!.times.push({ time: record.time, isRecord: false })
        if (!isOver) break
        out.push(...tell(known.shift()!))
      }
      if (self === undefined) return [...out, record]
      self.times.push({ time: record.time, isRecord: true })
      if (verdict(self.times).passes) return [...out, ...tell(self), record]
      self.owed.push(record)
      return out
    },
    close: () => known.flatMap(tell),
    held: () => []
  }
}

// -----------------------------------------------------------------------------
// fingersCrossed
// -----------------------------------------------------------------------------

interface Request {
  readonly id: string
  at: number
  isOpen: boolean
  kept: Array<LogRecord>
  lost: Array<LogRecord>
}

const fingersCrossed = (spec: Spec<"FingersCrossed">): Model => {
  const { activation, capacity, endOn, maxAge, maxBytes, maxKeys, maxTotalBytes, passThrough, withoutKey } = spec
  const key = keyOf(spec.key) ?? (({ context, traceId }: LogRecord) => context.requestId ?? traceId)
  let requests: Array<Request> = []
  let givenUp = 0
  let givenUpSince = 0
  let givenUpAt = 0
  const sizeOf = (records: ReadonlyArray<LogRecord>): number =>
    records.reduce((sum, record) => sum + Record.estimateBytes(record) + Record.contextBytes(record.context), 0)
  const giveUpFirst = ({ time }: LogRecord): void => {
    const { kept, lost } = requests.shift()!
    if (kept.length + lost.length === 0) return
    if (givenUp === 0) givenUpSince = time
    givenUpAt = time
    givenUp += kept.length + lost.length
  }
  const isOver = ({ at }: Request, time: number): boolean => Math.abs(time - at) > maxAge
  const tellGivenUp = (): Given => {
    const n = givenUp
    givenUp = 0
    if (n === 0) return []
    const message = `gave up ${n === 1 ? "1 record" : `${n} records`} of other keys for want of room`
    return [{ time: givenUpAt, level: "Warn", logger: undefined, message, suppressed: n, since: givenUpSince }]
  }
  const tellLost = ({ kept, lost }: Request, { time }: LogRecord): Given => {
    const n = lost.length
    if (n === 0) return []
    const message = `${n} earlier ${n === 1 ? "record was" : "records were"} not kept`
    return [{
      time: kept[0]?.time ?? time,
      level: "Warn",
      logger: undefined,
      message,
      suppressed: n,
      since: lost[0]!.time
    }]
  }
  return {
    push(record) {
      const is = (least: LogLevel.LogLevel): boolean => ordinal(record) >= LogLevel.getOrdinal(least)
      const activates = typeof activation === "string" ? is(activation) : says(activation)(record)
      const ends = endOn === undefined ? record.logger === "http.access" : says(endOn)(record)
      const passes = activates || ends || is(passThrough)
      for (let n = 0; n < 2; n++) if (requests[0] && isOver(requests[0], record.time)) requests.shift()
      const id = key(record)
      if (id === undefined) return passes || is(withoutKey) ? [record] : []
      let self = requests.find((one) => one.id === id)
      requests = requests.filter((one) => one !== self)
      if (self !== undefined && isOver(self, record.time)) self = undefined
      if (self !== undefined) {
        requests.push(self)
        self.at = record.time
      }
      const told = activates ? tellGivenUp() : []
      if (self === undefined && (!passes || (activates && !ends))) {
        if (requests.length >= maxKeys) giveUpFirst(record)
        self = { id, at: record.time, isOpen: false, kept: [], lost: [] }
        requests.push(self)
      }
      if (self === undefined) return [...told, record]
      let before: Given = []
      if (activates) {
        before = [...tellLost(self, record), ...self.kept]
        Object.assign(self, { isOpen: true, kept: [], lost: [] })
      }
      if (ends) requests = requests.filter((one) => one !== self)
      if (passes || self.isOpen) return [...told, ...before, record]
      if (sizeOf([record]) > maxBytes) self.lost.push(record)
      else self.kept.push(record)
      while (self.kept.length > capacity || sizeOf(self.kept) > maxBytes) self.lost.push(self.kept.shift()!)
      while (sizeOf(requests.flatMap(({ kept }) => kept)) > maxTotalBytes) giveUpFirst(record)
      return []
    },
    close() {
      requests = []
      return tellGivenUp()
    },
    held: () => requests.flatMap(({ kept }) => kept)
  }
}
