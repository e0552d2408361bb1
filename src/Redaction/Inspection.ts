/**
 * What a redaction would do to a value, for tests of a program's own payloads.
 */
import * as Context from "effect/Context"
import * as Capture from "../Capture.ts"
import * as ErrorSnapshot from "../ErrorSnapshot.ts"
import type { LogRecord } from "../Record.ts"
import * as Record from "../Record.ts"
import * as Snapshot from "../Snapshot.ts"

/**
 * A place that would be redacted, and why.
 *
 * - `path`: where, from the record on: `message`, `fields.user.password`, `fields.items[0].card`, `error.cause.stack`.
 * - `rule`: the path of the options, or the name of the detector.
 */
export interface Finding {
  readonly path: string
  readonly rule: string
}

/**
 * What a redaction would do to a value.
 *
 * - `findings`: each place, once for each rule that redacts it, in the order of the rules.
 * - `record`: what would be written of it.
 */
export interface Inspection {
  readonly findings: ReadonlyArray<Finding>
  readonly record: LogRecord
}

/**
 * The record of a call that logs this value alone.
 */
export const recordOf = (value: unknown): LogRecord => {
  const run = Snapshot.make(Snapshot.defaultLimits, Context.empty())
  if (!Capture.isObject(value)) return recordWith({ message: String(Snapshot.valueUnsafe(run, value, 0)) })
  const role = Capture.roleOf(value)
  if (role === "nothing") return recordWith({})
  if (role === "error") return recordWith({ error: ErrorSnapshot.joinedUnsafe(run, [value]) })
  const shown = Snapshot.valueUnsafe(run, value, 0)
  return recordWith({ fields: role === "fields" && Snapshot.isFields(shown) ? shown : { data: shown } })
}

const recordWith = (parts: Partial<LogRecord>): LogRecord => Record.make({ level: "Info", message: "", ...parts })

/**
 * The places where two values differ. What is in a place that differs is not looked at.
 */
export const differences = (before: unknown, after: unknown, path = ""): ReadonlyArray<string> => {
  if (before === after) return []
  if (Array.isArray(before) && Array.isArray(after) && before.length === after.length) {
    return before.flatMap((item, i) => differences(item, after[i], `${path}[${i}]`))
  }
  if (!isPlain(before) || !isPlain(after)) return [path]
  return Object.keys(before).flatMap((key) => {
    const at = path === "" ? key : `${path}.${key}`
    return Object.hasOwn(after, key) ? differences(before[key], after[key], at) : [at]
  })
}

const isPlain = (value: unknown): value is { readonly [key: string]: unknown } =>
  typeof value === "object" && value !== null && !Array.isArray(value)
