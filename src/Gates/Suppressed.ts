/**
 * Records that a gate did not let through, and the line that tells of them.
 *
 * The line is a record of its own, counted `made`: nobody can log one, for its note `suppressed` is given by the library
 * alone, and its fields are not those of any call.
 */
import * as LogLevel from "effect/LogLevel"
import * as Leaf from "../Leaf.ts"
import type { LogContext, LogRecord } from "../Record.ts"
import * as Record from "../Record.ts"

/**
 * How many they are, and what is remembered of them: the time of the first, the highest level, and of the last one what
 * a line needs. Bounded, whatever they carry.
 */
export interface Suppressed {
  count: number
  since: number
  level: LogRecord["level"]
  time: number
  logger: string | undefined
  message: string
  context: LogContext
}

/**
 * None so far.
 */
export const make = (): Suppressed => ({
  count: 0,
  since: 0,
  level: "Trace",
  time: 0,
  logger: undefined,
  message: "",
  context: Record.emptyContext
})

const maxMessage = 512
const maxContextBytes = 4096

/**
 * Counts a record, or as many as it stands for.
 */
export const addUnsafe = (self: Suppressed, record: LogRecord, count = 1): void => {
  const { context, level, logger, message, time } = record
  if (self.count === 0) {
    self.since = time
    self.level = level
  } else if (LogLevel.getOrdinal(level) > LogLevel.getOrdinal(self.level)) {
    self.level = level
  }
  self.count += count
  self.time = time
  self.logger = logger !== undefined && logger.length > maxMessage ? undefined : logger
  // not a part of it: a redactor may need all of a secret to see that it is one
  if (message.length > maxMessage) self.message = ""
  else if (message !== self.message) self.message = Leaf.copy(message)
  self.context = boundedContext(context)
}

const boundedContext = (context: LogContext): LogContext => {
  try {
    if (Record.contextBytes(context) <= maxContextBytes) return context
    const { custom: _, ...rest } = context
    if (Record.contextBytes(rest) <= maxContextBytes) return rest
  } catch {
    // a stage without types can make what has no end: the line does without
  }
  return Record.emptyContext
}

/**
 * The line that tells of them, at their highest level and the time of the last one. They are told of then.
 *
 * It says what the last one said of the program, and not whose request that was: those before it may have been others'.
 *
 * - `gate`: the name of the gate.
 * - `text`: the message.
 */
export const takeUnsafe = (self: Suppressed, gate: string, text: string): LogRecord => {
  const { context: { requestId: _, userId: __, ...context }, count, level, logger, since, time } = self
  self.count = 0
  self.logger = undefined
  self.message = ""
  self.context = Record.emptyContext
  return Record.make({
    time,
    level,
    logger,
    message: text,
    fields: { gate, suppressed: count, since },
    context,
    notes: ["suppressed"]
  })
}

/**
 * So many records, in words.
 */
export const records = (count: number): string => count === 1 ? "1 record" : `${count} records`
