import { assert, describe, it } from "@effect/vitest"
import { spawn } from "node:child_process"
import { fileURLToPath } from "node:url"

const child = fileURLToPath(new URL("support/noticesChild.ts", import.meta.url))

const run = (isClosed: boolean) =>
  new Promise<{ readonly said: string; readonly notices: string }>((resolve) => {
    const { stderr, stdin, stdout } = spawn(process.execPath, [child], { stdio: ["pipe", "pipe", "pipe"] })
    let said = ""
    let notices = ""
    stdout.on("data", (data: Buffer) => said += data.toString())
    stderr.on("data", (data: Buffer) => notices += data.toString())
    const start = () => stdin.end("go\n")
    if (isClosed) stderr.destroy().once("close", start)
    else start()
    stdout.once("close", () => resolve({ said, notices }))
  })

describe("notices", () => {
  it("go to stderr, one line each", async () => {
    const { notices, said } = await run(false)
    assert.strictEqual(said, "survived with 0 listeners\n")
    const lines = notices.split("\n")
    assert.strictEqual(lines.pop(), "")
    assert.strictEqual(lines.length, 3)
    assert.isTrue(lines.every((line) => line.startsWith("effect-async-logging: ")))
  })

  it("a closed stderr does not take the program down", async () => {
    const { said } = await run(true)
    assert.strictEqual(said, "survived with 0 listeners\n")
  })
})
