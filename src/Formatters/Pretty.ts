/**
 * Text for the eyes of a developer.
 */
import type { Formatter } from "../Pipeline.ts"
import type { LogError, LogFields, LogGap, LogRecord, LogValue } from "../Record.ts"
import { eventOf } from "../Record.ts"
import { colorPalette, type Palette, plainPalette } from "./Colors.ts"
import { valueText } from "./JsonBytes.ts"
import { quote } from "./JsonText.ts"
import { escapeText } from "./Text.ts"
import { toDateTime } from "./Time.ts"

/**
 * Options of `pretty`.
 */
export interface PrettyOptions {
  /** Whether to write colours. Default: what the destination can show, see `PrettyFormatter`; off without one. */
  readonly colors?: boolean | undefined
  /** Times in UTC. Default: in the local time zone. */
  readonly utc?: boolean | undefined
}

/**
 * A formatter whose colours can be left to its destination. The console sink asks `withColors` with what its terminal
 * shows; a `colors` given to `pretty` wins over that.
 */
export interface PrettyFormatter extends Formatter {
  readonly withColors: (on: boolean) => Formatter
}

/**
 * Text for a terminal in development, one line and those of an error:
 *
 * ```text
 * 08:00:00.123 WARN  [auth] card declined orderId=7 tags=["new", "eu"] requestId=r-1 db=12ms
 *     CardError: declined code=card_declined
 *         at charge (src/charge.ts:12:9)
 *     caused by TimeoutError: no answer
 * ```
 *
 * The name of an event comes before the fields. Of the context it shows `requestId`, `userId` and what is in `custom`; ids of traces, fiber and sequence are left to
 * the other formats. Each line starts with the time or with four spaces: nothing that is logged looks like another
 * record.
 */
export const pretty = (options: PrettyOptions = {}): PrettyFormatter => {
  const clock = options.utc === true ? utcClock : localClock
  const plain: Formatter = (record) => write(record, clock, plainPalette)
  const colored: Formatter = (record) => write(record, clock, colorPalette)
  const choose = (on: boolean): Formatter => on ? colored : plain
  return Object.assign((record: LogRecord) => choose(options.colors ?? false)(record), {
    withColors: (on: boolean) => choose(options.colors ?? on)
  })
}

/**
 * The formatter for a destination that shows colours or does not. Formatters other than `pretty` stay as they are.
 *
 * @internal
 */
export const withColors = (self: Formatter, on: boolean): Formatter => isPretty(self) ? self.withColors(on) : self

const isPretty = (self: Formatter): self is PrettyFormatter => "withColors" in self

type WallClock = (time: number) => string

const utcClock: WallClock = (time) => {
  const date = new Date(toDateTime(time))
  return wallTime(date.getUTCHours(), date.getUTCMinutes(), date.getUTCSeconds(), date.getUTCMilliseconds())
}

const localClock: WallClock = (time) => {
  const date = new Date(toDateTime(time))
  return wallTime(date.getHours(), date.getMinutes(), date.getSeconds(), date.getMilliseconds())
}

const wallTime = (hours: number, minutes: number, seconds: number, milliseconds: number): string =>
  `${pad(hours, 2)}:${pad(minutes, 2)}:${pad(seconds, 2)}.${pad(milliseconds, 3)}`

const pad = (value: number, digits: number): string => String(value).padStart(digits, "0")

const write = (record: LogRecord, clock: WallClock, palette: Palette): string => {
  const { requestId, userId, custom } = record.context
  const event = eventOf(record)
  const parts = [
    palette.dim(clock(record.time)),
    palette.level[record.level](record.level.toUpperCase().padEnd(5)),
    ...(record.logger === undefined ? [] : [palette.logger(`[${escapeText(record.logger)}]`)]),
    ...(record.message === "" ? [] : [escapeText(record.message)]),
    ...(event === undefined ? [] : [pair("event", event, palette)]),
    ...pairs(record.fields, palette),
    ...(requestId === undefined ? [] : [pair("requestId", requestId, palette)]),
    ...(userId === undefined ? [] : [pair("userId", userId, palette)]),
    ...pairs(custom ?? {}, palette),
    ...Object.entries(record.spans ?? {}).map(([label, ms]) => pair(label, `${ms}ms`, palette)),
    ...(record.gap === undefined ? [] : [palette.warning(gapText(record.gap, clock))]),
    ...(record.notes === undefined ? [] : record.notes.map((note) => palette.warning(`(${escapeText(note)})`)))
  ]
  const line = parts.join(" ")
  return record.error === undefined ? line : `${line}\n${errorLines(record.error, "", palette).join("\n")}`
}

