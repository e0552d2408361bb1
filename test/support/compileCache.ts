/**
 * What V8 has compiled for the processes that one test file starts: without it, most of their time goes into that.
 */
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"

const cache = mkdtempSync(join(tmpdir(), "compiled-"))

/** The environment of such a process. */
export const environment = (): NodeJS.ProcessEnv => ({ ...process.env, NODE_COMPILE_CACHE: cache })

/** Removes it, after the last of them. */
export const cleanUp = (): void => rmSync(cache, { recursive: true, force: true })
