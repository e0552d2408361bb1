/**
 * The app: an HTTP server whose handler takes 10 ms and has three things to say. It says them in one of three ways:
 *
 * - `none`: not at all.
 * - `inline`: each record is sent to the log server, and awaited.
 * - `async`: through this library, to a file and to the log server, with a record of each request besides.
 */
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as Effect from "effect/Effect"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as Layer from "effect/Layer"
import * as HttpLogging from "../src/HttpLogging.ts"
import { AsyncLogging, Logger, Sinks } from "../src/index.ts"
import * as LogClient from "./LogClient.ts"
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

const Logging = AsyncLogging.layer({
  context: { service: "shop-api", version: "2.1.0" },
  onClose: (report) => Parent.send({ report } satisfies Closed),
  sinks: [
    Sinks.file({ path: file, queue: { strategy: "backpressure" } }),
    LogClient.sink(`${logServer}/${kind}`)
  ]
})

const apps = {
  none: Parent.serve(order(() => Effect.void)),
  inline: Parent.serve(
    order((message, fields) =>
      LogClient.post(`${logServer}/${kind}`, `${JSON.stringify({ level: "INFO", message, fields })}\n`)
    )
  ),
  async: Parent.serve(HttpLogging.middleware()(order(Logger.info))).pipe(Layer.provide(Logging))
}

NodeRuntime.runMain(Layer.launch(Layer.provide(apps[kind], NodeHttpClient.layerUndici)))
