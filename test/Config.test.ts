import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as fs from "node:fs"
import { join } from "node:path"
import { inspect } from "node:util"
import * as AsyncLogging from "../src/AsyncLogging.ts"
import type { ContextInput } from "../src/ContextInput.ts"
import * as Filters from "../src/Filters.ts"
import * as Pipeline from "../src/Pipeline.ts"
import * as Record from "../src/Record.ts"
import * as Redaction from "../src/Redaction.ts"
import type { AnySink, BatchOptions, BreakerOptions, QueueOptions, RetryOptions, SinkOptions } from "../src/Sinks.ts"
import * as Sinks from "../src/Sinks.ts"
import type { Limits } from "../src/Snapshot.ts"
import { directory } from "./support/files.ts"
import { recording, run } from "./support/sinks.ts"
import { output, stdio } from "./support/stdio.ts"

// -----------------------------------------------------------------------------
// every option: where a test flips it, what it allows, and values that it does not
// -----------------------------------------------------------------------------

type Kind = readonly [allowed: string, wrong: ReadonlyArray<unknown>]
type Row = readonly [shownIn: string, ...kind: Kind]
// a row that is missing, or too much, does not compile
type Rows<Options> = { readonly [K in keyof Options]-?: Row }

const never: ReadonlyArray<unknown> = [null, true, Symbol("x"), {}, () => 1]
const positive: Kind = ["a positive integer", [0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, "5", 1n, ...never]]
const natural: Kind = ["an integer of 0 or more", [-1, 0.5, Number.NaN, "5", ...never]]
const noTimes = [
  ...[-1, "-1 second", "soon", "10 potatoes", "", Number.NaN, [Number.NaN, 1], [1]],
  ...[{ second: 1 }, { seconds: Number.NaN }, ...never]
]
const someTime: Kind = ["a duration above zero", [0, "0 seconds", Number.POSITIVE_INFINITY, "Infinity", ...noTimes]]
const anyTime: Kind = ["a duration of zero or more", [Number.POSITIVE_INFINITY, ...noTimes]]
const endlessTime: Kind = ["a duration above zero", [0, "0 seconds", ...noTimes]]
const notText = [0, Number.NaN, "", null, true, Symbol("x"), {}, Object.create(null)]
const text: Kind = ["a string that is not empty", notText]
const path: Kind = ["a string that is not empty, without NUL", ["a\0", ...notText]]
const notLevel = [0, Number.NaN, "", "info", "INFO", "Warning", null, {}]
const level: Kind = [`"Warn", "Info"`, notLevel]
const noFunction = [0, Number.NaN, "x", null, {}, Effect.void]
const func: Kind = ["a function", noFunction]
const effect: Kind = ["an Effect", [0, "x", null, {}, () => Effect.void]]
const mode: Kind = ["an integer from 0 to 0o777", [-1, 0o1000, 1.5, Number.NaN, "0600", null, {}]]
const group: Kind = ["an object", [0, Number.NaN, "x", null, [], true]]

const here = "Config.test.ts"
const batching = "Batching.test.ts"
const closing = "Close.test.ts"
const fallbacks = "Fallback.test.ts"
const custom = "Sinks/Custom.test.ts"
const deliveries = "Delivery.test.ts"
const levels = "Levels.test.ts"
const redactions = "Redaction/Options.test.ts"
const strategies = "Strategies.test.ts"

const contextRows = {
  service: [here, ...text],
  version: [here, ...text],
  environment: [here, ...text],
  host: [here, ...text],
  requestId: [here, ...text],
  userId: [here, ...text],
  custom: [here, ...group]
} satisfies Rows<ContextInput>

const limitRows = {
  recordBytes: [here, ...positive],
  stringLength: [here, ...positive],
  depth: [here, "an integer from 1 to 64", [0, -1, 1.5, 65, Number.NaN, "5", ...never]],
  keys: [here, ...positive],
  items: [here, ...positive]
} satisfies Rows<Limits>

