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
 * - `close`: makes durable what was to be so some time later.
 */
export interface Durability {
  readonly settle: NonNullable<Destination["settle"]>
  readonly settleSync: NonNullable<Destination["settleSync"]>
  readonly flush: SinkHandle<Sink.SinkError>["flush"]
  readonly close: Effect.Effect<void>
}

/**
 * Nothing to make durable yet.
 */
export const make = ({ current, fs, look, retired, scope, sync, syncing, tell }: Options): Durability => {
  const syncOpen = syncing.run<void>((callback) => Steps.start(syncFile(fs, current), callback))
  const syncAll = Effect.andThen(Effect.andThen(look, syncOpen), retired.settled)
  const isUrgent = (batch: ReadonlyArray<LogRecord>): boolean =>
    sync.from !== "None" && batch.some(({ level }) => LogLevel.isGreaterThanOrEqualTo(level, sync.from))

  // one at a time: it makes durable what was written since it was begun, too
  let isPending = false
  const pending = Effect.suspend(() => {
    isPending = false
    return syncAll
  }).pipe(Effect.catch((error) => Effect.sync(() => tell("sync_failed", messageOf(error)))))
  const later = Effect.suspend(() => {
    if (sync.every === undefined || isPending) return Effect.void
    isPending = true
    return Effect.asVoid(Effect.forkIn(Effect.andThen(Effect.sleep(sync.every), pending), scope))
  })

  return {
    flush: sync.onFlush ? Effect.mapError(syncAll, (cause) => Sink.unavailable({ cause })) : undefined,
    settle: (batch) => isUrgent(batch) ? syncAll : later,
    settleSync(batch) {
      // nobody waits here for a later moment
      if (!isUrgent(batch) && sync.every === undefined) return
      try {
        retired.syncUnsafe()
        Steps.runSync(syncFile(fs, current))
      } catch (error) {
        tell("sync_failed", messageOf(error))
        throw error
      }
    },
    close: Effect.suspend(() => isPending ? Effect.interruptible(pending) : Effect.void)
  }
}

// its names last: they lead to what is there then
const syncFile = function*(fs: FileSystem, current: CurrentFile): Steps.Steps<void> {
  const { file, isNamed, path } = current
  if (file === undefined) return
  yield* Steps.of(fs.fdatasync(file.fd))
  if (isNamed) return
  current.isNamed = true
  try {
    yield* Steps.of(fs.syncDirectory(dirname(path)))
  } catch (error) {
    current.isNamed = false
    throw error
  }
}

const messageOf = (error: unknown): string => `cannot make it durable: ${reasonOf(error)}`
