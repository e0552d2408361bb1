import { assert, describe, it } from "@effect/vitest"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Latch from "effect/Latch"
import * as Stream from "effect/Stream"
import { execFileSync } from "node:child_process"
import * as fs from "node:fs"
import { join } from "node:path"
import { constants, gunzipSync } from "node:zlib"
import * as AsyncLogging from "../src/AsyncLogging.ts"
import { LogFilesError } from "../src/Files/LogFilesError.ts"
import * as LogFiles from "../src/LogFiles.ts"
import * as Logger from "../src/Logger.ts"
import { ConfigInvalid } from "../src/SettingsSchema.ts"
import * as Sinks from "../src/Sinks.ts"
import { directory } from "./support/files.ts"
import { bytesFor, line, linesOf, outcome, tapped, write } from "./support/reading.ts"

const messages = <E = LogFilesError, R = never>(path: string, options?: LogFiles.Options<E, R>) =>
  Stream.map(LogFiles.records(path, options), ({ message }) => message)

const failureOf = (failure: unknown): LogFilesError => {
  assert.instanceOf(failure, LogFilesError)
  return failure
}

/** The rest of a stream, after something happened behind its first value. */
const continued = <A, E>(stream: Stream.Stream<A, E>, between: () => void) =>
  Effect.scoped(Effect.gen(function*() {
    const pull = yield* Stream.toPull(stream)
    const values: Array<A> = [...yield* pull]
    between()
    yield* Effect.forever(Effect.map(pull, (more) => void values.push(...more)), { disableYield: true }).pipe(
      Effect.exit
    )
    return values
  }))

describe("the files of a log", () => {
  it.live("are read by their numbers, whatever their dates and forms, and the current one last", () =>
    Effect.gen(function*() {
      const folder = yield* directory
      write(folder, {
        "app.2026-01-03.9.log": linesOf("9"),
        "app.2026-01-02.10.log.gz": linesOf("10a", "10b"),
        "app.2026-01-01.11.log.zst": linesOf("11"),
        "app.2026-01-01.2.log.gz": linesOf("2"),
        "app.log": linesOf("now")
      })
      const path = join(folder, "app.log")
      assert.deepStrictEqual(yield* Stream.runCollect(messages(path)), ["2", "9", "10a", "10b", "11", "now"])
      assert.deepStrictEqual(
        yield* Stream.runCollect(LogFiles.lines(path)),
        ["2", "9", "10a", "10b", "11", "now"].map((message) => line(message).trimEnd())
      )
    }))

  it.live("are those of the sink's pattern only: regular files, in the same directory", () =>
    Effect.gen(function*() {
      const folder = yield* directory
      const elsewhere = yield* directory
      write(elsewhere, { "secret": linesOf("secret") })
      fs.mkdirSync(join(folder, "app.2026-01-01.5.log"))
      fs.symlinkSync(join(elsewhere, "secret"), join(folder, "app.2026-01-01.6.log"))
      execFileSync("mkfifo", [join(folder, "app.2026-01-01.7.log")])
      const other = linesOf("other")
      write(folder, {
        "app.2026-01-01.1.log": linesOf("1"),
        "app.log": linesOf("now"),
        "app.2026-01-01.01.log": other,
        "app.2026-01-01.0.log": other,
        "app.2026-1-01.2.log": other,
        "app.2026-01-01.log": other,
        "app.2026-01-01.2.log.tmp": other,
        "app.2026-01-01.2.log.gz.tmp": other,
        "app.2026-01-01.2.log.bz2": other,
        "app.2026-01-01.2.txt": other,
        "app.log.1": other,
        "appx2026-01-01.2.log": other,
        "an.app.2026-01-01.2.log": other,
        "app.log.gz": other
      })
      assert.deepStrictEqual(yield* Stream.runCollect(messages(join(folder, "app.log"))), ["1", "now"])
    }))

  it.live("G33 have the names that `name` says", () =>
    Effect.gen(function*() {
      const folder = yield* directory
      write(folder, {
        "app.2026-01-01.1.log": linesOf("by default"),
        "old+3.txt": linesOf("3"),
        "old+12.txt.gz": linesOf("12"),
        "app.log": linesOf("now")
      })
      const path = join(folder, "app.log")
      assert.deepStrictEqual(yield* Stream.runCollect(messages(path, { name: "old+%n.txt" })), ["3", "12", "now"])
      assert.deepStrictEqual(yield* Stream.runCollect(messages(path)), ["by default", "now"])
    }))

  it.live("a plain file counts, and the archive beside it does not, be it whole or half", () =>
    Effect.gen(function*() {
      const folder = yield* directory
      write(folder, {
        "app.2026-01-01.1.log": linesOf("plain"),
        "app.2026-01-01.1.log.gz": linesOf("archive"),
        "app.2026-01-01.2.log": linesOf("plain 2")
      })
      fs.writeFileSync(join(folder, "app.2026-01-01.2.log.zst"), "half")
      assert.deepStrictEqual(yield* Stream.runCollect(messages(join(folder, "app.log"))), ["plain", "plain 2"])
    }))

  it.live("a link at the path of the log is followed to where the log is", () =>
    Effect.gen(function*() {
      const folder = yield* directory
      const links = yield* directory
      write(folder, { "app-7.2026-01-01.1.log": linesOf("1"), "app-7.log": linesOf("now") })
      const link = join(links, "app.log")
      fs.symlinkSync(join(folder, "app-7.log"), link)
      assert.deepStrictEqual(yield* Stream.runCollect(messages(link)), ["1", "now"])
      fs.rmSync(join(folder, "app-7.log"))
      assert.deepStrictEqual(yield* Stream.runCollect(messages(link)), ["1"])
    }))

  it.live("several archives in one file are read to the end", () =>
    Effect.gen(function*() {
      const folder = yield* directory
      for (const [n, end] of [[1, "gz"], [2, "zst"]] as const) {
        const member = (message: string) => bytesFor(`.${end}`, linesOf(message))
        fs.writeFileSync(
          join(folder, `app.2026-01-01.${n}.log.${end}`),
          Buffer.concat([member(`${end} a`), member(`${end} b`), member(`${end} c`)])
        )
      }
      assert.deepStrictEqual(
        yield* Stream.runCollect(messages(join(folder, "app.log"))),
        ["gz a", "gz b", "gz c", "zst a", "zst b", "zst c"]
      )
    }))

  it.live("what Sinks.file has written is read back", () =>
    Effect.gen(function*() {
      const path = join(yield* directory, "app.log")
      const logged = Effect.forEach(["one", "two\nlines", "drei 😀"], (text) => Logger.info(text), { discard: true })
      yield* Effect.provide(logged, AsyncLogging.layer({ sinks: [Sinks.file({ path })] }))
      assert.deepStrictEqual(yield* Stream.runCollect(messages(path)), ["one", "two\nlines", "drei 😀"])
    }))
})