const queueRows = {
  capacity: [strategies, ...positive],
  maxBytes: [strategies, ...positive],
  strategy: [strategies, `"sliding", "dropping", "backpressure"`, [0, Number.NaN, "", "Sliding", "drop", ...never]],
  protect: [strategies, "a filter, or one of", notLevel],
  overdraft: [strategies, ...natural],
  maxWait: [strategies, ...endlessTime]
} satisfies Rows<QueueOptions>

const batchRows = {
  size: [batching, ...positive],
  linger: [batching, ...anyTime]
} satisfies Rows<BatchOptions>

const retryRows = {
  initial: [deliveries, ...someTime],
  max: [deliveries, ...someTime],
  maxAttempts: [deliveries, ...positive]
} satisfies Rows<RetryOptions>

const breakerRows = {
  failures: [fallbacks, ...positive],
  probeAfter: [fallbacks, ...someTime]
} satisfies Rows<BreakerOptions>

const sinkRows = {
  name: [here, ...text],
  minimumLevel: [levels, ...level],
  filter: [here, ...func],
  format: [here, ...func],
  queue: [strategies, ...group],
  batch: [batching, ...group],
  timeout: [deliveries, ...someTime],
  retry: [deliveries, ...group],
  fallback: [fallbacks, ...text],
  breaker: [fallbacks, ...group],
  deadLetter: [fallbacks, ...text],
  onOpenFailure: [deliveries, `"fail", "retry"`, [0, Number.NaN, "", "Fail", null, {}]]
} satisfies Rows<SinkOptions>

const redactRows = {
  paths: [redactions, "an array of paths", [0, "password", null, {}, true]],
  detect: [redactions, "an array of names of detectors", [0, "jwt", null, {}, true]],
  censor: [redactions, "Redaction.remove", [0, "", null, {}, [], true]],
  caseSensitive: [redactions, "a boolean", [0, "no", null, {}]]
} satisfies Rows<Redaction.Options>

const layerRows = {
  context: [here, ...group],
  minimumLevel: [levels, ...level],
  levelFloor: [levels, ...level],
  stages: [here, "an array of stages", [0, "x", null, {}, [() => true], [null], [0]]],
  redact: [here, "an array of paths, or an object", [0, Number.NaN, "password", null, true]],
  queue: [here, ...group],
  batch: [here, ...group],
  limits: [here, ...group],
  drainTimeout: [closing, ...someTime],
  onClose: [closing, ...func],
  sinks: [here, "an array of sinks", [undefined, 0, "x", null, {}, [0], [null], [{}]]]
} satisfies Rows<AsyncLogging.Config<readonly []>>

type Own<Options> = Omit<Options, keyof SinkOptions>

interface SinkKind {
  readonly make: (options: object) => AnySink
  readonly rows: { readonly [key: string]: Row }
}

const kinds = {
  console: {
    make: Sinks.console,
    rows: { stderrFrom: [here, ...level] } satisfies Rows<Own<Sinks.ConsoleOptions>>
  },
  file: {
    make: (options: object) => Sinks.file({ path: "never-opened.log", ...options }),
    rows: {
      path: [here, ...text],
      mode: [here, ...mode],
      directoryMode: [here, ...mode],
      base: [here, ...path],
      permissions: [here, `one of "keep", "repair", "refuse"`, [0, "x", null, {}, true]],
      followLinks: [here, "a boolean", [0, "no", null, {}]],
      symlink: [here, ...path],
      shared: [here, "a boolean", [0, "no", null, {}]],
      sync: [here, `one of "never", "flush", "batch", or an object`, [0, "x", null, true]],
      lookAfter: [here, ...someTime],
      rotate: [here, "an object", [0, "x", null, [], true]]
    } satisfies Rows<Own<Sinks.FileOptions>>
  },
  memory: {
    make: Sinks.memory,
    rows: { limit: [here, ...positive] } satisfies Rows<Own<Sinks.MemoryOptions>>
  },
  make: {
    make: (options: object) => Sinks.make({ write: () => Effect.void, ...options }),
    rows: {
      write: [custom, "a function", [undefined, ...noFunction]],
      flush: [custom, ...effect],
      writeSync: [custom, ...func]
    } satisfies Rows<Own<Sinks.MakeSyncOptions<never, never>>>
  },
  scoped: {
    make: (options: object) => Sinks.scoped({ open: Effect.succeed({ write: () => Effect.void }), ...options }),
    rows: {
      open: [custom, "an Effect", [undefined, 0, "x", null, {}, () => Effect.void]]
    } satisfies Rows<Own<Sinks.ScopedOptions<Sinks.Handle, never, never>>>
  }
}

