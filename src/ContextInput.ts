/**
 * What a user writes for a context or for fixed fields, and the copy of it that records carry.
 */
import * as EffectContext from "effect/Context"
import type { LogContext, LogFields, LogValue } from "./Record.ts"
import * as Record from "./Record.ts"
import * as Snapshot from "./Snapshot.ts"

/**
 * A `LogContext` as it is written: `custom` takes any values, and copies them.
 */
export interface ContextInput extends Omit<LogContext, "custom"> {
  readonly custom?: { readonly [key: string]: unknown }
}

/**
 * A copy of fields that are given once, within the default limits of a record. Immutable. Total: what is no object
 * goes under `data`.
 */
export const copyFields = (
  source: object,
  services: EffectContext.Context<never> = EffectContext.empty()
): LogFields => {
  const copy = Snapshot.valueUnsafe(Snapshot.make(Snapshot.defaultLimits, services), source, 0)
  return fieldsOf(copy)
}

const fieldsOf = (copy: LogValue): LogFields => Record.fixUnsafe(Snapshot.isFields(copy) ? copy : { data: copy })

/**
 * A copy of a context, within the default limits of a record. Immutable. Total: what is no text becomes text.
 */
export const copyContext = (
  source: ContextInput,
  services: EffectContext.Context<never> = EffectContext.empty()
): LogContext => {
  const { custom, ...named } = copyFields(source, services)
  const texts = Object.entries(named)
    .map(([key, value]) => [key, typeof value === "string" ? value : JSON.stringify(value)])
  return Record.mergeContext(Record.emptyContext, {
    ...Object.fromEntries(texts),
    ...(custom === undefined ? undefined : { custom: fieldsOf(custom) })
  })
}
