/**
 * Running a pipeline: one record through its stages, in the caller's fiber, and the closing of its gates. Total, and
 * exact: whatever stages do, each record that goes in is reported once.
 */
import type { Source } from "./Ledger.ts"
import type { Stage, Visitor } from "./Pipeline.ts"
import type { LogNote, LogRecord } from "./Record.ts"
import * as Record from "./Record.ts"

/**
 * Runs one record through `stages`, from `index` on. Total: a stage that throws costs a note, never the record.
 */
export const runUnsafe = (
  stages: ReadonlyArray<Stage>,
  index: number,
  record: LogRecord,
  source: Source,
  visitor: Visitor
): void => {
  for (let i = index; i < stages.length; i++) {
    const stage = stages[i]!
    switch (stage._tag) {
      case "Enrich": {
        try {
          record = checkRecord(stage.enrich(record))
        } catch (error) {
          record = failed(stage, "enricher_failed", error, record, visitor)
        }
        break
      }
      case "Filter": {
        try {
          if (!stage.filter(record)) return visitor.filtered(stage.name, source)
        } catch (error) {
          record = failed(stage, "filter_failed", error, record, visitor)
        }
        break
      }
      case "Gate": {
        stage.owner ??= visitor
        if (stage.owner !== visitor) break
        let out: ReadonlyArray<LogRecord>
        let held: number
        let made: number
        let isKept: boolean
        try {
          out = checkRecords(stage.gate.push(record))
          held = checkCount(stage.gate.held)
          made = checkCount(stage.gate.made)
          isKept = held > 0 && checkFlag(stage.gate.keepsLast)
        } catch (error) {
          // what it kept or made all the same is counted with its next call
          record = failed(stage, "gate_failed", error, record, visitor)
          break
        }
        // most often it answers what it got, and there is nothing to balance
        if (out.length === 1 && out[0] === record && held === stage.held && made === stage.made) break
        return settle(stages, i, stage, { record, source, isKept }, out, held, made, visitor)
      }
      case "Redact": {
        try {
          const redacted = stage.redact(record)
          record = stage.isOwn ? redacted : checkRecord(redacted)
        } catch (error) {
          record = failed(stage, "redactor_failed", error, withoutBody(record), visitor)
        }
      }
    }
  }
  visitor.accepted(record, source)
}

/**
 * Closes the gates of `stages` in order, so that what a first one owes still passes a second one. With `only`, that
 * one alone.
 */
export const closeGatesUnsafe = (stages: ReadonlyArray<Stage>, visitor: Visitor, only?: Stage.Gate): void => {
  for (let i = 0; i < stages.length; i++) {
    const stage = stages[i]!
    if (stage._tag !== "Gate" || (only !== undefined && only !== stage)) continue
    // one without an owner saw no record yet, and must not take one later
    if ((stage.owner ?? visitor) !== visitor) continue
    stage.owner = "closed"
    let out: ReadonlyArray<LogRecord> = []
    let made = stage.made
    try {
      out = checkRecords(stage.gate.close())
      made = checkCount(stage.gate.made)
    } catch (error) {
      visitor.failed(stage, "gate_failed", error)
    }
    // a closed gate keeps nothing, whatever it says of itself
    settle(stages, i, stage, undefined, out, 0, made, visitor)
  }
}

/**
 * Balances one call of a gate: what went in (the records that it had held and gave up, those that it made, the one
 * that was pushed) against what came out (`out`, what it newly holds); the rest it discarded.
 *
 * The pushed record is told by its identity. One that is not in `out` comes last, as the newest, if the gate may keep it
 * (`isKept`): what a gate keeps is taken from the end. Of what it discards it is the first, so that nobody is told of its
 * call what holds for a line that the gate has made; the others are taken from the front.
 */
const settle = (
  stages: ReadonlyArray<Stage>,
  index: number,
  stage: Stage.Gate,
  pushed: { readonly record: LogRecord; readonly source: Source; readonly isKept: boolean } | undefined,
  out: ReadonlyArray<LogRecord>,
  held: number,
  made: number,
  visitor: Visitor
): void => {
  const at = pushed === undefined ? -1 : out.indexOf(pushed.record)
  const sources: Array<Source> = []
  let kept = held - stage.held
  for (let n = -kept; n > 0; n--) sources.push("held")
  for (let n = made - stage.made; n > 0; n--) sources.push("made")
  if (pushed !== undefined && at < 0) {
    if (pushed.isKept || kept <= 0) sources.push(pushed.source)
    else sources.unshift(pushed.source)
    if (pushed.isKept && kept <= 0) {
      // it took the place of one that was held
      sources.unshift("held")
      kept = 1
    }
  }
  stage.held = held
  stage.made = made
  for (let n = kept; n > 0; n--) visitor.held(sources.pop() ?? "made")
  const others = at < 0 ? out.length : out.length - 1
  const isPushedLast = pushed !== undefined && at < 0 && kept <= 0
  if (isPushedLast && sources.length > others) visitor.filtered(stage.name, sources.pop()!)
  while (sources.length > others) visitor.filtered(stage.name, sources.shift()!)
  for (const [i, record] of out.entries()) {
    const source = i === at ? pushed!.source : sources.shift() ?? "made"
    runUnsafe(stages, index + 1, record, source, visitor)
  }
}

const failed = (
  stage: Stage,
  note: LogNote,
  error: unknown,
  record: LogRecord,
  visitor: Visitor
): LogRecord => {
  visitor.failed(stage, note, error)
  return Record.withNote(record, note)
}

// Stages may be written without types. What is checked here is what the library itself relies on: the minimal line of
// a record can always be written.
const checkRecord = (record: LogRecord): LogRecord => {
  if (!isObject(record) || !isRecord(record)) throw new TypeError("the stage did not answer a LogRecord")
  return record
}

const isObject = (u: unknown): u is object => typeof u === "object" && u !== null

const severities: ReadonlySet<unknown> = new Set(["Trace", "Debug", "Info", "Warn", "Error", "Fatal"])

const isRecord = (self: LogRecord): boolean =>
  Number.isFinite(self.time) &&
  severities.has(self.level) &&
  isOptional("string", self.logger) &&
  typeof self.message === "string" &&
  isObject(self.fields) &&
  isObject(self.context) &&
  isOptional("string", self.traceId) &&
  isOptional("string", self.spanId) &&
  isOptional("number", self.fiber) &&
  isOptional("string", self.event) &&
  self.gap === undefined &&
  (self.notes === undefined || (Array.isArray(self.notes) && self.notes.every(isText)))

const isText = (u: unknown): boolean => typeof u === "string"

const isOptional = (type: "string" | "number", u: unknown): boolean => u === undefined || typeof u === type

const checkRecords = (records: ReadonlyArray<LogRecord>): ReadonlyArray<LogRecord> => {
  if (!Array.isArray(records)) throw new TypeError("the gate did not answer a list of records")
  for (const record of records) checkRecord(record)
  return records
}

// one that does not say so may keep it
const checkFlag = (flag: boolean | undefined): boolean => {
  if (flag !== undefined && typeof flag !== "boolean") throw new TypeError("the gate's keepsLast must be a boolean")
  return flag ?? true
}

const checkCount = (count: number): number => {
  if (!Number.isSafeInteger(count) || count < 0) throw new TypeError("the gate's held and made must be counts")
  return count
}

const withoutBody = (record: LogRecord): LogRecord => ({
  ...record,
  message: "[redacted: the redactor failed]",
  fields: Record.noFields,
  context: Record.emptyContext,
  spans: undefined,
  error: undefined
})
