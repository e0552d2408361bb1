import { assert, describe, it } from "@effect/vitest"
import * as Redacted from "effect/Redacted"
import * as Os from "node:os"
import * as Enrichers from "../src/Enrichers.ts"
import * as Filters from "../src/Filters.ts"
import type * as Pipeline from "../src/Pipeline.ts"
import * as PipelineRun from "../src/PipelineRun.ts"
import type { LogContext, LogRecord } from "../src/Record.ts"
import * as Record from "../src/Record.ts"
import { tally } from "./support/tally.ts"

const record = (options: Partial<LogRecord> = {}): LogRecord => Record.make({ level: "Info", message: "m", ...options })

const run = (stages: ReadonlyArray<Pipeline.Stage>, ...records: ReadonlyArray<LogRecord>) => {
  const out = tally()
  for (const record of records) PipelineRun.runUnsafe(stages, 0, record, "offered", out.visitor)
  return out
}

const messages = (records: ReadonlyArray<LogRecord>) => records.map(({ message }) => message)

const runOne = (stage: Pipeline.Stage, input: LogRecord): LogRecord => run([stage], input).accepted[0]!

describe("Enrichers", () => {
  it("fields adds its fields, and those of the record win", () => {
    const stage = Enrichers.fields({ region: "eu", zone: "a" })
    assert.deepStrictEqual(runOne(stage, record({ fields: { zone: "b", id: 1 } })).fields, {
      region: "eu",
      zone: "b",
      id: 1
    })
    assert.deepStrictEqual(runOne(stage, record()).fields, { region: "eu", zone: "a" })
  })

  it("fields copies its values once, when the stage is made", () => {
    const shared = { list: [1] }
    const stage = Enrichers.fields({ shared, secret: Redacted.make("hunter2"), big: 7n })
    shared.list.push(2)
    const { fields } = runOne(stage, record())
    assert.deepStrictEqual(fields, { shared: { list: [1] }, secret: "<redacted>", big: "7" })
    assert.strictEqual(runOne(stage, record()).fields, fields)
  })

  it("context goes under the context of the record, custom key by key", () => {
    const stage = Enrichers.context({ service: "shop", host: "h1", custom: { a: 1, b: 1 } })
    const input = record({ context: { service: "pay", custom: { b: 2, c: 2 } } })
    assert.deepStrictEqual(runOne(stage, input).context, {
      service: "pay",
      host: "h1",
      custom: { a: 1, b: 2, c: 2 }
    })
    assert.deepStrictEqual(input.context, { service: "pay", custom: { b: 2, c: 2 } })
  })

  it("context copies what it was given", () => {
    const custom = { team: "a" }
    const given: { service?: string; custom: { team: string } } = { service: "shop", custom }
    const stage = Enrichers.context(given)
    custom.team = "b"
    given.service = "pay"
    assert.deepStrictEqual(runOne(stage, record()).context, { service: "shop", custom: { team: "a" } })
  })

  it("G19 records that shared a context share the enriched one, and others do not", () => {
    const stages = [Enrichers.context({ service: "shop" }), Enrichers.process, Enrichers.hostname]
    const one: LogContext = { requestId: "1" }
    const two: LogContext = { requestId: "2" }
    const [a, b, c, d, e] = run(
      stages,
      ...[one, two, one, two, Record.emptyContext].map((context) => record({ context }))
    ).accepted
    assert.strictEqual(a!.context, c!.context)
    assert.strictEqual(b!.context, d!.context)
    assert.deepStrictEqual([a, b, e].map((r) => r!.context.requestId), ["1", "2", undefined])
    assert.strictEqual(run(stages, record()).accepted[0]!.context, e!.context)
  })

  it("process adds pid and node to custom, under the record's own", () => {
    const own = { pid: process.pid, node: process.versions.node }
    assert.deepStrictEqual(runOne(Enrichers.process, record()).context, { custom: own })
    assert.deepStrictEqual(runOne(Enrichers.process, record({ context: { custom: { pid: 1 } } })).context.custom, {
      ...own,
      pid: 1
    })
  })

  it("hostname sets the host where there is none", () => {
    assert.strictEqual(runOne(Enrichers.hostname, record()).context.host, Os.hostname())
    assert.strictEqual(runOne(Enrichers.hostname, record({ context: { host: "h1" } })).context.host, "h1")
  })
})

describe("Filters", () => {
  it("where keeps what the predicate wants, and counts the rest under its name", () => {
    const quiet = Filters.where((r) => r.message !== "noise")
    const named = Filters.where((r) => r.message !== "chatter", "chatter")
    const out = run([quiet, named], ...["a", "noise", "chatter", "b"].map((message) => record({ message })))
    assert.deepStrictEqual(messages(out.accepted), ["a", "b"])
    assert.deepStrictEqual(out.filtered(), { where: 1, chatter: 1 })
  })

  const loggers = ["auth", "auth.login", "author", "db", undefined]
  const kept = (options: Parameters<typeof Filters.byLogger>[0]) =>
    run([Filters.byLogger(options)], ...loggers.map((logger) => record({ logger }))).accepted.map((r) => r.logger)

  it("byLogger only keeps the named loggers and those below, and nothing without a logger", () => {
    assert.deepStrictEqual(kept({ only: ["auth"] }), ["auth", "auth.login"])
    assert.deepStrictEqual(kept({ only: ["db", "author"] }), ["author", "db"])
    assert.deepStrictEqual(kept({ only: [] }), [])
  })

  it("byLogger except ends the named loggers and those below, and wins over only", () => {
    assert.deepStrictEqual(kept({ except: ["auth"] }), ["author", "db", undefined])
    assert.deepStrictEqual(kept({ only: ["auth", "db"], except: ["auth.login"] }), ["auth", "db"])
    assert.deepStrictEqual(kept({}), loggers)
  })

  it("byLogger counts under its name", () => {
    const stages = [Filters.byLogger({ only: ["x"] }), Filters.byLogger({ only: ["x"] }, "named")]
    assert.deepStrictEqual(run(stages, record()).filtered(), { byLogger: 1 })
    assert.deepStrictEqual(run(stages.slice(1), record()).filtered(), { named: 1 })
  })
})
