/**
 * What the types say. Checked by `npm run types`; nothing here runs.
 */
import * as Context from "effect/Context"
import * as Data from "effect/Data"
import type * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import type * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import type * as Stream from "effect/Stream"
import {
  AsyncLogging,
  Enrichers,
  Formatters,
  Gates,
  LogEvent,
  LogFiles,
  Logger,
  Pipeline,
  Redaction,
  Sinks
} from "../src/index.ts"

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends (<T>() => T extends B ? 1 : 2) ? true : false
const same = <A, B>(..._: Equal<A, B> extends true ? [] : [never]): void => {}
const layerOf = <A, E, R>(_: Layer.Layer<A, E, R>) => ({}) as { readonly E: E; readonly R: R }

class Database extends Context.Service<Database, { readonly write: Effect.Effect<void> }>()("test/Database") {}
class Region extends Context.Service<Region, string>()("test/Region") {}
class OpenFailed extends Data.TaggedError("OpenFailed")<{}> {}
class WriteFailed extends Data.TaggedError("WriteFailed")<{}> {}
class StageFailed extends Data.TaggedError("StageFailed")<{}> {}

declare const write: (batch: ReadonlyArray<unknown>) => Effect.Effect<void, WriteFailed, Database>
declare const opened: Effect.Effect<{ readonly write: typeof write }, OpenFailed, Region | Scope.Scope>
declare const stage: Effect.Effect<Pipeline.Stage, StageFailed, Region | Scope.Scope>

// -----------------------------------------------------------------------------
// what E and R come out
// -----------------------------------------------------------------------------

const plain = layerOf(AsyncLogging.layer({ sinks: [Sinks.memory()] }))
same<typeof plain.E, AsyncLogging.ConfigInvalid>()
same<typeof plain.R, never>()

const local = layerOf(AsyncLogging.layer({ sinks: [Sinks.console(), Sinks.file({ path: "app.log" })] }))
same<typeof local.E, AsyncLogging.ConfigInvalid | Sinks.SinkError>()
same<typeof local.R, never>()

const mixed = layerOf(AsyncLogging.layer({
  stages: [Enrichers.process, stage],
  sinks: [Sinks.memory(), Sinks.make({ write }), Sinks.scoped({ open: opened })]
}))
same<typeof mixed.E, AsyncLogging.ConfigInvalid | OpenFailed | StageFailed>()
same<typeof mixed.R, Database | Region>()

const stages = layerOf(Pipeline.layer([Enrichers.hostname, stage]))
same<typeof stages.E, StageFailed>()
same<typeof stages.R, Region>()

const gates = [
  Gates.sample(0.1),
  Gates.rateLimit({ limit: 10 }),
  Gates.firstOccurrence(),
  Gates.dedupe(),
  Gates.fingersCrossed()
] as const
const gated = layerOf(AsyncLogging.layer({ stages: gates, sinks: [Sinks.memory()] }))
same<typeof gated.E, AsyncLogging.ConfigInvalid>()
same<typeof gated.R, never>()
const gatedStages = layerOf(Pipeline.layer(gates))
same<typeof gatedStages.E, AsyncLogging.ConfigInvalid>()

same<ReturnType<typeof Logger.info>, Effect.Effect<void>>()
same<ReturnType<typeof Logger.acknowledged>, Effect.Effect<Logger.Receipt, Logger.NotAccepted>>()
same<typeof AsyncLogging.flush, Effect.Effect<AsyncLogging.FlushReport, never, AsyncLogging.AsyncLogging>>()
same<typeof AsyncLogging.events, Stream.Stream<AsyncLogging.Event, never, AsyncLogging.AsyncLogging>>()

declare const event: AsyncLogging.Event
same<typeof event._tag, "Dropped" | "Failed" | "Trouble" | "BreakerChanged">()
same<typeof event.sink | typeof event.time, string | number>()
if (event._tag === "Dropped") same<typeof event, AsyncLogging.Dropped>()
if (event._tag === "Dropped") same<typeof event.reason, AsyncLogging.DropReason>()
if (event._tag === "Failed") same<typeof event.reason, AsyncLogging.FailReason>()
if (event._tag === "Trouble") same<typeof event.message | typeof event.count, string | number>()
if (event._tag === "BreakerChanged") same<typeof event.state, "closed" | "open" | "half_open">()

// -----------------------------------------------------------------------------
// a misspelt key does not compile, at any depth
// -----------------------------------------------------------------------------

// @ts-expect-error at the top
AsyncLogging.layer({ drainTimout: "1 second", sinks: [] })
// @ts-expect-error in the context: other keys go under `custom`
AsyncLogging.layer({ context: { tenant: "acme" }, sinks: [] })
AsyncLogging.layer({ context: { custom: { tenant: "acme" } }, sinks: [] })
// @ts-expect-error in the queue
AsyncLogging.layer({ queue: { capcity: 1 }, sinks: [] })
// @ts-expect-error in the batch
AsyncLogging.layer({ batch: { lingr: "1 second" }, sinks: [] })
// @ts-expect-error in the limits
AsyncLogging.layer({ limits: { string: 1 }, sinks: [] })
// @ts-expect-error in the redaction
AsyncLogging.layer({ redact: { path: ["password"] }, sinks: [] })
// @ts-expect-error a detector that does not exist
AsyncLogging.layer({ redact: { detect: ["pan"] }, sinks: [] })
AsyncLogging.layer({ redact: ["password"], sinks: [] })
AsyncLogging.layer({ redact: Redaction.presets.all, sinks: [] })
AsyncLogging.layer({ redact: { ...Redaction.presets.pci, censor: Redaction.remove }, sinks: [] })
// @ts-expect-error a strategy that does not exist
AsyncLogging.layer({ queue: { strategy: "drop" }, sinks: [] })
// @ts-expect-error in a sink
AsyncLogging.layer({ sinks: [Sinks.console({ formatt: Formatters.json })] })
// @ts-expect-error in the queue of a sink
AsyncLogging.layer({ sinks: [Sinks.file({ path: "app.log", queue: { strategi: "sliding" } })] })
// @ts-expect-error in the retry of a user's sink
AsyncLogging.layer({ sinks: [Sinks.make({ write, retry: { attempts: 3 } })] })
// @ts-expect-error in a scoped sink
AsyncLogging.layer({ sinks: [Sinks.scoped({ open: opened, nam: "db" })] })
// @ts-expect-error a file sink needs a path
Sinks.file({})
// @ts-expect-error bare functions are no stages: they could not be told apart
AsyncLogging.layer({ stages: [() => true], sinks: [] })
// @ts-expect-error in the context of a request
Logger.withContext({ requestid: "r-1" })
// @ts-expect-error a level that does not exist
Logger.log("Notice")

