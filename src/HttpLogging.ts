/**
 * Logging around HTTP: a middleware for servers, with the id of each request in all that its handler logs and one access
 * record at its end, and a wrapper of clients, which passes the id on and logs what fails.
 *
 * It is a module of its own, `effect-async-logging/HttpLogging`, so that programs without HTTP do not load Effect's.
 */
import * as Effect from "effect/Effect"
import type { HttpClient } from "effect/http/HttpClient"
import * as HttpRouter from "effect/http/HttpRouter"
import type { HttpServerRequest } from "effect/http/HttpServerRequest"
import type { HttpServerResponse } from "effect/http/HttpServerResponse"
import * as Layer from "effect/Layer"
import * as Client from "./Http/Client.ts"
import type { ClientOptions } from "./Http/ClientOptions.ts"
import * as Clients from "./Http/ClientOptions.ts"
import * as Server from "./Http/Server.ts"
import type { ServerOptions } from "./Http/ServerOptions.ts"
import * as Servers from "./Http/ServerOptions.ts"
import { ConfigInvalid } from "./SettingsSchema.ts"

export type { Access } from "./Http/Access.ts"
export type { ClientOptions, Exit as ClientExit } from "./Http/ClientOptions.ts"
export type { RequestIdOptions } from "./Http/RequestId.ts"
export type { ServerOptions } from "./Http/ServerOptions.ts"

/**
 * A middleware for a server without `HttpRouter`: `HttpServer.serve(HttpLogging.middleware()(app))`. With a router, use
 * `layer`.
 *
 * - The id of the request, from a header or made, is in the `LogContext` of everything that the app logs, fibers that it
 *   forks included, and in the same header of the answer, unless the app has set that.
 * - Without a span of Effect's tracer around it, the caller's span (`traceparent`, `b3`) is the parent of what the app
 *   traces, and its ids are in the records.
 * - At the end of each request there is one record of the logger `http.access`; see `Access` for what it knows. A
 *   streamed answer ends with its stream. An upgraded connection (WebSocket) ends when it is closed.
 *
 * It does not wait for room in a queue, and whatever goes wrong in it, the answer is the app's. Switch the logger of
 * Effect off beside it, with `disableLogger: true` where the router is served. `HttpMiddleware.withLoggerDisabled` holds
 * for it as well, as `skip` does.
 *
 * Given as the `middleware` of `HttpServer.serve` or `HttpRouter.serve` it does the same, but counts a stream before
 * the answer is compressed.
 *
 * Throws a `TypeError`, with the name of the option and what is allowed, when an option is wrong.
 */
export const middleware = (
  options: ServerOptions = {}
): <E, R>(
  app: Effect.Effect<HttpServerResponse, E, R>
) => Effect.Effect<HttpServerResponse, E, R | HttpServerRequest> => Server.make(valid(Servers.settings(options)))

/**
 * The same as a global middleware of `HttpRouter`, and so of `HttpApi`.
 *
 * Provide it to the routes and to the other global middlewares, `Layer.provide(routes, HttpLogging.layer())`: the one that
 * is built first wraps the others. Merged beside the routes it works too, but cannot tell the pattern of a route when
 * another global middleware, inside of it, provides services.
 *
 * Fails with `ConfigInvalid` when an option is wrong.
 */
export const layer = (options: ServerOptions = {}): Layer.Layer<never, ConfigInvalid, HttpRouter.HttpRouter> =>
  Layer.merge(
    Layer.effectDiscard(Effect.gen(function*() {
      const settings = Servers.settings(options)
      if (settings instanceof ConfigInvalid) return yield* settings
      const router = yield* HttpRouter.HttpRouter
      yield* router.addGlobalMiddleware(Server.make(settings))
    })),
    HttpRouter.middleware(Server.routed).layer
  )

/**
 * Wraps a client, `HttpClient.HttpClient.pipe(Effect.map(HttpLogging.client()))`:
 *
 * - The request id of the `LogContext` goes with each request, in a header, unless that is set. The trace goes with it as
 *   well, which is Effect's own doing.
 * - A request that fails, is answered with 500 or above, or is slow, is a record of the logger `http.client`, with method,
 *   URL without user, password and query, status and time. The time ends with the head of the answer.
 *
 * Around a client that retries, it logs what comes of all attempts together; with `HttpClient.retry` around it, each of
 * them. The answers and errors of the client are not changed. A log call waits for no room.
 *
 * Throws a `TypeError`, with the name of the option and what is allowed, when an option is wrong.
 */
export const client = (
  options: ClientOptions = {}
): <E, R>(client: HttpClient.With<E, R>) => HttpClient.With<E, R> => Client.make(valid(Clients.settings(options)))

const valid = <A extends object>(settings: A | ConfigInvalid): A => {
  if (settings instanceof ConfigInvalid) throw new TypeError(settings.message)
  return settings
}
