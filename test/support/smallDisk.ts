/**
 * A disk of 4 MB, to fill it. Only root can mount one.
 */
import * as Effect from "effect/Effect"
import { execFileSync } from "node:child_process"
import * as fs from "node:fs"
import { join } from "node:path"
import { directory } from "./files.ts"

/** Whether there can be one. */
export const canMount = process.platform === "linux" && process.getuid?.() === 0

/** Its path, for the life of the scope. */
export const smallDisk = Effect.acquireRelease(
  Effect.map(directory, (path) => {
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=4m", "tmpfs", path])
    return path
  }),
  // also one that is still in use
  (path) => Effect.sync(() => execFileSync("umount", ["--lazy", path]))
)

/** Takes all of its room. */
export const fill = (disk: string): void => {
  const fd = fs.openSync(join(disk, "ballast"), "a")
  try {
    for (let size = 1024 * 1024; size >= 1;) {
      try {
        fs.writeSync(fd, Buffer.alloc(size))
      } catch (error) {
        if (!(error instanceof Error && "code" in error && error.code === "ENOSPC")) throw error
        size >>= 1
      }
    }
  } finally {
    fs.closeSync(fd)
  }
}

/** Gives it back. */
export const free = (disk: string): void => fs.rmSync(join(disk, "ballast"))
