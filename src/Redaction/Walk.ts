/**
 * The walk over a record: what the paths name is censored as a whole, and in all other texts, keys included, what the
 * detectors find. What does not change is shared, and the record that went in is left as it is.
 */
import * as ContextMemo from "../ContextMemo.ts"
import type { LogContext, LogRecord } from "../Record.ts"
import * as Record from "../Record.ts"
import type { Censor } from "./Censor.ts"
import type { Edge, Node, Paths } from "./Paths.ts"
import * as Path from "./Paths.ts"

/**
 * What looks for secrets in texts, and answers the text without them. A number that is a secret becomes a text.
 */
export interface Texts {
  readonly text: (text: string) => string
  readonly number: (value: number) => number | string
}

/**
 * How records are redacted. Without `texts`, they are not searched.
 */
export interface Options {
  readonly paths: Paths
  readonly texts: Texts | undefined
  readonly censor: Censor
}

interface Walk extends Options {
  /** Where paths begin anew. */
  readonly root: Node
}

/**
 * The keys of a context or an error that have a form of their own.
 *
 * - `roots`: their value is a root again, and of which form. It is removed when its key is redacted, as is `kind`.
 * - `texts`: they hold a text, whatever becomes of it.
 */
interface Shape {
  readonly roots: ReadonlyMap<string, Shape | undefined>
  readonly texts: ReadonlyArray<string>
}

const contextShape: Shape = { roots: new Map([["custom", undefined]]), texts: [] }

const errorRoots: Map<string, Shape | undefined> = new Map([["fields", undefined], ["kind", undefined]])
const errorShape: Shape = { roots: errorRoots, texts: ["type", "message"] }
errorRoots.set("cause", errorShape).set("others", errorShape)

/**
 * A function that redacts records. It answers the record itself when there is nothing to redact, and throws a
 * `RangeError` for one that nests deeper than 64 levels, which no snapshot does.
 */
export const make = (options: Options): (record: LogRecord) => LogRecord => {
  const { paths, texts } = options
  const self: Walk = { ...options, root: Path.root(paths) }
  const fieldsRoot = Path.root(paths, "fields")
  const contextRoot = Path.root(paths, "context")
  const errorRoot = Path.root(paths, "error")
  // a context is shared by many records, and stays so
  const contexts = ContextMemo.make<LogContext>()
  const redactContext = (context: LogContext): LogContext => {
    let out = ContextMemo.get(contexts, context)
    if (out === undefined) {
      out = redactObject(self, context, contextShape, contextRoot, 0)
      if (Record.isFixed(context)) ContextMemo.setUnsafe(contexts, context, Record.fixUnsafe(out))
    }
    return out
  }
  return (record) => {
    const fields = redactObject(self, record.fields, undefined, fieldsRoot, 0)
    const context = record.context === Record.emptyContext ? record.context : redactContext(record.context)
    const error = record.error && redactObject(self, record.error, errorShape, errorRoot, 0)
    // what no path reaches
    const message = texts === undefined ? record.message : texts.text(record.message)
    const logger = texts === undefined ? record.logger : record.logger && texts.text(record.logger)
    const spans = texts === undefined ? record.spans : record.spans && redactLabels(record.spans, texts)
    if (
      fields === record.fields && context === record.context && error === record.error &&
      message === record.message && logger === record.logger && spans === record.spans
    ) return record
    const { fiber, gap, level, notes, seq, spanId, time, traceId } = record
    const out = new Record.Plain(
      time,
      level,
      logger,
      message,
      fields,
      context,
      spans,
      error,
      traceId,
      spanId,
      fiber,
      seq,
      gap,
      notes
    )
    const event = Record.eventOf(record)
    return event === undefined ? out : Record.withEvent(out, event)
  }
}

const redactLabels = (spans: NonNullable<LogRecord["spans"]>, { text }: Texts): NonNullable<LogRecord["spans"]> =>
  Object.keys(spans).every((label) => text(label) === label) ? spans : renamed(spans, text)

// Two keys that become the same are still two, whatever others are called. It looks on from where it found a free name last.
const renamed = <A>(source: { readonly [key: string]: A }, rename: (key: string) => string): { [key: string]: A } => {
  const out: { [key: string]: A } = {}
  const counts = new Map<string, number>()
  for (const key of Object.keys(source)) {
    const value = source[key]!
    if (value === undefined) continue
    const name = rename(key)
    let count = counts.get(name) ?? 0
    let free: string
    do {
      count++
      free = count === 1 ? name : `${name} ${count}`
    } while (Object.hasOwn(out, free))
    counts.set(name, count)
    Record.assignUnsafe(out, free, value)
  }
  return out
}

