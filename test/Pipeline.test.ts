import { assert, describe, it } from "@effect/vitest"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Enrichers from "../src/Enrichers.ts"
import * as Filters from "../src/Filters.ts"
import * as Pipeline from "../src/Pipeline.ts"
import * as PipelineRun from "../src/PipelineRun.ts"
import type { LogRecord } from "../src/Record.ts"
import * as Record from "../src/Record.ts"
import { holdEffect, holdStage, repeatEffect, repeatStage } from "./support/gates.ts"
import { tally } from "./support/tally.ts"

const record = (options: Partial<LogRecord> = {}): LogRecord => Record.make({ level: "Info", message: "m", ...options })

const run = (stages: ReadonlyArray<Pipeline.Stage>, ...records: ReadonlyArray<LogRecord>) => {
  const out = tally()
  for (const record of records) PipelineRun.runUnsafe(stages, 0, record, "offered", out.visitor)
  return out
}

const messages = (records: ReadonlyArray<LogRecord>) => records.map(({ message }) => message)

describe("building stages", () => {
  class Region extends Context.Service<Region, { readonly name: string }>()("test/Region") {}
  const regionStage = Effect.gen(function*() {
    const region = yield* Region
    return Enrichers.fields({ region: region.name })
  })

  it.effect("a stage can be built from a service, and runs without it", () =>
    Effect.gen(function*() {
      const stages = yield* Pipeline.buildStages([regionStage, Filters.where((r) => r.message !== "noise")]).pipe(
        Effect.provideService(Region, { name: "eu" })
      )
      const out = run(stages, record(), record({ message: "noise" }))
      assert.deepStrictEqual(out.accepted.map((r) => r.fields), [{ region: "eu" }])
    }))

  it.effect("layers of stages add up, and hold only under them", () =>
    Effect.gen(function*() {
      const names = Effect.map(Pipeline.CurrentPipeline, ({ stages }) => stages.map(({ name }) => name))
      const outer = Pipeline.layer([regionStage]).pipe(Layer.provide(Layer.succeed(Region, { name: "eu" })))
      const both = Pipeline.layer([Enrichers.process]).pipe(Layer.provideMerge(outer))
      assert.deepStrictEqual(yield* Effect.provide(names, both), ["fields", "process"])
      assert.deepStrictEqual(yield* names, [])
    }))

  it.effect("a gate is built anew each time", () =>
    Effect.gen(function*() {
      const inputs = [holdEffect(2), repeatEffect]
      const first = yield* Pipeline.buildStages(inputs)
      const second = yield* Pipeline.buildStages(inputs)
      assert.deepStrictEqual(run(first, record()).counts.held, 1)
      assert.deepStrictEqual(run(second, record({ level: "Error" })).accepted.length, 1)
    }))
})