const every = [
  ...[layerRows, contextRows, redactRows, limitRows, queueRows, batchRows, retryRows, breakerRows, sinkRows],
  ...Object.values(kinds).map(({ rows }) => rows)
].flatMap((rows) => Object.entries<Row>(rows))

// -----------------------------------------------------------------------------
// refusals
// -----------------------------------------------------------------------------

const refused = (config: unknown) =>
  // what does not compile is what is tried here
  Effect.flip(Effect.scoped(Layer.build(AsyncLogging.layer(config as AsyncLogging.Config<readonly []>))))

const expectRefused = Effect.fnUntraced(function*(config: unknown, field: string, allowed: string, value: unknown) {
  const label = `${field} = ${inspect(value)}`
  const error = yield* Effect.catchCause(refused(config), () => Effect.succeed("no refusal"))
  assert.instanceOf(error, AsyncLogging.ConfigInvalid, label)
  assert.strictEqual(error.field, field, label)
  assert.include(error.message, field, label)
  assert.include(error.message, allowed, label)
})

// An option at a path, in an object: `nested("queue.size", 1)` is `{ queue: { size: 1 } }`.
const nested = (path: string, value: unknown): object =>
  path.split(".").reduceRight((inner: unknown, key) => ({ [key]: inner }), value) as object

const groups = { context: contextRows, redact: redactRows, limits: limitRows, queue: queueRows, batch: batchRows }
const sinkGroups = { queue: queueRows, batch: batchRows, retry: retryRows, breaker: breakerRows }

const rowsAt = (prefix: string, rows: { readonly [key: string]: Row }): ReadonlyArray<readonly [string, Row]> =>
  Object.entries(rows).map(([key, row]) => [prefix + key, row])

const layerPaths = [
  ...rowsAt("", layerRows),
  ...Object.entries(groups).flatMap(([name, rows]) => rowsAt(`${name}.`, rows))
]
const sinkPaths = [
  ...rowsAt("", sinkRows),
  ...Object.entries(sinkGroups).flatMap(([name, rows]) => rowsAt(`${name}.`, rows))
]

