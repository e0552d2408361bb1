/**
 * Files of a log for tests of its readers, and the calls of a reader with something between them.
 */
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import * as fs from "node:fs"
import type { FileHandle } from "node:fs/promises"
import * as promises from "node:fs/promises"
import * as zlib from "node:zlib"
import type { Calls } from "../../src/Files/LogParts.ts"
import { CurrentCalls } from "../../src/Files/LogParts.ts"
import * as Formatters from "../../src/Formatters.ts"
import * as Record from "../../src/Record.ts"

/** The line of a record with this message, with its line feed. */
export const line = (message: string): string => `${Formatters.json(Record.make({ level: "Info", message }))}\n`

/** Lines, one after the other. */
export const linesOf = (...messages: ReadonlyArray<string>): string => messages.map(line).join("")

/** What a file of this name has in it, if it is to say this. */
export const bytesFor = (name: string, content: string | Uint8Array): Uint8Array => {
  const bytes = Buffer.from(content as Uint8Array)
  if (name.endsWith(".gz")) return zlib.gzipSync(bytes)
  return name.endsWith(".zst") ? zlib.zstdCompressSync(bytes) : bytes
}

/** Writes files, compressed as their names say. */
export const write = (directory: string, files: { readonly [name: string]: string | Uint8Array }): void => {
  for (const [name, content] of Object.entries(files)) fs.writeFileSync(`${directory}/${name}`, bytesFor(name, content))
}

/** Something between the calls. */
export interface Tap {
  /** Before each call. */
  readonly before?: (call: keyof Calls | "stat of a handle" | "read", path: string) => void
  /** What a directory seems to have in it, between what it has before and after `before`. */
  readonly listed?: (before: ReadonlyArray<string>, after: ReadonlyArray<string>) => ReadonlyArray<string>
  /** How many bytes the next read answers at most. */
  readonly readBytes?: () => number
}

/** What a reader has open. */
export interface Watched {
  readonly open: Set<string>
  reads: number
}

/** A stream whose calls are tapped, and what it has open. */
export const tapped = (tap: Tap) => {
  const watched: Watched = { open: new Set(), reads: 0 }
  const { before = () => {}, listed = (_, after) => after, readBytes = () => Infinity } = tap
  const handleOf = (handle: FileHandle, path: string) => ({
    stat() {
      before("stat of a handle", path)
      return handle.stat()
    },
    read(buffer: Uint8Array, offset: number, length: number, position: number) {
      before("read", path)
      watched.reads++
      return handle.read(buffer, offset, Math.min(length, readBytes()), position)
    },
    close() {
      watched.open.delete(path)
      return handle.close()
    }
  })
  const calls = {
    async open(path: string, flags: number) {
      before("open", path)
      const handle = await promises.open(path, flags)
      watched.open.add(path)
      return handleOf(handle, path)
    },
    async readdir(path: string) {
      const first = fs.readdirSync(path)
      before("readdir", path)
      return listed(first, fs.readdirSync(path))
    },
    readlink(path: string) {
      before("readlink", path)
      return promises.readlink(path)
    },
    realpath(path: string) {
      before("realpath", path)
      return promises.realpath(path)
    },
    stat(path: string) {
      before("stat", path)
      return promises.stat(path)
    }
  }
  return { watched, run: Stream.provideService(CurrentCalls, calls as unknown as Calls) }
}

/** Runs a stream to its end or its failure: what it gave, and what it failed with. */
export const outcome = <A, E, R>(stream: Stream.Stream<A, E, R>) =>
  Effect.gen(function*() {
    const values: Array<A> = []
    const ended = yield* Effect.result(Stream.runForEach(stream, (value) => Effect.sync(() => void values.push(value))))
    return { values, failure: ended._tag === "Failure" ? ended.failure : undefined }
  })