describe("lines that are no records", () => {
  const log = (content: string, name = "app.log") =>
    Effect.gen(function*() {
      const folder = yield* directory
      write(folder, { [name]: content })
      return join(folder, "app.log")
    })
  const half = line("half").slice(0, 60)

  it.live("G30 a torn last line, of any file, stops nobody; a whole one without a line feed is a record", () =>
    Effect.gen(function*() {
      const path = yield* log(linesOf("a") + half, "app.2026-01-01.1.log")
      write(join(path, ".."), {
        "app.2026-01-01.2.log.gz": linesOf("b") + half,
        "app.2026-01-01.3.log": line("c").trimEnd(),
        "app.log": line("d") + half
      })
      assert.deepStrictEqual(yield* outcome(messages(path)), { values: ["a", "b", "c", "d"], failure: undefined })
    }))

  it.live("G30 what a crashed process left stops nobody: lines cut anywhere and ended, empty lines, NUL bytes", () =>
    Effect.gen(function*() {
      const whole = line("a \" } \\ { b")
      for (let length = 0; length < whole.length - 1; length++) {
        const torn = whole.slice(0, length)
        const path = yield* log(
          `${torn}\n\n${line("1")}${torn}\0\0\0${line("2")}\0\0${line("3")}${"\0".repeat(70_000)}${torn}`
        )
        assert.deepStrictEqual(yield* outcome(messages(path)), { values: ["1", "2", "3"], failure: undefined })
      }
    }))

  it.live("other lines fail, though they have no line feed: only beginnings of records are passed over", () =>
    Effect.gen(function*() {
      const ends = ["Segmentation fault", "Killed\0", "{", `{"time`, `{"timestamp":"2026"}`, `x${half}`]
      const reasons: Array<string> = []
      for (const end of ends) {
        const path = yield* log(line("a") + end)
        const { failure, values } = yield* outcome(messages(path, { onTrouble: Effect.fail }))
        assert.deepStrictEqual(values, ["a"])
        reasons.push(failureOf(failure).reason)
        assert.strictEqual((yield* outcome(messages(path))).failure === undefined, reasons.at(-1) === "Torn", end)
      }
      assert.deepStrictEqual(reasons, ["Invalid", "Invalid", "Torn", "Torn", "Invalid", "Invalid"])
    }))

  it.live("other lines fail, behind the records before them, with file, line and reason", () =>
    Effect.gen(function*() {
      const lines: ReadonlyArray<readonly [line: string, says: RegExp]> = [
        ["hello", /JSON/],
        ["{ \"timestamp\":", /JSON/],
        [`{"timestamp":"2026"}`, /timestamp/],
        [`{"timestamp":"2026"} {`, /JSON/],
        [line("x").trimEnd().replace("INFO", "info"), /level/],
        ["null", /object/]
      ]
      for (const [wrong, says] of lines) {
        const path = yield* log(`${linesOf("a", "b")}\n${wrong}\n${linesOf("c")}`)
        const { failure, values } = yield* outcome(messages(path))
        const { file, line: number, message, reason, text } = failureOf(failure)
        assert.deepStrictEqual({ values, file, number, reason, text }, {
          values: ["a", "b"],
          file: path,
          number: 4,
          reason: "Invalid",
          text: wrong
        })
        assert.isTrue(message.startsWith(`${path}:4: no record: `), message)
        assert.match(message, says)
      }
    }))

  it.live("G33 `onTrouble` is asked in their place, and the stream goes on behind them", () =>
    Effect.gen(function*() {
      class Seen extends Context.Service<Seen, Array<string>>()("test/Seen") {}
      const seen: Array<string> = []
      const path = yield* log(`${line("a")}x\ny\n${line("b")}${half}\n${line("c")}`, "app.2026-01-01.1.log")
      write(join(path, ".."), { "app.log": `${linesOf("d")}z\n` })
      const stream = LogFiles.records(path, {
        onTrouble: ({ file, line, reason, text }) =>
          Effect.map(Seen, (seen) => void seen.push(`${reason} ${file.slice(-5)}:${line} ${text}`))
      })
      yield* Stream.runForEach(stream, ({ message }) => Effect.sync(() => void seen.push(message))).pipe(
        Effect.provideService(Seen, seen)
      )
      assert.deepStrictEqual(seen, [
        "a",
        "Invalid 1.log:2 x",
        "Invalid 1.log:3 y",
        "b",
        `Torn 1.log:5 ${half}`,
        "c",
        "d",
        "Invalid p.log:2 z"
      ])
      const strict = yield* outcome(messages(path, { onTrouble: Effect.fail }))
      assert.deepStrictEqual([strict.values, failureOf(strict.failure).line], [["a"], 2])
      const own = yield* outcome(messages(path, { onTrouble: () => Effect.fail("mine" as const) }))
      assert.strictEqual(own.failure, "mine")
    }))

  it.live("G33 a line above `maxLineBytes` is TooLong, for `lines` too, and the next one is read", () =>
    Effect.gen(function*() {
      const path = yield* log(`${"é".repeat(5)}\n${"é".repeat(5)}1\n12\n`)
      const reasons: Array<string> = []
      const read = LogFiles.lines(path, {
        maxLineBytes: 10,
        onTrouble: ({ line, message, reason, text }) =>
          Effect.sync(() => void reasons.push(`${reason} ${line} ${text} ${message}`))
      })
      assert.deepStrictEqual(yield* Stream.runCollect(read), ["é".repeat(5), "12"])
      assert.deepStrictEqual(reasons, [`TooLong 2 undefined ${path}:2: longer than 10 bytes`])
      assert.strictEqual(yield* Stream.runCount(LogFiles.lines(path, { maxLineBytes: 11 })), 3)
    }))

  it.live("a line of 40 MiB is TooLong by default, and one of 3 MiB is not", () =>
    Effect.gen(function*() {
      const path = yield* log(`${line("a")}${"x".repeat(40 * 1024 * 1024)}\n${line("b".repeat(3 * 1024 * 1024))}`)
      const reasons: Array<string> = []
      const lengths = yield* Stream.runCollect(
        Stream.map(
          messages(path, {
            onTrouble: ({ line, reason }) => Effect.sync(() => void reasons.push(`${reason} ${line}`))
          }),
          (message) => message.length
        )
      )
      assert.deepStrictEqual([lengths, reasons], [[1, 3 * 1024 * 1024], ["TooLong 2"]])
    }))
})

