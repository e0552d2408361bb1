/**
 * A `Pipeline.Visitor` for tests, which remembers and counts everything that it is told.
 */
import type { Source } from "../../src/Ledger.ts"
import type * as Pipeline from "../../src/Pipeline.ts"
import * as PipelineRun from "../../src/PipelineRun.ts"
import type { LogNote, LogRecord } from "../../src/Record.ts"

/**
 * What a run of a pipeline came to.
 */
export interface Tally {
  readonly visitor: Pipeline.Visitor
  readonly counts: { offered: number; made: number; held: number; accepted: number }
  /** Filtered records by the name of the stage. */
  readonly filtered: () => { [name: string]: number }
  /** The accepted records, in order. */
  readonly accepted: Array<LogRecord>
  /** Where each of them came from. */
  readonly sources: Array<Source>
  /** Name and note of each stage that failed. */
  readonly failures: Array<readonly [name: string, note: LogNote]>
}

/**
 * A fresh tally. Closing a gate takes `stages`.
 */
export const tally = (stages: ReadonlyArray<Pipeline.Stage> = []): Tally => {
  const counts = { offered: 0, made: 0, held: 0, accepted: 0 }
  const filtered = new Map<string, number>()
  const accepted: Array<LogRecord> = []
  const sources: Array<Source> = []
  const failures: Array<readonly [string, LogNote]> = []
  const enter = (source: Source) => {
    if (source === "held") counts.held--
    else counts[source]++
  }
  const visitor: Pipeline.Visitor = {
    accepted(record, source) {
      enter(source)
      counts.accepted++
      accepted.push(record)
      sources.push(source)
    },
    filtered(by, source) {
      enter(source)
      filtered.set(by, (filtered.get(by) ?? 0) + 1)
    },
    held(source) {
      enter(source)
      counts.held++
    },
    failed(stage, note) {
      failures.push([stage.name, note])
    },
    closeGate(stage) {
      PipelineRun.closeGatesUnsafe(stages, visitor, stage)
    }
  }
  return { visitor, counts, filtered: () => Object.fromEntries(filtered), accepted, sources, failures }
}
