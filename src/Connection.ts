/**
 * An open sink: its handle, the scope that it lives in, and its formatter made total.
 */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"
import { json } from "./Formatters.ts"
import * as Bytes from "./Formatters/Bytes.ts"
import type { Notices } from "./Notices.ts"
import * as Notice from "./Notices.ts"
import type { Formatter } from "./Pipeline.ts"
import type { LogRecord } from "./Record.ts"
import * as Record from "./Record.ts"
import type { SinkSettings } from "./Settings.ts"
import type { AnySink, SinkHandle } from "./Sinks/Sink.ts"
import { CurrentTell } from "./Sinks/Tell.ts"

/**
 * An open sink.
 */
export interface Connection {
  readonly handle: SinkHandle<unknown, never>
  readonly scope: Scope.Closeable
  readonly format: Formatter
}

/**
 * Opens a sink in a scope of its own, under `parent`. Fails with what the sink fails with; nothing is left open then.
 */
export const open = Effect.fnUntraced(function*(
  sink: AnySink,
  settings: SinkSettings,
  notices: Notices,
  parent: Scope.Scope
) {
  const scope = yield* Scope.fork(parent)
  // what a sink needs is part of the layer's type, and provided where the worker runs
  const opened: Effect.Effect<SinkHandle<unknown, never>, unknown, Scope.Scope> = sink.open
  const handle = yield* Effect.onError(
    opened.pipe(Scope.provide(scope), Effect.provideService(CurrentTell, tellOf(settings.name, notices))),
    (cause) => Scope.close(scope, Exit.failCause(cause))
  )
  const connection: Connection = {
    handle,
    scope,
    format: total(settings.format ?? handle.format ?? json, settings.name, notices)
  }
  return connection
})

const tellOf = (sink: string, notices: Notices) => (kind: string, message: string): void =>
  Notice.tellUnsafe(notices, `${kind} ${sink}`, `sink "${sink}": ${message}`)

const total = (format: Formatter, sink: string, notices: Notices): Formatter => {
  const failed = (record: LogRecord, error: unknown): LogRecord => {
    Notice.tellUnsafe(
      notices,
      "formatter_failed",
      `the formatter of sink "${sink}" failed: ${Notice.describe(notices, error)}`
    )
    try {
      const line = minimal(record)
      // what a stage without types has made may fail here too
      json(line)
      return line
    } catch {
      return unprintable
    }
  }
  const text: Formatter = (record) => {
    try {
      const text = format(record)
      if (typeof text === "string") return text
      throw new TypeError("it did not answer a string")
    } catch (error) {
      return json(failed(record, error))
    }
  }
  if (!Bytes.isByteFormatter(format)) return text
  const write = Bytes.writerOf(format)
  const writeMinimal = Bytes.writerOf(json)
  return Bytes.formatter((record, page, at) => {
    try {
      return write(record, page, at)
    } catch (error) {
      return writeMinimal(failed(record, error), page, at)
    }
  }, text)
}

const unprintable = Record.make({ level: "Error", message: "[unprintable]", notes: ["formatter_failed"] })

const minimal = (record: LogRecord): LogRecord =>
  Record.withNote(
    { ...record, fields: Record.noFields, context: Record.emptyContext, spans: undefined, error: undefined },
    "formatter_failed"
  )
