/**
 * Redaction by name: values under given keys become `"[redacted]"`, in fields, context and error.
 *
 * A path is one of two things; both are compared exactly, with case.
 *
 * - A bare name, `password`: that key, at any depth.
 * - A dotted path, `headers.authorization`: that way down, from the top of `fields`, `context`, `context.custom`, an
 *   error, or an error's own fields. It may begin with its root: `error.message`, `context.custom.token`. Keys that
 *   contain dots match as they read, so the one key `"headers.authorization"` is meant too.
 *
 * Lists on the way are passed through: the path holds for each item. An item that is a pair `[name, value]`, as in a
 * list of headers, is a key and its value. A stack repeats the message, so the stack goes where the message goes. Keys
 * that must hold an object (`custom`; `fields`, `cause`, `others` of an error) and an error's `kind` are removed.
 *
 * The text of messages and of other values is not searched.
 */
import type { Stage } from "./Pipeline.ts"
import * as Pipeline from "./Pipeline.ts"
import type { LogContext, LogRecord } from "./Record.ts"
import * as Record from "./Record.ts"

/**
 * What stands in the place of a redacted value.
 */
export const redacted = "[redacted]"

/**
 * Says what is wrong with a list of paths: the first entry that is no path, and what is allowed. `undefined` when all
 * of them are right.
 */
export const validate = (paths: ReadonlyArray<unknown>): string | undefined => {
  for (let i = 0; i < paths.length; i++) {
    const trouble = troubleWith(paths[i])
    if (trouble !== undefined) {
      return `redact[${i}] ${trouble}; allowed are a key ("password") and a dotted path ("headers.authorization")`
    }
  }
  return undefined
}

const troubleWith = (path: unknown): string | undefined => {
  if (typeof path !== "string") return `is of type ${path === null ? "null" : typeof path}`
  if (path === "") return "is empty"
  const quoted = JSON.stringify(path)
  if (path.includes("*")) return `is ${quoted}: wildcards are not supported`
  return path.split(".").includes("") ? `is ${quoted}: a segment is empty` : undefined
}

/**
 * A stage that redacts these paths, and fails closed. Throws as `make` does.
 */
export const stage = (paths: ReadonlyArray<string>): Stage => Pipeline.redact(make(paths))

/**
 * A function that redacts these paths. It answers the record itself when nothing matches, and shares what it does not
 * change.
 *
 * Throws a `TypeError`, saying what is allowed, when a path is none. The function throws a `RangeError` for a
 * record that nests deeper than 64 levels, which no snapshot does.
 */
export const make = (paths: ReadonlyArray<string>): (record: LogRecord) => LogRecord => {
  const trouble = validate(paths)
  if (trouble !== undefined) throw new TypeError(trouble)
  const rules = compile(paths)
  const fieldsPaths = fromRoot(rules, "fields")
  const contextPaths = fromRoot(rules, "context")
  const errorPaths = fromRoot(rules, "error")
  // a context is shared by many records, and stays so
  const contexts = new WeakMap<LogContext, LogContext>()
  const redactContext = (self: LogContext): LogContext => {
    let out = contexts.get(self)
    if (out === undefined) {
      const redacted = redactObject(self, contextShape, contextPaths, rules, 0)
      out = redacted === self ? self : withoutUndefined(redacted)
      if (Record.isFixed(self)) contexts.set(self, Record.fixUnsafe(out))
    }
    return out
  }
  return (record) => {
    const fields = redactObject(record.fields, undefined, fieldsPaths, rules, 0)
    const context = record.context === Record.emptyContext ? record.context : redactContext(record.context)
    const error = record.error && redactObject(record.error, errorShape, errorPaths, rules, 0)
    return fields === record.fields && context === record.context && error === record.error
      ? record
      : { ...record, fields, context, error }
  }
}

/**
 * The bare names, and the dotted paths.
 */
interface Rules {
  readonly names: ReadonlySet<string>
  readonly dotted: ReadonlyArray<string>
}

const compile = (paths: ReadonlyArray<string>): Rules => {
  const all = [...new Set(paths.flatMap((path) => [path, path.replace(/(?<=^|\.)message$/, "stack")]))]
  return {
    names: new Set(all.filter((path) => !path.includes("."))),
    dotted: all.filter((path) => path.includes("."))
  }
}