describe("wrong options", () => {
  it.effect("G33 of the layer fail it, with the name of the field and what it allows", () =>
    Effect.gen(function*() {
      for (const [path, [, allowed, wrong]] of layerPaths) {
        for (const value of wrong) {
          const config = { sinks: [Sinks.memory()], ...nested(path, value) }
          yield* expectRefused(config, path, allowed, value)
        }
      }
    }))

  for (const [kind, { make, rows }] of Object.entries<SinkKind>(kinds)) {
    it.effect(`G33 of a sink fail the layer, with its place in the list: Sinks.${kind}`, () =>
      Effect.gen(function*() {
        for (const [path, [, allowed, wrong]] of [...sinkPaths, ...rowsAt("", rows)]) {
          for (const value of wrong) {
            const config = { sinks: [Sinks.memory(), make(nested(path, value))] }
            yield* expectRefused(config, `sinks[1].${path}`, allowed, value)
          }
        }
        yield* expectRefused({ sinks: [make({ bogus: 1 })] }, "sinks[0].bogus", "minimumLevel, filter", 1)
        for (const [name, rows] of Object.entries(sinkGroups)) {
          const options = Object.keys(rows).join(", ")
          yield* expectRefused({ sinks: [make(nested(`${name}.bogus`, 1))] }, `sinks[0].${name}.bogus`, options, 1)
        }
      }))
  }

  it.effect("G33 an unknown option is one, at every depth, and the message lists those that there are", () =>
    Effect.gen(function*() {
      yield* expectRefused({ sinks: [], bogus: 1 }, "bogus", Object.keys(layerRows).join(", "), 1)
      for (const [name, rows] of Object.entries(groups)) {
        const config = { sinks: [], ...nested(`${name}.bogus`, undefined) }
        yield* expectRefused(config, `${name}.bogus`, Object.keys(rows).join(", "), undefined)
      }
    }))

  it.effect("G33 what is no configuration at all is refused as well", () =>
    Effect.gen(function*() {
      for (const config of [undefined, null, 0, "x", []]) {
        yield* expectRefused(config, "config", "an object", config)
      }
    }))

  it.effect("G33 an Effect that builds no stage is refused, with its place in the list", () =>
    Effect.gen(function*() {
      for (const built of [undefined, null, 0, () => true, {}]) {
        const stages = [Filters.where(() => true), Effect.succeed(built)]
        yield* expectRefused({ stages, sinks: [] }, "stages[1]", "a stage", built)
      }
    }))

  it.effect("G33 every wrong entry of redact is named by its place", () =>
    Effect.gen(function*() {
      for (const path of [0, null, "", "a..b", "*", "a.b*"]) {
        const redact = ["password", path]
        yield* expectRefused({ redact, sinks: [] }, "redact[1]", "dotted path", path)
        yield* expectRefused({ redact: { paths: redact }, sinks: [] }, "redact.paths[1]", "dotted path", path)
      }
      yield* expectRefused({ redact: { detect: ["jwt", "x"] }, sinks: [] }, "redact.detect[1]", `"jwt"`, "x")
      const censor = Redaction.hash({ key: Redacted.make("short") })
      yield* expectRefused({ redact: { censor }, sinks: [] }, "redact.censor.key", "32 bytes", censor)
    }))

  it.effect("G33 a wrong option of one sink opens none", () =>
    Effect.gen(function*() {
      const sink = recording()
      yield* refused({ sinks: [sink.sink, Sinks.memory({ limit: 0 })] })
      assert.deepStrictEqual(sink.events, [])
    }))
})

it("G33 the test file that is said to flip an option speaks of it", () => {
  for (const [option, [shownIn]] of every) {
    const content = fs.readFileSync(new URL(shownIn, import.meta.url), "utf8")
    assert.match(content, new RegExp(`\\b${option}\\b`), `${option} in ${shownIn}`)
  }
})

// -----------------------------------------------------------------------------
// flips
// -----------------------------------------------------------------------------

const recordOf = (config: Parameters<typeof AsyncLogging.layerTest>[0], ...message: ReadonlyArray<unknown>) =>
  Effect.gen(function*() {
    yield* Effect.logInfo(...message)
    return (yield* (yield* AsyncLogging.TestLog).records)[0]
  }).pipe(Effect.provide(AsyncLogging.layerTest(config)))

const names = (sinks: ReadonlyArray<AnySink>) =>
  Effect.map(AsyncLogging.stats, (stats) => Object.keys(stats.sinks)).pipe(
    // the list has lost the types of its elements, which need nothing and open nothing
    Effect.provide(AsyncLogging.layer({ sinks } as AsyncLogging.Config<readonly []>))
  )