// -----------------------------------------------------------------------------
// layerSync takes only sinks that can write synchronously
// -----------------------------------------------------------------------------

AsyncLogging.layerSync({ sinks: [Sinks.console(), Sinks.file({ path: "app.log" }), Sinks.memory()] })
AsyncLogging.layerSync({ sinks: [Sinks.make({ write, writeSync: () => {} })] })
// @ts-expect-error no `writeSync`
AsyncLogging.layerSync({ sinks: [Sinks.make({ write })] })
// @ts-expect-error no `writeSync`
AsyncLogging.layerSync({ sinks: [Sinks.scoped({ open: opened })] })

// -----------------------------------------------------------------------------
// the fields of an event
// -----------------------------------------------------------------------------

declare const card: Redacted.Redacted<string>
const OrderPaid = LogEvent.make("OrderPaid", {
  level: "Info",
  message: ({ orderId }) => {
    same<typeof orderId, number>()
    return `order ${orderId} paid`
  },
  fields: { orderId: Schema.Int, card: Schema.Redacted(Schema.String), note: Schema.optionalKey(Schema.String) }
})
same<typeof OrderPaid.name, "OrderPaid">()
same<ReturnType<typeof OrderPaid>, Effect.Effect<void>>()
same<ReturnType<typeof OrderPaid.acknowledged>, Effect.Effect<Logger.Receipt, Logger.NotAccepted>>()
OrderPaid({ orderId: 7, card })
OrderPaid.acknowledged({ orderId: 7, card, note: "a" })
// @ts-expect-error no fields
OrderPaid()
// @ts-expect-error one is missing
OrderPaid({ orderId: 7 })
// @ts-expect-error of another type
OrderPaid({ orderId: "7", card })
// @ts-expect-error not Redacted
OrderPaid({ orderId: 7, card: "4111" })
// @ts-expect-error misspelt
OrderPaid({ orderId: 7, card, notes: "a" })
// @ts-expect-error the same for the acknowledged one
OrderPaid.acknowledged({ orderId: 7 })

const Started = LogEvent.make("Started", { level: "Info" })
Started()
// @ts-expect-error it has no fields
Started({ orderId: 7 })

const Noted = LogEvent.make("Noted", { level: "Info", fields: { note: Schema.optionalKey(Schema.String) } })
Noted()
Noted({ note: "a" })
// @ts-expect-error misspelt
Noted({ notes: "a" })

class Order extends Schema.Class<Order>("Order")({ id: Schema.Int }) {}
const OrderMade = LogEvent.make("OrderMade", { level: "Info", message: (order) => `${order.id}`, fields: Order })
OrderMade(new Order({ id: 7 }))
// @ts-expect-error of another type
OrderMade({ identity: 7 })

interface Encoded {
  readonly id: string
}
declare const codec: Schema.Codec<{ readonly id: number }, Encoded>
LogEvent.make("Codec", { level: "Info", fields: codec })({ id: 7 })

declare const needsService: Schema.Codec<string, string, never, Database>
// @ts-expect-error a field that needs a service to encode
LogEvent.make("Needs", { level: "Info", fields: { a: needsService } })
// @ts-expect-error a struct that needs a service to encode
LogEvent.make("Needs", { level: "Info", fields: Schema.Struct({ a: needsService }) })
// @ts-expect-error it does not encode to an object
LogEvent.make("Text", { level: "Info", fields: Schema.String })
// @ts-expect-error no level
LogEvent.make("Nothing", { fields: {} })
// @ts-expect-error a level that does not exist
LogEvent.make("Notice", { level: "Notice" })
// @ts-expect-error misspelt
LogEvent.make("Misspelt", { level: "Info", field: { a: Schema.Int } })
// @ts-expect-error a message is a text
LogEvent.make("Number", { level: "Info", message: ({ a }) => a, fields: { a: Schema.Int } })

// -----------------------------------------------------------------------------
// reading back
// -----------------------------------------------------------------------------

const streamOf = <A, E, R>(_: Stream.Stream<A, E, R>) => ({}) as { readonly A: A; readonly E: E; readonly R: R }

const read = streamOf(LogFiles.records("app.log", { maxLineBytes: 1 }))
same<typeof read.E, LogFiles.LogFilesError | AsyncLogging.ConfigInvalid>()
same<typeof read.R, never>()

declare const count: (trouble: LogFiles.LogFilesError) => Effect.Effect<void, never, Database>
const counted = streamOf(LogFiles.lines("app.log", { onTrouble: count }))
same<typeof counted.A, string>()
same<typeof counted.E, AsyncLogging.ConfigInvalid>()
same<typeof counted.R, Database>()
