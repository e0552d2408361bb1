/**
 * The one thing that travels: `LogRecord`, what happened, and `LogContext`, who says it.
 *
 * Both are plain data. They are copied out of the caller's values once, at the call (see `Snapshot.ts`), and never
 * changed afterwards: a stage that wants another record makes another one, and shares what it did not touch.
 *
 * What they look like is in `RecordSchema.ts`; here is what is done with them.
 */
import type * as LogLevel from "effect/LogLevel"
import type { LogContext, LogError, LogFields, LogGap, LogNote, LogRecord, LogValue } from "./RecordSchema.ts"

// both meanings of each name: declared here, a type would hide the schema that comes from there
export * from "./RecordSchema.ts"

/**
 * No fields. Shared, so that records without fields cost nothing for it.
 */
export const noFields: LogFields = Object.freeze({})

/**
 * The context that says nothing.
 */
export const emptyContext: LogContext = Object.freeze({})

/**
 * A record from its parts. `time` defaults to 0, everything else to nothing.
 */
export const make = (
  options: Partial<LogRecord> & { readonly level: LogLevel.Severity; readonly message: string }
): LogRecord => {
  const plain = new Plain(
    options.time ?? 0,
    options.level,
    options.logger,
    options.message,
    options.fields ?? noFields,
    options.context ?? emptyContext,
    options.spans,
    options.error,
    options.traceId,
    options.spanId,
    options.fiber,
    options.seq,
    options.gap,
    options.notes
  )
  const event = eventOf(options)
  return event === undefined ? plain : withEvent(plain, event)
}

const construct = function(
  this: { -readonly [K in keyof LogRecord]: LogRecord[K] },
  time: number,
  level: LogLevel.Severity,
  logger: string | undefined,
  message: string,
  fields: LogFields,
  context: LogContext,
  spans: LogRecord["spans"],
  error: LogError | undefined,
  traceId: string | undefined,
  spanId: string | undefined,
  fiber: number | undefined,
  seq: number | undefined,
  gap: LogGap | undefined,
  notes: ReadonlyArray<LogNote> | undefined
) {
  this.time = time
  this.level = level
  this.logger = logger
  this.message = message
  this.fields = fields
  this.context = context
  this.spans = spans
  this.error = error
  this.traceId = traceId
  this.spanId = spanId
  this.fiber = fiber
  this.seq = seq
  this.gap = gap
  this.notes = notes
}
construct.prototype = Object.prototype

/**
 * A record from all its parts. A plain object, though not made by a literal: what a literal makes V8 allocates among the
 * old objects, for good, once it has seen that the first ones stay. The records of a burst do, as long as they are
 * queued, and all later ones paid for it with a third of the time of a line.
 *
 * @internal
 */
export const Plain = construct as unknown as new(...parts: Parameters<typeof construct>) => LogRecord

// Not a `Plain` with one more key: V8 would leave room for it in every record, once the first ones have it.
const constructOfEvent = function(
  this: { -readonly [K in keyof LogRecord]: LogRecord[K] },
  self: LogRecord,
  event: string
) {
  this.time = self.time
  this.level = self.level
  this.logger = self.logger
  this.message = self.message
  this.fields = self.fields
  this.context = self.context
  this.spans = self.spans
  this.error = self.error
  this.traceId = self.traceId
  this.spanId = self.spanId
  this.fiber = self.fiber
  this.seq = self.seq
  this.gap = self.gap
  this.notes = self.notes
  this.event = event
}
constructOfEvent.prototype = Object.prototype

const OfEvent = constructOfEvent as unknown as new(...parts: Parameters<typeof constructOfEvent>) => LogRecord

/**
 * The record as that of an event.
 */
export const withEvent = (self: LogRecord, event: string): LogRecord => new OfEvent(self, event)

/**
 * Sets a key that comes from outside. One that `Object.prototype` has too, `__proto__` among them, becomes an ordinary
 * own key, as it is in JSON: what stands there may be frozen, or a setter.
 *
 * @internal
 */
export const assignUnsafe = <A>(target: { [key: string]: A }, key: string, value: A): void => {
  if (key in target) {
    Object.defineProperty(target, key, { value, enumerable: true, configurable: true, writable: true })
  } else {
    target[key] = value
  }
}

/**
 * Two sets of fields as one, the second wins.
 */
export const mergeFields = (self: LogFields, that: LogFields): LogFields => {
  if (self === noFields) return that
  if (that === noFields) return self
  const out: { [key: string]: LogValue } = { ...self }
  for (const key of Object.keys(that)) assignUnsafe(out, key, that[key]!)
  return out
}

/**
 * The record with further fields. A field of the same name is replaced.
 */
export const withFields = (self: LogRecord, fields: LogFields): LogRecord => {
  const merged = mergeFields(self.fields, fields)
  return merged === self.fields ? self : { ...self, fields: merged }
}

/**
 * The record under another context.
 */
export const withContext = (self: LogRecord, context: LogContext): LogRecord =>
  context === self.context ? self : { ...self, context }

/**
 * The record with a note, once.
 */
