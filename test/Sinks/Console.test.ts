import { assert, describe, it } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as TestClock from "effect/testing/TestClock"
import { spawn } from "node:child_process"
import { PassThrough } from "node:stream"
import { fileURLToPath } from "node:url"
import { CurrentFileSystem } from "../../src/Files/FileSystem.ts"
import * as Formatters from "../../src/Formatters.ts"
import type { LogRecord } from "../../src/Record.ts"
import * as Record from "../../src/Record.ts"
import * as Console from "../../src/Sinks/Console.ts"
import { SinkError } from "../../src/Sinks/Sink.ts"
import type { Stdio } from "../../src/Sinks/Stdio.ts"
import { CurrentStdio } from "../../src/Sinks/Stdio.ts"
import { answering, planned } from "../support/files.ts"
import { output, stdio } from "../support/stdio.ts"

const record = (message: string, level: LogRecord["level"] = "Info") => Record.make({ level, message })
const text = (r: LogRecord) => r.message
const open = (streams: Stdio, options?: Console.ConsoleOptions) =>
  Effect.provideService(Console.make(options).open, CurrentStdio, streams)
const reason = (exit: Exit.Exit<unknown, unknown>) => {
  const error = Exit.isFailure(exit) ? Cause.squash(exit.cause) : undefined
  assert.instanceOf(error, SinkError)
  return error.reason._tag
}
const epipe = () => Object.assign(new Error("write EPIPE"), { code: "EPIPE" })
const holding = (stream: { readonly holds: () => boolean }) =>
  Effect.gen(function*() {
    while (!stream.holds()) yield* Effect.yieldNow
  })

