/**
 * Programs that log, fork and sleep, as data, and the ways in which a program ends.
 */
import type * as LogLevel from "effect/LogLevel"
import * as fc from "fast-check"

/**
 * One step of a program. `Fork` runs another one beside it, which the program waits for at its end (`joined`), or
 * interrupts there (`scoped`); one that is `left` may still log when the layer around the program has closed.
 */
export type Step =
  | {
    readonly _tag: "Log"
    readonly by: "Effect.log" | "Logger"
    readonly level: LogLevel.Severity
    readonly uninterruptible: boolean
    readonly times: number
  }
  | { readonly _tag: "Sleep"; readonly millis: number }
  | { readonly _tag: "Yield" }
  | { readonly _tag: "Fork"; readonly program: Program; readonly how: "joined" | "scoped" | "left" }

/**
 * Steps, one after the other.
 */
export type Program = ReadonlyArray<Step>

/**
 * How a program ends: when it is through, or interrupted from outside after so many milliseconds.
 */
export type Ending =
  | { readonly _tag: "Success" | "Failure" | "Defect" }
  | { readonly _tag: "Interruption"; readonly after: number }

/**
 * Any program; with `by` only such that log in one way.
 */
export const program = (by: ReadonlyArray<"Effect.log" | "Logger">): fc.Arbitrary<Program> =>
  fc.letrec<{ program: Program; step: Step }>((tie) => ({
    program: fc.array(tie("step"), { maxLength: 8, size: "max" }),
    step: fc.oneof(
      { depthSize: "small", maxDepth: 3, withCrossShrink: true },
      {
        weight: 5,
        arbitrary: fc.record({
          _tag: fc.constant("Log" as const),
          by: fc.constantFrom(...by),
          level: fc.constantFrom<LogLevel.Severity>("Info", "Error", "Debug"),
          uninterruptible: fc.constantFrom(false, false, false, true),
          times: fc.integer({ min: 1, max: 8 })
        })
      },
      {
        weight: 2,
        arbitrary: fc.record({ _tag: fc.constant("Sleep" as const), millis: fc.integer({ min: 1, max: 100 }) })
      },
      { weight: 1, arbitrary: fc.constant<Step>({ _tag: "Yield" }) },
      {
        weight: 3,
        arbitrary: fc.record({
          _tag: fc.constant("Fork" as const),
          program: tie("program"),
          how: fc.constantFrom("joined", "scoped", "left")
        })
      }
    )
  })).program

/**
 * Any ending.
 */
export const ending: fc.Arbitrary<Ending> = fc.oneof(
  fc.constantFrom<Ending>({ _tag: "Success" }, { _tag: "Failure" }, { _tag: "Defect" }),
  fc.record({ _tag: fc.constant("Interruption" as const), after: fc.nat({ max: 300 }) })
)

/**
 * Whether every fork of a program, and of its forks, is of one of these kinds.
 */
export const forksOnly = (program: Program, ...kinds: ReadonlyArray<"joined" | "scoped" | "left">): boolean =>
  program.every((step) => step._tag !== "Fork" || (kinds.includes(step.how) && forksOnly(step.program, ...kinds)))

/**
 * The program without its uninterruptible regions, which do not wait for room and may meet a full overdraft.
 */
export const interruptible = (program: Program): Program =>
  program.map((step) =>
    step._tag === "Log"
      ? { ...step, uninterruptible: false }
      : step._tag === "Fork"
      ? { ...step, program: interruptible(step.program) }
      : step
  )
