/**
 * The last lines of a file that was deleted while it was written to: they are in no file any more, but can still be read
 * through its descriptor, where the operating system has names for those. They are copied to the file that takes its
 * place.
 */
import type { FileSystem } from "./FileSystem.ts"
import { reading } from "./OpenFile.ts"
import * as Steps from "./Steps.ts"

/**
 * What is to be rescued.
 *
 * - `fd`: of the deleted file.
 * - `start`: where it begins there. `from`: what is yet to be copied.
 * - `torn`: what is copied ends within a line.
 */
export interface Rescue {
  readonly fd: number
  readonly start: number
  from: number
  torn: boolean
}

/**
 * Copies it to the end of another file, and answers what kept it from more; for good. Fails when nothing can be written now:
 * it goes on where it was, the next time. `wrote` hears of all bytes.
 */
export const copy = function*(
  fs: FileSystem,
  self: Rescue,
  to: number,
  wrote: (bytes: number) => void
): Steps.Steps<unknown> {
  let fd: number
  try {
    fd = yield* Steps.of(fs.open(`/proc/self/fd/${self.fd}`, reading))
  } catch (error) {
    return error
  }
  try {
    const buffer = new Uint8Array(64 * 1024)
    while (true) {
      let read: number
      try {
        read = yield* Steps.of(fs.read(fd, buffer, self.from))
      } catch (error) {
        return error
      }
      if (read === 0) return undefined
      for (let written = 0; written < read;) {
        const bytes = yield* Steps.of(fs.write(to, buffer.subarray(written, read)))
        written += bytes
        self.from += bytes
        self.torn = buffer[written - 1] !== lineFeed
        wrote(bytes)
      }
    }
  } finally {
    yield* Steps.of(fs.close(fd))
  }
}

const lineFeed = 10