describe("Sinks.console", () => {
  it.effect("a stream may keep what it was given: later lines do not change it", () =>
    Effect.gen(function*() {
      const stdout = new PassThrough()
      const sink = yield* open(stdio({ stdout, stderr: output() }))
      for (const message of ["first", "other"]) yield* sink.write([record(message)], text)
      assert.strictEqual(String(stdout.read()), "first\nother\n")
    }))

  it.effect("writes everything to stdout by default", () =>
    Effect.gen(function*() {
      const stdout = output()
      const stderr = output()
      const sink = yield* open(stdio({ stdout, stderr }))
      yield* sink.write([record("a"), record("b", "Fatal")], text)
      assert.deepStrictEqual([stdout.pieces, stderr.pieces], [["a\nb\n"], []])
    }))

  it.effect("writes to stderr from a level on, in the order of the records", () =>
    Effect.gen(function*() {
      const all: Array<string> = []
      const stdout = output({ all })
      const stderr = output({ all })
      const sink = yield* open(stdio({ stdout, stderr }), { stderrFrom: "Error" })
      yield* sink.write(
        [record("a"), record("b", "Warn"), record("c", "Error"), record("d", "Fatal"), record("e")],
        text
      )
      assert.deepStrictEqual(all, ["a\nb\n", "c\nd\n", "e\n"])
      assert.deepStrictEqual(stderr.pieces, ["c\nd\n"])
    }))

  it.effect("formats as text in colours on a terminal and as JSON elsewhere, for each stream", () =>
    Effect.gen(function*() {
      const streams = stdio({ stdout: output({ isTTY: true }), stderr: output() })
      const sink = yield* open(streams, { stderrFrom: "Error" })
      const info = record("hello")
      const error = record("hello", "Error")
      assert.strictEqual(sink.format!(info), Formatters.pretty({ colors: true })(info))
      assert.strictEqual(sink.format!(error), Formatters.json(error))
      const plain = yield* open({ ...streams, env: { NO_COLOR: "1" } })
      assert.strictEqual(plain.format!(info), Formatters.pretty({ colors: false })(info))
    }))

  it.effect("gives a pretty format the colours of the terminal, and leaves other formats alone", () =>
    Effect.gen(function*() {
      const streams = stdio({ stdout: output({ isTTY: true }) })
      const info = record("hello")
      const colors = (options: Console.ConsoleOptions) =>
        Effect.map(open(streams, options), (sink) => sink.format!(info).includes("\u001b["))
      assert.isTrue(yield* colors({ format: Formatters.pretty() }))
      assert.isFalse(yield* colors({ format: Formatters.pretty({ colors: false }) }))
      assert.isFalse(yield* colors({ format: Formatters.json }))
      assert.isUndefined(Console.make({ format: Formatters.pretty() }).options.format)
      assert.strictEqual<unknown>(Console.make({ format: "pretty" as never }).options.format, "pretty")
    }))

  it.effect("has one piece of at most 64 KiB under way, however stuck the reader is", () =>
    Effect.gen(function*() {
      const stdout = output({ held: true })
      const sink = yield* open(stdio({ stdout }))
      const batch = Array.from({ length: 1000 }, (_, i) => record(`${i}`.padEnd(199, ".")))
      const fiber = yield* Effect.forkChild(sink.write(batch, text))
      for (let taken = 1; fiber.pollUnsafe() === undefined; taken++) {
        yield* holding(stdout)
        yield* TestClock.adjust("1 hour")
        assert.strictEqual(stdout.pieces.length, taken)
        assert.isAtMost(stdout.writableLength, 65_536)
        stdout.take()
        for (let turn = 0; turn < 20 && !stdout.holds(); turn++) yield* Effect.yieldNow
      }
      assert.strictEqual(stdout.pieces.join(""), batch.map((r) => r.message + "\n").join(""))
    }))

  it.effect("a write that is interrupted is not doubled when it is repeated", () =>
    Effect.gen(function*() {
      const stdout = output({ held: true })
      const sink = yield* open(stdio({ stdout }))
      const batch = Array.from({ length: 500 }, (_, i) => record(`${i}`.padEnd(199, ".")))
      const first = yield* Effect.forkChild(sink.write(batch, text))
      yield* holding(stdout)
      yield* Fiber.interrupt(first)
      const second = yield* Effect.forkChild(sink.write(batch, text))
      yield* TestClock.adjust("1 minute")
      assert.strictEqual(stdout.pieces.length, 1)
      assert.throws(() => sink.writeSync!(batch, text), /under way/)
      stdout.take()
      yield* holding(stdout)
      stdout.take()
      yield* Fiber.join(second)
      assert.strictEqual(stdout.pieces.join(""), batch.map((r) => r.message + "\n").join(""))
    }))

  it.effect("G29 a reader that is gone ends the sink, and no error event escapes", () =>
    Effect.gen(function*() {
      const stdout = output({ held: true })
      // the scope closes as soon as the write has failed, before the stream emits its error
      const fiber = yield* Effect.forkChild(
        Effect.exit(Effect.scoped(Effect.flatMap(open(stdio({ stdout })), (sink) => sink.write([record("a")], text))))
      )
      yield* holding(stdout)
      let emitted = 0
      const emit = stdout.emit.bind(stdout)
      stdout.emit = (event: string | symbol, ...args: Array<unknown>) => {
        if (event === "error") {
          emitted++
          assert.isAbove(stdout.listenerCount("error"), 0)
        }
        return emit(event, ...args)
      }
      stdout.take(epipe())
      assert.strictEqual(reason(yield* Fiber.join(fiber)), "Fatal")
      assert.strictEqual(emitted, 1)
      assert.strictEqual(stdout.listenerCount("error"), 0)
    }))

  it.effect("a stream that is destroyed, before or during a write, ends the sink", () =>
    Effect.gen(function*() {
      const before = output()
      before.destroy()
      assert.strictEqual(
        reason(yield* Effect.exit((yield* open(stdio({ stdout: before }))).write([record("a")], text))),
        "Fatal"
      )
      const during = output({ held: true })
      const sink = yield* open(stdio({ stdout: during }))
      const fiber = yield* Effect.forkChild(Effect.exit(sink.write([record("a")], text)))
      yield* holding(during)
      during.destroy()
      assert.strictEqual(reason(yield* Fiber.join(fiber)), "Fatal")
      const ended = output()
      ended.end()
      assert.strictEqual(
        reason(yield* Effect.exit((yield* open(stdio({ stdout: ended }))).write([record("a")], text))),
        "Fatal"
      )
    }))

  it.effect("an error that leaves the stream usable is Unavailable", () =>
    Effect.gen(function*() {
      const stdout = output({ held: true })
      // as process.stdout does
      stdout._destroy = () => {}
      Object.defineProperty(stdout, "destroyed", { value: false })
      const sink = yield* open(stdio({ stdout }))
      const fiber = yield* Effect.forkChild(Effect.exit(sink.write([record("a")], text)))
      yield* holding(stdout)
      stdout.take(Object.assign(new Error("EIO"), { code: "EIO" }))
      assert.strictEqual(reason(yield* Fiber.join(fiber)), "Unavailable")
    }))

  it.effect("G35 takes its listeners back, 100 times", () =>
    Effect.gen(function*() {
      const streams = stdio()
      const count = () =>
        [streams.stdout, streams.stderr].flatMap((s) => s.eventNames().map((name) => s.listenerCount(name)))
      const before = count()
      for (let i = 0; i < 100; i++) {
        yield* Effect.scoped(Effect.flatMap(open(streams), (sink) => sink.write([record("a")], text)))
      }
      assert.deepStrictEqual(count(), before)
    }))

  it.effect("keeps its listeners while a piece is under way, also when it is closed", () =>
    Effect.gen(function*() {
      const stdout = output({ held: true })
      yield* Effect.scoped(Effect.gen(function*() {
        const sink = yield* open(stdio({ stdout }))
        yield* Effect.forkChild(sink.write([record("a")], text))
        yield* holding(stdout)
      }))
      assert.strictEqual(stdout.listenerCount("error"), 1)
      stdout.take()
      yield* Effect.yieldNow
      assert.strictEqual(stdout.listenerCount("error"), 0)
    }))

  it.effect("writes synchronously to the descriptors 1 and 2, and waits a little for EAGAIN", () =>
    Effect.gen(function*() {
      const file = planned([{ fail: "EAGAIN" }, { take: 1 }])
      const out: Array<string> = []
      const sink = yield* Effect.provideService(open(stdio(), { stderrFrom: "Error" }), CurrentFileSystem, {
        ...file.fs,
        write: (fd, bytes) =>
          answering(() => {
            const n = file.fs.write(fd, bytes).sync()
            out.push(`${fd} ${Buffer.from(bytes.subarray(0, n)).toString()}`)
            return n
          })
      })
      sink.writeSync!([record("ab"), record("c", "Error")], text)
      assert.deepStrictEqual(out, ["1 a", "1 b\n", "2 c\n"])
    }))

  it.effect("a synchronous write gives up a stuck reader in the end", () =>
    Effect.gen(function*() {
      const sink = yield* Effect.provideService(open(stdio()), CurrentFileSystem, {
        ...planned([]).fs,
        write: () =>
          answering(() => {
            throw Object.assign(new Error("EAGAIN: stuck"), { code: "EAGAIN" })
          })
      })
      assert.throws(() => sink.writeSync!([record("a")], text), /EAGAIN: stuck/)
    }))

  it("G33 a level that is none is known before the open, and which are allowed", () => {
    const [wrong] = Console.make({ stderrFrom: "error" as never }).wrong
    assert.strictEqual(wrong?.field, "stderrFrom")
    assert.match(wrong?.message ?? "", /expected one of .*"Error".*, got error/)
  })
})

