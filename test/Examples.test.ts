import * as Result from "effect/Result"
import type { ChildProcessByStdio } from "node:child_process"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { createInterface } from "node:readline"
import type { Readable } from "node:stream"
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import * as JsonLine from "../src/JsonLine.ts"
import type { LogRecord } from "../src/Record.ts"
import * as Docs from "./support/docs.ts"

const program = (name: string): Docs.Program => ({
  name,
  code: readFileSync(join(Docs.root, "examples", `${name}.ts`), "utf8"),
  prints: undefined
})

const endpoint = program("level-endpoint")
const signal = program("level-signal")

/** A process that writes lines of JSON: what it wrote so far, what else it said, the next line of a kind, and its end. */
const running = (child: ChildProcessByStdio<null, Readable, Readable>) => {
  const records: Array<LogRecord> = []
  let errors = ""
  child.stderr.setEncoding("utf8").on("data", (text: string) => errors += text)
  const ended = new Promise<number | null>((resolve) => child.once("close", resolve))
  const waiting = new Set<() => void>()
  createInterface({ input: child.stdout }).on("line", (line) => {
    const record = JsonLine.decode(line)
    if (Result.isSuccess(record)) records.push(record.success)
    else errors += `${line}\n`
    for (const look of waiting) look()
  })
  return {
    records,
    ended,
    errors: () => errors,
    kill: (signal: NodeJS.Signals) => child.kill(signal),
    /** The first record of a kind behind the first `from`. */
    next: (is: (record: LogRecord) => boolean, from = 0) =>
      new Promise<LogRecord>((resolve, reject) => {
        const look = () => {
          const found = records.slice(from).find(is)
          if (found === undefined) return
          waiting.delete(look)
          resolve(found)
        }
        waiting.add(look)
        look()
        void ended.then(() => reject(new Error(`it has ended: ${errors}`)))
      })
  }
}

const isDebug = ({ level }: LogRecord) => level === "Debug"

describe("the examples", () => {
  let folder: Awaited<ReturnType<typeof Docs.write>>
  beforeAll(async () => {
    folder = await Docs.write([endpoint, signal])
  })
  afterAll(() => folder.remove())

  it("level-signal logs at Debug from the signal on, and ends by SIGTERM", { timeout: 60_000 }, async () => {
    const process = running(folder.start(signal))
    await process.next(({ message }) => message === "started")
    process.kill("SIGUSR2")
    const changed = await process.next(({ message }) => message === "logging at Debug for 10 minutes")
    assert.deepStrictEqual(changed.fields, { signal: "SIGUSR2" })
    await process.next(isDebug)
    const at = process.records.findIndex(({ message }) => message === changed.message)
    assert.isFalse(process.records.slice(0, at).some(isDebug))
    process.kill("SIGTERM")
    // with a window of ten minutes under way
    assert.strictEqual(await process.ended, 130, process.errors())
    assert.strictEqual(process.errors(), "")
  })

  it(
    "level-endpoint shows and raises levels to who has the token, and to nobody else",
    { timeout: 60_000 },
    async () => {
      const token = "t".repeat(32)
      const process = running(folder.start(endpoint, { LEVELS_TOKEN: token, PORT: "0" }))
      const { message } = await process.next(({ message }) => message.includes("http://"))
      const url = `${/http:\/\/127\.0\.0\.1:\d+/.exec(message)![0]}/levels`
      const call = (
        method: string,
        body?: unknown,
        headers: Record<string, string> = { authorization: `Bearer ${token}` }
      ) => fetch(url, { method, headers, ...(body !== undefined && { body: JSON.stringify(body) }) })
      const debug = { level: "Debug", minutes: 10, logger: "shop" }

      for (const authorization of ["", token, `Bearer ${token}x`, "Bearer "]) {
        for (const method of ["GET", "PUT"]) {
          assert.strictEqual((await call(method, method === "PUT" ? debug : undefined, { authorization })).status, 401)
        }
      }
      const wrong = [{}, { ...debug, minutes: 0 }, { ...debug, minutes: 61 }, { ...debug, level: "All" }, {
        level: "Debug",
        minutes: 10,
        loger: "shop"
      }, {
        ...debug,
        logger: ""
      }]
      for (const body of wrong) assert.strictEqual((await call("PUT", body)).status, 400)
      assert.strictEqual((await call("PUT", { ...debug, sink: "nobody" })).status, 404)
      const plain = { level: "Info", loggers: {}, sinks: { console: { level: "Info", loggers: {} } } }
      assert.deepStrictEqual(await (await call("GET")).json(), plain)
      assert.isFalse(process.records.some(isDebug))

      const changed = await call("PUT", debug)
      assert.strictEqual(changed.status, 200)
      const { loggers } = await changed.json() as { loggers: { shop: { level: string; until: number } } }
      assert.strictEqual(loggers.shop.level, "Debug")
      assert.isAbove(loggers.shop.until, Date.now())
      assert.strictEqual((await process.next(isDebug)).logger, "shop")
      process.kill("SIGTERM")
      assert.strictEqual(await process.ended, 130, process.errors())
      assert.strictEqual(process.errors(), "")
      assert.notInclude(JSON.stringify(process.records), token)
    }
  )

  it("level-endpoint does not start with a token that is too short", { timeout: 60_000 }, async () => {
    const process = running(folder.start(endpoint, { LEVELS_TOKEN: "guess-me", PORT: "0" }))
    assert.strictEqual(await process.ended, 1)
    assert.notInclude(JSON.stringify(process.records) + process.errors(), "guess-me")
  })
})
