/**
 * The last lines of a file that was deleted while it was written to: they are in no file any more, but can still be read
 * through its descriptor, where the operating system has names for those. They are copied to the file that takes its
 * place.
 */
import type { FileSystem } from "./FileSystem.ts"
import { isError } from "./FileSystem.ts"
import { reading } from "./OpenFile.ts"
import * as Steps from "./Steps.ts"

/**
 * What is to be rescued.
 *
 * - `fd`: of the deleted file.
 * - `start`: where it begins there. `from`: what is yet to be copied. `line`: where the line of it begins.
 */
export interface Rescue {
  readonly fd: number
  readonly start: number
  from: number
  line: number
}

/**
 * Nothing of it is copied yet.
 */
export const make = (fd: number, start: number): Rescue => ({ fd, start, from: start, line: start })

/**
 * What is copied ends within a line.
 */
export const isTorn = (self: Rescue): boolean => self.from !== self.line

/**
 * The line of which a part is copied is to be copied again, as a whole.
 */
export const beginLineUnsafe = (self: Rescue): void => {
  self.from = self.line
}

/**
 * All of it is to be copied again.
 */
export const restartUnsafe = (self: Rescue): void => {
  self.from = self.line = self.start
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
    // too many are open, for now
    if (isError(error, "EMFILE") || isError(error, "ENFILE")) throw error
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
        const end = buffer.subarray(written, written + bytes).lastIndexOf(lineFeed) + 1
        if (end > 0) self.line = self.from + end
        written += bytes
        self.from += bytes
        wrote(bytes)
      }
    }
  } finally {
    yield* Steps.of(fs.close(fd))
  }
}

const lineFeed = 10
