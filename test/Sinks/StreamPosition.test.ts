import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { spawn } from "node:child_process"
import { fileURLToPath } from "node:url"
import type { FileSystem } from "../../src/Files/FileSystem.ts"
import { CurrentFileSystem } from "../../src/Files/FileSystem.ts"
import * as Record from "../../src/Record.ts"
import * as Console from "../../src/Sinks/Console.ts"
import * as Patience from "../../src/Sinks/Patience.ts"
import { CurrentStdio } from "../../src/Sinks/Stdio.ts"
import * as StreamPosition from "../../src/Sinks/StreamPosition.ts"
import { planned } from "../support/files.ts"
import type { FakeOutput } from "../support/stdio.ts"
import { output, stdio } from "../support/stdio.ts"

const batch = ["aa", "bb", "cc"].map((message) => Record.make({ level: "Info", message }))
const text = (r: Record.LogRecord) => `${r.message}${r.notes === undefined ? "" : `(${r.notes.join()})`}`

/** Like a socket: `given` bytes in total, of which its handle was given some, and has not written `queued` of those. */
const socket = (counts: { given: number; dispatched: number; queued: number }) =>
  Object.assign(output({ held: true }), {
    get bytesWritten() {
      return counts.given
    },
    _handle: {
      get bytesWritten() {
        return counts.dispatched
      },
      get writeQueueSize() {
        return counts.queued
      }
    }
  })

/** What is written by `writeLast` while the stream has `batch` under way. */
const last = (stdout: FakeOutput, underWay: () => void = () => {}) =>
  Effect.runPromise(
    Effect.gen(function*() {
      const file = planned([])
      const fs: FileSystem = file.fs
      const sink = yield* Effect.provideService(
        Effect.provideService(Console.make().open, CurrentStdio, stdio({ stdout })),
        CurrentFileSystem,
        fs
      )
      yield* Effect.forkChild(sink.write(batch, text), { startImmediately: true })
      underWay()
      sink.writeLast!(batch, text, Patience.make(1000))
      return file.content()
    }).pipe(Effect.scoped)
  )

describe("Sinks.console when the process ends in a write", () => {
  it("G14 what is out is not repeated, whatever of the callback", async () => {
    const counts = { given: 100, dispatched: 100, queued: 0 }
    const stdout = socket(counts)
    Object.defineProperty(stdout, "writableLength", { value: 0 })
    assert.strictEqual(await last(stdout), "")
  })

  it("G14 of what a pipe has taken a part, the rest is written, from the very byte on", async () => {
    for (let out = 0; out <= 9; out++) {
      const counts = { given: 100, dispatched: 100, queued: 0 }
      const written = await last(socket(counts), () => Object.assign(counts, { dispatched: 109, queued: 9 - out }))
      assert.strictEqual(written, "aa\nbb\ncc\n".slice(out))
    }
  })

  it("G14 what still waits behind something else is written wholly, behind a line break", async () => {
    const counts = { given: 100, dispatched: 100, queued: 20 }
    assert.strictEqual(await last(socket(counts)), "\naa\nbb\ncc\n")
  })

  it("G14 what stands in front of something else is told apart from it", async () => {
    const counts = { given: 100, dispatched: 100, queued: 0 }
    const stdout = socket(counts)
    const written = await last(stdout, () => Object.assign(counts, { given: 200, dispatched: 200, queued: 95 }))
    assert.strictEqual(written, "bb\ncc\n".slice(2))
  })

  it("G14 a stream that does not tell is not trusted: the records are repeated, and say so", async () => {
    assert.strictEqual(
      await last(output({ held: true })),
      "\naa(repeated)\nbb(repeated)\ncc(repeated)\n"
    )
    const broken = output({ held: true })
    assert.deepStrictEqual(StreamPosition.landedUnsafe(broken.destroy(), 0, 9), { bytes: 0, open: 9 })
  })
})

describe("the standard output of a real process", () => {
  const child = fileURLToPath(new URL("../support/positionChild.ts", import.meta.url))

  it("G14 a pipe that is full tells how far it has come, also between the writes of the program", async () => {
    const { stderr, stdout } = spawn(process.execPath, [child], { stdio: ["ignore", "pipe", "pipe"] })
    let said = ""
    stderr.on("data", (data: Buffer) => said += data.toString())
    // nothing is read before the child has said it all
    const read: Array<Buffer> = []
    await new Promise((resolve) => stderr.once("close", resolve))
    for await (const data of stdout) read.push(data as Buffer)
    const content = Buffer.concat(read).toString()
    const out = JSON.parse(said) as { readonly [letter: string]: number }
    assert.strictEqual(content, Object.entries(out).map(([letter, n]) => letter.repeat(n)).join(""))
    // the pipe is full within one of them
    assert.isTrue(content.length > 0 && content.length < 900_000)
  })
})