describe("files that cannot be read", () => {
  const many = Array.from({ length: 5000 }, (_, index) => `message ${index}`)

  it.live("of an archive that is cut, all lines before the end come, and then an error that names it", () =>
    Effect.gen(function*() {
      const folder = yield* directory
      const file = join(folder, "app.2026-01-01.1.log.gz")
      const archive = bytesFor(".gz", linesOf(...many))
      write(folder, { "app.log": linesOf("now") })
      for (const length of [0, 5, Math.floor(archive.length / 2), archive.length - 1]) {
        const bytes = archive.subarray(0, length)
        fs.writeFileSync(file, bytes)
        // slower than what it reads
        const turn = Effect.promise(() => new Promise((resolve) => void setImmediate(resolve)))
        const { failure, values } = yield* outcome(Stream.tap(messages(join(folder, "app.log")), () => turn))
        const { file: of, line, message, reason } = failureOf(failure)
        assert.deepStrictEqual([of, line, reason], [file, undefined, "Damaged"])
        assert.strictEqual(message, `${file}: damaged: unexpected end of file`)
        const left = gunzipSync(bytes, { finishFlush: constants.Z_SYNC_FLUSH }).toString().split("\n").length - 1
        assert.deepStrictEqual(values, many.slice(0, left))
        const troubles: Array<string> = []
        const skipped = yield* outcome(messages(join(folder, "app.log"), {
          onTrouble: ({ reason }) => Effect.sync(() => void troubles.push(reason))
        }))
        assert.deepStrictEqual(skipped.values, [...values, "now"])
        assert.strictEqual(troubles.at(-1), "Damaged")
      }
    }))

  it.live("an archive with a fault, or with something behind it, is Damaged", () =>
    Effect.gen(function*() {
      const folder = yield* directory
      const path = join(folder, "app.log")
      for (const end of ["gz", "zst"]) {
        const file = join(folder, `app.2026-01-01.1.log.${end}`)
        const archive = bytesFor(`.${end}`, linesOf(...many))
        const faulty = Uint8Array.from(archive)
        faulty[0]! ^= 0xff
        for (const bytes of [faulty, Buffer.concat([archive, Buffer.from("and more")])]) {
          fs.writeFileSync(file, bytes)
          const { failure, values } = yield* outcome(messages(path))
          assert.strictEqual(failureOf(failure).reason, "Damaged")
          assert.strictEqual(failureOf(failure).file, file)
          assert.deepStrictEqual(values, many.slice(0, values.length))
          if (bytes !== faulty) assert.isAbove(values.length, 4800)
        }
        fs.rmSync(file)
      }
    }))

  it.live("a log that is not there, is a directory or a FIFO is Unreadable", () =>
    Effect.gen(function*() {
      const folder = yield* directory
      execFileSync("mkfifo", [join(folder, "fifo")])
      const cases = [
        [join(folder, "app.log"), /cannot be read: ENOENT/],
        [join(folder, "nowhere", "app.log"), /cannot be read: ENOENT/],
        [folder, /cannot be read: it is no regular file/],
        [join(folder, "fifo"), /cannot be read: it is no regular file/],
        [join(folder, "fifo", "app.log"), /cannot be read: ENOTDIR/]
      ] as const
      for (const [path, says] of cases) {
        const { failure, values } = yield* outcome(LogFiles.records(path))
        const { line, message, reason } = failureOf(failure)
        assert.deepStrictEqual([values, line, reason], [[], undefined, "Unreadable"])
        assert.match(message, says)
        assert.deepStrictEqual(yield* outcome(LogFiles.records(path, { onTrouble: () => Effect.void })), {
          values: [],
          failure: undefined
        })
      }
    }))

  it.live("a file, or the directory, that the operating system refuses is Unreadable, and the next one is read", () =>
    Effect.gen(function*() {
      const folder = yield* directory
      const path = join(folder, "app.log")
      write(folder, {
        "app.2026-01-01.1.log": linesOf("1"),
        "app.2026-01-01.2.log": linesOf("2"),
        "app.log": linesOf("3")
      })
      const cases = [
        ["open", "1.log", ["app.2026-01-01.1.log", "2", "3"]],
        ["read", "2.log", ["1", "app.2026-01-01.2.log", "3"]],
        ["open", "app.log", ["1", "2", "app.log"]],
        ["readdir", "", [folder, "3"]]
      ] as const
      for (const [refused, end, expected] of cases) {
        const seen: Array<string> = []
        const { run } = tapped({
          before(call, at) {
            if (call === refused && at.endsWith(end)) {
              throw Object.assign(new Error("refused"), { code: "EACCES", syscall: call })
            }
          }
        })
        const stream = LogFiles.records(path, {
          onTrouble: ({ file, reason }) =>
            Effect.sync(() => void seen.push(reason === "Unreadable" ? file.replace(`${folder}/`, "") : reason))
        })
        yield* Stream.runForEach(run(stream), ({ message }) => Effect.sync(() => void seen.push(message)))
        assert.deepStrictEqual(seen, [...expected], refused)
      }
    }))
})

