/**
 * Shows that the test of the law has teeth: removes each line of src/Ledger.ts that changes a counter, one at a time,
 * in a copy of the project, and runs property-tests/Law.test.ts there. Fails when one survives.
 */
import { spawnSync } from "node:child_process"
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join, resolve } from "node:path"

const ledger = join("src", "Ledger.ts")
const law = "property-tests/Law.test.ts"
const copied = ["src", "test", "property-tests", "scripts", "package.json", "tsconfig.json", "vitest.config.ts"]

/**
 * What changes a counter. An `else` may hang on the statement, so that a neutral one takes its place.
 */
const changes = [
  /\b[\w.]+(\[[\w.]+\])?(\+\+|--)/,
  /\b[\w.]+ [+-]= .+$/,
  /\bself\.filtered\.set\(.+$/,
  /\bgap\.reasons\[reason\] = .+$/,
  /^ {2}(enter|widenGap)\(.+$/
]

const lines = readFileSync(ledger, "utf8").split("\n")

const mutants = lines.flatMap((line, index) => {
  const change = changes.find((pattern) => pattern.test(line))
  return change === undefined ? [] : [{ index, line, mutated: line.replace(change, "void 0") }]
})

const project = mkdtempSync(join(tmpdir(), "effect-async-logging-mutants-"))

const isGreen = (): boolean => {
  const env = { ...process.env, MUTATION: "1", NO_COLOR: "1" }
  const vitest = join("node_modules", "vitest", "vitest.mjs")
  const { status, stdout } = spawnSync(process.execPath, [vitest, "run", law], { cwd: project, env, encoding: "utf8" })
  // a mutant that does not even load would prove nothing
  if (status !== 0 && !/Tests .*failed/.test(stdout)) throw new Error(`the tests did not run:\n${stdout}`)
  return status === 0
}

let survived = 0
try {
  for (const name of copied) cpSync(name, join(project, name), { recursive: true })
  symlinkSync(resolve("node_modules"), join(project, "node_modules"))
  if (!isGreen()) throw new Error("the tests fail without a mutation")
  for (const { index, line, mutated } of mutants) {
    writeFileSync(join(project, ledger), lines.with(index, mutated).join("\n"))
    const isSurvivor = isGreen()
    if (isSurvivor) survived++
    console.log(`${isSurvivor ? "SURVIVED" : "killed  "} ${ledger}:${index + 1} ${line.trim()}`)
  }
} finally {
  rmSync(project, { recursive: true, force: true })
}
console.log(`${mutants.length} mutants, ${mutants.length - survived} killed, ${survived} survived`)
process.exitCode = survived === 0 && mutants.length > 0 ? 0 : 1
