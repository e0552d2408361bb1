/**
 * When what was written to a file is made durable: with a flush, some time after a write, or with each batch that has a
 * record of some level.
 */
import * as Effect from "effect/Effect"
import * as LogLevel from "effect/LogLevel"
import type * as Scope from "effect/Scope"
import type { CurrentFile } from "../Files/CurrentFile.ts"
import type { FileSystem } from "../Files/FileSystem.ts"
import type { Retired } from "../Files/Retired.ts"
import type { Formatter } from "../Pipeline.ts"
import type { LogRecord } from "../Record.ts"
import type { SyncSettings } from "./FileOptions.ts"
import type { InFlight } from "./InFlight.ts"
import type { LineWriter } from "./LineWriter.ts"
import type { SinkError, SinkHandle } from "./Sink.ts"
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
 */
export interface Durability {
  readonly options: Options
  /** Makes durable what was written until now, also to files that were rotated since. */
  readonly sync: Effect.Effect<void, SinkError>
}

/**
 * Nothing to make durable yet.
 */
export const make = (options: Options): Durability => {
  const { current, fs, look, retired, syncing } = options
  const open = Effect.suspend(() => {
    const { file } = current
    return file === undefined ? Effect.void : syncing.run(fs.fdatasync(file.fd).start)
  })
  return {
    options,
    sync: Effect.mapError(
      Effect.andThen(Effect.andThen(look, open), retired.settled),
      (cause) => Sink.unavailable({ cause })
    )
  }
}

type Writer = Pick<LineWriter, "write" | "writeSync" | "writeLast">

/**
 * The `flush`, and what writes, of a sink that makes durable what this writer writes.
 *
 * A batch that could not be made durable has failed, and is written again.
 */
export const durable = (
  self: Durability,
  writer: Writer
): Pick<SinkHandle<SinkError>, "flush"> & Writer => {
  const { current, fs, sync, tell } = self.options
  const flush = sync.onFlush ? self.sync : undefined
  if (sync.from === "None" && sync.every === undefined) return { ...writer, flush }
  const later = sync.every === undefined ? Effect.void : syncLater(self, sync.every)
  const isUrgent = (batch: ReadonlyArray<LogRecord>): boolean =>
    batch.some(({ level }) => LogLevel.isGreaterThanOrEqualTo(level, sync.from))
  return {
    flush,
    write: (batch, format) => Effect.andThen(writer.write(batch, format), isUrgent(batch) ? self.sync : later),
    writeSync(batch: ReadonlyArray<LogRecord>, format: Formatter) {
      writer.writeSync(batch, format)
      // nobody waits here for a later moment
      if (isUrgent(batch) || sync.every !== undefined) fs.fdatasync(current.file!.fd).sync()
    },
    writeLast(batch, format, patience) {
      writer.writeLast(batch, format, patience)
      if (!isUrgent(batch) && sync.every === undefined) return
      try {
        fs.fdatasync(current.file!.fd).sync()
      } catch (error) {
        // the lines are out, and there is no later moment
        tell("sync_failed", `cannot make it durable: ${String(error)}`)
      }
    }
  }
}

// One at a time: it makes durable what was written since it was begun, too.
const syncLater = ({ options: { scope, tell }, sync }: Durability, millis: number): Effect.Effect<void> => {
  let isPending = false
  const later = Effect.sleep(millis).pipe(
    Effect.andThen(Effect.sync(() => {
      isPending = false
    })),
    Effect.andThen(sync),
    Effect.catch((error) => Effect.sync(() => tell("sync_failed", `cannot make it durable: ${error.message}`)))
  )
  return Effect.suspend(() => {
    if (isPending) return Effect.void
    isPending = true
    return Effect.asVoid(Effect.forkIn(later, scope))
  })
}
