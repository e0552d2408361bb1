/**
 * From a log call to a `LogRecord`: everything that the record says is copied here, in the caller's fiber, before the
 * call returns. Total: there is no call that makes it throw.
 *
 * - Strings and other primitives join, with one space between them, into `message`.
 * - Errors and Effect Causes become `error`; further ones its `others`.
 * - Plain objects merge from left to right into `fields`. Below them come the bound fields of a named logger, and below
 *   those the log annotations: the own keys of the call win.
 * - Everything else (lists, Maps, Dates, functions, instances of classes) goes to `fields.data`, as a list if several.
 */
import * as Cause from "effect/Cause"
import type * as Fiber from "effect/Fiber"
import type * as LogLevel from "effect/LogLevel"
import * as ErrorSnapshot from "./ErrorSnapshot.ts"
import * as Flat from "./Flat.ts"
import * as Leaf from "./Leaf.ts"
import type { LogContext, LogError, LogFields, LogRecord, LogValue } from "./Record.ts"
import * as Record from "./Record.ts"
import * as Snapshot from "./Snapshot.ts"
import * as Run from "./SnapshotRun.ts"

/**
 * What all calls in one region of a program share: the `LogContext`, plain data already, the name of the logger, and
 * Effect's own annotations and spans, which are foreign.
 */
export interface Surroundings {
  readonly context: LogContext
  readonly logger: string | undefined
  readonly annotations: { readonly [key: string]: unknown }
  readonly spans: ReadonlyArray<[label: string, timestamp: number]>
}

/**
 * What all calls of one log function share.
 *
 * - `logger`: its name, in place of the one around the call.
 * - `bound`: the fields that are bound to it, plain data already.
 * - `event`: set when its records are those of an event.
 */
export interface Method {
  readonly level: LogLevel.Severity
  readonly logger: string | undefined
  readonly bound: LogFields
  readonly event: Event | undefined
}

/**
 * What records of an event say of it: its name, and whether its fields fitted its schema.
 */
export interface Event {
  readonly name: string
  readonly isValid: boolean
}

/**
 * One log call: what was said, where, and by which fiber. Its values are foreign, and are not changed.
 *
 * - `cause`: a Cause that Effect has taken out of the arguments already; `Cause.empty` for none.
 * - `sized`: the record, where the capture has come to know what `Record.estimateBytes` says of it: `bytes`.
 */
export interface Call {
  readonly method: Method
  readonly args: ReadonlyArray<unknown>
  readonly cause: Cause.Cause<unknown>
  readonly fiber: Fiber.Fiber<unknown, unknown>
  readonly surroundings: Surroundings
  sized?: LogRecord | undefined
  bytes?: number
}

/**
 * The record of a log call, cut to the limits.
 *
 * - `clockTime`: when it was made, in milliseconds since the epoch.
 * - `seq`: the number that it gets if it is the next one that the stages let pass.
 */
export const record = (call: Call, clockTime: number, limits: Snapshot.Limits, seq: number | undefined): LogRecord => {
  const time = Number.isFinite(clockTime) ? clockTime : 0
  const record = recordOfArgs(call, time, limits, seq)
  const { event } = call.method
  return event === undefined ? record : ofEvent(call, record, event)
}

const recordOfArgs = (call: Call, time: number, limits: Snapshot.Limits, seq: number | undefined): LogRecord => {
  try {
    return isSimple(call, limits) ? simpleUnsafe(call, limits, seq, time) : recordUnsafe(call, limits, seq, time)
  } catch {
    // what is foreign has been guarded one by one: this is for a fiber or an array that is none
    return Record.make({
      time,
      level: call.method.level,
      logger: loggerOf(call),
      message: "[unprintable]",
      context: call.surroundings.context,
      notes: ["unprintable"]
    })
  }
}

const ofEvent = (call: Call, captured: LogRecord, { isValid, name }: Event): LogRecord => {
  const record = Record.withEvent(isValid ? captured : Record.withNote(captured, "event_invalid"), name)
  if (isValid && call.sized === captured) {
    call.sized = record
    call.bytes = (call.bytes ?? 0) + Record.eventBytes
  }
  return record
}

const loggerOf = ({ method, surroundings }: Call): string | undefined => method.logger ?? surroundings.logger

// One text and at most one object beside it, and nothing around the call: what most calls are.
const isSimple = ({ args, cause, fiber, method, surroundings }: Call, limits: Snapshot.Limits): boolean =>
  (args.length === 1 || (args.length === 2 && method.bound === Record.noFields)) &&
  typeof args[0] === "string" && args[0].length <= limits.stringLength &&
  cause.reasons.length === 0 && surroundings.spans.length === 0 && fiber.cache.span === undefined &&
  isEmpty(surroundings.annotations)

