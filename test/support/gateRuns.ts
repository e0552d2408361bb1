/**
 * Running one built-in gate, record by record.
 */
import * as Effect from "effect/Effect"
import type * as Pipeline from "../../src/Pipeline.ts"
import * as PipelineRun from "../../src/PipelineRun.ts"
import type { LogRecord } from "../../src/Record.ts"
import * as Record from "../../src/Record.ts"
import { tally } from "./tally.ts"

/** An Info record that says "m" at time 0, unless told otherwise. */
export const record = (options: Partial<LogRecord> = {}): LogRecord =>
  Record.make({ level: "Info", message: "m", ...options })

/** As many records, of which `of` makes the nth from its number. */
export const times = (n: number, of: (i: number) => Partial<LogRecord> = () => ({})): ReadonlyArray<LogRecord> =>
  Array.from({ length: n }, (_, i) => record(of(i)))

/** Whether a gate has made this record. */
export const isMade = ({ notes }: LogRecord): boolean => notes?.includes("suppressed") === true

/**
 * A gate that runs.
 */
export interface GateRun {
  /** Pushes records, and answers what came out. */
  readonly push: (...records: ReadonlyArray<LogRecord>) => ReadonlyArray<LogRecord>
  /** The same, as messages. */
  readonly messages: (...records: ReadonlyArray<LogRecord>) => ReadonlyArray<string>
  /** Closes it, and answers what it owed. */
  readonly close: () => ReadonlyArray<LogRecord>
  /** The ledger, which adds up. */
  readonly counts: () => { readonly [term: string]: number }
}

/** Builds a gate. */
export const run = <E>(built: Effect.Effect<Pipeline.Stage, E>): GateRun => {
  const stages = [Effect.runSync(built)]
  const out = tally(stages)
  const since = (before: number): ReadonlyArray<LogRecord> => out.accepted.slice(before)
  const push: GateRun["push"] = (...records) => {
    const before = out.accepted.length
    for (const record of records) PipelineRun.runUnsafe(stages, 0, record, "offered", out.visitor)
    if (out.failures.length > 0) throw new Error(`the gate failed: ${JSON.stringify(out.failures)}`)
    return since(before)
  }
  return {
    push,
    messages: (...records) => push(...records).map(({ message }) => message),
    close() {
      const before = out.accepted.length
      PipelineRun.closeGatesUnsafe(stages, out.visitor)
      return since(before)
    },
    counts() {
      const filtered = Object.values(out.filtered()).reduce((sum, n) => sum + n, 0)
      const { accepted, held, made, offered } = out.counts
      if (offered + made !== filtered + held + accepted) throw new Error("the ledger does not add up")
      return { offered, made, held, accepted, ...out.filtered() }
    }
  }
}
