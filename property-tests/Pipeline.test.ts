import { assert, describe, it } from "@effect/vitest"
import * as fc from "fast-check"
import * as Enrichers from "../src/Enrichers.ts"
import * as Filters from "../src/Filters.ts"
import * as Pipeline from "../src/Pipeline.ts"
import * as PipelineRun from "../src/PipelineRun.ts"
import type { LogRecord } from "../src/Record.ts"
import { hold, repeat } from "../test/support/gates.ts"
import { type Tally, tally } from "../test/support/tally.ts"
import type { GateSpec } from "./support/gateSpecs.ts"
import * as GateSpecs from "./support/gateSpecs.ts"

const numRuns = process.env["NIGHTLY"] === undefined ? 500 : 10_000

// -----------------------------------------------------------------------------
// stages and records
// -----------------------------------------------------------------------------

/**
 * A stage, as data: gates remember, so each run builds its own. `every` picks the records whose number it divides.
 */
type Spec =
  | { readonly _tag: "Fields"; readonly key: string }
  | { readonly _tag: "Context"; readonly service: string }
  | { readonly _tag: "Drop"; readonly every: number }
  | { readonly _tag: "Hold"; readonly capacity: number; readonly atClose: "discard" | "release" }
  | { readonly _tag: "Repeat" }
  | { readonly _tag: "Gate"; readonly gate: GateSpec }
  | { readonly _tag: "Throw"; readonly kind: "enrich" | "filter" | "gate" | "redact"; readonly every: number }

const every = fc.integer({ min: 1, max: 4 })

const specs: fc.Arbitrary<ReadonlyArray<Spec>> = fc.array(
  fc.oneof(
    fc.record({ _tag: fc.constant("Fields" as const), key: fc.constantFrom("a", "b") }),
    fc.record({ _tag: fc.constant("Context" as const), service: fc.constantFrom("a", "b") }),
    fc.record({ _tag: fc.constant("Drop" as const), every }),
    fc.record({
      _tag: fc.constant("Hold" as const),
      capacity: fc.integer({ min: 0, max: 4 }),
      atClose: fc.constantFrom("discard" as const, "release" as const)
    }),
    fc.constant({ _tag: "Repeat" as const }),
    fc.record({ _tag: fc.constant("Gate" as const), gate: GateSpecs.gateSpec }),
    fc.record({
      _tag: fc.constant("Throw" as const),
      kind: fc.constantFrom("enrich" as const, "filter" as const, "gate" as const, "redact" as const),
      every
    })
  ),
  { maxLength: 6 }
)

const picks = (every: number, record: LogRecord): boolean => (record.fiber ?? 0) % every === 0

const build = (spec: Spec): Pipeline.Stage => {
  switch (spec._tag) {
    case "Fields":
      return Enrichers.fields({ [spec.key]: 1 })
    case "Context":
      return Enrichers.context({ service: spec.service })
    case "Drop":
      return Filters.where((record) => !picks(spec.every, record), `drop ${spec.every}`)
    case "Hold":
      return Pipeline.gate(hold(spec.capacity, spec.atClose), "hold")
    case "Repeat":
      return Pipeline.gate(repeat(), "repeat")
    case "Gate":
      return GateSpecs.build(spec.gate)
    case "Throw": {
      const throwing = <A>(result: (record: LogRecord) => A) => (record: LogRecord): A => {
        if (picks(spec.every, record)) throw new Error("boom")
        return result(record)
      }
      switch (spec.kind) {
        case "enrich":
          return Pipeline.enrich(throwing((record) => record))
        case "filter":
          return Filters.where(throwing(() => true), "filter")
        case "gate":
          return Pipeline.gate({ push: throwing((record) => [record]), close: () => [], held: 0, made: 0 })
        case "redact":
          return Pipeline.redact(throwing((record) => record))
      }
    }
  }
}

