import { assert, describe, it } from "@effect/vitest"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Scope from "effect/Scope"
import * as TestClock from "effect/testing/TestClock"
import * as fc from "fast-check"
import * as fs from "node:fs"
import { join } from "node:path"
import { gunzipSync, zstdDecompressSync } from "node:zlib"
import { CurrentFileSystem } from "../src/Files/FileSystem.ts"
import * as Record from "../src/Record.ts"
import * as FileSink from "../src/Sinks/File.ts"
import type { FileOptions } from "../src/Sinks/FileOptions.ts"
import * as Patience from "../src/Sinks/Patience.ts"
import { SinkError } from "../src/Sinks/Sink.ts"
import type { SinkHandle } from "../src/Sinks/Sink.ts"
import { directory } from "../test/support/files.ts"
import * as FaultyFiles from "./support/faultyFiles.ts"
import { parameters, timeout } from "./support/runs.ts"

/** What happens to a log. */
type Command =
  | {
    readonly _tag: "write"
    readonly lengths: ReadonlyArray<number>
    readonly beside: "rotate" | "flush" | undefined
  }
  | { readonly _tag: "fail"; readonly calls: number }
  | { readonly _tag: "wait"; readonly millis: number }
  | { readonly _tag: "rotate" | "flush" | "truncate" | "restart" }
  | { readonly _tag: "rename"; readonly isCreated: boolean }
  | { readonly _tag: "delete"; readonly what: "file" | "directory" }
  | { readonly _tag: "full"; readonly writes: number; readonly room: number }
  | {
    /** The process ends in order, so many turns after something was begun. */
    readonly _tag: "exit"
    readonly under: "write" | "rotate" | "flush"
    readonly lengths: ReadonlyArray<number>
    readonly turns: number
  }
  | { readonly _tag: "crash"; readonly calls: number; readonly take: number }

const command: fc.Arbitrary<Command> = fc.oneof(
  {
    arbitrary: fc.record({
      _tag: fc.constant("write" as const),
      lengths: fc.array(fc.integer({ min: 0, max: 60 }), { minLength: 1, maxLength: 8 }),
      beside: fc.constantFrom("rotate" as const, "flush" as const, undefined)
    }),
    weight: 8
  },
  {
    arbitrary: fc.constantFrom(10, 400, 1_000, 5_000, 86_400_000).map((millis): Command => ({ _tag: "wait", millis })),
    weight: 4
  },
  fc.constantFrom<Command>({ _tag: "rotate" }, { _tag: "flush" }, { _tag: "truncate" }, { _tag: "restart" }),
  fc.boolean().map((isCreated): Command => ({ _tag: "rename", isCreated })),
  fc.constantFrom<Command>({ _tag: "delete", what: "file" }, { _tag: "delete", what: "directory" }),
  fc.record({
    _tag: fc.constant("full" as const),
    writes: fc.integer({ min: 1, max: 3 }),
    room: fc.integer({ min: 0, max: 50 })
  }),
  fc.record({
    _tag: fc.constant("exit" as const),
    under: fc.constantFrom("write" as const, "rotate" as const, "flush" as const),
    lengths: fc.array(fc.integer({ min: 0, max: 60 }), { maxLength: 4 }),
    turns: fc.integer({ min: 0, max: 12 })
  }),
  fc.record({
    _tag: fc.constant("fail" as const),
    calls: fc.integer({ min: 0, max: 15 })
  }),
  fc.record({
    _tag: fc.constant("crash" as const),
    calls: fc.integer({ min: 0, max: 20 }),
    take: fc.integer({ min: 0, max: 80 })
  })
)

const options: fc.Arbitrary<Omit<FileOptions, "path">> = fc.record({
  rotate: fc.record({
    size: fc.integer({ min: 20, max: 300 }),
    every: fc.constantFrom("1 second", "daily"),
    onStart: fc.boolean(),
    compress: fc.constantFrom("gzip" as const, "zstd" as const)
  }, { requiredKeys: [] }),
  sync: fc.constantFrom("never" as const, "flush" as const, "batch" as const)
}, { requiredKeys: [] })

const text = (r: Record.LogRecord) => r.message

const contentOf = (path: string): string => {
  const bytes = fs.readFileSync(path)
  if (path.endsWith(".gz")) return gunzipSync(bytes).toString()
  return path.endsWith(".zst") ? zstdDecompressSync(bytes).toString() : bytes.toString()
}

const numberOf = (name: string): number => Number(/\.(\d+)\.log/.exec(name)?.[1] ?? Number.POSITIVE_INFINITY)