describe("while others are at work", () => {
  const setUp = Effect.gen(function*() {
    const folder = yield* directory
    write(folder, {
      "app.2026-01-01.1.log": linesOf("1"),
      "app.2026-01-01.2.log": linesOf("2"),
      "app.2026-01-01.3.log": linesOf("3"),
      "app.log": linesOf("4")
    })
    const at = (name: string) => join(folder, name)
    const rotate = () => {
      fs.renameSync(at("app.log"), at("app.2026-01-02.4.log"))
      write(folder, { "app.log": linesOf("5") })
    }
    const compress = (name: string, end: string) => {
      fs.writeFileSync(at(`${name}.tmp`), bytesFor(end, fs.readFileSync(at(name))))
      fs.renameSync(at(`${name}.tmp`), at(`${name}${end}`))
      fs.rmSync(at(name))
    }
    return { path: at("app.log"), at, rotate, compress }
  })

  it.live("G30 files that are rotated and compressed before their turn are read once", () =>
    Effect.gen(function*() {
      const { compress, path, rotate } = yield* setUp
      const read = yield* continued(messages(path), () => {
        rotate()
        compress("app.2026-01-01.1.log", ".gz")
        compress("app.2026-01-01.2.log", ".gz")
        compress("app.2026-01-01.3.log", ".zst")
        compress("app.2026-01-02.4.log", ".zst")
      })
      assert.deepStrictEqual(read, ["1", "2", "3", "4"])
      assert.deepStrictEqual(yield* Stream.runCollect(messages(path)), ["1", "2", "3", "4", "5"])
    }))

  it.live("files that are deleted before their turn are left out; the current one is read nevertheless", () =>
    Effect.gen(function*() {
      const { at, path } = yield* setUp
      const read = yield* continued(messages(path), () => {
        fs.rmSync(at("app.2026-01-01.2.log"))
        fs.rmSync(path)
      })
      assert.deepStrictEqual(read, ["1", "3", "4"])
    }))

  it.live("lines that are appended after the stream began are not read, and a log that shrinks ends", () =>
    Effect.gen(function*() {
      const { path } = yield* setUp
      assert.deepStrictEqual(
        yield* continued(messages(path), () => fs.appendFileSync(path, linesOf("later"))),
        ["1", "2", "3", "4"]
      )
      assert.deepStrictEqual(yield* continued(messages(path), () => fs.truncateSync(path)), ["1", "2", "3"])
    }))

  it.live("G30 a rotation between any two calls at the start makes no file missing or double", () =>
    Effect.gen(function*() {
      for (let at = 0; at < 12; at++) {
        const { path, rotate } = yield* setUp
        let calls = 0
        const { run, watched } = tapped({ before: () => void (calls++ === at && rotate()) })
        const read = yield* Stream.runCollect(run(messages(path)))
        assert.deepStrictEqual(read.slice(0, 4), ["1", "2", "3", "4"], `at call ${at}`)
        assert.isTrue(read.length === 4 || read[4] === "5" && read.length === 5, `at call ${at}: ${read.join()}`)
        assert.deepStrictEqual([...watched.open], [])
      }
    }))

  it.live("G30 a rotation whose name was taken before, and a compression at once, make no file missing or double", () =>
    Effect.gen(function*() {
      for (const isCompressed of [false, true]) {
        for (let at = 0; at < 16; at++) {
          const { compress, path, rotate } = yield* setUp
          const name = "app.2026-01-02.4.log"
          fs.writeFileSync(join(path, "..", name), "")
          let calls = 0
          const { run } = tapped({
            before() {
              if (calls++ !== at) return
              rotate()
              if (isCompressed) compress(name, ".gz")
            }
          })
          const read = yield* Stream.runCollect(run(messages(path)))
          assert.deepStrictEqual(read.slice(0, 4), ["1", "2", "3", "4"], `at call ${at}`)
          assert.isTrue(read.length === 4 || read[4] === "5" && read.length === 5, `at call ${at}: ${read.join()}`)
        }
      }
    }))
})

