/**
 * Delivered lines per second into a file when several fibers log at the same time: from the first call until the scope
 * has closed. They share the records evenly, and all have started before the first call, behind a gate: to start a fiber
 * is not what is measured.
 *
 * The file is read back: it has every record once, those of each fiber in order.
 */
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Latch from "effect/Latch"
import { createReadStream } from "node:fs"
import { join } from "node:path"
import * as readline from "node:readline"
import { Logger } from "../../src/index.ts"
import { libraryLayer } from "../programs.ts"
import * as Rehearsal from "../Rehearsal.ts"
import * as Subject from "../Subject.ts"
import type { Contender, Job, Sample, Workload } from "../Workload.ts"

// The producer number `p` of `n` logs the records p, p + n, p + 2n, …
const logShared = Effect.fnUntraced(function*(producers: number, records: number) {
  const gate = yield* Latch.make()
  const fibers: Array<Fiber.Fiber<void>> = []
  for (let producer = 0; producer < producers; producer++) {
    const produce = Effect.gen(function*() {
      yield* gate.await
      for (let i = producer; i < records; i += producers) yield* Logger.info(Subject.message, Subject.fields(i))
    })
    fibers.push(yield* Effect.forkChild(produce))
  }
  // so that all of them stand at the gate
  yield* Effect.yieldNow
  const start = performance.now()
  yield* gate.open
  for (const fiber of fibers) yield* Fiber.join(fiber)
  return start
})

// Answers the seconds.
const deliver = async (path: string, producers: number, records: number): Promise<number> => {
  const start = await Effect.runPromise(Effect.provide(logShared(producers, records), libraryLayer(path)))
  return (performance.now() - start) / 1000
}

const contender = (title: string, producers: number): Contender => ({
  title,
  run: async ({ directory, records }: Job): Promise<Sample> => {
    // each small program starts as many fibers
    const parts = producers < 1000 ? 50 : 5
    await Rehearsal.run((path, records) => deliver(path, producers, records), { directory, records }, parts)
    const path = join(directory, "measured.log")
    const seconds = await deliver(path, producers, records)
    return { figures: { rate: records / seconds }, wrong: await checkShared(path, producers, records) }
  }
})

const checkShared = async (path: string, producers: number, records: number): Promise<string | undefined> => {
  // by producer, the record that comes next
  const next = Array.from({ length: producers }, (_, producer) => producer)
  let lines = 0
  for await (const line of readline.createInterface({ input: createReadStream(path), crlfDelay: Infinity })) {
    const orderId = orderIdOf(line)
    if (orderId === undefined || next[orderId % producers] !== orderId) {
      return `line ${lines + 1} is not the next record of any producer: ${line.slice(0, 200)}`
    }
    next[orderId % producers]! += producers
    lines++
  }
  return lines === records ? undefined : `${lines} lines instead of ${records}`
}

const orderIdOf = (line: string): number | undefined => {
  try {
    const { fields, message } = JSON.parse(line)
    const { customer, orderId } = fields
    return message === Subject.message && customer === Subject.fields(orderId).customer ? orderId : undefined
  } catch {
    return undefined
  }
}

/**
 * The workload.
 */
export const producers: Workload = {
  title: "producers that share the records, delivered into a file, verified (backpressure)",
  figures: { rate: "lines/s" },
  contenders: {
    one: contender("1 fiber", 1),
    sixteen: contender("16 fibers", 16),
    many: contender("256 fibers", 256),
    tenThousand: contender("10,000 fibers", 10_000)
  }
}
