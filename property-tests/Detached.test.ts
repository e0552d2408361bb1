import { assert, describe, it } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as fc from "fast-check"
import * as Detached from "../src/Detached.ts"
import { parameters, timeout } from "./support/runs.ts"
import * as World from "./support/scheduler.ts"

describe("what may hang", { timeout }, () => {
  it("G24 is asked how it ended, whatever ends first: its answer is lost only when it was interrupted", () => {
    const millis = fc.integer({ min: 1, max: 4 })
    const answer = fc.constantFrom(Effect.succeed("done"), Effect.fail("boom"), Effect.die("boom"))
    fc.assert(
      fc.property(World.choices, millis, millis, answer, fc.boolean(), (choices, takes, limit, answer, jumps) => {
        const world = World.make(choices)
        let detached: Fiber.Fiber<unknown, unknown> | undefined
        const effect = Effect.andThen(Effect.sleep(takes), answer)
        const caller = world.fork(
          Effect.map(
            Detached.within(effect, limit, 0, (fiber) => {
              detached = fiber
            }),
            (result) => ({ result, exit: detached?.pollUnsafe() })
          )
        )
        world.run(jumps ? 4 : 100)
        if (jumps) world.jump(4)
        world.advance(10)
        const ended = World.exitOf(caller)
        if (!Exit.isSuccess(ended)) throw new Error("the caller has failed")
        const { exit, result } = ended.value
        // it was never told of: it had ended before
        if (detached === undefined) return assert.isTrue(Option.isSome(result))
        const isOwn = exit !== undefined && (Exit.isSuccess(exit) || !Cause.hasInterruptsOnly(exit.cause))
        assert.deepStrictEqual(result, isOwn ? Option.some(exit) : Option.none())
      }),
      parameters
    )
  })
})
