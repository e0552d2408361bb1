/**
 * Bounded copies of what programs fail with, as `LogError`: errors with their cause chains, Effect failures, defects
 * and interruptions. As total as `Snapshot.ts`, and within the same limits.
 */
import * as Cause from "effect/Cause"
import { partsOf } from "./ErrorParts.ts"
import * as Leaf from "./Leaf.ts"
import type { LogError } from "./Record.ts"
import type { MutableFields } from "./Snapshot.ts"
import { fieldsUnsafe, isFields, valueUnsafe } from "./Snapshot.ts"
import type { Snapshot } from "./SnapshotRun.ts"
import {
  enterUnsafe,
  isAncestor,
  moreUnsafe,
  primitiveText,
  redactedUnsafe,
  textUnsafe,
  truncatedUnsafe,
  unprintableUnsafe
} from "./SnapshotRun.ts"

/**
 * The copy of an error, or of anything else that a program failed with.
 *
 * What is no `Error` has its `_tag` or its class as type, its `message` or a short JSON text as message, and its
 * properties as fields; of a primitive, the type is its `typeof` and the message its text.
 */
export const errorUnsafe = (self: Snapshot, failure: unknown, kind: LogError["kind"], depth: number): LogError => {
  if (typeof failure !== "object" || failure === null) {
    const type = failure === null ? "null" : typeof failure
    return errorOf(kind, type, textUnsafe(self, primitiveText(self, failure)))
  }
  if (depth >= self.limits.depth || self.bytes <= 0) return errorOf(kind, "Error", truncatedUnsafe(self))
  if (isAncestor(self, failure, depth)) return errorOf(kind, "Error", "[circular]")
  enterUnsafe(self, failure, depth)
  try {
    if (!Leaf.isError(failure)) {
      return (Cause.isCause(failure) ? causeUnsafe(self, failure, depth + 1) : undefined)
        ?? fromObject(self, failure, kind, depth)
    }
    const redacted = redactedUnsafe(self, failure)
    return redacted === failure
      ? fromError(self, failure, kind, depth)
      : errorUnsafe(self, redacted, kind, depth + 1)
  } catch {
    return errorOf(kind, "Error", unprintableUnsafe(self))
  }
}

/**
 * The copy of an Effect `Cause`: its first failure or defect, with its other reasons as `others`. `undefined` when it
 * is empty.
 */
export const causeUnsafe = (self: Snapshot, cause: Cause.Cause<unknown>, depth: number): LogError | undefined => {
  const { reasons } = cause
  if (reasons.length === 0) return undefined
  const first = Math.max(0, reasons.findIndex((reason) => !Cause.isInterruptReason(reason)))
  const error = fromReason(self, reasons[first]!, depth)
  const others = reasons.filter((_, index) => index !== first)
  return withOthers(error, errorsUnsafe(self, others, (reason) => fromReason(self, reason, depth)))
}

const fromReason = (self: Snapshot, reason: Cause.Reason<unknown>, depth: number): LogError => {
  switch (reason._tag) {
    case "Fail":
      return errorUnsafe(self, reason.error, "fail", depth)
    case "Die":
      return errorUnsafe(self, reason.defect, "die", depth)
    case "Interrupt": {
      const by = reason.fiberId === undefined ? "" : ` by fiber #${reason.fiberId}`
      return errorOf("interrupt", "Interrupt", `interrupted${by}`)
    }
  }
}

const errorOf = (kind: LogError["kind"], type: string, message: string): LogError => ({
  type,
  message,
  stack: undefined,
  kind,
  fields: undefined,
  cause: undefined,
  others: undefined
})

const errorsUnsafe = <A>(self: Snapshot, list: ReadonlyArray<A>, copy: (item: A) => LogError): Array<LogError> => {
  const out: Array<LogError> = []
  const count = Math.min(list.length, self.limits.items)
  let i = 0
  for (; i < count && self.bytes > 0; i++) out.push(copy(list[i]!))
  if (i < list.length) out.push(errorOf(undefined, "Error", moreUnsafe(self, list.length - i, "errors")))
  return out
}

/**
 * The copies of all failures of one call, of which there is at least one: the first, with the further ones as `others`.
 */
export const joinedUnsafe = (self: Snapshot, failures: ReadonlyArray<unknown>): LogError => {
  const [first, ...others] = errorsUnsafe(self, failures, (failure) => errorUnsafe(self, failure, undefined, 0))
  return withOthers(first!, others)
}

const withOthers = (self: LogError, others: ReadonlyArray<LogError>): LogError =>
  others.length === 0 ? self : { ...self, others: self.others === undefined ? others : [...self.others, ...others] }

const fromError = (self: Snapshot, error: Error, kind: LogError["kind"], depth: number): LogError => {
  self.bytes -= 96
  const parts = partsOf(self, error)
  return withOthers({
    type: textUnsafe(self, parts.type),
    message: messageUnsafe(self, parts.message, depth),
    stack: parts.stack === undefined ? undefined : textUnsafe(self, parts.stack),
    kind,
    fields: parts.fields === undefined
      ? undefined
      : fieldsUnsafe(self, parts.fields, Object.keys(parts.fields), depth),
    cause: parts.cause === undefined ? undefined : errorUnsafe(self, parts.cause, undefined, depth + 1),
    others: undefined
  }, errorsUnsafe(self, parts.others ?? [], (other) => errorUnsafe(self, other, undefined, depth + 1)))
}

const messageUnsafe = (self: Snapshot, message: unknown, depth: number): string => {
  const shown = valueUnsafe(self, message, depth + 1)
  return typeof shown === "string" ? shown : textUnsafe(self, JSON.stringify(shown))
}

const summaryLength = 256

const fromObject = (self: Snapshot, failure: object, kind: LogError["kind"], depth: number): LogError => {
  const shown = valueUnsafe(self, failure, depth)
  const className = Leaf.className(failure)
  if (typeof shown === "string") return errorOf(kind, className, shown)
  const json = JSON.stringify(shown)
  if (!isFields(shown)) return errorOf(kind, className, textUnsafe(self, json))
  const fields: MutableFields = { ...shown }
  const type = takeText(fields, "_tag") ?? className
  const message = takeText(fields, "message")
    ?? (json.length > summaryLength ? Leaf.cut(json, summaryLength, json.length) : json)
  return { ...errorOf(kind, type, message), fields: Object.keys(fields).length === 0 ? undefined : fields }
}

const takeText = (fields: MutableFields, key: string): string | undefined => {
  const text = fields[key]
  if (typeof text !== "string") return undefined
  delete fields[key]
  return text
}
