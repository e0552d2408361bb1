/**
 * Standard streams for tests: they hold each piece until they are told to take it.
 */
import { Writable } from "node:stream"
import type { Output, Stdio } from "../../src/Sinks/Stdio.ts"

/**
 * A stream that shows what it was given.
 */
export interface FakeOutput extends Output {
  /** The pieces it was given. */
  readonly pieces: Array<string>
  /** Ends the piece that it holds. */
  readonly take: (error?: Error) => void
  readonly holds: () => boolean
}

/**
 * A stream. `held`: it takes a piece only when told to. `all` collects the pieces of several streams, in order.
 */
export const output = (
  options: { readonly held?: boolean; readonly isTTY?: boolean; readonly all?: Array<string> } = {}
): FakeOutput => {
  const pieces: Array<string> = []
  let pending: ((error?: Error) => void) | undefined
  const stream = new Writable({
    decodeStrings: false,
    write(chunk: Uint8Array, _encoding, callback) {
      const text = Buffer.from(chunk).toString()
      pieces.push(text)
      options.all?.push(text)
      if (options.held === true) pending = callback
      else setImmediate(callback)
    }
  })
  return Object.assign(stream, {
    isTTY: options.isTTY,
    pieces,
    holds: () => pending !== undefined,
    take: (error?: Error) => {
      const callback = pending
      pending = undefined
      callback?.(error)
    }
  })
}

/**
 * A console of fakes.
 */
export const stdio = (
  options: { readonly stdout?: Output; readonly stderr?: Output; readonly env?: Stdio["env"] } = {}
): Stdio => ({ stdout: options.stdout ?? output(), stderr: options.stderr ?? output(), env: options.env ?? {} })
