/**
 * The app of `http.ts`: a router with three routes, under this library's layer with a file as its sink, which loses
 * nothing. `/orders/7` does what the app of the demo does: three records, and a wait of 10 ms in place of a database.
 * `/quick/7` does not wait, `/empty/7` does nothing but answer. Its kinds:
 *
 * - `bare`: without the middleware.
 * - `access`: with it, so that each request is a line in the file.
 * - `fast`, `slow`: the same, and a log server is a second sink, which answers at once, or after 500 ms.
 */
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as Effect from "effect/Effect"
import * as HttpRouter from "effect/http/HttpRouter"
import * as HttpServer from "effect/http/HttpServer"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as Layer from "effect/Layer"
import { createServer } from "node:http"
import * as HttpLogging from "../src/HttpLogging.ts"
import { AsyncLogging, Logger, Sinks } from "../src/index.ts"
import * as LogClient from "./LogClient.ts"
import type { Listening } from "./Parent.ts"
import * as Parent from "./Parent.ts"

export type Kind = "bare" | "access" | "fast" | "slow"

/** What the app sends as its last message. */
export interface Closed {
  readonly report: AsyncLogging.CloseReport
}

const [kind, logServer, file] = process.argv.slice(2) as [Kind, string, string]

const sinks = [
  Sinks.file({ path: file, queue: { strategy: "backpressure" } }),
  ...(kind === "fast" || kind === "slow" ? [LogClient.sink(`${logServer}/${kind}`)] : [])
]

const Logging = AsyncLogging.layer({
  context: { service: "shop-api", version: "2.1.0" },
  onClose: (report) => Parent.send({ report } satisfies Closed),
  sinks
})

const order = (wait: Effect.Effect<void>) =>
  Effect.gen(function*() {
    const { id } = yield* HttpRouter.params
    yield* Logger.info("order received", { orderId: id, items: 3 })
    yield* wait
    yield* Logger.info("order stored", { orderId: id, table: "orders" })
    yield* Logger.info("order confirmed", { orderId: id, total: 42.5, currency: "EUR" })
    return HttpServerResponse.jsonUnsafe({ id })
  })

const empty = Effect.map(HttpRouter.params, ({ id }) => HttpServerResponse.jsonUnsafe({ id }))

const orders = Layer.mergeAll(
  HttpRouter.add("GET", "/orders/:id", order(Effect.sleep("10 millis"))),
  HttpRouter.add("GET", "/quick/:id", order(Effect.void)),
  HttpRouter.add("GET", "/empty/:id", empty)
)

const routes = kind === "bare" ? orders : Layer.provide(orders, HttpLogging.layer())

const app = Layer.effectDiscard(
  HttpServer.addressFormattedWith((url) => Parent.send({ url } satisfies Listening))
).pipe(
  Layer.provide(HttpRouter.serve(routes, { disableLogger: true, disableListenLog: true })),
  Layer.provide(NodeHttpServer.layerServer(createServer, { host: "127.0.0.1", port: 0 })),
  Layer.provide(Logging)
)

NodeRuntime.runMain(Layer.launch(Layer.provide(app, NodeHttpClient.layerUndici)))
