/**
 * What the library says of its own trouble: on stderr, never through the queues that it reports on. One line per
 * kind and ten seconds; the next line of that kind tells how many were left out.
 */
import type * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import { escapeText } from "./Formatters/Text.ts"
import * as Monotonic from "./Monotonic.ts"

/**
 * Where notices go: a line without its line break. Defaults to the standard error of the process; nothing happens when
 * that is closed.
 */
export const NoticeWriter: Context.Reference<(line: string) => void> = Context.Reference(
  "effect-async-logging/Notices/NoticeWriter",
  { defaultValue: () => stderr }
)

// An error of a stream that nobody listens to ends the process. It is emitted after the callback, in the same turn.
const toStderr = () => {
  const ignore = () => {}
  let underWay = 0
  const done = () => {
    if (--underWay === 0) process.stderr.off("error", ignore)
  }
  return (line: string): void => {
    if (underWay++ === 0) process.stderr.on("error", ignore)
    process.stderr.write(`${line}\n`, () => void setImmediate(done))
  }
}

const stderr = toStderr()

/**
 * The notices of one layer. `said` is bounded by the kinds, which are named in the code.
 *
 * - `redact`: takes out of a text what the layer's redaction detects. `undefined`: it has none.
 */
export interface Notices {
  readonly write: (line: string) => void
  readonly clock: Clock.Clock
  readonly redact: ((text: string) => string) | undefined
  readonly said: Map<string, { at: number; suppressed: number }>
}

const interval = 10_000

/**
 * A layer that has said nothing yet.
 */
export const make = (
  write: (line: string) => void,
  clock: Clock.Clock,
  redact?: (text: string) => string
): Notices => ({ write, clock, redact, said: new Map() })

/**
 * Says it, unless something of this kind was said in the last ten seconds: then it is counted. Total.
 */
export const tellUnsafe = (self: Notices, kind: string, message: string): void => {
  const now = Monotonic.millisUnsafe(self.clock)
  const last = self.said.get(kind)
  if (last !== undefined && now - last.at < interval) {
    last.suppressed++
    return
  }
  const more = last !== undefined && last.suppressed > 0 ? ` (and ${last.suppressed} more like this)` : ""
  self.said.set(kind, { at: now, suppressed: 0 })
  sayUnsafe(self, message + more)
}

/**
 * Says it whatever was said before. Total.
 */
export const sayUnsafe = (self: Notices, message: string): void => {
  try {
    self.write(`effect-async-logging: ${escapeText(self.redact?.(message) ?? message)}`)
  } catch {
    // there is no place left to tell of it: a closed stderr must not take the program down
  }
}

/**
 * The same, for the last things that the process says: by `sayLast`, unless notices go elsewhere than to stderr.
 */
export const lastly = (self: Notices, sayLast: (line: string) => void): Notices =>
  self.write === stderr ? { ...self, write: sayLast } : self

/**
 * Tells what the limit still holds back, at the end.
 */
export const closeUnsafe = (self: Notices): void => {
  for (const [kind, last] of self.said) {
    if (last.suppressed > 0) sayUnsafe(self, `${kind}: ${last.suppressed} more notices were left out`)
    last.suppressed = 0
  }
}

/**
 * Why something failed that has seen what was not redacted yet, to be put behind what failed: what was thrown may quote a
 * secret, so a layer that redacts says nothing of it.
 */
export const describeUnredacted = (self: Notices, error: unknown): string =>
  self.redact === undefined ? `: ${describe(self, error)}` : ""

/**
 * A short text of whatever was thrown, redacted: at most 1,000 characters of its first 16,000.
 */
export const describe = ({ redact }: Pick<Notices, "redact">, error: unknown): string => {
  try {
    const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error)
    const searched = text.slice(0, mostSearched)
    const redacted = redact?.(searched) ?? searched
    const isCut = text.length > mostSearched
    // a secret that ends behind what was searched is not known as one: what may be a part of it is left out too
    const shown = Math.min(mostShown, isCut ? redacted.length - mostShown : redacted.length)
    return isCut || shown < redacted.length ? `${redacted.slice(0, Math.max(0, shown))}…` : redacted
  } catch {
    return "[unprintable]"
  }
}

const mostShown = 1000
const mostSearched = 16 * mostShown
