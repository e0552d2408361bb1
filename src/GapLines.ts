/**
 * The lines that the library writes by itself: each tells of losses, in front of the first record that comes after
 * them. They have no place in the queue, and are in no term of the law.
 */
import type * as Clock from "effect/Clock"
import * as Ledger from "./Ledger.ts"
import type { Outlet } from "./Outlet.ts"
import type { Entry } from "./Queue/BoundedQueue.ts"
import * as Queue from "./Queue/BoundedQueue.ts"
import type { LogContext, LogGap, LogRecord } from "./Record.ts"
import * as Record from "./Record.ts"

/**
 * The gap lines of one sink. `context` is what they say of the program.
 */
export interface GapLines {
  readonly outlet: Outlet
  readonly clock: Clock.Clock
  readonly context: LogContext
}

/**
 * Makes the gap lines of a sink.
 */
export const make = (outlet: Outlet, clock: Clock.Clock, context: LogContext): GapLines => ({ outlet, clock, context })

/**
 * Whether there are losses that no line has told of yet.
 */
export const isOwed = (self: GapLines): boolean => self.outlet.ledger.gap !== undefined

/**
 * Whether an entry of a batch is one of these lines.
 */
export const isOne = (entry: Entry<LogRecord>): boolean => entry.order === noOrder

const noOrder = -1

/**
 * The line that is owed in front of the record at `order`, if there is one. It is not owed any more then.
 */
export const takeUnsafe = (self: GapLines, order: number): Entry<LogRecord> | undefined => {
  const gap = Ledger.takeGap(self.outlet.ledger, order)
  return gap && { value: toRecord(self, gap), bytes: 0, order: noOrder }
}

/**
 * Puts the line that is owed in front of the first of the records that comes after the losses.
 */
export const insertUnsafe = (self: GapLines, entries: Array<Entry<LogRecord>>): void => {
  for (let i = 0; isOwed(self) && i < entries.length; i++) {
    const line = takeUnsafe(self, entries[i]!.order)
    if (line !== undefined) entries.splice(i, 0, line)
  }
}

/**
 * A line did not arrive: what it told of is owed again. Not at once: a sink that refuses such lines must still get the
 * records.
 */
export const lostUnsafe = ({ outlet: { ledger, queue } }: GapLines, { gap }: LogRecord): void => {
  if (gap !== undefined) Ledger.untold(ledger, gap, (Queue.peekUnsafe(queue)?.order ?? queue.nextOrder - 1) + 1)
}

const toRecord = (self: GapLines, gap: LogGap): LogRecord =>
  Record.make({
    time: self.clock.currentTimeMillisUnsafe(),
    level: "Warn",
    logger: "effect-async-logging",
    message: `lost ${gap.lost} ${gap.lost === 1 ? "record" : "records"} (${Ledger.reasonsText(gap.reasons)})`,
    context: self.context,
    gap
  })
