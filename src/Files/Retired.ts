/**
 * Files that are written to no more: made durable and closed, in the background.
 */
import type * as Effect from "effect/Effect"
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
  /** Makes at once durable what is not. Throws when that fails. */
  readonly syncUnsafe: () => void
  /** Waits until all of them are closed. */
  readonly settled: Effect.Effect<void>
}

/**
 * None yet.
 *
 * - `isDurable`: whether they are made durable.
 * - `failed`: hears of one that could not be.
 */
export const make = (fs: FileSystem, isDurable: boolean, failed: (error: Error) => void): Retired => {
  const left: Array<number> = []
  let open = 0
  let current: number | undefined
  let isSyncing = false
  const closing = Waitings.make(() => open === 0)

  // One after the other: on a disk that hangs, all threads that there are would wait for it.
  const next = (): void => {
    if (current !== undefined) return
    const fd = current = left.shift()
    if (fd === undefined) return
    if (!isDurable) return close(fd)
    isSyncing = true
    fs.fdatasync(fd).start((error) => {
      isSyncing = false
      if (error) failed(error)
      close(fd)
    })
  }
  const close = (fd: number): void => {
    fs.close(fd).start(() => {
      current = undefined
      open--
      closing.wakeUnsafe()
      next()
    })
  }

  return {
    retireUnsafe(fd) {
      open++
      left.push(fd)
      next()
    },
    isFullUnsafe: () => open >= most,
    syncUnsafe() {
      let failure: unknown
      for (const fd of isSyncing ? [current!, ...left] : left) {
        try {
          fs.fdatasync(fd).sync()
        } catch (error) {
          failure ??= error
        }
      }
      if (failure !== undefined) throw failure
    },
    settled: closing.over
  }
}

const most = 16
