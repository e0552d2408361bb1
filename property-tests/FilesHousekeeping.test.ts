import { assert, describe, it } from "@effect/vitest"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as fc from "fast-check"
import * as fs from "node:fs"
import { join } from "node:path"
import { gunzipSync } from "node:zlib"
import type { FileSystem } from "../src/Files/FileSystem.ts"
import { node } from "../src/Files/FileSystem.ts"
import * as Housekeepings from "../src/Files/Housekeeping.ts"
import * as RotatedNames from "../src/Files/RotatedName.ts"
import type { Call } from "../src/Files/Steps.ts"
import { directory } from "../test/support/files.ts"
import { parameters, timeout } from "./support/runs.ts"

type Make = (...args: ReadonlyArray<unknown>) => Call<unknown>

/** A process that compresses, one call at a time, when it is told to. */
const processOf = (root: string, clock: Clock.Clock) => {
  let next: (() => void) | undefined
  let isIdle = false
  let isDead = false
  const fds = new Set<number>()
  const files = Object.fromEntries(
    Object.entries(node).map(([name, make]) => [name, (...args: ReadonlyArray<unknown>): Call<unknown> => {
      const { sync } = (make as unknown as Make)(...args)
      return {
        sync,
        start(callback) {
          next = () => {
            let value: unknown
            try {
              value = sync()
            } catch (error) {
              return callback(error as Error, undefined)
            }
            if (name === "open") fds.add(value as number)
            if (name === "close") fds.delete(args[0] as number)
            callback(null, value)
          }
        }
      }
    }])
  ) as unknown as FileSystem
  const told: Array<string> = []
  const self = Housekeepings.make({
    fs: files,
    clock,
    pathOf: () => join(root, "app.log"),
    name: Result.getOrThrow(RotatedNames.make("old-%n", "app.log")),
    compression: "gzip",
    limits: {},
    isRotated: () => true,
    tell: (kind, message) => void told.push(`${kind}: ${message}`)
  })
  const isSettled = () => isDead || isIdle || next !== undefined
  return {
    told,
    call() {
      const f = next
      next = undefined
      if (!isDead) f?.()
    },
    // the compression itself is no call of the file system
    settled: Effect.promise(async () => {
      while (!isSettled()) await new Promise((resolve) => setImmediate(resolve))
    }),
    isIdle: () => isDead || isIdle,
    wake() {
      isIdle = false
      self.wakeUnsafe()
      Effect.runFork(Effect.map(self.idle, () => void (isIdle = true)))
    },
    kill() {
      isDead = true
      for (const fd of fds) fs.closeSync(fd)
      fds.clear()
    }
  }
}

/** What happens next: a call of one of two processes, the end of one in whose place another begins, a line of a third. */
type Event = { readonly _tag: "call" | "kill"; readonly of: 0 | 1 } | { readonly _tag: "append" }

const of = fc.constantFrom(0 as const, 1 as const)
const call = of.map((of): Event => ({ _tag: "call", of }))
const kill = of.map((of): Event => ({ _tag: "kill", of }))
const append = fc.constant<Event>({ _tag: "append" })
const among = (other: fc.Arbitrary<Event>) =>
  fc.array(fc.oneof({ weight: 9, arbitrary: call }, { weight: 1, arbitrary: other }), { maxLength: 40, size: "max" })

const run = (events: ReadonlyArray<Event>) =>
  Effect.gen(function*() {
    const root = yield* directory
    const clock = yield* Clock.Clock
    const plain = join(root, "old-1")
    let expected = "a\n"
    fs.writeFileSync(plain, expected)
    const content = () =>
      fs.existsSync(plain) ? fs.readFileSync(plain, "utf8") : gunzipSync(fs.readFileSync(`${plain}.gz`)).toString()
    const start = () => {
      const self = processOf(root, clock)
      self.wake()
      return self
    }
    const processes = [start(), start()]
    const told: Array<string> = []
    for (const event of events) {
      if (event._tag === "append") {
        // who writes to a file that is deleted notices it
        if (!fs.existsSync(plain)) continue
        fs.appendFileSync(plain, "b\n")
        expected += "b\n"
        continue
      }
      const self = processes[event.of]!
      if (event._tag === "kill") {
        self.kill()
        told.push(...self.told)
        processes[event.of] = start()
      } else {
        self.call()
      }
      yield* processes[event.of]!.settled
      if (expected === "a\n") assert.strictEqual(content(), expected)
    }
    for (const self of processes) {
      // one that has found a line of another process leaves the file for the next time
      for (let times = 0; times < 2; times++) {
        yield* self.settled
        while (!self.isIdle()) {
          self.call()
          yield* self.settled
        }
        self.wake()
      }
      self.kill()
      told.push(...self.told)
    }
    assert.strictEqual(content(), expected)
    assert.deepStrictEqual(fs.readdirSync(root).filter((name) => !name.endsWith(".tmp")), ["old-1.gz"])
    assert.deepStrictEqual(told, [])
  }).pipe(Effect.scoped)

describe("processes that look after the same files", () => {
  it(
    "G30 leave each file or a whole archive of it at any time, even if they are killed",
    () => fc.assert(fc.asyncProperty(among(kill), (events) => Effect.runPromise(run(events))), parameters),
    timeout
  )

  it(
    "G30 lose no line that another process writes meanwhile",
    () => fc.assert(fc.asyncProperty(among(append), (events) => Effect.runPromise(run(events))), parameters),
    timeout
  )
})
