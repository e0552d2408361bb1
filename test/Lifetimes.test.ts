import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { execFile } from "node:child_process"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import { directory } from "./support/files.ts"
import type { LifetimesResult } from "./support/lifetimesChild.ts"

const child = fileURLToPath(new URL("support/lifetimesChild.ts", import.meta.url))
const rounds = 100

const measured = (name: string, directory: string) =>
  Effect.promise(async () => {
    const { stderr, stdout } = await promisify(execFile)(
      process.execPath,
      // the code of what is not called any more would go in the middle of it, and hide megabytes
      ["--expose-gc", "--no-flush-bytecode", child, name, String(rounds), directory],
      { maxBuffer: Number.POSITIVE_INFINITY }
    )
    const result: LifetimesResult = JSON.parse(stdout.trimEnd().split("\n").at(-1)!)
    return { result, stderr }
  })

// what is compiled meanwhile takes half as much
const constant = 1024 * 1024

const cases = {
  whole: "with console, files, fallback, dead letters, linger and subscribers",
  runtime: "the same, as a ManagedRuntime",
  dead: "with a sink that is still down",
  hung: "with a write that has not returned",
  stuck: "with a write that cannot be interrupted either",
  interrupted: "under callers that wait for room, by an interruption",
  unopened: "that could not open its last sink",
  sync: "without a queue"
}

describe.concurrent("G35 100 times build and close in one process", () => {
  for (const [name, title] of Object.entries(cases)) {
    it.live(
      `G35 a layer ${title}: handles, timers, listeners and heap are back where they were`,
      () =>
        Effect.gen(function*() {
          const { result, stderr } = yield* measured(name, yield* directory)
          const { after, alive, before, buffers, built, heap } = result
          assert.deepStrictEqual(after, before)
          // every layer, and every handle of its sinks
          assert.isAtLeast(built, rounds)
          assert.strictEqual(alive, 0)
          assert.isBelow(heap[1] - heap[0], constant)
          assert.isBelow(buffers[1] - buffers[0], constant)
          assert.notInclude(stderr, "MaxListenersExceededWarning")
        }),
      240_000
    )
  }
})