describe("Sinks.console in a process of its own", () => {
  const child = fileURLToPath(new URL("../support/consoleChild.ts", import.meta.url))
  const start = (...args: ReadonlyArray<number>) => {
    const process_ = spawn(process.execPath, [child, ...args.map(String)], { stdio: ["ignore", "pipe", "pipe"] })
    const said: Array<string> = []
    process_.stderr.on("data", (data: Buffer) => said.push(data.toString()))
    const ended = new Promise<{ code: number | null; said: string }>((resolve) =>
      process_.on("close", (code) => resolve({ code, said: said.join("") }))
    )
    return { process: process_, ended }
  }

  it("G29 a pipe gets every line, in order", async () => {
    const { ended, process } = start(20, 500)
    const read: Array<Buffer> = []
    process.stdout.on("data", (data: Buffer) => read.push(data))
    const { code, said } = await ended
    assert.strictEqual(said, "delivered\n".repeat(20) + "end\n")
    assert.strictEqual(code, 0)
    const expected = Array.from(
      { length: 10_000 },
      (_, i) => `${Math.floor(i / 500)}.${i % 500}`.padEnd(199, ".") + "\n"
    )
    assert.strictEqual(Buffer.concat(read).toString(), expected.join(""))
  })

  it("G29 a reader that closes early ends the sink, and the process ends normally", async () => {
    const { ended, process } = start(1000, 500)
    process.stdout.once("data", () => process.stdout.destroy())
    const { code, said } = await ended
    assert.match(said, /Fatal\nend\n$/)
    assert.notMatch(said, /Error/)
    assert.strictEqual(code, 0)
  })
})
