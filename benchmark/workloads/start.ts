/**
 * Milliseconds to import a logger in a fresh process, for a program that logs to the console and to a file. Of nine
 * processes the median counts, after one that finds the files for the system.
 *
 * This library needs Effect, which its programs import anyway: beside it stands what it imports of Effect alone.
 */
import { execFile } from "node:child_process"
import { writeFile } from "node:fs/promises"
import { join } from "node:path"
import { promisify } from "node:util"
import * as Package from "../Package.ts"
import * as Statistics from "../Statistics.ts"
import type { Contender, Job, Sample, Workload } from "../Workload.ts"

const processes = 9

const timer = `
const start = performance.now()
await import(process.argv[1])
console.log(performance.now() - start)
`

const contender = (
  title: string,
  modules: (directory: string) => ReadonlyArray<string> | Promise<ReadonlyArray<string>>
): Contender => ({
  title,
  run: async ({ directory }: Job): Promise<Sample> => {
    await Package.link(directory)
    const entry = join(directory, "entry.js")
    await writeFile(entry, (await modules(directory)).map((module) => `import ${JSON.stringify(module)}\n`).join(""))
    const times: Array<number> = []
    for (let i = 0; i <= processes; i++) {
      const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "--eval", timer, entry])
      times.push(Number(stdout))
    }
    return { figures: { import: Statistics.summary(times.slice(1)).median } }
  }
})

/**
 * The workload. It is the same each time, whatever the records.
 */
export const start: Workload = {
  title: "import, in a fresh process",
  figures: { import: "ms" },
  contenders: {
    library: contender("this library, with Effect", async (directory) => {
      await Package.build(directory)
      return ["./dist/index.js"]
    }),
    effect: contender("what it imports of Effect", async (directory) => {
      await Package.build(directory)
      return Package.imports(directory)
    }),
    effectLoggers: contender("Effect, with its own loggers", () => [
      "effect/Effect",
      "effect/Layer",
      "effect/Logger",
      "@effect/platform-node/NodeFileSystem"
    ]),
    pino: contender("pino", () => ["pino"]),
    winston: contender("winston", () => ["winston"]),
    logtape: contender("LogTape", () => ["@logtape/logtape", "@logtape/file"])
  }
}
