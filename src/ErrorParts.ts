/**
 * A foreign error taken apart, for the walks that copy it: the parts are still foreign values.
 */
import * as Leaf from "./Leaf.ts"
import type { Snapshot } from "./SnapshotRun.ts"
import { jsonUnsafe, readUnsafe, unprintableUnsafe } from "./SnapshotRun.ts"

/**
 * The parts of an error, named as in `LogError`. What it has not is undefined.
 *
 * - `fields`: its own enumerable properties, or those of its `toJSON()`, but for the ones that are parts themselves.
 * - `others`: the members of an `AggregateError`, or of an error with a list `errors` of errors.
 */
export interface ErrorParts {
  readonly type: string
  readonly message: unknown
  readonly stack: string | undefined
  readonly fields: object | undefined
  readonly cause: unknown
  readonly others: ReadonlyArray<unknown> | undefined
}

/**
 * Takes an error apart, and reads each of its properties once.
 */
export const partsOf = (self: Snapshot, error: Error): ErrorParts => {
  const stack = readUnsafe(self, error, "stack")
  const errors = readUnsafe(self, error, "errors")
  const others = Array.isArray(errors) && (error instanceof AggregateError || Leaf.isError(errors[0]))
    ? errors
    : undefined
  return {
    type: typeOf(self, error),
    message: readUnsafe(self, error, "message") ?? "",
    stack: typeof stack === "string" ? stackWithin(self, stack) : undefined,
    fields: fieldsOf(self, error, others === undefined ? partKeys : aggregateKeys),
    cause: readUnsafe(self, error, "cause") ?? undefined,
    others
  }
}

const typeOf = (self: Snapshot, error: Error): string => {
  for (const key of ["name", "_tag"]) {
    const type = readUnsafe(self, error, key)
    if (typeof type === "string" && type !== "" && type !== "Error") return type
  }
  return Leaf.className(error, "Error")
}

// the head of a stack repeats the message: of the two, the throw site is what has to stay
const stackWithin = (self: Snapshot, stack: string): string => {
  const { stringLength } = self.limits
  const site = stack.length > stringLength ? stack.indexOf("\n    at ") + 1 : 0
  return site === 0 ? stack : Leaf.copy(stack.slice(site, site + stringLength))
}

const partKeys: ReadonlySet<string> = new Set(["name", "_tag", "message", "stack", "cause"])
const aggregateKeys: ReadonlySet<string> = new Set([...partKeys, "errors"])

const fieldsOf = (self: Snapshot, error: Error, without: ReadonlySet<string>): object | undefined => {
  let json: unknown = error
  try {
    json = jsonUnsafe(error)
  } catch {
    unprintableUnsafe(self)
  }
  const source = typeof json === "object" && json !== null ? json : error
  const keys = Object.keys(source).filter((key) => !without.has(key))
  if (keys.length === 0) return undefined
  const fields = Object.create(null)
  for (const key of keys) fields[key] = readUnsafe(self, source, key)
  return fields
}
