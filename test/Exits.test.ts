import { afterAll, assert, describe, it } from "@effect/vitest"
import { cleanUp } from "./support/compileCache.ts"
import type { Left, Start } from "./support/exits.ts"
import { fatals, longest, run, wrong } from "./support/exits.ts"

/** How often each case is tried. */
const runs = process.env["NIGHTLY"] !== undefined ? 200 : process.env["CI"] !== undefined ? 20 : 3

interface Case extends Pick<Start, "event" | "signals"> {
  readonly name: string
  readonly code: number
  /** What the Fatal record says, if there is to be one. */
  readonly fatal?: readonly [message: string, error: string] | undefined
  readonly more?: ((left: Left) => void) | undefined
}

const nothingSaid = ({ stderr }: Left) => assert.notMatch(stderr, /shutdown_timeout|already_shutdown/)

const cases: ReadonlyArray<Case> = [
  { name: "a normal end", event: "normal", code: 0, more: nothingSaid },
  { name: "a thrown error", event: "thrown", code: 1, fatal: ["the program failed", "thrown"], more: nothingSaid },
  { name: "process.exit(0) in mid-burst", event: "exit", code: 0, more: nothingSaid },
  {
    name: "an uncaught exception",
    event: "uncaught",
    code: 1,
    fatal: ["uncaught exception", "uncaught"],
    more: ({ stderr }) => assert.include(stderr, "Error: uncaught")
  },
  {
    name: "an unhandled rejection",
    event: "rejection",
    code: 1,
    fatal: ["unhandled rejection", "rejected"],
    more: ({ stderr }) => assert.include(stderr, "Error: rejected")
  },
  { name: "SIGTERM in mid-burst", event: "signal", code: 130, signals: [["ready", "SIGTERM"]], more: nothingSaid },
  { name: "SIGINT in mid-burst", event: "signal", code: 130, signals: [["ready", "SIGINT"]], more: nothingSaid },
  {
    name: "SIGTERM twice, with a hung sink",
    event: "hung",
    code: 143,
    signals: [["ready", "SIGTERM"], ["draining", "SIGTERM"]],
    more: ({ millis, stderr }) => {
      assert.isBelow(millis, 3000, "the second signal ends it at once")
      assert.match(stderr, /the process ended; lost \d+ records? \(.*hung: .*shutdown_timeout \d+/)
    }
  },
  { name: "a ManagedRuntime that was disposed", event: "disposed", code: 0, more: nothingSaid },
  { name: "a ManagedRuntime that was not disposed", event: "undisposed", code: 0, more: nothingSaid },
  { name: "process.exit(0) without disposing of it", event: "undisposedExit", code: 0, more: nothingSaid }
]

const check = ({ code, fatal, more }: Case, left: Left) => {
  assert.deepStrictEqual([left.code, left.signal], [code, null])
  assert.isAbove(left.admitted, 0)
  for (const [name, content] of Object.entries(left.lines)) {
    assert.isUndefined(wrong(content, left.admitted, name !== "backpressure"), name)
    assert.deepStrictEqual(
      fatals(content).map(({ error, message }) => [message, error?.message]),
      fatal === undefined ? [] : [[...fatal]],
      name
    )
  }
  more?.(left)
}

afterAll(cleanUp)

describe.concurrent("the end of a real process", () => {
  for (const [index, case_] of cases.entries()) {
    it(`G14 ${case_.name}: admitted and not evicted ⊆ written, nothing twice, nothing torn, in order`, async () => {
      for (let i = 0; i < runs; i++) {
        // in turn, so that all four come up
        const way = index + i
        const start: Start = {
          event: case_.event,
          signals: case_.signals,
          strategy: way % 2 === 0 ? "sliding" : "backpressure",
          stdout: way % 4 < 2 ? "pipe" : "file"
        }
        const left = await run(start)
        try {
          check(case_, left)
        } catch (error) {
          throw new Error(`run ${i}, ${JSON.stringify(start)}, stderr: ${left.stderr}`, { cause: error })
        }
      }
    }, cases.length * runs * longest)
  }

  it("G14 a pipe that nobody had read from before the end gets what is queued, from the very byte on", async () => {
    for (let i = 0; i < runs; i++) {
      const left = await run({ event: "exit", strategy: "sliding", stdout: "late" })
      assert.strictEqual(left.code, 0)
      assert.isUndefined(wrong(left.lines.console, left.admitted, true), left.stderr)
    }
  }, cases.length * runs * longest)

  it("G14 a write that cannot be known to have landed is repeated, and says so", async () => {
    for (let i = 0; i < runs; i++) {
      const left = await run({ event: "busy", strategy: "sliding", stdout: "pipe" })
      assert.strictEqual(left.code, 0)
      for (const [name, content] of Object.entries(left.lines)) {
        assert.isUndefined(wrong(content, left.admitted, name !== "backpressure"), name)
        assert.strictEqual(content.includes("\"repeated\""), name !== "console")
      }
    }
  }, cases.length * runs * longest)

  it("G14 a pipe that nobody reads from holds up the end for a second at most, and its loss is named", async () => {
    const left = await run({ event: "exit", strategy: "sliding", stdout: "never", at: 4000 })
    assert.strictEqual(left.code, 0)
    assert.isBelow(left.millis, 3000)
    assert.match(left.stderr, /the process ended; lost \d+ records? \(.*console: .*shutdown_timeout \d+/, left.stderr)
    assert.isUndefined(wrong(left.lines.sliding, left.admitted, true))
    assert.isUndefined(wrong(left.lines.backpressure, left.admitted, false))
  }, cases.length * longest)
})
