/**
 * When what was written to a file is made durable: with a flush, some time after a write, or with each batch that has a
 * record of some level.
 */
import * as Effect from "effect/Effect"
import * as LogLevel from "effect/LogLevel"
import type * as Scope from "effect/Scope"
import { dirname } from "node:path"
import type { CurrentFile } from "../Files/CurrentFile.ts"
import type { FileSystem } from "../Files/FileSystem.ts"
import { reasonOf } from "../Files/FileSystem.ts"
import type { Retired } from "../Files/Retired.ts"
import * as Steps from "../Files/Steps.ts"
import type { LogRecord } from "../Record.ts"
import type { SyncSettings } from "./FileOptions.ts"
import type { InFlight } from "./InFlight.ts"
import type { Destination } from "./LineWriter.ts"
import type { SinkHandle } from "./Sink.ts"
import * as Sink from "./Sink.ts"
import type { Tell } from "./Tell.ts"

/**
 * What it needs.
 *
 * - `syncing`: whether something is being made durable. The file is not closed meanwhile.
 * - `look`: looks whether the file is still there, when nothing is being written to it.
 * - `scope`: of the sink.
 */
export interface Options {
  readonly fs: FileSystem
  readonly current: CurrentFile
  readonly syncing: InFlight
  readonly look: Effect.Effect<void, Error>
  readonly retired: Retired
  readonly sync: SyncSettings
  readonly tell: Tell
  readonly scope: Scope.Scope
}

/**
 * The durability of one file.
 *
 * - `flush`: makes durable what was written until now, also to files that were rotated since. `undefined`: nobody wants it.
 * - `settle`, `settleSync`: what the end of a batch asks for.
 * - `isOwed`: whether a batch has not arrived before it is durable.
 * - `lostUnsafe`: hears that a file which is written to no more could not be made durable.
 * - `close`: makes durable what was to be so some time later.
 */
export interface Durability {
  readonly flush: SinkHandle<Sink.SinkError>["flush"]
  readonly settle: NonNullable<Destination["settle"]>
  readonly isOwed: (batch: ReadonlyArray<LogRecord>) => boolean
  readonly settleSync: NonNullable<Destination["settleSync"]>
  readonly lostUnsafe: (error: Error) => unknown
  readonly close: Effect.Effect<void>
}

/**
 * An fdatasync has failed. The operating system says so once, and what was written before it may be lost.
 */
class NotDurable extends Error {
  constructor(cause: unknown) {
    super(`cannot make it durable: ${reasonOf(cause)}`, { cause })
  }
}

/**
 * Whether what was written may be lost after this error.
 */
export const isLost = (error: Error): boolean => error instanceof NotDurable

/**
 * Nothing to make durable yet.
 */
export const make = ({ current, fs, look, retired, scope, sync, syncing, tell }: Options): Durability => {
  // Kept until whoever asks is told, whoever has waited for it: a flush is not told by a batch.
  const lost: { flush: NotDurable | undefined; settle: NotDurable | undefined } = {
    flush: undefined,
    settle: undefined
  }
  const lostUnsafe = (cause: unknown): NotDurable => {
    const error = new NotDurable(cause)
    lost.flush = lost.settle = error
    tell("sync_failed", error.message)
    return error
  }
  let isPending = false
  let isWatched = false

  const steps = function*(): Steps.Steps<NotDurable | undefined> {
    const { file, isNamed, path } = current
    isPending = false
    if (file === undefined) return undefined
    try {
      yield* Steps.of(fs.fdatasync(file.fd))
    } catch (error) {
      return lostUnsafe(error)
    }
    // names last: they lead to what is there then
    if (isNamed) return undefined
    current.isNamed = true
    try {
      yield* Steps.of(fs.syncDirectory(dirname(path)))
      return undefined
    } catch (error) {
      current.isNamed = false
      throw error
    }
  }
  const syncAll = look.pipe(
    Effect.andThen(syncing.run<unknown>((callback) => Steps.start(steps(), callback))),
    Effect.andThen(retired.settled)
  )
  const asked = (by: keyof typeof lost) =>
    Effect.andThen(
      syncAll,
      Effect.suspend(() => {
        const error = lost[by]
        lost[by] = undefined
        return error === undefined ? Effect.void : Effect.fail(error)
      })
    )
  const isUrgent = (batch: ReadonlyArray<LogRecord>): boolean =>
    sync.from !== "None" && batch.some(({ level }) => LogLevel.isGreaterThanOrEqualTo(level, sync.from))

  // pending until an fdatasync begins, of whomever: that one makes it durable too
  const pending = Effect.catch((error: Error) => Effect.sync(() => tell("sync_failed", error.message)))(syncAll)
  const later = Effect.suspend(() => {
    const { every } = sync
    if (every === undefined) return Effect.void
    isPending = true
    if (isWatched) return Effect.void
    isWatched = true
    const watch = Effect.andThen(Effect.sleep(every), Effect.suspend(() => isPending ? pending : Effect.void))
    return Effect.asVoid(Effect.forkIn(Effect.repeat(watch, { while: () => isWatched = isPending }), scope))
  })

  return {
    flush: sync.onFlush ? Effect.mapError(asked("flush"), (cause) => Sink.unavailable({ cause })) : undefined,
    isOwed: isUrgent,
    settle: (batch) => isUrgent(batch) ? asked("settle") : later,
    settleSync(batch) {
      // nobody waits here for a later moment
      if (!isUrgent(batch) && sync.every === undefined) return
      let error: NotDurable | undefined
      try {
        retired.syncUnsafe()
      } catch (cause) {
        error = lostUnsafe(cause)
      }
      error = Steps.runSync(steps()) ?? error
      if (error !== undefined) throw error
    },
    lostUnsafe,
    close: Effect.suspend(() => isPending ? Effect.interruptible(pending) : Effect.void)
  }
}