/** All lines in the files of a log, in the order of the files; a compressed file beside its source is not complete yet. */
const linesIn = (directory: string): ReadonlyArray<string> => {
  if (!fs.existsSync(directory)) return []
  const names = fs.readdirSync(directory)
  return names
    .filter((name) =>
      !name.endsWith(".tmp") && !(/\.(gz|zst)$/.test(name) && names.includes(name.replace(/\.\w+$/, "")))
    )
    .toSorted((a, b) => numberOf(a) - numberOf(b))
    .flatMap((name) => contentOf(join(directory, name)).split("\n"))
    .filter((line) => line !== "")
}

const run = (options: Omit<FileOptions, "path">, history: ReadonlyArray<Command>) =>
  Effect.gen(function*() {
    const root = yield* directory
    const logs = join(root, "logs")
    const path = join(logs, "app.log")
    const clock = yield* Clock.Clock
    const delivered: Array<string> = []
    // what a crash has left open, and what somebody has removed with its file
    const open = new Set<string>()
    const removed = new Set<string>()
    const repeated = new Set<string>()
    const away: Array<string> = []
    // what was written since something was deleted
    const afterDeletion: Array<string> = []
    let faults = FaultyFiles.make()
    let serial = 0
    let isDeleted = false
    let sink: SinkHandle<unknown> | undefined
    let scope = yield* Scope.make()

    const found = () =>
      [...away.flatMap((file) => contentOf(file).split("\n")), ...linesIn(logs)].filter((line) => line !== "")
    const stop = Effect.suspend(() => {
      sink = undefined
      return Scope.close(scope, Exit.void)
    })
    // of a process that is dead nothing is waited for
    const within = <A, E>(effect: Effect.Effect<A, E>) =>
      Effect.gen(function*() {
        const fiber = yield* Effect.forkDetach(Effect.exit(effect), { startImmediately: true })
        while (fiber.pollUnsafe() === undefined && !faults.crashed) {
          yield* Effect.promise(() => new Promise((resolve) => setImmediate(resolve)))
        }
        return faults.crashed ? undefined : yield* Fiber.join(fiber)
      })
    const start = Effect.gen(function*() {
      for (let attempt = 0; sink === undefined; attempt++) {
        faults.full = faults.fail = undefined
        if (faults.crashed) {
          // with the process goes what only its descriptor of a deleted file leads to
          if (isDeleted) {
            const left = new Set(found())
            for (const line of delivered) if (!left.has(line)) removed.add(line)
          }
          FaultyFiles.bury(faults)
          faults = FaultyFiles.make()
        }
        scope = yield* Scope.make()
        const opening = FileSink.make({ path, ...options }).open.pipe(
          Effect.provideService(
            CurrentFileSystem,
            FaultyFiles.fileSystem(faults, () => clock.currentTimeMillisUnsafe())
          ),
          Scope.provide(scope)
        )
        const opened = yield* within(opening)
        if (opened !== undefined && Exit.isSuccess(opened)) sink = opened.value
        assert.isBelow(attempt, 3)
      }
    })
    const recordsOf = (lengths: ReadonlyArray<number>) => {
      const batch = lengths.map((length) =>
        Record.make({ level: "Info", message: `<${serial++} ${"x".repeat(length)}>` })
      )
      if (isDeleted) { for (const { message } of batch) afterDeletion.push(message) }
      return batch
    }
    const write = Effect.fnUntraced(function*(lengths: ReadonlyArray<number>, beside?: "rotate" | "flush") {
      const batch = recordsOf(lengths)
      let rest: ReadonlyArray<Record.LogRecord> = batch
      while (rest.length > 0) {
        const writing = yield* Effect.forkDetach(sink!.write(rest, text), { startImmediately: true })
        const other = beside === undefined ? undefined : sink![beside]
        if (other !== undefined) yield* Effect.forkDetach(Effect.exit(other), { startImmediately: true })
        const exit = yield* within(Fiber.join(writing))
        if (exit === undefined) {
          for (const { message } of rest) open.add(message)
          yield* start
          return
        }
        // what could not be made durable has failed, and is written again
        if (Exit.isFailure(exit) && options.sync === "batch") { for (const { message } of rest) repeated.add(message) }
        const count = Exit.isSuccess(exit) ? rest.length : deliveredBefore(exit)
        delivered.push(...rest.slice(0, count).map(text))
        rest = rest.slice(count)
      }
    })
    const exit = Effect.fnUntraced(function*({ lengths, turns, under }: Command & { readonly _tag: "exit" }) {
      // what was in a deleted file needs room in another one
      if (isDeleted) faults.full = faults.fail = undefined
      const batch = recordsOf(lengths)
      const { flush = Effect.void, rotate = Effect.void, write, writeLast } = sink!
      const begun = { flush, rotate, write: batch.length === 0 ? Effect.void : write(batch, text) }[under]
      const fiber = yield* Effect.forkDetach(Effect.exit(begun), { startImmediately: true })
      for (let turn = 0; turn < turns && !faults.crashed; turn++) {
        yield* Effect.promise(() => new Promise((resolve) => setImmediate(resolve)))
      }
      const ended = fiber.pollUnsafe()
      let count = 0
      if (under === "write" && ended !== undefined && Exit.isSuccess(ended)) {
        count = Exit.isSuccess(ended.value) ? batch.length : deliveredBefore(ended.value)
      }
      // lines that were under way, or copied from a deleted file, may be there again
      for (const { message } of batch) repeated.add(message)
      for (const message of [...afterDeletion, ...removed]) repeated.add(message)
      try {
        if (!faults.crashed) {
          writeLast!(batch.slice(count), text, Patience.make(1))
          count = batch.length
        }
      } catch (error) {
        if (error instanceof SinkError && error.reason._tag === "Unavailable") count += error.reason.delivered ?? 0
      }
      delivered.push(...batch.slice(0, count).map(text))
      for (const { message } of batch.slice(count)) open.add(message)
      if (faults.crashed) return
      faults.crashed = true
      FaultyFiles.bury(faults)
      faults = FaultyFiles.make()
      sink = undefined
      yield* start
    })
    const remove = (file: string) => {
      if (!fs.existsSync(file)) return
      for (const line of contentOf(file).split("\n")) removed.add(line)
    }

    yield* start
    for (const command of history) {
      switch (command._tag) {
        case "write":
          yield* write(command.lengths, command.beside)
          break
        case "wait":
          yield* TestClock.adjust(command.millis)
          break
        case "rotate":
          if (sink?.rotate !== undefined) yield* within(sink.rotate)
          break
        case "flush":
          if (sink?.flush !== undefined) yield* within(sink.flush)
          break
        case "rename":
          if (fs.existsSync(path)) {
            const to = join(root, `away-${away.length}.log`)
            fs.renameSync(path, to)
            away.push(to)
            if (command.isCreated) fs.writeFileSync(path, "")
          }
          break
        case "delete":
          isDeleted = true
          if (command.what === "file") {
            remove(path)
            fs.rmSync(path, { force: true })
          } else if (fs.existsSync(logs)) {
            for (const line of linesIn(logs)) removed.add(line)
            fs.rmSync(logs, { recursive: true })
          }
          break
        case "truncate":
          // a line of which the beginning goes is no line
          if (fs.existsSync(path) && /(^|\n)$/.test(contentOf(path))) {
            remove(path)
            fs.truncateSync(path)
          }
          break
        case "full":
          faults.full = { writes: command.writes, room: command.room }
          break
        case "restart":
          // what was in a deleted file needs room in another one, and a close does not wait for it
          if (isDeleted) faults.full = faults.fail = undefined
          yield* within(stop)
          yield* start
          break
        case "fail":
          faults.fail = command.calls
          break
        case "exit":
          yield* exit(command)
          break
        case "crash":
          faults.crash = { calls: command.calls, take: command.take }
      }
      if (faults.crashed) {
        sink = undefined
        yield* start
      }
    }
    faults.crash = undefined
    faults.full = faults.fail = undefined
    yield* TestClock.adjust("1 minute")
    yield* write([1])
    yield* stop

    const counts = new Map<string, number>()
    for (const line of found()) counts.set(line, (counts.get(line) ?? 0) + 1)
    for (const line of delivered) {
      const count = counts.get(line) ?? 0
      if (repeated.has(line)) assert.isTrue(count > 0 || removed.has(line), line)
      else if (removed.has(line)) assert.isAtMost(count, 1, line)
      else assert.strictEqual(count, 1, line)
      counts.delete(line)
    }
    // all else is what an end has left open, or cut short while it was copied from a deleted file
    for (const line of counts.keys()) {
      assert.isTrue([...open, ...removed, ...repeated].some((whole) => whole.startsWith(line)), `from nowhere: ${line}`)
    }
  }).pipe(Effect.scoped, Effect.provide(TestClock.layer()))

const deliveredBefore = (exit: Exit.Failure<unknown, unknown>): number => {
  const error = exit.cause.reasons.find((reason) => reason._tag === "Fail")?.error
  assert.instanceOf(error, SinkError)
  return error.reason._tag === "Unavailable" ? error.reason.delivered ?? 0 : 0
}

describe("the file sink, whatever happens to its files", () => {
  it("G30 every line that was delivered is in exactly one file, unless somebody has removed that", () =>
    fc.assert(
      fc.asyncProperty(options, fc.array(command, { maxLength: 30 }), (options, history) =>
        Effect.runPromise(run(options, history))),
      parameters
    ), 4 * timeout)
})
