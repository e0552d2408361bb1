/**
 * What the library needs of the process that it runs in.
 */
import * as Context from "effect/Context"
import { writeSync } from "node:fs"
import * as Patience from "./Sinks/Patience.ts"

/**
 * The signals that end a program in an orderly way.
 */
export type Signal = "SIGINT" | "SIGTERM"

/**
 * Where an exception that nobody caught came from.
 */
export type Origin = "uncaughtException" | "unhandledRejection"

/**
 * What the process tells of, and to whom.
 *
 * - `exit`: it ends, and only what is done at once is done.
 * - `uncaughtExceptionMonitor`: there is an exception that nobody caught, whatever becomes of it.
 */
export interface Events {
  readonly exit: () => void
  readonly uncaughtExceptionMonitor: (error: unknown, origin: Origin) => void
  readonly SIGINT: (signal: Signal) => void
  readonly SIGTERM: (signal: Signal) => void
}

/**
 * A process.
 */
export interface HostProcess {
  readonly on: <K extends keyof Events>(event: K, listener: Events[K]) => void
  readonly off: <K extends keyof Events>(event: K, listener: Events[K]) => void
  readonly listenerCount: (event: keyof Events) => number
  /** Ends it. `exit` is told before. */
  readonly exit: (code: number) => void
  /** Milliseconds of a clock that only goes on, in real time. */
  readonly now: () => number
  /** Writes a line to its standard error, at once: when this returns it is out, or cannot be written. */
  readonly sayLast: (line: string) => void
}

const node: HostProcess = {
  on: (event, listener) => void process.on(event, listener),
  off: (event, listener) => void process.off(event, listener),
  listenerCount: (event) => process.listenerCount(event),
  exit: (code) => process.exit(code),
  now: () => performance.now(),
  sayLast: (line) => {
    // once the stream is there, a pipe does not block: a reader that is stuck must not hold up the end
    const { fd } = process.stderr
    const patience = Patience.make(100)
    for (let rest = Buffer.from(`${line}\n`); rest.length > 0;) {
      try {
        rest = rest.subarray(writeSync(fd, rest))
      } catch (error) {
        const isFull = error instanceof Error && "code" in error && error.code === "EAGAIN"
        if (!isFull || !Patience.sleepUnsafe(patience, 5)) throw error
      }
    }
  }
}

/**
 * The process whose end is guarded. Defaults to Node's; `undefined`: there is none, and nothing is guarded.
 */
export const CurrentProcess: Context.Reference<HostProcess | undefined> = Context.Reference<HostProcess | undefined>(
  "effect-async-logging/HostProcess",
  { defaultValue: () => globalThis.process === undefined ? undefined : node }
)
