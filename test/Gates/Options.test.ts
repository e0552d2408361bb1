import { assert, describe, it } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { inspect } from "node:util"
import * as AsyncLogging from "../../src/AsyncLogging.ts"
import * as Gates from "../../src/Gates.ts"
import * as Pipeline from "../../src/Pipeline.ts"

type Row = readonly [allowed: string, wrong: ReadonlyArray<unknown>]
// a row that is missing, or too much, does not compile
type Rows<Options> = { readonly [K in keyof Options]-?: Row }

const never: ReadonlyArray<unknown> = [null, true, Symbol("x"), {}, () => 1]
const positive: Row = ["a positive integer", [0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, "5", 1n, ...never]]
const noTimes = [0, "0 seconds", -1, "soon", "", Number.NaN, { second: 1 }, ...never]
const someTime: Row = ["a duration above zero", [Number.POSITIVE_INFINITY, ...noTimes]]
const endlessTime: Row = ["a duration above zero", noTimes]
const func: Row = ["a function", [0, "requestId", null, {}, Effect.void]]
const text: Row = ["a string that is not empty", [0, "", null, true, {}]]
const level: Row = [`one of "All", "Fatal"`, [0, "", "info", "Warning", null, {}]]
const share: Row = ["a number from 0 to 1", [-0.1, 1.1, Number.NaN, "0.5", null, {}, Number.POSITIVE_INFINITY]]
const notObject: ReadonlyArray<unknown> = ["x", null, [], true, () => 1]

const sample = {
  rate: [share[0], [undefined, ...share[1]]],
  byLevel: ["an object", [0, "x", null, []]],
  always: level,
  key: func,
  summary: ["a duration above zero, such as \"1 minute\", or false", noTimes],
  name: text
} satisfies Rows<Gates.SampleOptions>

const rateLimit = {
  limit: [positive[0], [undefined, ...positive[1]]],
  per: someTime,
  burst: positive,
  key: func,
  maxKeys: positive,
  name: text
} satisfies Rows<Gates.RateLimitOptions>

const firstOccurrence = {
  first: positive,
  thereafter: positive,
  interval: endlessTime,
  key: func,
  maxKeys: positive,
  name: text
} satisfies Rows<Gates.FirstOccurrenceOptions>

const dedupe = {
  window: endlessTime,
  fields: ["true or false", [0, 1, "true", null, {}]],
  key: func,
  maxKeys: positive,
  name: text
} satisfies Rows<Gates.DedupeOptions>

const fingersCrossed = {
  activation: ["a filter, or one of", [0, "", "error", null, {}]],
  passThrough: level,
  key: func,
  withoutKey: level,
  capacity: positive,
  maxBytes: positive,
  maxKeys: positive,
  maxTotalBytes: positive,
  maxAge: endlessTime,
  endOn: func,
  name: text
} satisfies Rows<Gates.FingersCrossedOptions>

type Build = (options: never) => Effect.Effect<Pipeline.Stage, AsyncLogging.ConfigInvalid>

const gates: ReadonlyArray<
  readonly [kind: string, build: Build, rows: { readonly [key: string]: Row }, right: object]
> = [
  ["sample", Gates.sample, sample, { rate: 0.5 }],
  ["rateLimit", Gates.rateLimit, rateLimit, { limit: 1 }],
  ["firstOccurrence", Gates.firstOccurrence, firstOccurrence, {}],
  ["dedupe", Gates.dedupe, dedupe, {}],
  ["fingersCrossed", Gates.fingersCrossed, fingersCrossed, {}]
]

const wrongOf = (build: Build, options: unknown): AsyncLogging.ConfigInvalid => {
  const exit = Effect.runSyncExit(build(options as never))
  if (Exit.isSuccess(exit)) assert.fail(`${inspect(options)} was taken`)
  const error = Cause.squash(exit.cause)
  assert.instanceOf(error, AsyncLogging.ConfigInvalid)
  return error
}

describe("the options of gates", () => {
  for (const [kind, build, rows, right] of gates) {
    for (const [option, [allowed, wrong]] of Object.entries(rows)) {
      it(`G33 ${kind}.${option}: wrong values fail, with its name and what is allowed`, () => {
        for (const value of wrong) {
          const { field, message } = wrongOf(build, { ...right, [option]: value })
          assert.strictEqual(field, `${kind}.${option}`, inspect(value))
          assert.include(message, `${kind}.${option}: `)
          assert.include(message, allowed)
        }
      })
    }

    it(`G33 ${kind}: an option that is not there fails, and so do options that are none`, () => {
      const { field, message } = wrongOf(build, { ...right, limits: 1 })
      assert.strictEqual(field, `${kind}.limits`)
      assert.include(message, "there is no such option")
      for (const options of notObject) {
        assert.include(wrongOf(build, options).message, `${kind}: expected an object`, inspect(options))
      }
    })

    it(`G33 ${kind}: what is undefined is left out, and the name is the one that is counted under`, () => {
      const undefineds = Object.fromEntries(Object.keys(rows).map((option) => [option, undefined]))
      const named = (options: object) => Effect.runSync(build(options as never)).name
      assert.strictEqual(named({ ...undefineds, ...right }), kind)
      assert.strictEqual(named({ ...right, name: "mine" }), "mine")
    })
  }

  it("G33 sample: a share that is none fails, and one for a level that passes anyway", () => {
    for (const rate of [-1, 2, Number.NaN]) {
      assert.strictEqual(wrongOf(Gates.sample as Build, rate).field, "sample.rate")
    }
    const inLevel = wrongOf(Gates.sample as Build, { rate: 1, byLevel: { Debug: 2 } })
    assert.strictEqual(inLevel.field, "sample.byLevel.Debug")
    assert.include(inLevel.message, "a number from 0 to 1")
    assert.strictEqual(wrongOf(Gates.sample as Build, { rate: 1, byLevel: { debug: 1 } }).field, "sample.byLevel.debug")
    const passing = wrongOf(Gates.sample as Build, { rate: 1, byLevel: { Info: 0.1, Error: 0.5 } })
    assert.strictEqual(passing.field, "sample.byLevel.Error")
    assert.include(passing.message, `"Warn"`)
  })

  it("G33 fingersCrossed: what one key may take has to be there for all", () => {
    const { field, message } = wrongOf(Gates.fingersCrossed as Build, { maxTotalBytes: 1000 })
    assert.strictEqual(field, "fingersCrossed.maxTotalBytes")
    assert.include(message, "262144")
  })

  it.effect("G33 a wrong option fails the layer, also one of stages", () =>
    Effect.gen(function*() {
      const stages = [Gates.rateLimit({ limit: 0 })]
      const ofLayer = yield* Effect.flip(Effect.provide(Effect.void, AsyncLogging.layerTest({ stages })))
      const ofStages = yield* Effect.flip(Effect.provide(Effect.void, Pipeline.layer(stages)))
      assert.deepStrictEqual([ofLayer.field, ofStages.field], ["rateLimit.limit", "rateLimit.limit"])
    }))
})
