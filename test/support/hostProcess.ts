/**
 * A process for tests, which ends when the test says so, and goes on afterwards.
 */
import * as Layer from "effect/Layer"
import { EventEmitter } from "node:events"
import * as AsyncLogging from "../../src/AsyncLogging.ts"

/**
 * A process, and what was done to it.
 */
export interface FakeProcess extends AsyncLogging.HostProcess {
  /** The process, and a place for notices. */
  readonly layer: Layer.Layer<never>
  readonly notices: Array<string>
  readonly emit: (event: string, ...args: ReadonlyArray<unknown>) => void
  /** The codes of its ends, and the last lines on its stderr. */
  readonly exits: Array<number>
  readonly lines: Array<string>
  /** How many listeners there are, by event. */
  readonly listeners: () => { readonly [event: string]: number }
  /** Its time goes on. */
  readonly pass: (millis: number) => void
}

/** A process in which nothing has happened yet. */
export const fakeProcess = (): FakeProcess => {
  const emitter = new EventEmitter()
  const exits: Array<number> = []
  const lines: Array<string> = []
  const notices: Array<string> = []
  let time = 0
  const self: FakeProcess = {
    layer: Layer.suspend(() =>
      Layer.merge(
        Layer.succeed(AsyncLogging.CurrentProcess, self),
        Layer.succeed(AsyncLogging.NoticeWriter, (line: string) => void notices.push(line))
      )
    ),
    notices,
    on: (event, listener) => void emitter.on(event, listener),
    off: (event, listener) => void emitter.off(event, listener),
    listenerCount: (event) => emitter.listenerCount(event),
    emit: (event, ...args) => void emitter.emit(event, ...args),
    exit: (code) => {
      exits.push(code)
      emitter.emit("exit")
    },
    now: () => time,
    pass: (millis) => {
      time += millis
    },
    sayLast: (line) => void lines.push(line),
    exits,
    lines,
    listeners: () => Object.fromEntries(emitter.eventNames().map((name) => [name, emitter.listenerCount(name)]))
  }
  return self
}
