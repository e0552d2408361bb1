/**
 * Which levels are enabled, for which logger and sink; decided at the call, and changed at run time.
 *
 * A sink's threshold is its own level, if it has one, else the layer's. A `MinimumLogLevel` provided around a call (a
 * "region") replaces the layer's, and a sink's own level cannot go below it.
 */
import * as LogLevel from "effect/LogLevel"

/**
 * What `setLevel` narrows to: loggers from a name prefix on (`"auth"` is `auth` and `auth.login`), one sink, or both.
 */
export interface LevelScope {
  readonly logger?: string | undefined
  readonly sink?: string | undefined
}

interface Thresholds {
  readonly configured: number | undefined
  override: number | undefined
  /** By prefix of the logger name, the longest first. */
  readonly loggers: Array<{ readonly prefix: string; readonly level: number }>
}

/**
 * The levels of a layer. `lowest` is the least level that any sink takes from any logger, outside of regions. The first
 * `direct` sinks are those that take what is logged; the others take what these divert.
 */
export interface Levels {
  readonly direct: number
  readonly layer: Thresholds
  readonly sinks: ReadonlyArray<Thresholds>
  readonly names: ReadonlyArray<string>
  readonly floor: LogLevel.LogLevel
  /** By sink, for loggers without an override, outside of regions. */
  readonly plain: Array<number>
  lowest: number
  hasLoggers: boolean
}

const thresholds = (level: LogLevel.LogLevel | undefined): Thresholds => ({
  configured: level === undefined ? undefined : LogLevel.getOrdinal(level),
  override: undefined,
  loggers: []
})

/**
 * The levels as configured.
 */
export const make = (
  minimumLevel: LogLevel.LogLevel,
  floor: LogLevel.LogLevel,
  sinks: ReadonlyArray<{ readonly name: string; readonly minimumLevel: LogLevel.LogLevel | undefined }>,
  direct = sinks.length
): Levels => {
  const self: Levels = {
    direct,
    layer: thresholds(minimumLevel),
    sinks: sinks.map((sink) => thresholds(sink.minimumLevel)),
    names: sinks.map((sink) => sink.name),
    floor,
    plain: [],
    lowest: 0,
    hasLoggers: false
  }
  update(self)
  return self
}

/**
 * The least level of sinks without their own, now, of loggers without an override and outside of regions.
 */
export const minimum = (self: Levels): LogLevel.LogLevel => {
  const ordinal = effective(self.layer, undefined)
  return LogLevel.values.find((level) => LogLevel.getOrdinal(level) === ordinal)!
}

/**
 * The region of a call: the `MinimumLogLevel` around it, unless that is the floor that the layer itself set.
 */
export const region = (self: Levels, minimumLogLevel: LogLevel.LogLevel): number | undefined =>
  minimumLogLevel === self.floor ? undefined : LogLevel.getOrdinal(minimumLogLevel)

/**
 * The least level that one sink takes.
 */
export const threshold = (
  self: Levels,
  sink: number,
  logger: string | undefined,
  region: number | undefined
): number => {
  if (region === undefined && (logger === undefined || !self.hasLoggers)) return self.plain[sink]!
  const own = effective(self.sinks[sink]!, logger)
  if (own !== undefined) return region === undefined ? own : Math.max(own, region)
  return region ?? effective(self.layer, logger)!
}

/**
 * Whether a sink of its own accord takes records of this level: not whether the layer does.
 */
export const isEnabledAt = (self: Levels, sink: number, level: number, logger: string | undefined): boolean =>
  level >= (effective(self.sinks[sink]!, logger) ?? Number.NEGATIVE_INFINITY)

/**
 * Whether some sink takes records of this level.
 */
export const isEnabled = (
  self: Levels,
  level: number,
  logger: string | undefined,
  region: number | undefined
): boolean => {
  if (region === undefined && (logger === undefined || !self.hasLoggers)) return level >= self.lowest
  for (let i = 0; i < self.direct; i++) {
    if (level >= threshold(self, i, logger, region)) return true
  }
  return false
}

/**
 * Whether it is plain from the `MinimumLogLevel` around a call that no sink takes records of this level. Where it is not
 * plain, ask `isEnabled`.
 */
export const isBelowAll = (self: Levels, level: number, minimumLogLevel: LogLevel.LogLevel): boolean =>
  minimumLogLevel === self.floor && !self.hasLoggers && level < self.lowest

/**
 * Changes a level, or with `"inherit"` takes an earlier change back. Answers what is wrong, if anything is.
 */
export const set = (self: Levels, level: LogLevel.LogLevel | "inherit", scope: LevelScope): string | undefined => {
  const index = scope.sink === undefined ? -1 : self.names.indexOf(scope.sink)
  if (scope.sink !== undefined && index < 0) {
    return `setLevel: there is no sink "${scope.sink}"; there are ${self.names.map((name) => `"${name}"`).join(", ")}`
  }
  if (level !== "inherit" && !LogLevel.values.includes(level)) {
    return `setLevel: "${String(level)}" is not a level; levels are ${LogLevel.values.join(", ")} and inherit`
  }
  const target = index < 0 ? self.layer : self.sinks[index]!
  const ordinal = level === "inherit" ? undefined : LogLevel.getOrdinal(level)
  if (scope.logger === undefined) target.override = ordinal
  else setLogger(target, scope.logger, ordinal)
  update(self)
  return ordinal !== undefined && ordinal < LogLevel.getOrdinal(self.floor)
    ? `setLevel: "${level}" is below levelFloor "${self.floor}", which Effect.log* does not pass`
    : undefined
}

const setLogger = (target: Thresholds, prefix: string, level: number | undefined): void => {
  const at = target.loggers.findIndex((entry) => entry.prefix === prefix)
  if (at >= 0) target.loggers.splice(at, 1)
  if (level !== undefined) target.loggers.push({ prefix, level })
  target.loggers.sort((a, b) => b.prefix.length - a.prefix.length)
}

const effective = (self: Thresholds, logger: string | undefined): number | undefined => {
  if (logger !== undefined) {
    for (const { level, prefix } of self.loggers) if (isBelow(logger, prefix)) return level
  }
  return self.override ?? self.configured
}

/**
 * Whether a logger is the named one or below it: `auth.login` is below `auth`, `author` is not.
 */
export const isBelow = (logger: string, prefix: string): boolean =>
  logger.startsWith(prefix) && (logger.length === prefix.length || logger[prefix.length] === ".")

const update = (self: Levels): void => {
  const base = effective(self.layer, undefined)!
  self.plain.length = 0
  for (const sink of self.sinks.slice(0, self.direct)) self.plain.push(effective(sink, undefined) ?? base)
  self.lowest = Math.min(Number.POSITIVE_INFINITY, ...self.plain)
  self.hasLoggers = [self.layer, ...self.sinks].some((entry) => entry.loggers.length > 0)
}