// If the object is flat too, nothing has to be cut, joined or told apart: 100 ns instead of the 200 of the way for all.
const simpleUnsafe = (
  call: Call,
  limits: Snapshot.Limits,
  seq: number | undefined,
  time: number
): LogRecord => {
  const message = call.args[0] as string
  const own = call.args.length === 1 ? undefined : call.args[1]
  const fields = isShownAsItself(own) ? {} : undefined
  const bytes = fields !== undefined
    ? Flat.copyUnsafe(own as object, fields, limits)
    : call.args.length === 1
    ? 0
    : Number.NaN
  if (bytes === Flat.unreadable || !(16 + message.length + bytes <= limits.recordBytes)) {
    return recordUnsafe(call, limits, seq, time, fields && { fields, bytes })
  }
  const record = new Record.Plain(
    time,
    call.method.level,
    loggerOf(call),
    message,
    fields ?? call.method.bound,
    call.surroundings.context,
    undefined,
    undefined,
    undefined,
    undefined,
    call.fiber.id,
    seq,
    undefined,
    undefined
  )
  if (fields !== undefined || call.method.bound === Record.noFields) {
    call.sized = record
    call.bytes = Record.estimateSimpleBytes(message, fields && bytes)
  }
  return record
}

const isShownAsItself = (value: unknown): value is object => {
  try {
    return typeof value === "object" && value !== null && Leaf.isPlain(value) && Run.isShownAsItself(value)
  } catch {
    // a proxy or a getter that throws
    return false
  }
}

// `flat`: what was made already of the one object among the arguments.
const recordUnsafe = (
  call: Call,
  limits: Snapshot.Limits,
  seq: number | undefined,
  time: number,
  flat?: Snapshot.FlatCopy
): LogRecord => {
  const { args, fiber, method, surroundings } = call
  const run = Snapshot.make(limits, fiber.context)
  // in the order of what has to survive when the record is cut: message, error, own fields, annotations
  const message = messageUnsafe(run, args)
  const error = errorUnsafe(run, args, call.cause)
  const own = ownFieldsUnsafe(run, args, flat)
  const fields = layeredUnsafe(run, own, method.bound, surroundings.annotations)
  const spans = spansUnsafe(run, surroundings.spans, time)
  const span = fiber.cache.span
  return new Record.Plain(
    time,
    method.level,
    loggerOf(call),
    message,
    fields,
    surroundings.context,
    spans,
    error,
    span === undefined ? undefined : idUnsafe(run, span.traceId),
    span === undefined ? undefined : idUnsafe(run, span.spanId),
    fiber.id,
    seq,
    undefined,
    Snapshot.notes(run)
  )
}

// Three walks share the arguments out: what is no object is the message's, the rest is told apart by `roleOf`.
/**
 * Whether an argument is no primitive.
 *
 * @internal
 */
export const isObject = (arg: unknown): arg is object =>
  (typeof arg === "object" && arg !== null) || typeof arg === "function"

/**
 * What an argument becomes that is no primitive.
 *
 * @internal
 */
export const roleOf = (arg: object): "fields" | "error" | "nothing" | "data" => {
  try {
    if (Leaf.isPlain(arg)) return "fields"
    if (Leaf.isError(arg)) return "error"
    if (Cause.isCause(arg)) return arg.reasons.length === 0 ? "nothing" : "error"
  } catch {
    // a proxy that throws: its copy says that it is unprintable
  }
  return "data"
}

const messageUnsafe = (run: Snapshot.Snapshot, args: ReadonlyArray<unknown>): string => {
  const max = run.limits.stringLength
  let message: string | undefined
  let length = 0
  for (let i = 0; i < args.length; i++) {
    const arg = args[i]
    if (isObject(arg)) continue
    const text = typeof arg === "string" ? arg : Run.primitiveText(run, arg)
    if (message === undefined) {
      message = text
      length = text.length
    } else {
      // a message that is too long is cut once, at its end: till then it is counted on, and grows no more
      length += 1 + text.length
      if (message.length <= max) message += " " + (text.length > max ? text.slice(0, max + 1) : text)
    }
  }
  return message === undefined ? "" : Run.textUnsafe(run, message, length)
}

