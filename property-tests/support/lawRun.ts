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

/**
 * A history under way.
 */
export interface Run {
  readonly lab: Lab
  readonly callers: Array<{ readonly fiber: Fiber.Fiber<void>; interrupted: boolean }>
  readonly flushes: Array<Fiber.Fiber<void>>
  readonly closers: Array<Fiber.Fiber<AsyncLogging.CloseReport>>
  /** When the first close began. */
  closingSince: number | undefined
  /** Whether the clock ever moved at once. */
  jumped: boolean
  /** How many calls there were. */
  calls: number
}

// The workers get nine tenths of what is left of ten seconds, with one second for `onClose`; those that divert have to
// leave a part of it to those behind them.
const surelyDraining = ({ sinks }: History): number => sinks.some(({ diverts }) => diverts) ? 2_600 : 8_000

/**
 * Runs it to its end. `onStep` gets to see the statistics after each step.
 */
export const run = (history: History, onStep: (stats: AsyncLogging.Stats) => void = () => {}): void => {
  // oxlint-disable-next-line prefer-const -- the stages and sinks that it is made of look at it
  let self: Run | undefined
  let before: AsyncLogging.Stats | undefined
  // what fails inside a stage or a sink is the layer's to handle: it is kept, and thrown after the step
  const failures: Array<unknown> = []
  const look = (check: () => void): void => {
    try {
      check()
    } catch (error) {
      failures.push(error)
    }
  }
  const observe = (check: () => void = () => {}): void => {
    look(() => {
      if (self !== undefined) Check.law(self.lab.stats())
      check()
    })
  }
  const isLate = (): boolean =>
    self?.closingSince !== undefined && self.lab.world.now() - self.closingSince >= surelyDraining(history)
  const afterStep = (): void => {
    if (self === undefined) return
    self.lab.update()
    const stats = self.lab.stats()
    look(() => Check.always(self!.lab, before, stats, self!.closingSince !== undefined))
    if (failures.length > 0) throw failures[0]
    self.lab.expected.call = Labs.noCall
    before = stats
    onStep(stats)
  }

  const lab = Labs.make(history, afterStep, observe, isLate)
  self = { lab, callers: [], flushes: [], closers: [], closingSince: undefined, jumped: false, calls: 0 }
  for (const command of history.commands) {
    perform(self, command)
    afterStep()
  }
  if (history.heals && self.closingSince === undefined) End.heal(self)
  End.close(self)
  End.afterwards(self)
}

const perform = (self: Run, command: Command): void => {
  const { expected, layer, pipelineScope, sinks, world } = self.lab
  switch (command._tag) {
    case "Log":
      return Calls.log(self, command)
    case "Flush":
      return void self.flushes.push(world.fork(Calls.flush(self, command.millis)))
    case "Run":
      return world.run(command.tasks)
    case "Settle": {
      world.settle()
      return Check.atRest(self.lab, self.lab.stats())
    }
    case "Advance":
      return world.advance(command.millis)
    case "Jump": {
      self.jumped = true
      return world.jump(command.millis)
    }
    case "Release": {
      const [open] = sinks[command.sink % sinks.length]!.gates
      return open?.()
    }
    case "Interrupt": {
      const live = self.callers.filter(({ fiber }) => fiber.pollUnsafe() === undefined)
      const caller = live[command.caller % Math.max(1, live.length)]
      if (caller === undefined) return
      caller.interrupted = true
      return caller.fiber.interruptUnsafe()
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
