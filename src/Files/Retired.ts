/**
 * Files that are written to no more: made durable and closed, in the background.
 */
import * as Effect from "effect/Effect"
import type { FileSystem } from "./FileSystem.ts"
import * as Waitings from "./Waiting.ts"

/**
 * Those that are not closed yet.
 */
export interface Retired {
  /** Makes one durable, and closes it. */
  readonly retireUnsafe: (fd: number) => void
  /** Whether there are so many that no file is to be rotated now: 16. Each of them has a descriptor. */
  readonly isFullUnsafe: () => boolean
  /** Makes at once durable what is under way. Throws when that fails. */
  readonly syncUnsafe: () => void
  /** Waits until all of them are closed. Fails if one could not be made durable since the last time. */
  readonly settled: Effect.Effect<void, Error>
}

const most = 16

/**
 * None yet.
 *
 * - `isDurable`: whether they are made durable.
 * - `tell`: says what went wrong, of which kind.
 */
export const make = (
  fs: FileSystem,
  isDurable: boolean,
  tell: (kind: string, message: string) => void
): Retired => {
  const open = new Set<number>()
  const syncing = new Set<number>()
  const closing = Waitings.make(() => open.size === 0)
  let failed: Error | undefined

  const done = (fd: number): void => {
    open.delete(fd)
    closing.wakeUnsafe()
  }

  const close = (fd: number): void => fs.close(fd).start(() => done(fd))

  return {
    retireUnsafe(fd) {
      open.add(fd)
      if (!isDurable) return close(fd)
      syncing.add(fd)
      fs.fdatasync(fd).start((error) => {
        syncing.delete(fd)
        if (error) {
          failed = error
          tell("sync_failed", `a file could not be made durable when it was rotated: ${error.message}`)
        }
        close(fd)
      })
    },
    isFullUnsafe: () => open.size >= most,
    syncUnsafe() {
      for (const fd of syncing) fs.fdatasync(fd).sync()
    },
    settled: Effect.andThen(
      closing.over,
      Effect.suspend(() => {
        const error = failed
        failed = undefined
        return error === undefined ? Effect.void : Effect.fail(error)
      })
    )
  }
}
