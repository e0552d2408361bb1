/**
 * Runs a history against a layer, and looks after every step whether the layer keeps its promises.
 */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import * as Scope from "effect/Scope"
import type * as AsyncLogging from "../../src/AsyncLogging.ts"
import type { Command, History } from "./history.ts"
import * as Calls from "./lawCalls.ts"
import * as Check from "./lawCheck.ts"
import * as End from "./lawEnd.ts"
import type { Lab } from "./lawLayer.ts"
import * as Labs from "./lawLayer.ts"
import * as Levels from "./levelModel.ts"
import * as World from "./scheduler.ts"

/**
 * A fiber that somebody may interrupt.
 */
export interface Live<A> {
  readonly fiber: Fiber.Fiber<A>
  interrupted: boolean
}

/**
 * A history under way.
 */
export interface Run {
  readonly lab: Lab
  readonly callers: Array<Live<void>>
  readonly flushes: Array<Live<void>>
  readonly closers: Array<Live<AsyncLogging.CloseReport>>
  /** After the last step. */
  before: AsyncLogging.Stats | undefined
  /** When the first close began. */
  closingSince: number | undefined
  /** Whether the clock ever moved at once. */
  jumped: boolean
  /** How many calls there were. */
  calls: number
}

// The workers get nine tenths of what is left of ten seconds, with one second for `onClose`; those that divert have to
// leave a part of it to those behind them, of which there are no more than sinks.
const surelyDraining = ({ sinks }: History): number =>
  sinks.some(({ diverts }) => diverts) ? Math.floor(8_000 / sinks.length) : 8_000

/**
 * Runs it to its end. `onStep` gets to see the statistics after each step.
 */
export const run = (history: History, onStep: (stats: AsyncLogging.Stats) => void = () => {}): void =>
  runBeside([history], onStep)

/**
 * Runs the histories of layers that live at the same time, in the interleaving of the first: they share nothing but
 * the time.
 */
export const runBeside = (
  histories: readonly [History, ...ReadonlyArray<History>],
  onStep: (stats: AsyncLogging.Stats) => void = () => {}
): void => {
  const runs: Array<Run> = []
  // what fails inside a stage or a sink is the layer's to handle: it is kept, and thrown after the step
  const failures: Array<unknown> = []
  const look = (check: () => void): void => {
    try {
      check()
    } catch (error) {
      failures.push(error)
    }
  }
  const afterStep = (): void => {
    for (const self of runs) {
      self.lab.update()
      const stats = self.lab.stats()
      look(() => Check.always(self.lab, self.before, stats, self.closingSince !== undefined))
      if (failures.length > 0) throw failures[0]
      self.lab.expected.call = Labs.noCall
      self.before = stats
      onStep(stats)
    }
  }
  const world = World.make(histories[0].choices, afterStep)
  for (const history of histories) {
    // oxlint-disable-next-line prefer-const -- the stages and sinks that it is made of look at it
    let self: Run | undefined
    const observe = (check: () => void = () => {}): void => {
      look(() => {
        if (self !== undefined) Check.law(self.lab.stats())
        check()
      })
    }
    const isLate = (): boolean =>
      self?.closingSince !== undefined && world.now() - self.closingSince >= surelyDraining(history)
    const lab = Labs.make(history, world, observe, isLate)
    self = {
      lab,
      callers: [],
      flushes: [],
      closers: [],
      before: undefined,
      closingSince: undefined,
      jumped: false,
      calls: 0
    }
    runs.push(self)
  }
  for (let i = 0; histories.some(({ commands }) => i < commands.length); i++) {
    for (const self of runs) {
      const command = self.lab.history.commands[i]
      if (command === undefined) continue
      if (command._tag === "Jump") { for (const other of runs) other.jumped = true }
      perform(self, command)
      afterStep()
    }
  }
  for (const self of runs) if (self.lab.history.heals && self.closingSince === undefined) End.heal(self)
  for (const self of runs) End.close(self)
  for (const self of runs) End.afterwards(self)
}

const perform = (self: Run, command: Command): void => {
  const { expected, layer, pipelineScope, sinks, world } = self.lab
  switch (command._tag) {
    case "Log":
      return Calls.log(self, command)
    case "Flush":
      return void self.flushes.push({ fiber: world.fork(Calls.flush(self, command.millis)), interrupted: false })
    case "Run":
      return world.run(command.tasks)
    case "Settle": {
      world.settle()
      return Check.atRest(self.lab, self.lab.stats())
    }
    case "Advance":
      return world.advance(command.millis)
    case "Jump":
      return world.jump(command.millis)
    case "Release": {
      const [open] = sinks[command.sink % sinks.length]!.gates
      return open?.()
    }
    case "Interrupt": {
      const all = { caller: self.callers, flush: self.flushes, close: self.closers }[command.who]
      const live = all.filter(({ fiber }) => fiber.pollUnsafe() === undefined)
      const one = live[command.which % Math.max(1, live.length)]
      if (one === undefined) return
      one.interrupted = true
      return one.fiber.interruptUnsafe()
    }
    case "SetLevel": {
      const sink = command.sink === undefined ? undefined : command.sink % sinks.length
      const name = sink === undefined ? undefined : sinks[sink]!.name
      Levels.set(expected.levels, command.level, sink, command.logger)
      return Effect.runSync(layer.setLevel(command.level, { logger: command.logger, sink: name }))
    }
    case "ClosePipeline":
      return void world.fork(Scope.close(pipelineScope, Exit.void))
    case "Close":
      return End.startClose(self)
  }
}
