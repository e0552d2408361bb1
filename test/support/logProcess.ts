/**
 * Real processes that log into a file while something happens to it.
 */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { ChildProcess } from "node:child_process"
import { fork } from "node:child_process"
import { fileURLToPath } from "node:url"
import type { CloseReport } from "../../src/AsyncLogging.ts"
import { environment } from "./compileCache.ts"
import type { Answer, Commands, Counts, Message, Options } from "./logChild.ts"

const child = fileURLToPath(new URL("logChild.ts", import.meta.url))

/**
 * A process, for the life of the scope.
 */
export interface LogProcess {
  readonly pid: number
  /** What it has said on stderr. */
  readonly stderr: () => string
  /** Tells it something, and waits for the answer. Dies when it ends instead. */
  readonly ask: <C extends keyof Commands>(
    command: C,
    ...argument: Parameters<Commands[C]>
  ) => Effect.Effect<ReturnType<Commands[C]>>
  /** Asks for its counts until they are as wanted. */
  readonly until: (fact: (counts: Counts) => boolean) => Effect.Effect<Counts>
  /** Ends it at once. */
  readonly kill: Effect.Effect<void>
  /** Tells it to close its layer, and waits until it has ended by itself. */
  readonly end: Effect.Effect<CloseReport>
}

/**
 * Starts one, and waits until its file is open.
 */
export const start = (options: Options): Effect.Effect<LogProcess, never, Scope.Scope> =>
  Effect.flatMap(
    Effect.acquireRelease(
      Effect.sync(() =>
        fork(child, [JSON.stringify(options)], {
          execArgv: [],
          env: environment(),
          stdio: ["ignore", "ignore", "pipe", "ipc"]
        })
      ),
      (started) => Effect.promise(() => ended(started, "SIGKILL"))
    ),
    (started) => {
      const self = make(started)
      return Effect.as(self.opened, self)
    }
  )

const ended = (started: ChildProcess, signal?: NodeJS.Signals): Promise<number | null> =>
  new Promise((resolve) => {
    if (started.exitCode !== null || started.signalCode !== null) return resolve(started.exitCode)
    started.once("exit", resolve)
    if (signal !== undefined) started.kill(signal)
  })

const make = (started: ChildProcess): LogProcess & { readonly opened: Effect.Effect<unknown> } => {
  let stderr = ""
  let next = 1
  const waiting = new Map<
    number,
    { readonly answer: (value: unknown) => void; readonly fail: (error: Error) => void }
  >()
  started.stderr!.setEncoding("utf8").on("data", (data: string) => stderr += data)
  started.on("message", ({ id, value }: Answer) => {
    waiting.get(id)?.answer(value)
    waiting.delete(id)
  })
  started.once("close", (code, signal) => {
    for (const { fail } of waiting.values()) fail(new Error(`it has ended, ${code ?? signal}: ${stderr}`))
  })
  const answered = (id: number): Effect.Effect<unknown> =>
    Effect.promise(() => new Promise((answer, fail) => waiting.set(id, { answer, fail })))

  const ask: LogProcess["ask"] = (command, ...argument) =>
    Effect.suspend(() => {
      const message: Message = { id: next++, command, argument: argument[0] }
      started.send(message)
      return answered(message.id) as Effect.Effect<ReturnType<Commands[typeof command]>>
    })

  return {
    pid: started.pid!,
    opened: answered(0),
    stderr: () => stderr,
    ask,
    until: (fact) => Effect.repeat(Effect.delay(ask("counts"), "5 millis"), { until: fact }),
    kill: Effect.asVoid(Effect.promise(() => ended(started, "SIGKILL"))),
    end: Effect.gen(function*() {
      const closed = yield* ask("close")
      const code = yield* Effect.promise(() => ended(started))
      if (code !== 0) throw new Error(`it has ended with ${code}: ${stderr}`)
      return closed
    })
  }
}
