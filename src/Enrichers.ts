/**
 * Built-in enrichers: stages that add what every record should say. Whatever a record says of itself wins.
 *
 * An own enricher is a function, and `Pipeline.enrich` makes a stage of it. One that has to be built, from a service
 * say, is an Effect that answers such a stage.
 */
import * as Os from "node:os"
import * as Process from "node:process"
import type { ContextInput } from "./ContextInput.ts"
import { copyContext, copyFields } from "./ContextInput.ts"
import type { Enricher, Stage } from "./Pipeline.ts"
import * as Pipeline from "./Pipeline.ts"
import type { LogContext } from "./Record.ts"
import * as Record from "./Record.ts"

// Formatters keep the text of a context by its identity, so one context that comes in has to be one context that goes
// out. `read` is called with the first record: loading this module asks the system nothing.
const under = (read: () => LogContext): Enricher => {
  const merged = new WeakMap<LogContext, LogContext>()
  let patch: LogContext | undefined
  let lastIn: LogContext | undefined
  let lastOut = Record.emptyContext
  return (record) => {
    const own = record.context
    if (own !== lastIn) {
      let out = merged.get(own)
      if (out === undefined) {
        patch ??= Object.freeze(read())
        out = Record.mergeContext(patch, own)
        merged.set(own, out)
      }
      lastIn = own
      lastOut = out
    }
    return Record.withContext(record, lastOut)
  }
}

/**
 * Adds these fields to every record. They are copied once, here, within the default limits of a record.
 */
export const fields = (fields: { readonly [key: string]: unknown }): Stage => {
  const fixed = copyFields(fields)
  return Pipeline.enrich((record) => ({ ...record, fields: Record.mergeFields(fixed, record.fields) }), "fields")
}

/**
 * Puts this context under the one of every record: a key that the record's context has wins, `custom` key by key. It
 * is copied once, here. Records that shared a context share the new one as well.
 */
export const context = (context: ContextInput): Stage => {
  const copy = copyContext(context)
  return Pipeline.enrich(under(() => copy), "context")
}

/**
 * Adds the process to `context.custom`: `pid`, its id, and `node`, the version of Node ("24.1.0").
 */
export const process: Stage = /* @__PURE__ */ Pipeline.enrich(
  /* @__PURE__ */ under(() => ({ custom: { pid: Process.pid, node: Process.versions.node } })),
  "process"
)

/**
 * Sets `context.host` to the name of the machine, where it is not set. The name is read with the first record.
 */
export const hostname: Stage = /* @__PURE__ */ Pipeline.enrich(
  /* @__PURE__ */ under(() => ({ host: Os.hostname() })),
  "hostname"
)
