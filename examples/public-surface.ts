/**
 * The public surface in one program: everything that a user of the package meets, used once. It is installed from the
 * packed package, type-checked and run by `npm run test:consumer`.
 */
import { AsyncLogging, Enrichers, Filters, Formatters, LogEvent, Logger, Pipeline, Sinks } from "effect-async-logging"
import type { LogRecord } from "effect-async-logging"
import * as Context from "effect/Context"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import * as assert from "node:assert/strict"
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"

const directory = fs.mkdtempSync(path.join(os.tmpdir(), "public-surface-"))
const file = path.join(directory, "logs", "app.log")

class Database extends Context.Service<Database, {
  readonly insert: (rows: ReadonlyArray<LogRecord.LogRecord>) => Effect.Effect<void, ConnectionLost>
}>()("app/Database") {}

class ConnectionLost extends Data.TaggedError("ConnectionLost")<{ readonly host: string }> {}

const audited: Array<string> = []
const inserted: Array<string> = []
const events: Array<AsyncLogging.Event> = []
let report: AsyncLogging.CloseReport | undefined

const Logging = AsyncLogging.layer({
  context: { service: "shop-api", version: "2.1.0", environment: "production" },
  minimumLevel: "Info",
  stages: [Enrichers.process, Enrichers.hostname, Filters.where((record) => record.logger !== "noise")],
  redact: ["password", "headers.authorization"],
  queue: { capacity: 25_000, strategy: "sliding", protect: "Error" },
  batch: { size: 500, linger: "100 millis" },
  drainTimeout: "10 seconds",
  onClose: (closed) =>
    Effect.sync(() => {
      report = closed
    }),
  sinks: [
    Sinks.console({ format: Formatters.pretty() }),
    Sinks.file({ path: file, queue: { strategy: "backpressure" }, minimumLevel: "Debug" }),
    Sinks.make({
      name: "audit",
      write: (batch) => Effect.sync(() => void audited.push(...batch.map((record) => record.message)))
    }),
    Sinks.scoped({
      name: "db",
      open: Effect.gen(function*() {
        const database = yield* Database
        return { write: (batch: ReadonlyArray<LogRecord.LogRecord>) => database.insert(batch) }
      })
    })
  ]
})

// a sink's requirements are the layer's, what it can fail with while it writes is its own affair
const needsDatabase: Layer.Layer<
  AsyncLogging.AsyncLogging,
  AsyncLogging.ConfigInvalid | Sinks.SinkError,
  Database
> = Logging

const Live = needsDatabase.pipe(
  Layer.provide(Layer.succeed(Database, {
    insert: (rows) => Effect.sync(() => void inserted.push(...rows.map((row) => row.message)))
  }))
)

const OrderPaid = LogEvent.make("OrderPaid", {
  level: "Info",
  message: "order paid",
  fields: { orderId: Schema.Int, card: Schema.Redacted(Schema.String) }
})

const auth = Logger.named("auth", { component: "login" })

const alarm = Stream.runForEach(AsyncLogging.events, (event) => Effect.sync(() => void events.push(event)))

const program = Effect.gen(function*() {
  yield* Effect.forkChild(alarm)
  yield* Effect.logInfo("plain Effect logging", { orderId: 7 }).pipe(Effect.annotateLogs("tenant", "acme"))
  yield* Logger.info("own Effect", { orderId: 7, password: "hunter2" })
  yield* Logger.debug("lazy", () => ({ dump: "only the file takes it" }))
  yield* auth.info("signed in", { headers: { authorization: "Bearer secret", accept: "*/*" } })
  yield* Effect.log("named").pipe(Logger.withName("auth"))
  yield* Effect.log("unheard").pipe(Logger.withName("noise"))
  yield* Effect.log("in a request").pipe(Logger.withContext({ requestId: "r-1", userId: "u-9" }))
  const receipt: Logger.Receipt = yield* Logger.acknowledged("Info", "paid", { orderId: 7 })
  assert.deepEqual(receipt.sinks, { console: "delivered", file: "delivered", audit: "delivered", db: "delivered" })

  yield* AsyncLogging.setLevel("Debug")
  assert.equal(yield* Logger.isEnabled("Debug"), true)
  yield* AsyncLogging.setLevel("inherit")
  yield* AsyncLogging.setLevelFor("10 minutes", "Debug", { logger: "auth" })
  assert.equal((yield* AsyncLogging.levels).loggers["auth"]?.level, "Debug")
  yield* AsyncLogging.setLevel("inherit", { logger: "auth" })

  const flushed: AsyncLogging.FlushReport = yield* AsyncLogging.flush
  assert.equal(flushed.complete, true)
  assert.equal(flushed.sinks["file"]?.durable, true)
  const stats: AsyncLogging.Stats = yield* AsyncLogging.stats
  assert.equal(AsyncLogging.layerImbalance(stats.ledger), 0)
  for (const sink of Object.values(stats.sinks)) assert.equal(AsyncLogging.sinkImbalance(sink.ledger), 0)
  assert.deepEqual(stats.ledger.filtered, { where: 1 })
})

const stacked = Effect.log("through two pipelines").pipe(
  Effect.provide(
    Pipeline.layer([Pipeline.enrich((record) => ({ ...record, message: `${record.message}, enriched` }))])
  )
)

const inMemory = Effect.gen(function*() {
  const log = yield* AsyncLogging.TestLog
  yield* Logger.info("kept")
  yield* OrderPaid({ orderId: 7, card: Redacted.make("4111") })
  assert.deepEqual(yield* log.messages, ["kept", "order paid"])
  const { event, fields } = (yield* log.records)[1]!
  assert.deepEqual({ event, fields }, { event: "OrderPaid", fields: { orderId: 7, card: "<redacted>" } })
}).pipe(Effect.provide(AsyncLogging.layerTest()))

await Effect.runPromise(Effect.andThen(Effect.provide(Effect.andThen(program, stacked), Live), inMemory))

const lines = fs.readFileSync(file, "utf8").trimEnd().split("\n")
assert.equal(lines.length, 8)
assert.equal(lines.some((line) => line.includes("hunter2") || line.includes("Bearer")), false)
assert.deepEqual(audited, inserted)
assert.equal(audited.length, 7)
assert.equal(audited.at(-1), "through two pipelines, enriched")
assert.equal(report?.lost, 0)
assert.deepEqual(events, [])
fs.rmSync(directory, { recursive: true })
