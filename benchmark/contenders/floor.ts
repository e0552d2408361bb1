/**
 * What the machine can do: a plain loop that builds the lines of this library with `JSON.stringify`, and writes them in
 * chunks, with nothing else.
 */
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { closeSync, openSync, writeSync } from "node:fs"
import { readFile } from "node:fs/promises"
import { info, libraryLayer, logAll } from "../programs.ts"
import * as Subject from "../Subject.ts"

const chunkLength = 64 * 1024

// as many digits as the fiber of this library's measured run has in a full run, after its rehearsal
const fiber = 1500

/**
 * Logs `records` records into a file. Answers when it began and when the last line was there.
 */
export const logTo = async (path: string, records: number): Promise<readonly [number, number]> => {
  const file = openSync(path, "a")
  const start = performance.now()
  let chunk = ""
  for (let i = 0; i < records; i++) {
    chunk += `${
      JSON.stringify({
        timestamp: new Date().toISOString(),
        level: "INFO",
        message: Subject.message,
        fields: Subject.fields(i),
        fiber,
        seq: i
      })
    }\n`
    if (chunk.length >= chunkLength) {
      writeSync(file, chunk)
      chunk = ""
    }
  }
  writeSync(file, chunk)
  const end = performance.now()
  closeSync(file)
  return [start, end]
}

/**
 * Whether the file has the very bytes that this library writes for the same records, but for the digits of the times.
 * Answers what is wrong, or `undefined`. Makes a file of its own at `otherPath`, by a fiber of the same number.
 */
export const checkBytes = async (path: string, otherPath: string, records: number): Promise<string | undefined> => {
  const program = inFiber(fiber, logAll(info, records))
  await Effect.runPromise(Effect.provide(program, libraryLayer(otherPath)))
  const [own, library] = await Promise.all([path, otherPath].map(withoutTimes))
  if (own === library) return undefined
  const lines = own!.split("\n")
  const libraryLines = library!.split("\n")
  const line = lines.findIndex((line, i) => line !== libraryLines[i])
  return `not the bytes of this library, line ${line + 1}: ${lines[line]} instead of ${libraryLines[line]}`
}

const withoutTimes = async (path: string): Promise<string> =>
  (await readFile(path, "utf8")).replaceAll(/^\{"timestamp":"[-\d]{10}T[:\d]{8}\.\d{3}Z"/gm, "{\"timestamp\":")

// fibers are counted from 1: it is one of the next
const inFiber = (id: number, effect: Effect.Effect<void>): Effect.Effect<void> =>
  Effect.withFiber((self) => self.id < id ? Effect.flatMap(Effect.forkChild(inFiber(id, effect)), Fiber.join) : effect)
