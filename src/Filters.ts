/**
 * Built-in filters: stages that end a record or let it go on.
 */
import type { Filter, Stage } from "./Pipeline.ts"
import * as Pipeline from "./Pipeline.ts"

/**
 * Keeps the records that `predicate` answers true for. The others are counted as filtered under `name`.
 */
export const where = (predicate: Filter, name = "where"): Stage => Pipeline.filter(predicate, name)

/**
 * Filters by the name of the logger. A name stands for that logger and for all below it: `"auth"` for `auth` and
 * `auth.login`, not for `author`.
 *
 * - `only`: ends what these names do not stand for, records without a logger among it. Default: nothing.
 * - `except`: ends what these names stand for, also where `only` would keep it. Default: nothing.
 *
 * Counted as filtered under `name`.
 */
export const byLogger = (
  options: {
    readonly only?: ReadonlyArray<string> | undefined
    readonly except?: ReadonlyArray<string> | undefined
  },
  name = "byLogger"
): Stage => {
  const only = options.only === undefined ? () => true : isAtOrBelow(options.only)
  const except = isAtOrBelow(options.except ?? [])
  return Pipeline.filter(({ logger }) => only(logger) && !except(logger), name)
}

const isAtOrBelow = (names: ReadonlyArray<string>) => {
  const branches = names.map((name) => ({ name, below: `${name}.` }))
  return (logger: string | undefined): boolean =>
    logger !== undefined && branches.some(({ name, below }) => logger === name || logger.startsWith(below))
}