const maxDepth = 64

const { hasOwnProperty } = Object.prototype

const redactObject = <A extends object>(
  self: Walk,
  value: A,
  shape: Shape | undefined,
  node: Node,
  depth: number
): A => {
  checkDepth(depth)
  // contexts and errors are walked by key, like fields
  const source = value as { readonly [key: string]: unknown }
  let out: { [key: string]: unknown } | undefined
  let isRenamed = false
  let index = 0
  // twice as fast as over a list of the keys
  for (const key in source) {
    if (!hasOwnProperty.call(source, key)) continue
    const before = source[key]
    if (before === undefined) continue
    const edge = Path.edgeAt(self.paths, node, key, index++)
    // what most values are: no secret, no text to be searched, nothing below
    if (self.texts === undefined && !edge.isRedacted && (typeof before !== "object" || before === null)) continue
    const after = redactKey(self, key, before, edge, shape, depth)
    if (edge.name !== key || after === undefined) isRenamed = true
    if (after === before) continue
    // the copy has the key already, as a property of its own: also if it is `__proto__`
    out ??= { ...source }
    out[key] = after
  }
  // an error keeps its keys, with nothing in them
  if (isRenamed && shape !== errorShape) {
    out = renamed(out ?? source, (key) => Path.edge(self.paths, node, key).name)
  }
  // the same keys, or those of an open object, with values that the shape allows
  return out === undefined ? value : out as A
}

// `undefined`: it is taken away
const redactKey = (
  self: Walk,
  key: string,
  value: unknown,
  edge: Edge,
  shape: Shape | undefined,
  depth: number
): unknown => {
  const isRoot = shape?.roots.has(key) === true
  if (edge.isRedacted) {
    if (isRoot) return undefined
    return self.censor.value(value) ?? (shape?.texts.includes(key) === true ? "" : undefined)
  }
  if (!isRoot) return redactValue(self, value, undefined, edge.node, depth + 1)
  const node = Path.both(self.paths, self.root, edge.node)
  return redactValue(self, value, shape?.roots.get(key), node, depth + 1)
}

const redactValue = (self: Walk, value: unknown, shape: Shape | undefined, node: Node, depth: number): unknown => {
  switch (typeof value) {
    case "string":
      return self.texts === undefined ? value : self.texts.text(value)
    case "number":
      return self.texts === undefined ? value : self.texts.number(value)
    case "object":
      if (value === null || (self.texts === undefined && Path.isOver(self.paths, node))) return value
      return Array.isArray(value)
        ? redactList(self, value, shape, node, depth)
        : redactObject(self, value, shape, node, depth)
    default:
      return value
  }
}

const redactList = (
  self: Walk,
  list: ReadonlyArray<unknown>,
  shape: Shape | undefined,
  node: Node,
  depth: number
): ReadonlyArray<unknown> => {
  checkDepth(depth)
  const items = Path.items(self.paths, node)
  let out: Array<unknown> | undefined
  for (let i = 0; i < list.length; i++) {
    const before = list[i]
    const after = isPair(before)
      ? redactPair(self, before, node, depth + 1)
      : items.isRedacted
      ? self.censor.value(before)
      : redactValue(self, before, shape, items.node, depth + 1)
    if (after === before) continue
    out ??= [...list]
    out[i] = after
  }
  return out?.filter((item) => item !== undefined) ?? list
}

type Pair = readonly [key: string, value: unknown]

const isPair = (item: unknown): item is Pair => Array.isArray(item) && item.length === 2 && typeof item[0] === "string"

const redactPair = (self: Walk, pair: Pair, node: Node, depth: number): ReadonlyArray<unknown> | undefined => {
  const [key, value] = pair
  const edge = Path.edge(self.paths, node, key)
  // what is no key may still be a list of two
  if (!edge.isRedacted) return redactList(self, pair, undefined, Path.both(self.paths, node, edge.node), depth)
  const censored = self.censor.value(value)
  if (censored === undefined) return undefined
  return censored === value && edge.name === key ? pair : [edge.name, censored]
}

const checkDepth = (depth: number): void => {
  if (depth > maxDepth) throw new RangeError(`the record nests deeper than ${maxDepth} levels`)
}