const pipeline = (specs: ReadonlyArray<Spec>): Pipeline.Pipeline => Pipeline.make(...specs.map(build))

/**
 * Records, numbered by their fiber, which no stage changes.
 */
const records = GateSpecs.records(20)

// -----------------------------------------------------------------------------
// composition
// -----------------------------------------------------------------------------

const observe = ({ stages }: Pipeline.Pipeline, records: ReadonlyArray<LogRecord>) => {
  const { accepted, counts, failures, filtered, sources, visitor } = tally()
  for (const record of records) PipelineRun.runUnsafe(stages, 0, record, "offered", visitor)
  PipelineRun.closeGatesUnsafe(stages, visitor)
  return { accepted, sources, failures, filtered: filtered(), counts }
}

const addUp = (self: { [name: string]: number }, that: { [name: string]: number }) => {
  const out = { ...self }
  for (const [name, count] of Object.entries(that)) out[name] = (out[name] ?? 0) + count
  return out
}

describe("Pipeline.compose", () => {
  it("has identity as its neutral element, on both sides", () => {
    fc.assert(
      fc.property(specs, records, (a, records) => {
        const alone = observe(pipeline(a), records)
        assert.deepStrictEqual(observe(Pipeline.compose(Pipeline.identity, pipeline(a)), records), alone)
        assert.deepStrictEqual(observe(Pipeline.compose(pipeline(a), Pipeline.identity), records), alone)
        assert.deepStrictEqual(observe(Pipeline.identity, records).accepted, records)
      }),
      { numRuns }
    )
  })

  it("is associative", () => {
    fc.assert(
      fc.property(specs, specs, specs, records, (a, b, c, records) => {
        const left = Pipeline.compose(Pipeline.compose(pipeline(a), pipeline(b)), pipeline(c))
        const right = Pipeline.compose(pipeline(a), Pipeline.compose(pipeline(b), pipeline(c)))
        assert.deepStrictEqual(observe(left, records), observe(right, records))
      }),
      { numRuns }
    )
  })

  it("is the one pipeline after the other", () => {
    fc.assert(
      fc.property(specs, specs, records, (a, b, records) => {
        const both = observe(Pipeline.compose(pipeline(a), pipeline(b)), records)
        const first = observe(pipeline(a), records)
        const second = observe(pipeline(b), first.accepted)
        assert.deepStrictEqual(both.accepted, second.accepted)
        assert.deepStrictEqual(both.filtered, addUp(first.filtered, second.filtered))
        assert.strictEqual(both.counts.made, first.counts.made + second.counts.made)
      }),
      { numRuns }
    )
  })
})

// -----------------------------------------------------------------------------
// the book-keeping
// -----------------------------------------------------------------------------

const sum = (numbers: ReadonlyArray<number>): number => numbers.reduce((a, b) => a + b, 0)

const assertBalanced = ({ counts, filtered }: Tally): void => {
  assert.strictEqual(
    counts.offered + counts.made,
    sum(Object.values(filtered())) + counts.held + counts.accepted,
    "offered + made = filtered + held + accepted"
  )
  assert.isAtLeast(counts.held, 0)
}

/**
 * The counters say what the driver did and what the gates say of themselves.
 */
const assertTrue = (self: Tally, stages: ReadonlyArray<Pipeline.Stage>, offered: number): void => {
  const gates = stages.flatMap((stage) => stage._tag === "Gate" ? [stage.gate] : [])
  assert.deepStrictEqual(self.counts, {
    offered,
    made: sum(gates.map(({ made }) => made)),
    held: sum(gates.map(({ held }) => held)),
    accepted: self.accepted.length
  })
}

const numbers = (records: ReadonlyArray<LogRecord>): ReadonlyArray<number> =>
  records.flatMap(({ fiber }) => fiber === undefined ? [] : [fiber])

const insertAt = <A>(list: ReadonlyArray<A>, index: number, item: A): ReadonlyArray<A> =>
  list.toSpliced(index % (list.length + 1), 0, item)

