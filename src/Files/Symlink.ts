/**
 * A symbolic link to the current file.
 */
import { dirname, relative } from "node:path"
import type { FileSystem } from "./FileSystem.ts"
import { isMissing } from "./FileSystem.ts"
import * as Steps from "./Steps.ts"

/**
 * Makes `path` a link to `target`, in one step for those who read it. Fails when something else than a link is there.
 */
export const make = function*(fs: FileSystem, path: string, target: string): Steps.Steps<void> {
  const there = yield* Steps.orUndefined(fs.lstat(path), isMissing)
  if (there !== undefined && !there.isLink) throw new Error(`${path} is there, and is no symbolic link`)
  const temporary = `${path}.${process.pid}.tmp`
  yield* Steps.orUndefined(fs.unlink(temporary), isMissing)
  yield* Steps.of(fs.symlink(relative(dirname(path), target), temporary))
  yield* Steps.of(fs.rename(temporary, path))
}
