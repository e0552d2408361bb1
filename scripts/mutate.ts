/**
 * Shows that the tests have teeth. In a copy of the project it takes away, one at a time: each line of src/Ledger.ts that
 * changes a counter, each region that is not to be interrupted, each finalizer, and each other cleanup. Each time some
 * test has to fail. Fails when a mutant survives, or when something that is named here is not found any more.
 *
 * `node scripts/mutate.ts [text]`: only the mutants whose line in the output has this text.
 */
import { spawn } from "node:child_process"
import { once } from "node:events"
import { cpSync, globSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join, resolve } from "node:path"

interface Mutant {
  readonly file: string
  /** Where the text that is replaced begins. */
  readonly at: number
  readonly text: string
  readonly replacement: string
}

/**
 * What changes a counter: the first that fits a line. An `else` may hang on the statement, so that a neutral one takes
 * its place.
 */
const counters = [
  /\b[\w.]+(\[[\w.]+\])?(\+\+|--)/,
  /\b[\w.]+ [+-]= .+$/,
  /\bself\.filtered\.set\(.+$/,
  /\bgap\.reasons\[reason\] = .+$/,
  /^ {2}(enter|widenGap)\(.+$/
]

/**
 * What is taken away wherever it is found in src/, and what takes its place.
 */
const patterns: ReadonlyArray<readonly [pattern: RegExp, replacement: string]> = [
  // regions: around them all stays as it is, so that within another one `restore` still is `identity`
  [
    /\bEffect\.uninterruptibleMask\(/g,
    "((f) => Effect.withFiber((fiber) => fiber.interruptible ? f((self) => self) : Effect.uninterruptibleMask(f)))("
  ],
  [/\bEffect\.(un)?interruptible\(/g, "((self) => self)("],
  // what outlives the fiber that starts it
  [/\bEffect\.forkDetach\(/g, "Effect.forkChild("],
  // finalizers
  [/\bEffect\.(ensuring|onExit|onInterrupt|onError)\(/g, "((self) => self)("],
  [/\bEffect\.addFinalizer\(/g, "(() => Effect.void)("],
  [/\bEffect\.acquireRelease\(/g, "((acquire) => acquire)("],
  [/\bEffect\.acquireUseRelease\(/g, "Effect.flatMap("],
  [/\bScope\.fork\(/g, "(() => Scope.make())("],
  [/\bEffect\.forkIn\(/g, "((self) => Effect.forkDetach(self))("],
  [/\bScope\.close\(/g, "(() => Effect.void)("],
  [/\bFiber\.interrupt\(/g, "(() => Effect.void)("],
  [/\b\w+\??\.interruptUnsafe\(\)/g, "void 0"],
  // listeners, and who waits
  [/\.(off|removeListener)\("\w+", \w+\)/g, ""],
  [/\.delete\(/g, ".has("]
]

/**
 * What no pattern finds: a file, a text that is there once, and what takes its place.
 */
const patches: ReadonlyArray<readonly [file: string, text: string, replacement: string]> = [
  // what is returned from `Effect.callback`
  [
    "src/Events.ts",
    "return Effect.sync(() => {\n        self.waiting",
    "void Effect.sync(() => {\n        self.waiting"
  ],
  ["src/Events.ts", "if (self.waiting.size === 0) watchLedgers(self, undefined)", ""],
  ["src/Events.ts", "self.waiting.clear()", ""],
  ["src/Sinks/InFlight.ts", "return Effect.sync(cancel)", ""],
  ["src/Backend.ts", "return Outlets.awaitAllUnsafe(", "void Outlets.awaitAllUnsafe("],
  // who waits for room, and gives up
  ["src/Outlet.ts", "  waiter.resume?.()\n", ""],
  // what has to be done although something throws
  ["src/Backend.ts", "self.call = outer", ""],
  // the parts of finalizers
  ["src/Backend.ts", "PipelineRun.closeGatesUnsafe(stages, self.visitor)\n", "{}\n"],
  ["src/Pipeline.ts", "stage.owner.closeGate(stage)", "{}"],
  ["src/Pipeline.ts", `stage.owner = "closed"`, "{}"],
  ["src/Batch.ts", `settleAll(self, self.tried ? Ledger.failed("shutdown_timeout")`, "void (self.tried ? 0"],
  ["src/Batch.ts", "index < out ? Ledger.delivered : undefined", "undefined"],
  ["src/Batch.ts", `Outlets.dropAll(self.outlet, "shutdown_timeout")`, ""],
  ["src/Worker.ts", `Flush.answerUnsafe(self.flushes, Flush.due(self.flushes), "failed")`, ""],
  ["src/Drain.ts", "Barrier.removeUnsafe(worker.outlet.barriers, request.barrier)", ""],
  ["src/Drain.ts", "Backends.closeUnsafe(backend)", ""],
  ["src/Drain.ts", "Workers.closeUnsafe(worker)", ""],
  ["src/Drain.ts", "Event.closeUnsafe(events)", ""],
  ["src/Drain.ts", "Notice.closeUnsafe(backend.notices)", ""],
  ["src/Queue/BoundedQueue.ts", "resumeLater(self, waiters)\n  return", "return"]
]

/**
 * Mutants that behave as the original does, by their line in the output, and why.
 */
const equivalent: Readonly<Record<string, string>> = {
  "src/AsyncLogging.ts: Effect.forkIn( in Effect.forkIn(under(quiet, Workers.run(worker)), scope),":
    "the close ends the workers; when the build is interrupted before there is a close, they wait for a bell that " +
    "nobody else holds: garbage",
  [
    "src/Backend.ts: Effect.uninterruptibleMask( in const isInterruptible = " +
    "Effect.uninterruptibleMask((restore) => restore === identity ? no : yes)"
  ]: "it only asks whether it is in an uninterruptible region, and nothing is done there"
}

/**
 * Where the mutants of a file show first. Those of the others, and those that survive this, see the whole suite, but for
 * the tests that start processes.
 */
const fitting: Readonly<Record<string, ReadonlyArray<string>>> = {
  "src/AsyncLogging.ts": ["test/Cleanup.test.ts", "test/Close.test.ts", "test/ExitGuard.test.ts"],
  "src/Backend.ts": ["test/Cleanup.test.ts", "test/Strategies.test.ts", "test/Logger.test.ts", "test/Layer.test.ts"],
  "src/Batch.ts": ["test/Close.test.ts", "test/Delivery.test.ts", "test/Fallback.test.ts"],
  "src/Barriers.ts": ["test/Cleanup.test.ts"],
  "src/Connection.ts": ["test/Cleanup.test.ts", "test/Close.test.ts", "test/Delivery.test.ts"],
  "src/Detached.ts": ["test/Cleanup.test.ts", "test/Close.test.ts", "test/Delivery.test.ts"],
  "src/Drain.ts": ["test/Cleanup.test.ts", "test/Close.test.ts", "test/Events.test.ts"],
  "src/Events.ts": ["test/Events.test.ts"],
  "src/ExitGuard.ts": ["test/ExitGuard.test.ts"],
  "src/Flushes.ts": ["test/Cleanup.test.ts"],
  "src/Gates/Table.ts": ["property-tests/Gates.test.ts"],
  "src/LevelControl.ts": ["test/LevelControl.test.ts"],
  "src/Link.ts": ["test/Cleanup.test.ts", "test/Close.test.ts", "test/Delivery.test.ts"],
  "src/LogFailure.ts": ["test/ExitGuard.test.ts"],
  "src/Notices.ts": ["test/Notices.test.ts"],
  "src/Outlet.ts": ["test/Cleanup.test.ts", "test/Strategies.test.ts"],
  "src/Pipeline.ts": ["test/Layer.test.ts", "test/Pipeline.test.ts"],
  "src/Queue/BoundedQueue.ts": ["test/Cleanup.test.ts", "test/Delivery.test.ts"],
  "src/Sinks/Console.ts": ["test/Sinks/Console.test.ts"],
  "src/Sinks/File.ts": ["test/Sinks/File.test.ts"],
  "src/Sinks/InFlight.ts": ["test/Sinks/InFlight.test.ts"],
  "src/Surroundings.ts": ["test/Cleanup.test.ts"],
  "src/Worker.ts": ["test/Close.test.ts", "test/Flush.test.ts", "test/Fallback.test.ts"]
}
const startingProcesses = [
  "test/Docs.test.ts",
  "test/Examples.test.ts",
  "test/Exits.test.ts",
  "test/Lifetimes.test.ts",
  "test/Memory.test.ts",
  "test/Notices.test.ts",
  "test/Outage.test.ts",
  "test/Sinks/Console.test.ts",
  "test/Sinks/StreamPosition.test.ts"
]
const ledger = "src/Ledger.ts"
const law = "property-tests/Law.test.ts"

// -----------------------------------------------------------------------------
// mutants
// -----------------------------------------------------------------------------

const sources = new Map(globSync("src/**/*.ts").toSorted().map((file) => [file, readFileSync(file, "utf8")] as const))

const countersOf = (file: string): ReadonlyArray<Mutant> => {
  let at = 0
  return sources.get(file)!.split("\n").flatMap((line) => {
    const start = at
    at += line.length + 1
    const found = counters.map((counter) => counter.exec(line)).find((match) => match !== null)
    return found ? [{ file, at: start + found.index, text: found[0], replacement: "void 0" }] : []
  })
}

const matchesOf = ([pattern, replacement]: (typeof patterns)[number]): ReadonlyArray<Mutant> => {
  const found = [...sources].flatMap(([file, source]) =>
    [...source.matchAll(pattern)]
      .map((match) => ({ file, at: match.index, text: match[0], replacement }))
      .filter((mutant) => !/^(\*|\/\/)/.test(lineOf(mutant)))
  )
  if (found.length === 0) throw new Error(`nowhere in src/: ${pattern}`)
  return found
}

const patchOf = ([file, text, replacement]: (typeof patches)[number]): Mutant => {
  const parts = (sources.get(file) ?? "").split(text)
  if (parts.length !== 2) throw new Error(`${parts.length - 1} times in ${file} instead of once: ${text}`)
  return { file, at: parts[0]!.length, text, replacement }
}

const lineOf = ({ at, file }: Mutant): string => {
  const source = sources.get(file)!
  return source.slice(source.lastIndexOf("\n", at) + 1, source.indexOf("\n", at)).trim()
}

const nameOf = (mutant: Mutant): string => `${mutant.file}: ${mutant.text.split("\n")[0]} in ${lineOf(mutant)}`

const isEquivalent = (mutant: Mutant): boolean => Object.hasOwn(equivalent, nameOf(mutant))

const all = [...countersOf(ledger), ...patterns.flatMap(matchesOf), ...patches.map(patchOf)]
for (const name of Object.keys(equivalent)) {
  if (all.filter((mutant) => nameOf(mutant) === name).length !== 1) throw new Error(`not one mutant: ${name}`)
}
const wanted = process.argv[2] ?? ""
const mutants = all.filter((mutant) => !isEquivalent(mutant) && nameOf(mutant).includes(wanted))

// -----------------------------------------------------------------------------
// runs
// -----------------------------------------------------------------------------

const copied = [
  "benchmark",
  "src",
  "test",
  "property-tests",
  "schema",
  "scripts",
  "package.json",
  "tsconfig.json",
  "vitest.config.ts"
]
const project = mkdtempSync(join(tmpdir(), "effect-async-logging-mutants-"))

// What does not come to an end is as good as red. In a group of their own its processes can be ended.
const isGreen = async (args: ReadonlyArray<string>): Promise<boolean> => {
  const vitest = [join("node_modules", "vitest", "vitest.mjs"), "run", "--bail=1"]
  const env = { ...process.env, MUTATION: "1", NO_COLOR: "1" }
  const child = spawn(process.execPath, [...vitest, ...args], { cwd: project, env, detached: true })
  let output = ""
  child.stdout.on("data", (chunk) => output += chunk)
  child.stderr.on("data", (chunk) => output += chunk)
  const timer = setTimeout(() => process.kill(-child.pid!, "SIGKILL"), 10 * 60_000)
  const [status, signal] = await once(child, "close")
  clearTimeout(timer)
  // a mutant that does not even load would prove nothing
  if (status !== 0 && signal === null && !/Tests .*failed|Unhandled Error/.test(output)) {
    throw new Error(`the tests did not run:\n${output}`)
  }
  return status === 0
}

// one process for all files, which are few and fast: what takes long here hangs
const quick = ["--no-isolate", "--maxWorkers=1", "--testTimeout=10000"]
const whole = startingProcesses.flatMap((file) => ["--exclude", file])

const survives = async (mutant: Mutant): Promise<boolean> => {
  // of the ledger it is the law that has to tell
  if (mutant.file === ledger) return isGreen([law])
  const first = fitting[mutant.file]
  return (first === undefined || await isGreen([...quick, ...first])) && await isGreen(whole)
}

let survived = 0
try {
  for (const name of copied) cpSync(name, join(project, name), { recursive: true })
  symlinkSync(resolve("node_modules"), join(project, "node_modules"))
  const isReady = await isGreen([...quick, ...new Set(Object.values(fitting).flat())]) && await isGreen(whole)
  if (!isReady) throw new Error("the tests fail without a mutation")
  for (const mutant of mutants) {
    const { at, file, replacement, text } = mutant
    const source = sources.get(file)!
    writeFileSync(join(project, file), source.slice(0, at) + replacement + source.slice(at + text.length))
    const isSurvivor = await survives(mutant)
    writeFileSync(join(project, file), source)
    if (isSurvivor) survived++
    const line = source.slice(0, at).split("\n").length
    console.log(`${isSurvivor ? "SURVIVED" : "killed  "} ${file}:${line} ${lineOf(mutant)}`)
  }
} finally {
  rmSync(project, { recursive: true, force: true })
}
console.log(
  `${mutants.length} mutants, ${mutants.length - survived} killed, ${survived} survived; ` +
    `${all.filter(isEquivalent).length} equivalent ones left out`
)
process.exitCode = survived === 0 && mutants.length > 0 ? 0 : 1