describe("what a reader holds", () => {
  const setUp = Effect.gen(function*() {
    const folder = yield* directory
    const lines = linesOf(...Array.from({ length: 20_000 }, (_, index) => `message ${index}`))
    write(folder, { "app.2026-01-01.1.log": lines, "app.2026-01-01.2.log.gz": lines, "app.log": lines })
    return join(folder, "app.log")
  })

  it.live("is the current file and the one that is read, and nothing at the end of the stream", () =>
    Effect.gen(function*() {
      const path = yield* setUp
      let most = 0
      const { run, watched } = tapped({ before: () => void (most = Math.max(most, watched.open.size)) })
      assert.strictEqual(yield* Stream.runCount(run(LogFiles.lines(path))), 60_000)
      assert.deepStrictEqual([most, watched.open.size], [2, 0])
    }))

  it.live("is let go of when nobody wants more, at a failure, and at an interruption", () =>
    Effect.gen(function*() {
      const path = yield* setUp
      const { run, watched } = tapped({})
      const stream = run(LogFiles.lines(path))
      for (const count of [1, 25_000, 45_000]) {
        assert.strictEqual(yield* Stream.runCount(Stream.take(stream, count)), count)
        assert.strictEqual(watched.open.size, 0, `after ${count}`)
        let left = count
        yield* Effect.exit(Stream.runForEach(stream, () => left-- > 0 ? Effect.void : Effect.fail("enough")))
        assert.strictEqual(watched.open.size, 0, `failed after ${count}`)
        const reached = Latch.makeUnsafe(false)
        let more = count
        const fiber = yield* Effect.forkChild(
          Stream.runForEach(stream, () => more-- > 0 ? Effect.void : Effect.andThen(reached.open, Effect.never))
        )
        yield* reached.await
        yield* Fiber.interrupt(fiber)
        assert.strictEqual(watched.open.size, 0, `interrupted after ${count}`)
      }
    }))

  it.live("is let go of at an interruption in the middle of a read", () =>
    Effect.gen(function*() {
      const path = yield* setUp
      for (const at of [1, 2, 5, 30, 40]) {
        const reached = Latch.makeUnsafe(false)
        const { run, watched } = tapped({
          before: (call) => void (call === "read" && watched.reads === at && reached.openUnsafe())
        })
        const fiber = yield* Effect.forkChild(Stream.runDrain(run(LogFiles.lines(path))))
        yield* reached.await
        yield* Fiber.interrupt(fiber)
        assert.strictEqual(watched.open.size, 0)
      }
    }))

  it.live("is one chunk: nothing is read that nobody asks for", () =>
    Effect.gen(function*() {
      const path = yield* setUp
      const { run, watched } = tapped({})
      yield* Effect.scoped(Effect.gen(function*() {
        const pull = yield* Stream.toPull(run(LogFiles.lines(path)))
        for (let pulled = 1; pulled <= 5; pulled++) {
          yield* pull
          assert.strictEqual(watched.reads, pulled)
        }
      }))
    }))
})

