/**
 * The last step of a layer whose process ends before it has closed: what its sinks hold is written at once, in the order
 * of the queues; what cannot be is counted, and named on stderr.
 */
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as AtOnce from "./AtOnce.ts"
import type { Backend } from "./Backend.ts"
import * as Backends from "./Backend.ts"
import * as Calls from "./Call.ts"
import type { Guarded } from "./ExitGuard.ts"
import type { HostProcess, Origin } from "./HostProcess.ts"
import * as Notice from "./Notices.ts"
import * as Report from "./Report.ts"
import type { Worker } from "./Worker.ts"

/**
 * What the guard does with a layer. Nothing of it throws. `workers` stand before those that they divert to; `context` is
 * what is around the layer.
 */
export const make = (
  backend: Backend,
  workers: ReadonlyArray<Worker>,
  context: Context.Context<never>
): Guarded => {
  let isOpen = false
  return {
    closeUnsafe: () => {
      // a drain that is past its sinks has said it all
      isOpen = workers.some((worker) => !worker.ended)
      total(backend, () => Backends.closeUnsafe(backend))
    },
    sinks: workers.map((worker) => (patience) => total(backend, () => AtOnce.writeLastUnsafe(worker, patience))),
    reportUnsafe: (process) => {
      if (isOpen) total(backend, () => report(backend, workers, process))
    },
    uncaughtUnsafe: (error, origin) => void Effect.runSyncExitWith(context)(uncaught(backend, error, origin))
  }
}

// A defect of this library's own must not change how the process ends.
const total = (backend: Backend, f: () => void): void => {
  try {
    f()
  } catch (error) {
    Notice.sayUnsafe(backend.notices, `at the end of the process: ${Notice.describe(backend.notices, error)}`)
  }
}

const report = (backend: Backend, workers: ReadonlyArray<Worker>, process: HostProcess): void => {
  const notices = Notice.lastly(backend.notices, process.sayLast)
  const lost = Report.lossText(Report.sinks(workers))
  if (lost !== undefined) Notice.sayUnsafe(notices, `the process ended; ${lost}`)
  Notice.closeUnsafe(notices)
}

// It was in no fiber, so it is logged by one of its own, which has the layer around it and nothing of the program.
const uncaught = (backend: Backend, error: unknown, origin: Origin): Effect.Effect<void> =>
  Effect.withFiber((fiber) => Effect.sync(() => Backends.takeUnsafe(backend, fatal, [messages[origin], error], fiber)))

const fatal = Calls.method("Fatal")

const messages: { readonly [O in Origin]: string } = {
  uncaughtException: "uncaught exception",
  unhandledRejection: "unhandled rejection"
}
