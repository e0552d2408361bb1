/**
 * The app: an HTTP server whose handler takes 10 ms and has three things to say. It says them in one of three ways:
 *
 * - `none`: not at all.
 * - `inline`: each record is sent to the log server, and awaited.
 * - `async`: through this library, to a file and to the log server.
 */
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as Array from "effect/Array"
import * as Effect from "effect/Effect"
import * as HttpClient from "effect/http/HttpClient"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import * as HttpClientResponse from "effect/http/HttpClientResponse"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as Layer from "effect/Layer"
import type { LogRecord, Pipeline } from "../src/index.ts"
import { AsyncLogging, Logger, Sinks } from "../src/index.ts"
import * as Parent from "./Parent.ts"

export type Kind = "none" | "inline" | "async"

/** What the app sends as its last message, in the `async` kind. */
export interface Closed {
  readonly report: AsyncLogging.CloseReport
}

const [kind, logServer, file] = process.argv.slice(2) as [Kind, string, string]

type Log<R> = (message: string, fields: { readonly [key: string]: unknown }) => Effect.Effect<void, unknown, R>

let orders = 0

const order = Effect.fnUntraced(function*<R>(log: Log<R>) {
  const orderId = ++orders
  yield* log("order received", { orderId, items: 3 })
  yield* Effect.sleep("10 millis") // in place of a database
  yield* log("order stored", { orderId, table: "orders" })
  yield* log("order confirmed", { orderId, total: 42.5, currency: "EUR" })
  return HttpServerResponse.jsonUnsafe({ orderId })
})

const post = (lines: string) =>
  HttpClientRequest.post(`${logServer}/${kind}`).pipe(
    HttpClientRequest.bodyText(lines, "application/x-ndjson"),
    HttpClient.execute,
    Effect.flatMap(HttpClientResponse.filterStatusOk),
    Effect.flatMap((response) => response.text),
    Effect.asVoid
  )

// In slices, so that no request waits until thousands of lines are made.
const lines = (batch: ReadonlyArray<LogRecord.LogRecord>, format: Pipeline.Formatter) =>
  Effect.forEach(
    Array.chunksOf(batch, 256),
    (slice) => Effect.as(Effect.yieldNow, slice.map((record) => `${format(record)}\n`).join(""))
  )

const Logging = AsyncLogging.layer({
  context: { service: "shop-api", version: "2.1.0" },
  onClose: (report) => Parent.send({ report } satisfies Closed),
  sinks: [
    Sinks.file({ path: file, queue: { strategy: "backpressure" } }),
    Sinks.make({
      name: "http",
      batch: { size: 4_096 },
      write: (batch, format) => Effect.flatMap(lines(batch, format), (slices) => post(slices.join("")))
    })
  ]
})

const apps = {
  none: Parent.serve(order(() => Effect.void)),
  inline: Parent.serve(order((message, fields) => post(`${JSON.stringify({ level: "INFO", message, fields })}\n`))),
  async: Parent.serve(order(Logger.info)).pipe(Layer.provide(Logging))
}

NodeRuntime.runMain(Layer.launch(Layer.provide(apps[kind], NodeHttpClient.layerUndici)))
