/**
 * Which levels are enabled, from the words of design.md: a sink has its own level or the layer's; `setLevel` changes
 * either, for all loggers or for those from a name on; a `MinimumLogLevel` around the call replaces the layer's, and
 * caps the sinks that have their own.
 */
import * as LogLevel from "effect/LogLevel"

type Level = LogLevel.LogLevel

/**
 * What was configured, and what `setLevel` has changed, by sink (`undefined`: the layer) and logger.
 */
export interface LevelModel {
  readonly layer: Level
  readonly sinks: ReadonlyArray<Level | undefined>
  /** The sinks that take what is logged. */
  readonly direct: ReadonlyArray<number>
  changes: Array<{
    readonly sink: number | undefined
    readonly logger: string | undefined
    readonly level: Level
  }>
  /** Grows with each change. */
  version: number
}

/**
 * The levels as configured.
 */
export const make = (
  layer: Level,
  sinks: ReadonlyArray<Level | undefined>,
  direct: ReadonlyArray<number>
): LevelModel => ({
  layer,
  sinks,
  direct,
  changes: [],
  version: 0
})

/**
 * `setLevel`.
 */
export const set = (
  self: LevelModel,
  level: Level | "inherit",
  sink: number | undefined,
  logger: string | undefined
): void => {
  self.version++
  self.changes = self.changes.filter((change) => change.sink !== sink || change.logger !== logger)
  if (level !== "inherit") self.changes.push({ sink, logger, level })
}

// What was changed for this logger most narrowly: for the longest name that it is, or is below.
const changed = (self: LevelModel, sink: number | undefined, logger: string | undefined): Level | undefined => {
  const matching = self.changes.filter((change) =>
    change.sink === sink &&
    (change.logger === undefined || change.logger === logger || logger?.startsWith(`${change.logger}.`) === true)
  )
  return matching.toSorted((a, b) => (b.logger?.length ?? -1) - (a.logger?.length ?? -1))[0]?.level
}

/**
 * Whether a sink takes this level of this logger.
 */
export const takes = (
  self: LevelModel,
  sink: number,
  level: LogLevel.Severity,
  logger: string | undefined,
  region: Level | undefined
): boolean => {
  if (region !== undefined && LogLevel.isLessThan(level, region)) return false
  const own = changed(self, sink, logger) ?? self.sinks[sink]
  const threshold = own ?? region ?? changed(self, undefined, logger) ?? self.layer
  return LogLevel.isGreaterThanOrEqualTo(level, threshold)
}

/**
 * Whether some sink does.
 */
export const isEnabled = (
  self: LevelModel,
  level: LogLevel.Severity,
  logger: string | undefined,
  region: Level | undefined
): boolean => self.direct.some((sink) => takes(self, sink, level, logger, region))