describe("gates in a pipeline", () => {
  const named = (...names: ReadonlyArray<string>) => names.map((message) => record({ message }))

  it("what a gate releases goes through the stages behind it", () => {
    const stages = [holdStage(2), Enrichers.fields({ x: 1 })]
    const out = run(stages, ...named("a", "b", "c"), record({ message: "boom", level: "Error" }))
    assert.deepStrictEqual(messages(out.accepted), ["b", "c", "boom"])
    assert.isTrue(out.accepted.every((r) => r.fields["x"] === 1))
    assert.deepStrictEqual(out.counts, { offered: 4, made: 0, held: 0, accepted: 3 })
    assert.deepStrictEqual(out.filtered(), { hold: 1 })
  })

  it("the record that was pushed, those held and those made keep their sources", () => {
    const released = run([holdStage(2)], ...named("a", "b"), record({ level: "Error" }))
    assert.deepStrictEqual(released.sources, ["held", "held", "offered"])
    const summed = run([repeatStage()], ...named("a", "a", "b"))
    assert.deepStrictEqual(messages(summed.accepted), ["a", "repeated 1 times", "b"])
    assert.deepStrictEqual(summed.sources, ["offered", "made", "offered"])
  })

  it("a record that a gate discards is not taken for the line that it makes of it, nor for those that it gives", () => {
    let made = 0
    const sums: Pipeline.Gate = {
      push: (r) => {
        if (r.message !== "x") return [r]
        made++
        return [record({ message: "sum" })]
      },
      close: () => [],
      held: 0,
      get made() {
        return made
      }
    }
    const summed = run([Pipeline.gate(sums)], ...named("x"))
    assert.deepStrictEqual([messages(summed.accepted), summed.sources], [["sum"], ["made"]])
    assert.deepStrictEqual(summed.filtered(), { gate: 1 })
    const ring: Array<LogRecord> = []
    const gives = Pipeline.gate({
      push: (r) => {
        if (r.message === "x") return ring.splice(0)
        ring.push(r)
        return []
      },
      close: () => [],
      get held() {
        return ring.length
      },
      made: 0
    })
    const given = run([gives], ...named("a", "b", "x"))
    assert.deepStrictEqual([messages(given.accepted), given.sources], [["a", "b"], ["held", "held"]])
    assert.deepStrictEqual(given.filtered(), { gate: 1 })
  })

  it("a record that a gate answers changed is the one that was pushed", () => {
    const change = Pipeline.gate({ push: (r) => [{ ...r, message: "b" }], close: () => [], held: 0, made: 0 })
    const out = run([change], record({ message: "a" }))
    assert.deepStrictEqual([messages(out.accepted), out.sources], [["b"], ["offered"]])
  })

  it("what a gate lets go, or makes and discards, while it answers the record is counted at that call", () => {
    const state = { held: 0, made: 0 }
    const stage = Pipeline.gate({
      push: (r) => {
        if (r.message === "make") state.made++
        state.held = r.message === "hold" ? 1 : 0
        return r.message === "hold" ? [] : [r]
      },
      close: () => [],
      get held() {
        return state.held
      },
      get made() {
        return state.made
      }
    })
    const out = run([stage], ...named("hold", "let go", "make"))
    assert.deepStrictEqual(out.counts, { offered: 3, made: 1, held: 0, accepted: 2 })
    assert.deepStrictEqual(out.filtered(), { gate: 2 })
  })

  it("a gate that throws lets the record pass, with a note", () => {
    const broken = Pipeline.gate({
      push: () => {
        throw new Error("boom")
      },
      close: () => [],
      held: 0,
      made: 0
    })
    const out = run([broken], record())
    assert.deepStrictEqual(out.accepted[0]!.notes, ["gate_failed"])
    assert.deepStrictEqual(out.failures, [["gate", "gate_failed"]])
  })

  it("a gate that keeps a record and throws leaves the counters right", () => {
    const ring: Array<LogRecord> = []
    const stage = Pipeline.gate({
      push: (r) => {
        if (r.level === "Error") return [...ring.splice(0), r]
        ring.push(r)
        throw new Error("boom")
      },
      close: () => [],
      get held() {
        return ring.length
      },
      made: 0
    })
    const out = run([stage], ...named("a", "b"))
    assert.strictEqual(out.accepted.length, 2)
    PipelineRun.runUnsafe([stage], 0, record({ level: "Error" }), "offered", out.visitor)
    // the gate answers a and b a second time: that makes them records of its own
    assert.deepStrictEqual(out.counts, { offered: 3, made: 2, held: 0, accepted: 5 })
  })

  const answers: ReadonlyArray<readonly [string, unknown]> = [
    ["nothing", undefined],
    ["a bare record", record()],
    ["a list with a hole", [record(), undefined]],
    ["a list of other things", ["x"]]
  ]
  for (const [what, answer] of answers) {
    it(`a gate that answers ${what} lets the record pass once, with a note`, () => {
      const push = () => answer as ReadonlyArray<LogRecord>
      const out = run([Pipeline.gate({ push, close: push, held: 0, made: 0 })], record({ message: "a" }))
      assert.deepStrictEqual(messages(out.accepted), ["a"])
      assert.deepStrictEqual(out.accepted[0]!.notes, ["gate_failed"])
      assert.deepStrictEqual(out.counts, { offered: 1, made: 0, held: 0, accepted: 1 })
    })

    it(`a gate that answers ${what} at its close owes nothing`, () => {
      const close = () => answer as ReadonlyArray<LogRecord>
      const stage = Pipeline.gate({ push: (r) => [r], close, held: 0, made: 0 })
      const out = run([stage], record())
      PipelineRun.closeGatesUnsafe([stage], out.visitor)
      assert.strictEqual(out.accepted.length, 1)
      assert.deepStrictEqual(out.failures, [["gate", "gate_failed"]])
    })
  }

  it("a gate that cannot say what it holds throws into no caller", () => {
    const stage = Pipeline.gate({
      push: (r) => [r],
      close: () => [],
      get held(): number {
        throw new Error("boom")
      },
      made: 0
    })
    const out = run([stage], record())
    assert.deepStrictEqual(out.accepted[0]!.notes, ["gate_failed"])
    PipelineRun.closeGatesUnsafe([stage], out.visitor)
    assert.deepStrictEqual(out.counts, { offered: 1, made: 0, held: 0, accepted: 1 })
  })

  for (const count of [Number.NaN, Number.POSITIVE_INFINITY, -1, 0.5]) {
    it(`a gate that says it holds or has made ${count} records lets the record pass, with a note`, () => {
      const gate = { push: (r: LogRecord) => [r], close: () => [], held: 0, made: 0 }
      const stages = [Pipeline.gate({ ...gate, held: count }, "held"), Pipeline.gate({ ...gate, made: count }, "made")]
      const out = run(stages, record())
      assert.deepStrictEqual(out.failures, [["held", "gate_failed"], ["made", "gate_failed"]])
      assert.deepStrictEqual(out.counts, { offered: 1, made: 0, held: 0, accepted: 1 })
    })
  }

  it("a gate that cannot say whether it keeps a record lets the record pass, with a note", () => {
    const gate = { push: () => [], close: () => [], held: 1, made: 0 }
    const stage = Pipeline.gate({ ...gate, keepsLast: "yes" as unknown as boolean })
    const out = run([stage], record())
    assert.deepStrictEqual(out.failures, [["gate", "gate_failed"]])
    assert.deepStrictEqual(out.counts, { offered: 1, made: 0, held: 0, accepted: 1 })
  })

  it("what a gate lets go between two calls is counted at the next", () => {
    const ring: Array<LogRecord> = []
    const stage = Pipeline.gate({
      push: (r) => {
        ring.push(r)
        return []
      },
      close: () => [],
      get held() {
        return ring.length
      },
      made: 0
    })
    const out = run([stage], ...named("a", "b", "c"))
    ring.length = 0
    PipelineRun.runUnsafe([stage], 0, record(), "offered", out.visitor)
    assert.deepStrictEqual(out.counts, { offered: 4, made: 0, held: 1, accepted: 0 })
    assert.deepStrictEqual(out.filtered(), { gate: 3 })
  })

  it("a closed gate is passed by, and gates close in order", () => {
    const stages = [holdStage(5, "release"), repeatStage()]
    const out = run(stages, ...named("a", "a", "a", "b", "b"))
    PipelineRun.closeGatesUnsafe(stages, out.visitor)
    assert.deepStrictEqual(messages(out.accepted), ["a", "repeated 2 times", "b", "repeated 1 times"])
    PipelineRun.runUnsafe(stages, 0, record({ message: "late" }), "offered", out.visitor)
    assert.strictEqual(messages(out.accepted).at(-1), "late")
    assert.strictEqual(out.counts.held, 0)
  })

  it("a gate that saw no record closes too", () => {
    const stages = [holdStage(2), holdStage(2)]
    const out = run(stages)
    PipelineRun.closeGatesUnsafe(stages, out.visitor)
    PipelineRun.runUnsafe(stages, 0, record(), "offered", out.visitor)
    assert.deepStrictEqual(out.counts, { offered: 1, made: 0, held: 0, accepted: 1 })
  })

  it.effect("the gates of a layer close with it, for the visitor that pushed them", () =>
    Effect.gen(function*() {
      const inner = Pipeline.layer([repeatEffect, holdEffect(2)])
      const layer = inner.pipe(Layer.provideMerge(Pipeline.layer([holdEffect(2, "release")])))
      const { out, stages } = yield* Effect.provide(
        Effect.gen(function*() {
          const { stages } = yield* Pipeline.CurrentPipeline
          const out = tally(stages)
          for (const r of named("a", "a")) PipelineRun.runUnsafe(stages, 0, r, "offered", out.visitor)
          assert.strictEqual(out.counts.held, 2)
          return { out, stages }
        }),
        layer
      )
      // the inner layer has closed first: its gates are passed by
      assert.deepStrictEqual(messages(out.accepted), ["a", "a"])
      PipelineRun.runUnsafe(stages, 0, record({ message: "late" }), "offered", out.visitor)
      assert.deepStrictEqual(out.counts, { offered: 3, made: 0, held: 0, accepted: 3 })
    }))

  it("another visitor's records pass a gate by", () => {
    const stages = [holdStage(2)]
    const first = run(stages, record())
    const second = run(stages, record())
    assert.deepStrictEqual([first.counts.held, second.counts.held, second.accepted.length], [1, 0, 1])
  })
})

describe("stages that throw", () => {
  const fail = (): never => {
    throw new Error("boom")
  }

  it("an enricher or a filter that throws lets the record through, with a note", () => {
    const out = run([Pipeline.enrich(fail), Filters.where(fail, "mine"), Enrichers.fields({ x: 1 })], record())
    assert.deepStrictEqual(out.accepted[0]!.notes, ["enricher_failed", "filter_failed"])
    assert.deepStrictEqual(out.accepted[0]!.fields, { x: 1 })
    assert.deepStrictEqual(out.failures, [["enrich", "enricher_failed"], ["mine", "filter_failed"]])
  })

  it("an enricher that answers something else than a record is skipped", () => {
    for (const answer of [undefined, null, "text", {}, Promise.resolve(record())]) {
      const out = run([Pipeline.enrich(() => answer as LogRecord)], record({ message: "a" }))
      assert.strictEqual(out.accepted[0]!.message, "a")
      assert.deepStrictEqual(out.accepted[0]!.notes, ["enricher_failed"])
    }
  })
})