describe("options", () => {
  it.live("G33 wrong ones fail the stream, with the name of the option", () =>
    Effect.gen(function*() {
      const cases: ReadonlyArray<readonly [field: string, path: unknown, options: object]> = [
        ["path", "", {}],
        ["path", undefined, {}],
        ["path", "a\0b", {}],
        ["name", "app.log", { name: "app.log" }],
        ["name", "app.log", { name: "../%n.log" }],
        ["name", "app.log", { name: 1 }],
        ["maxLineBytes", "app.log", { maxLineBytes: 0 }],
        ["maxLineBytes", "app.log", { maxLineBytes: Number.NaN }],
        ["maxLineBytes", "app.log", { maxLineBytes: 2 ** 28 + 1 }],
        ["onTrouble", "app.log", { onTrouble: "skip" }],
        ["onTroubles", "app.log", { onTroubles: () => Effect.void }]
      ]
      for (const [field, path, options] of cases) {
        const streams = [LogFiles.lines(path as string, options), LogFiles.records(path as string, options)]
        for (const stream of streams) {
          const failure = yield* Effect.flip(Stream.runDrain<unknown, unknown, never>(stream))
          assert.instanceOf(failure, ConfigInvalid)
          assert.strictEqual((failure as ConfigInvalid).field, field)
        }
      }
    }))
})