const gapText = (gap: LogGap, clock: WallClock): string => {
  const reasons = Object.entries(gap.reasons).map(([reason, count]) => `${escapeText(reason)} ${count}`)
  return `(${gap.lost} lost since ${clock(gap.since)}: ${reasons.join(", ")})`
}

// -----------------------------------------------------------------------------
// values
// -----------------------------------------------------------------------------

const pairs = (fields: LogFields, palette: Palette): ReadonlyArray<string> =>
  Object.entries(fields).map(([key, value]) => pair(key, value, palette))

const pair = (key: string, value: LogValue, palette: Palette): string => {
  const text = typeof value === "string" && isPlain(value) ? escapeText(value) : inspect(value)
  return `${palette.dim(`${escapeText(key)}=`)}${text}`
}

// reads as one value without quotes
const isPlain = (text: string): boolean => text !== "" && !/[\s="]/.test(text)

const inspect = (value: LogValue): string => {
  if (typeof value === "string") return escapeText(quote(value))
  if (typeof value !== "object" || value === null) return valueText(value)
  if (isArray(value)) return `[${value.map(inspect).join(", ")}]`
  const entries = Object.entries(value)
  const items = entries.map(([key, item]) => `${keyText(key)}: ${inspect(item)}`)
  return items.length === 0 ? "{}" : `{ ${items.join(", ")} }`
}

const keyText = (key: string): string => /^[A-Za-z_$][\w$]*$/.test(key) ? key : escapeText(quote(key))

// `Array.isArray` does not narrow a readonly array
const isArray: (value: LogValue) => value is ReadonlyArray<LogValue> = Array.isArray

// -----------------------------------------------------------------------------
// errors
// -----------------------------------------------------------------------------

const indent = "    "

const errorLines = (error: LogError, introduction: string, palette: Palette): ReadonlyArray<string> => {
  const [first = "", ...rest] = lines(error.message)
  const head = [
    ...(introduction === "" ? [] : [palette.dim(introduction)]),
    palette.error(escapeText(error.type) + (first === "" ? "" : ":")),
    ...(first === "" ? [] : [first]),
    ...(error.kind === undefined || error.kind === "fail" ? [] : [palette.dim(`(${escapeText(error.kind)})`)]),
    ...pairs(error.fields ?? {}, palette)
  ]
  return [
    `${indent}${head.join(" ")}`,
    ...rest.map((line) => `${indent}  ${line}`),
    ...frames(error).map((line) => palette.dim(`${indent}${indent}${line}`)),
    ...(error.cause === undefined ? [] : errorLines(error.cause, "caused by", palette)),
    ...(error.others ?? []).flatMap((other) => errorLines(other, "and", palette))
  ]
}

const lines = (text: string): ReadonlyArray<string> => text.split(/\r?\n/).map(escapeText)

// The head of a stack repeats type and message.
const frames = ({ message, stack }: LogError): ReadonlyArray<string> => {
  if (stack === undefined) return []
  const all = stack.split(/\r?\n/).map((line) => escapeText(line.trim()))
  const start = all.findIndex((line) => line.startsWith("at "))
  if (start === -1) return stack.includes(message) ? [] : all
  return withoutInternals(all.slice(start))
}

// Frames of Effect's run loop and of Node, which every stack has and nobody reads, become one line. The JSON line
// has them all.
const withoutInternals = (frames: ReadonlyArray<string>): ReadonlyArray<string> => {
  const own = frames.filter((frame) => !isInternal(frame))
  if (own.length === 0) return frames
  const more = frames.length - own.length
  return more === 0 ? own : [...own, `… ${more} ${more === 1 ? "frame" : "frames"} of Effect and Node`]
}

const isInternal = (frame: string): boolean =>
  /[/\\]node_modules[/\\]effect[/\\]|\(?node:|^at Generator\.next \(<anonymous>\)$/.test(frame)