describe("options of the layer", () => {
  it.effect("G33 context is part of every record, key by key", () =>
    Effect.gen(function*() {
      for (const key of Object.keys(contextRows)) {
        const value = key === "custom" ? { tenant: "acme", since: [1n] } : "me"
        const record = yield* recordOf({ context: { [key]: value } }, "x")
        assert.deepStrictEqual(record?.context, { [key]: key === "custom" ? { tenant: "acme", since: ["1"] } : "me" })
      }
      assert.strictEqual((yield* recordOf({}, "x"))?.context, Record.emptyContext)
    }))

  it.effect("G33 stages run in their order, values and Effects alike", () =>
    Effect.gen(function*() {
      const append = (text: string) => Pipeline.enrich((r) => ({ ...r, message: r.message + text }))
      const stages = [append("b"), Effect.succeed(append("c"))]
      assert.strictEqual((yield* recordOf({ stages }, "a"))?.message, "abc")
      assert.isUndefined(yield* recordOf({ stages: [Filters.where(() => false)] }, "a"))
    }))

  it.effect("G33 redact comes behind the stages, and is none by default", () =>
    Effect.gen(function*() {
      const stages = [Pipeline.enrich((r) => Record.withFields(r, { late: { password: "b" } }))]
      const fields = { password: "a", user: { password: "c" } }
      assert.deepStrictEqual((yield* recordOf({ stages, redact: ["password"] }, fields))?.fields, {
        password: "[redacted]",
        user: { password: "[redacted]" },
        late: { password: "[redacted]" }
      })
      assert.deepStrictEqual((yield* recordOf({}, fields))?.fields, fields)
      const options = { paths: ["password"], detect: ["card"], censor: Redaction.remove } as const
      assert.deepStrictEqual((yield* recordOf({ redact: options }, "card 4111111111111111", fields))?.fields, {
        user: {}
      })
      assert.strictEqual((yield* recordOf({ redact: options }, "card 4111111111111111", fields))?.message, "card ")
    }))

  it.effect("G33 each of the limits cuts, and says so", () =>
    Effect.gen(function*() {
      const values = {
        recordBytes: [100, { a: "x".repeat(90), b: "y".repeat(90) }],
        stringLength: [3, { a: "abcdef" }],
        depth: [1, { a: { b: 1 } }],
        keys: [1, { a: 1, b: 2 }],
        items: [1, { a: [1, 2] }]
      } satisfies { readonly [K in keyof Limits]: readonly [number, object] }
      for (const [key, [limit, value]] of Object.entries(values)) {
        const whole = yield* recordOf({}, value)
        assert.deepStrictEqual([whole?.fields, whole?.notes], [value, undefined])
        const cut = yield* recordOf({ limits: { [key]: limit } }, value)
        assert.notDeepEqual(cut?.fields, whole?.fields, key)
        assert.deepStrictEqual(cut?.notes, ["truncated"], key)
      }
    }))

  it.effect("G33 a limit that is given as undefined is the default", () =>
    Effect.gen(function*() {
      const deep = { a: { b: { c: { d: { e: { f: { g: { h: { i: { j: 1 } } } } } } } } } }
      const whole = yield* recordOf({}, deep, "m")
      assert.deepStrictEqual(whole?.notes, ["truncated"])
      const limits = { recordBytes: undefined, stringLength: undefined, depth: undefined, keys: undefined }
      // an untyped caller, or a compiler without exactOptionalPropertyTypes
      const same = yield* recordOf({ limits: limits as {} }, deep, "m")
      assert.deepStrictEqual(same, { ...whole!, fiber: same!.fiber })
    }))

  it.effect("G33 queue and batch of the layer hold for sinks that do not say otherwise, option by option", () =>
    Effect.gen(function*() {
      const plain = recording()
      const own = recording({ name: "own", queue: { capacity: 6 }, batch: { size: 3 } })
      const left = recording({ name: "left", queue: { capacity: undefined }, batch: { size: undefined } })
      yield* run(
        {
          queue: { capacity: 2, strategy: "dropping" },
          batch: { size: 1 },
          sinks: [plain.sink, own.sink, left.sink]
        },
        () => Effect.forEach([1, 2, 3, 4, 5, 6], (n) => Effect.logInfo(n))
      )
      assert.deepStrictEqual(plain.batches(), [["1"], ["2"]])
      assert.deepStrictEqual(own.batches(), [["1", "2", "3"], ["4", "5", "6"]])
      assert.deepStrictEqual(left.batches(), [["1"], ["2"]])
    }))
})

