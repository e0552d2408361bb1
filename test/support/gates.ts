/**
 * Two small gates for tests: one that holds and discards, one that discards and makes.
 */
import * as Effect from "effect/Effect"
import * as LogLevel from "effect/LogLevel"
import * as Pipeline from "../../src/Pipeline.ts"
import type { LogRecord } from "../../src/Record.ts"

/**
 * Holds the last `capacity` records below Error, and answers them in front of the next record of Error or above. What
 * it still holds at its close it discards, or with `"release"` answers.
 */
export const hold = (capacity: number, atClose: "discard" | "release" = "discard"): Pipeline.Gate => {
  let ring: Array<LogRecord> = []
  const take = () => {
    const out = ring
    ring = []
    return out
  }
  return {
    push(record) {
      if (LogLevel.isGreaterThanOrEqualTo(record.level, "Error")) return [...take(), record]
      ring.push(record)
      if (ring.length > capacity) ring.shift()
      return []
    },
    close() {
      const rest = take()
      return atClose === "release" ? rest : []
    },
    get held() {
      return ring.length
    },
    made: 0
  }
}

/**
 * Discards a record that has the message of the one before, and says how many they were: before the next other
 * record, and at the close. What it says comes from no fiber.
 */
export const repeat = (): Pipeline.Gate => {
  let last: LogRecord | undefined
  let repeats = 0
  let made = 0
  const summary = (): ReadonlyArray<LogRecord> => {
    if (last === undefined || repeats === 0) return []
    const record = { ...last, message: `repeated ${repeats} times`, fiber: undefined }
    repeats = 0
    made++
    return [record]
  }
  return {
    push(record) {
      if (record.message === last?.message) {
        last = record
        repeats++
        return []
      }
      const before = summary()
      last = record
      return [...before, record]
    },
    close: summary,
    held: 0,
    get made() {
      return made
    }
  }
}

/**
 * A fresh stage of `hold`, named "hold".
 */
export const holdStage = (capacity: number, atClose?: "discard" | "release"): Pipeline.Stage =>
  Pipeline.gate(hold(capacity, atClose), "hold")

/**
 * A fresh stage of `repeat`, named "repeat".
 */
export const repeatStage = (): Pipeline.Stage => Pipeline.gate(repeat(), "repeat")

/**
 * `holdStage`, built for each layer.
 */
export const holdEffect = (capacity: number, atClose?: "discard" | "release"): Effect.Effect<Pipeline.Stage> =>
  Effect.sync(() => holdStage(capacity, atClose))

/**
 * `repeatStage`, built for each layer.
 */
export const repeatEffect: Effect.Effect<Pipeline.Stage> = Effect.sync(repeatStage)