export const withNote = (self: LogRecord, note: LogNote): LogRecord =>
  self.notes?.includes(note) === true
    ? self
    : { ...self, notes: self.notes === undefined ? [note] : [...self.notes, note] }

/**
 * The record with its number.
 *
 * @internal
 */
export const withSeq = (self: LogRecord, seq: number | undefined): LogRecord =>
  self.seq === seq ? self : { ...self, seq }

/**
 * Whether a value cannot change any more, as far down as it goes. What is kept of a context by its identity is kept of
 * such ones only: one that a stage has made may change.
 *
 * @internal
 */
export const isFixed = (self: object): boolean => {
  if (!Object.isFrozen(self)) return false
  for (const value of Object.values(self)) {
    if (typeof value === "object" && value !== null && !isFixed(value)) return false
  }
  return true
}

/**
 * Makes a value of our own, and all that is in it, unchangeable.
 *
 * @internal
 */
export const fixUnsafe = <A extends object>(self: A): A => {
  for (const value of Object.values(self)) if (typeof value === "object" && value !== null) fixUnsafe(value)
  return Object.freeze(self)
}

/**
 * Two contexts as one: the second wins, `custom` is merged by key. Answers the first one itself when the second
 * changes nothing, so that records go on sharing it.
 */
export const mergeContext = (self: LogContext, that: LogContext): LogContext => {
  let out: { -readonly [K in keyof LogContext]: LogContext[K] } | undefined
  for (const key of contextKeys) {
    const value = that[key]
    if (value !== undefined && value !== self[key]) {
      out ??= { ...self }
      out[key] = value
    }
  }
  if (that.custom !== undefined && that.custom !== self.custom && Object.keys(that.custom).length > 0) {
    out ??= { ...self }
    out.custom = self.custom === undefined ? that.custom : Object.freeze(mergeFields(self.custom, that.custom))
  }
  if (out === undefined) return self
  return Object.freeze(out)
}

const contextKeys = ["service", "version", "environment", "host", "requestId", "userId"] as const

/**
 * About how many bytes of heap the record holds while it waits: its own shape, and the strings and values that only
 * it refers to. The context is counted apart, as records share it. Pure, and bounded like the record itself.
 */
export const estimateBytes = (self: LogRecord): number => {
  let bytes = recordBytes + self.message.length + fieldBytes(self.fields)
  if (eventOf(self) !== undefined) bytes += eventBytes
  if (self.spans !== undefined) bytes += fieldBytes(self.spans)
  if (self.error !== undefined) bytes += errorBytes(self.error)
  return bytes
}

/**
 * What `estimateBytes` says of a record that has no more than a message, and flat fields of so many bytes.
 *
 * - `flatBytes`: as `Flat.copyUnsafe` counts them; `undefined` without fields.
 */
export const estimateSimpleBytes = (message: string, flatBytes: number | undefined): number =>
  recordBytes + message.length + (flatBytes === undefined ? 0 : 32 + flatBytes)

/**
 * The name of the event that a record is. A key of that name on `Object.prototype` makes no event of it.
 */
export const eventOf = (self: Pick<LogRecord, "event">): string | undefined =>
  self.event !== undefined && Object.hasOwn(self, "event") ? self.event : undefined

/**
 * What `estimateBytes` adds for the record of an event: one slot. All records of an event share its name.
 */
export const eventBytes = 8

/**
 * About how many bytes of heap a context holds.
 */
export const contextBytes = (self: LogContext): number => {
  let bytes = 96
  for (const key of contextKeys) bytes += self[key]?.length ?? 0
  return self.custom === undefined ? bytes : bytes + customBytes(self, self.custom)
}

// what is told by its identity is not worth it for a few texts, as the context of a request has
const customBytes = (self: LogContext, custom: LogFields): number => {
  let bytes = knownCustomBytes.get(self)
  if (bytes === undefined) {
    bytes = fieldBytes(custom)
    if (isFixed(self)) knownCustomBytes.set(self, bytes)
  }
  return bytes
}

const knownCustomBytes = new WeakMap<LogContext, number>()

// Fourteen slots and a header, and the queue's entry that points here: measured as the growth of the heap per record
// with an empty message.
const recordBytes = 200

const valueBytes = (value: LogValue): number => {
  if (typeof value === "string") return 16 + value.length
  if (typeof value !== "object" || value === null) return 8
  if (!Array.isArray(value)) return fieldBytes(value as LogFields)
  let bytes = 32
  for (const item of value as ReadonlyArray<LogValue>) bytes += valueBytes(item)
  return bytes
}

const fieldBytes = (fields: LogFields): number => {
  if (fields === noFields) return 0
  let bytes = 32
  // the values are our own snapshot: plain objects without inherited enumerable keys
  for (const key in fields) bytes += key.length + 8 + valueBytes(fields[key]!)
  return bytes
}

const errorBytes = (error: LogError): number => {
  let bytes = 96 + error.type.length + error.message.length + (error.stack?.length ?? 0)
  if (error.fields !== undefined) bytes += fieldBytes(error.fields)
  if (error.cause !== undefined) bytes += errorBytes(error.cause)
  if (error.others !== undefined) { for (const other of error.others) bytes += errorBytes(other) }
  return bytes
}
