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

/**
 * A level, or what there is without a change.
 */
export type LevelOrInherit = LogLevel.LogLevel | "inherit"

/**
 * A level that is in force, and till when: milliseconds since the epoch, `undefined` for what lasts.
 */
export interface LevelInForce {
  readonly level: LogLevel.LogLevel
  readonly until: number | undefined
}

/**
 * By the name that `setLevel` was given.
 */
export interface LoggerLevels {
  readonly [logger: string]: LevelInForce
}

/**
 * The levels of a layer, outside of regions: its own, those that were set for loggers, and those of each sink. A sink without
 * a level of its own has the layer's.
 */
export interface LevelsInForce extends LevelInForce {
  readonly loggers: LoggerLevels
  readonly sinks: { readonly [name: string]: LevelInForce & { readonly loggers: LoggerLevels } }
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
export const minimum = (self: Levels): LogLevel.LogLevel => levelOf(effective(self.layer, undefined)!)

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
 * What is wrong with a level and a scope, if anything is. They may come from a program without types: `describe` makes
 * them a text.
 */
export const wrong = (
  self: Levels,
  level: unknown,
  scope: LevelScope,
  describe: (given: unknown) => string
): string | undefined => {
  const { logger, sink }: { readonly logger?: unknown; readonly sink?: unknown } = scope
  if (sink !== undefined && !self.names.some((name) => name === sink)) {
    return `there is no sink "${describe(sink)}"; there are ${self.names.map((name) => `"${name}"`).join(", ")}`
  }
  if (logger !== undefined && (typeof logger !== "string" || logger === "")) {
    return `"${describe(logger)}" is not the name of a logger`
  }
  return level === "inherit" || LogLevel.values.some((value) => value === level)
    ? undefined
    : `"${describe(level)}" is not a level; levels are ${LogLevel.values.join(", ")} and inherit`
}

/**
 * Changes a level, or with `"inherit"` takes an earlier change back. `wrong` has found nothing. Answers what it is no use
 * for, if anything.
 */
export const set = (self: Levels, level: LevelOrInherit, scope: LevelScope): string | undefined => {
  const target = targetOf(self, scope)
  const ordinal = level === "inherit" ? undefined : LogLevel.getOrdinal(level)
  if (scope.logger === undefined) target.override = ordinal
  else setLogger(target, scope.logger, ordinal)
  update(self)
  return ordinal !== undefined && ordinal < LogLevel.getOrdinal(self.floor)
    ? `"${level}" is below levelFloor "${self.floor}", which Effect.log* does not pass`
    : undefined
}

/**
 * What was set for exactly this scope.
 */
export const get = (self: Levels, { logger, sink }: LevelScope): LevelOrInherit => {
  const target = targetOf(self, { sink })
  const ordinal = logger === undefined
    ? target.override
    : target.loggers.find(({ prefix }) => prefix === logger)?.level
  return ordinal === undefined ? "inherit" : levelOf(ordinal)
}

const targetOf = (self: Levels, { sink }: LevelScope): Thresholds =>
  sink === undefined ? self.layer : self.sinks[self.names.indexOf(sink)]!

/**
 * All of them, now. `untilOf` knows till when what was set for a scope is in force.
 */
export const inForce = (self: Levels, untilOf: (scope: LevelScope) => number | undefined): LevelsInForce => {
  const loggersOf = ({ loggers }: Thresholds, sink: string | undefined): LoggerLevels =>
    Object.fromEntries(loggers.map(({ level, prefix }) => [
      prefix,
      { level: levelOf(level), until: untilOf({ sink, logger: prefix }) }
    ]))
  const layer = { level: minimum(self), until: untilOf({}) }
  const sinks = self.sinks.map((sink, i) => {
    const name = self.names[i]!
    const own = effective(sink, undefined)
    const level = own === undefined ? layer : { level: levelOf(own), until: untilOf({ sink: name }) }
    return [name, { ...level, loggers: loggersOf(sink, name) }] as const
  })
  return { ...layer, loggers: loggersOf(self.layer, undefined), sinks: Object.fromEntries(sinks) }
}

const levelOf = (ordinal: number): LogLevel.LogLevel =>
  LogLevel.values.find((level) => LogLevel.getOrdinal(level) === ordinal)!

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