const fromRoot = ({ dotted }: Rules, root: string): ReadonlyArray<string> => [...dotted, ...below(dotted, root)]

const none: ReadonlyArray<string> = []

/**
 * What is left of the paths behind `key`, which may itself contain dots.
 */
const below = (paths: ReadonlyArray<string>, key: string): ReadonlyArray<string> => {
  let out: Array<string> | undefined
  for (const path of paths) {
    if (path.length > key.length && path[key.length] === "." && path.startsWith(key)) {
      out ??= []
      out.push(path.slice(key.length + 1))
    }
  }
  return out ?? none
}

/**
 * The keys of a context or an error that have a form of their own: what is below them is a root again.
 */
type Shape = ReadonlyMap<string, Shape | undefined>

const contextShape: Shape = new Map([["custom", undefined]])

const errorShape: Map<string, Shape | undefined> = new Map([["fields", undefined], ["kind", undefined]])
errorShape.set("cause", errorShape).set("others", errorShape)

const maxDepth = 64

const redactObject = <A extends object>(
  self: A,
  shape: Shape | undefined,
  paths: ReadonlyArray<string>,
  rules: Rules,
  depth: number
): A => {
  checkDepth(depth)
  // contexts and errors are walked by key, like fields
  const source = self as { readonly [key: string]: unknown }
  let out: { [key: string]: unknown } | undefined
  for (const key of Object.keys(source)) {
    const value = source[key]
    const next = redactKey(key, value, shape, paths, rules, depth)
    if (next !== value) {
      out ??= { ...source }
      Record.assignUnsafe(out, key, next)
    }
  }
  // the same keys, with values that the shape allows
  return out === undefined ? self : out as A
}

const redactKey = (
  key: string,
  value: unknown,
  shape: Shape | undefined,
  paths: ReadonlyArray<string>,
  rules: Rules,
  depth: number
): unknown => {
  if (value === undefined) return undefined
  const shaped = shape?.has(key) === true
  if (isNamed(key, paths, rules)) return shaped ? undefined : redacted
  if (typeof value !== "object" || value === null) return value
  const rest = paths.length === 0 ? none : below(paths, key)
  return shaped
    ? redactValue(value, shape.get(key), [...rules.dotted, ...rest], rules, depth + 1)
    : redactValue(value, undefined, rest, rules, depth + 1)
}

const redactValue = (
  value: object,
  shape: Shape | undefined,
  paths: ReadonlyArray<string>,
  rules: Rules,
  depth: number
): object => {
  if (paths.length === 0 && rules.names.size === 0) return value
  return Array.isArray(value)
    ? redactList(value, shape, paths, rules, depth)
    : redactObject(value, shape, paths, rules, depth)
}

const redactList = (
  self: ReadonlyArray<unknown>,
  shape: Shape | undefined,
  paths: ReadonlyArray<string>,
  rules: Rules,
  depth: number
): ReadonlyArray<unknown> => {
  checkDepth(depth)
  let out: Array<unknown> | undefined
  for (let i = 0; i < self.length; i++) {
    const item = self[i]
    if (typeof item !== "object" || item === null) continue
    const next = isPair(item)
      ? redactPair(item, paths, rules, depth + 1)
      : redactValue(item, shape, paths, rules, depth + 1)
    if (next !== item) {
      out ??= [...self]
      out[i] = next
    }
  }
  return out ?? self
}

type Pair = readonly [key: string, value: unknown]

const isPair = (item: object): item is Pair => Array.isArray(item) && item.length === 2 && typeof item[0] === "string"

// what is no key may still be a list of two
const redactPair = (
  self: Pair,
  paths: ReadonlyArray<string>,
  rules: Rules,
  depth: number
): ReadonlyArray<unknown> => {
  const [key, value] = self
  if (isNamed(key, paths, rules)) return value === redacted ? self : [key, redacted]
  return redactList(self, undefined, [...paths, ...below(paths, key)], rules, depth)
}

const isNamed = (key: string, paths: ReadonlyArray<string>, rules: Rules): boolean =>
  rules.names.has(key) || paths.includes(key)

const checkDepth = (depth: number): void => {
  if (depth > maxDepth) throw new RangeError(`the record nests deeper than ${maxDepth} levels`)
}

const withoutUndefined = (self: LogContext): LogContext => {
  if (!("custom" in self) || self.custom !== undefined) return self
  const { custom: _, ...rest } = self
  return rest
}