const errorUnsafe = (
  run: Snapshot.Snapshot,
  args: ReadonlyArray<unknown>,
  cause: Cause.Cause<unknown>
): LogError | undefined => {
  let failures: Array<unknown> | undefined
  for (let i = 0; i < args.length; i++) {
    const arg = args[i]
    if (isObject(arg) && roleOf(arg) === "error") (failures ??= []).push(arg)
  }
  if (cause.reasons.length > 0) (failures ??= []).push(cause)
  return failures === undefined ? undefined : ErrorSnapshot.joinedUnsafe(run, failures)
}

const ownFieldsUnsafe = (
  run: Snapshot.Snapshot,
  args: ReadonlyArray<unknown>,
  flat: Snapshot.FlatCopy | undefined
): Snapshot.MutableFields | undefined => {
  let fields: Snapshot.MutableFields | undefined
  let data: Array<unknown> | undefined
  for (let i = 0; i < args.length; i++) {
    const arg = args[i]
    if (!isObject(arg)) continue
    const role = roleOf(arg)
    if (role === "fields") {
      const shown = shownUnsafe(run, arg, flat)
      if (!Snapshot.isFields(shown)) (data ??= []).push(shown)
      else if (fields === undefined) fields = shown
      else for (const key of Object.keys(shown)) Record.assignUnsafe(fields, key, shown[key]!)
    } else if (role === "data") {
      ;(data ??= []).push(arg)
    }
  }
  if (data === undefined) return fields
  fields ??= {}
  const value = Snapshot.valueUnsafe(run, data.length === 1 ? data[0] : data, 0)
  // what the call itself has named `data` comes first
  fields.data = fields.data === undefined
    ? value
    : [fields.data, ...(data.length > 1 && Array.isArray(value) ? value : [value])]
  return fields
}

// A plain object as fields, or as what it is redacted to, or made by its `toJSON`.
const shownUnsafe = (
  run: Snapshot.Snapshot,
  arg: object,
  flat: Snapshot.FlatCopy | undefined
): LogValue => {
  try {
    if (flat !== undefined || Run.isShownAsItself(arg)) {
      Run.enterUnsafe(run, arg, 0)
      return Snapshot.plainUnsafe(run, arg, 0, flat)
    }
  } catch {
    return Run.unprintableUnsafe(run)
  }
  return Snapshot.valueUnsafe(run, arg, 0)
}

// The own keys, below them the bound ones, below those the annotations.
const layeredUnsafe = (
  run: Snapshot.Snapshot,
  own: Snapshot.MutableFields | undefined,
  bound: LogFields,
  annotations: { readonly [key: string]: unknown }
): LogFields => {
  const keys = isEmpty(annotations) ? noKeys : Object.keys(annotations)
  if (own === undefined && keys.length === 0) return bound
  const fields = own ?? {}
  if (bound !== Record.noFields) {
    for (const key of Object.keys(bound)) {
      if (!Object.hasOwn(fields, key)) Record.assignUnsafe(fields, key, bound[key]!)
    }
  }
  if (keys.length > 0) {
    Run.enterUnsafe(run, annotations, 0)
    const below = own === undefined && bound === Record.noFields
      ? keys
      : keys.filter((key) => !Object.hasOwn(fields, key))
    Snapshot.assignFieldsUnsafe(run, fields, annotations, below, 0)
  }
  return fields
}

const noKeys: ReadonlyArray<string> = []

// without the list of keys that `Object.keys` makes: there are no annotations around most calls
const isEmpty = (self: object): boolean => {
  for (const _ in self) return false
  return true
}

const spansUnsafe = (
  run: Snapshot.Snapshot,
  spans: ReadonlyArray<[label: string, timestamp: number]>,
  time: number
): LogRecord["spans"] => {
  if (spans.length === 0) return undefined
  const out: { [label: string]: number } = {}
  const count = Math.min(spans.length, run.limits.keys)
  if (count < spans.length) Run.truncatedUnsafe(run)
  // Effect puts the innermost first: it is written last here, and wins over an outer one of the same label
  for (let i = count - 1; i >= 0; i--) {
    const [label, start] = spans[i]!
    const elapsed = time - start
    Record.assignUnsafe(out, Run.keyUnsafe(run, label), Number.isFinite(elapsed) ? elapsed : 0)
  }
  return out
}

// Effect's span that is not traced has this for both ids. Cut like a key: it is whole also when the bytes are used up.
const idUnsafe = (run: Snapshot.Snapshot, id: string): string | undefined =>
  typeof id === "string" && id !== "noop" ? Run.keyUnsafe(run, id) : undefined