describe("the law of the stages", () => {
  it("G4 offered + made = filtered + held + accepted, after every step and seen from a filter in the middle", () => {
    fc.assert(
      fc.property(specs, records, fc.nat(), (specs, records, place) => {
        let looked = 0
        const probe = Filters.where(() => {
          looked++
          assertBalanced(out)
          return true
        })
        const stages = insertAt(specs.map(build), place, probe)
        const out = tally(stages)
        let offered = 0
        for (const record of records) {
          PipelineRun.runUnsafe(stages, 0, record, "offered", out.visitor)
          assertBalanced(out)
          assertTrue(out, stages, ++offered)
        }
        PipelineRun.closeGatesUnsafe(stages, out.visitor)
        assertBalanced(out)
        assertTrue(out, stages, offered)
        assert.strictEqual(out.counts.held, 0)
        // an assertion that fails inside the probe is caught by the pipeline, as any failure of a stage
        assert.isFalse(out.failures.some(([name]) => name === probe.name))
        if (place % (specs.length + 1) === 0) assert.strictEqual(looked, records.length)
      }),
      { numRuns }
    )
  })

  it("G4 nothing is lost, doubled or moved: what goes in comes out once, in order, or is counted", () => {
    fc.assert(
      fc.property(specs, records, (specs, records) => {
        const { accepted, counts, filtered } = observe(pipeline(specs), records)
        const seen = numbers(accepted)
        assert.strictEqual(new Set(seen).size, seen.length)
        // what was held back comes out behind what was not
        const keepsOrder = !specs.some((spec) => spec._tag === "Gate" && spec.gate._tag === "FingersCrossed")
        if (keepsOrder) assert.deepStrictEqual(seen, seen.toSorted((a, b) => a - b))
        // what has no number was made
        assert.isAtMost(accepted.length - seen.length, counts.made)
        assert.strictEqual(records.length + counts.made, sum(Object.values(filtered)) + accepted.length)
      }),
      { numRuns }
    )
  })

  it("G4 a filter that logs, in the middle of a run, keeps the books right", () => {
    fc.assert(
      fc.property(specs, records, fc.nat(), every, (specs, records, place, every) => {
        let offered = 0
        const offer = (record: LogRecord) => {
          offered++
          PipelineRun.runUnsafe(stages, 0, record, "offered", out.visitor)
        }
        const logs = Filters.where((record) => {
          // a line that a gate has made for nested ones must not make another one
          if (record.logger !== "nested" && record.fiber !== undefined && picks(every, record)) {
            offer({ ...record, logger: "nested", fiber: 1_000 + offered })
          }
          return true
        })
        const stages = insertAt(specs.map(build), place, logs)
        const out = tally(stages)
        for (const record of records) {
          offer(record)
          assertBalanced(out)
          assertTrue(out, stages, offered)
        }
        PipelineRun.closeGatesUnsafe(stages, out.visitor)
        assertBalanced(out)
        assertTrue(out, stages, offered)
        assert.strictEqual(new Set(numbers(out.accepted)).size, numbers(out.accepted).length)
      }),
      { numRuns }
    )
  })

  it("G4 gates that close one by one, in any order, leave nothing behind", () => {
    fc.assert(
      fc.property(specs, records, fc.infiniteStream(fc.nat()), (specs, records, picked) => {
        const stages = specs.map(build)
        const out = tally(stages)
        for (const record of records) PipelineRun.runUnsafe(stages, 0, record, "offered", out.visitor)
        const open = stages.filter((stage) => stage._tag === "Gate")
        while (open.length > 0) {
          const [gate] = open.splice(picked.next().value % open.length, 1)
          out.visitor.closeGate(gate!)
          assertBalanced(out)
          assertTrue(out, stages, records.length)
        }
        assert.strictEqual(out.counts.held, 0)
      }),
      { numRuns }
    )
  })
})
