/**
 * The standard streams of the process.
 */
import * as Context from "effect/Context"
import type { Writable } from "node:stream"

/**
 * A stream that may be a terminal.
 */
export interface Output extends Writable {
  readonly isTTY?: boolean | undefined
}

/**
 * The standard streams of the process, and the variables that say how they are to look.
 */
export interface Stdio {
  readonly stdout: Output
  readonly stderr: Output
  readonly env: { readonly [name: string]: string | undefined }
}

/**
 * The streams of the console sink. Defaults to those of the process.
 */
export const CurrentStdio: Context.Reference<Stdio> = Context.Reference<Stdio>(
  "effect-async-logging/Sinks/Stdio",
  { defaultValue: () => ({ stdout: process.stdout, stderr: process.stderr, env: process.env }) }
)
