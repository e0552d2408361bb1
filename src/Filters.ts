/**
 * Built-in filters: stages that end a record or let it go on.
 */
import { isBelow } from "./Levels.ts"
import type { Filter, Stage } from "./Pipeline.ts"
import * as Pipeline from "./Pipeline.ts"
import { eventOf } from "./Record.ts"

/**
 * Keeps the records that `predicate` answers true for. The others are counted as filtered under `name`, by default
 * `"where"`.
 */
export const where = (predicate: Filter, name = "where"): Stage => Pipeline.filter(predicate, name)

/**
 * Filters by the name of the logger. A name stands for that logger and for all below it: `"auth"` for `auth` and
 * `auth.login`, not for `author`.
 *
 * - `only`: ends what these names do not stand for, records without a logger among it. Default: nothing.
 * - `except`: ends what these names stand for, also where `only` would keep it. Default: nothing.
 *
 * Counted as filtered under `name`, by default `"byLogger"`.
 */
export const byLogger = (
  options: {
    readonly only?: ReadonlyArray<string> | undefined
    readonly except?: ReadonlyArray<string> | undefined
  },
  name = "byLogger"
): Stage => {
  const only = options.only === undefined ? () => true : isBelowOne(options.only)
  const except = isBelowOne(options.except ?? [])
  return Pipeline.filter(({ logger }) => only(logger) && !except(logger), name)
}

/**
 * Filters by the name of the event: see `LogEvent`.
 *
 * - `only`: ends all other records, those that are no event among them. Default: nothing.
 * - `except`: ends these events, also where `only` would keep them. Default: nothing.
 *
 * Counted as filtered under `name`, by default `"byEvent"`.
 */
export const byEvent = (
  options: {
    readonly only?: ReadonlyArray<string> | undefined
    readonly except?: ReadonlyArray<string> | undefined
  },
  name = "byEvent"
): Stage => {
  const only = options.only && new Set<string | undefined>(options.only)
  const except = new Set<string | undefined>(options.except)
  return Pipeline.filter((record) => {
    const event = eventOf(record)
    return only?.has(event) !== false && !except.has(event)
  }, name)
}

const isBelowOne = (names: ReadonlyArray<string>) => (logger: string | undefined): boolean =>
  logger !== undefined && names.some((name) => isBelow(logger, name))
