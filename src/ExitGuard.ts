/**
 * What is done when the process ends under a layer that is open: its sinks write at once what they hold.
 *
 * All layers share one registration at the process: it comes with the first and goes with the last. Outside of a drain
 * there is no listener for signals, which are the program's; during one, the second signal ends a drain that hangs.
 */
import type { HostProcess, Origin, Signal } from "./HostProcess.ts"
import type { Patience } from "./Sinks/Patience.ts"
import * as Patiences from "./Sinks/Patience.ts"

/**
 * A layer, as far as the end of the process matters to it.
 */
export interface Guarded {
  /** Takes no more. */
  readonly closeUnsafe: () => void
  /** Of each sink: writes what it holds, and counts what it cannot write. */
  readonly sinks: ReadonlyArray<(patience: Patience) => void>
  /** Says what was lost. */
  readonly reportUnsafe: (process: HostProcess) => void
  /** There is an exception that nobody caught. */
  readonly uncaughtUnsafe: (error: unknown, origin: Origin) => void
}

/**
 * A layer under guard.
 */
export interface Guard {
  readonly registration: Registration
  readonly guarded: Guarded
  /** Whether its scope closes because of an interruption, which is what the first signal becomes. */
  isInterrupted: boolean
}

interface Registration {
  readonly process: HostProcess
  readonly guards: Set<Guard>
  readonly draining: Set<Guard>
  readonly release: () => void
  readonly onSignal: (signal: Signal) => void
  /** Whether there was a first signal, in a drain that none had begun: it is the program's. */
  isNoted: boolean
}

/** The longest that all sinks of all layers may take together when the process ends, in milliseconds. */
const longest = 1000

const registrations = new WeakMap<HostProcess, Registration>()

/**
 * Guards a layer, until `removeUnsafe`.
 */
export const addUnsafe = (process: HostProcess, guarded: Guarded): Guard => {
  let registration = registrations.get(process)
  if (registration === undefined) registrations.set(process, registration = register(process))
  const guard: Guard = { registration, guarded, isInterrupted: false }
  registration.guards.add(guard)
  return guard
}

/**
 * Guards it no longer.
 */
export const removeUnsafe = (guard: Guard): void => {
  const { guards, process, release } = guard.registration
  drainedUnsafe(guard)
  if (!guards.delete(guard) || guards.size > 0) return
  registrations.delete(process)
  release()
}

const register = (process: HostProcess): Registration => {
  const onExit = () => endUnsafe(registration)
  const onUncaught = (error: unknown, origin: Origin) => {
    for (const { guarded } of registration.guards) guarded.uncaughtUnsafe(error, origin)
  }
  const registration: Registration = {
    process,
    guards: new Set(),
    draining: new Set(),
    release: () => {
      process.off("exit", onExit)
      process.off("uncaughtExceptionMonitor", onUncaught)
    },
    onSignal: (signal) => signalUnsafe(registration, signal),
    isNoted: false
  }
  process.on("exit", onExit)
  process.on("uncaughtExceptionMonitor", onUncaught)
  return registration
}

// The intake of all of them first: what one layer still does must not reach the queue of another. A sink that waits for
// a reader leaves each of the others its share.
const endUnsafe = ({ guards, process }: Registration): void => {
  const patience = Patiences.make(longest, process.now)
  const layers = [...guards].map(({ guarded }) => guarded)
  for (const layer of layers) layer.closeUnsafe()
  const sinks = layers.flatMap((layer) => layer.sinks)
  for (const [i, write] of sinks.entries()) {
    write(Patiences.within(patience, Patiences.left(patience) / (sinks.length - i)))
  }
  for (const layer of layers) layer.reportUnsafe(process)
}

// -----------------------------------------------------------------------------
// signals during a drain
// -----------------------------------------------------------------------------

/**
 * The layer drains from now on: a second signal ends the process, which writes what it can on that way.
 */
export const drainingUnsafe = (guard: Guard): void => {
  const { draining, onSignal, process } = guard.registration
  if (draining.size === 0) {
    process.on("SIGINT", onSignal)
    process.on("SIGTERM", onSignal)
  }
  draining.add(guard)
}

const drainedUnsafe = (guard: Guard): void => {
  const { registration } = guard
  const { draining, onSignal, process } = registration
  if (!draining.delete(guard) || draining.size > 0) return
  process.off("SIGINT", onSignal)
  process.off("SIGTERM", onSignal)
  registration.isNoted = false
}

const signalUnsafe = (registration: Registration, signal: Signal): void => {
  const { draining, isNoted, process } = registration
  // with no other listener it would have ended the process without us
  const isOurs = process.listenerCount(signal) === 1
  if (isNoted || isOurs || [...draining].some(({ isInterrupted }) => isInterrupted)) {
    process.exit(128 + signalNumbers[signal])
  } else {
    registration.isNoted = true
  }
}

const signalNumbers = { SIGINT: 2, SIGTERM: 15 } as const