describe("options of sinks", () => {
  it.effect("G33 a name defaults to the kind, and a second one of a kind gets a number", () =>
    Effect.gen(function*() {
      const memory = Sinks.memory
      assert.deepStrictEqual(
        yield* names([memory(), Sinks.console(), memory(), memory({ name: "mine" }), memory()]),
        ["memory", "console", "memory-2", "mine", "memory-3"]
      )
      assert.deepStrictEqual(
        yield* names([memory(), memory({ name: "memory" }), memory({ name: "memory-2" })]),
        ["memory-3", "memory", "memory-2"]
      )
    }))

  it.live("G33 two file sinks are \"file\" and \"file-2\"", () =>
    Effect.gen(function*() {
      const path = join(yield* directory, "app.log")
      assert.deepStrictEqual(yield* names([Sinks.file({ path }), Sinks.file({ path })]), ["file", "file-2"])
    }))

  it.effect("G33 a name that is given twice is refused", () =>
    Effect.gen(function*() {
      const error = yield* refused({ sinks: [Sinks.memory({ name: "a" }), Sinks.console({ name: "a" })] })
      assert.strictEqual(error.field, "sinks[1].name")
      assert.include(error.message, `the name "a" is given to two sinks`)
    }))

  it.effect("G33 filter is the sink's own, and counts", () =>
    Effect.gen(function*() {
      const some = recording({ filter: (record) => record.message !== "b" })
      const all = recording({ name: "all" })
      const { report } = yield* run(
        { sinks: [some.sink, all.sink] },
        () => Effect.forEach(["a", "b"], (message) => Effect.logInfo(message))
      )
      assert.deepStrictEqual([some.messages(), all.messages()], [["a"], ["a", "b"]])
      assert.strictEqual(report.sinks["probe"]!.filteredHere, 1)
    }))

  it.effect("G33 format is what the sink writes with, JSON otherwise", () =>
    Effect.gen(function*() {
      const lines: Array<string> = []
      const write: Sinks.Write = (batch, format) => Effect.sync(() => void lines.push(...batch.map(format)))
      const format = (record: Record.LogRecord) => `<${record.message}>`
      yield* run({ sinks: [Sinks.make({ write, format })] }, () => Effect.logInfo("a"))
      yield* run({ sinks: [Sinks.make({ write })] }, () => Effect.logInfo("a"))
      assert.strictEqual(lines[0], "<a>")
      assert.include(JSON.parse(lines[1]!), { level: "INFO", message: "a" })
    }))

  it.live("G33 path, mode and directoryMode are those of the file", () =>
    Effect.gen(function*() {
      const root = yield* directory
      const modesOf = Effect.fnUntraced(function*(name: string, options: Omit<Sinks.FileOptions, "path">) {
        const path = join(root, name, "app.log")
        yield* run({ sinks: [Sinks.file({ path, ...options })] }, () => Effect.logInfo("a"))
        assert.include(fs.readFileSync(path, "utf8"), `"message":"a"`)
        return [fs.statSync(path).mode & 0o777, fs.statSync(join(root, name)).mode & 0o777]
      })
      assert.deepStrictEqual(yield* modesOf("default", {}), [0o600, 0o700])
      assert.deepStrictEqual(yield* modesOf("own", { mode: 0o400, directoryMode: 0o500 }), [0o400, 0o500])
    }))

  it.live("G33 stderrFrom moves records from that level on to stderr", () =>
    Effect.gen(function*() {
      const written = Effect.fnUntraced(function*(options: Sinks.ConsoleOptions) {
        const [stdout, stderr] = [output(), output()]
        const sink = Sinks.console({ format: (record) => record.message, ...options })
        yield* run(
          { sinks: [sink] },
          () => Effect.andThen(Effect.logInfo("i"), Effect.logError("e"))
        ).pipe(Effect.provideService(Sinks.CurrentStdio, stdio({ stdout, stderr })))
        return [stdout.pieces.join(""), stderr.pieces.join("")]
      })
      assert.deepStrictEqual(yield* written({}), ["i\ne\n", ""])
      assert.deepStrictEqual(yield* written({ stderrFrom: "Error" }), ["i\n", "e\n"])
    }))

  it.effect("G33 limit is how many records a memory sink keeps", () =>
    Effect.gen(function*() {
      const memory = Sinks.memory({ limit: 2 })
      yield* run({ sinks: [memory] }, () => Effect.forEach(["a", "b", "c"], (message) => Effect.logInfo(message)))
      assert.deepStrictEqual((yield* memory.records).map((record) => record.message), ["b", "c"])
    }))
})
