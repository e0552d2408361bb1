/**
 * The middleware: follows a request from its arrival to the end of its answer, and logs one access record then.
 *
 * It can stand in two places. Around the handler, as a middleware of `HttpRouter`, or applied to the app: then the
 * answer is sent after the middleware has ended, and the scope of the request tells the end. Or around the sending too,
 * as the `middleware` of `HttpServer.serve`: then the answer is on its way, or out, when the handler's effect ends.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as HttpEffect from "effect/http/HttpEffect"
import { HttpServerRequest } from "effect/http/HttpServerRequest"
import type { HttpServerResponse } from "effect/http/HttpServerResponse"
import type * as LogLevel from "effect/LogLevel"
import * as Scope from "effect/Scope"
import * as Monotonic from "../Monotonic.ts"
import * as Sampling from "../Sampling.ts"
import type { Access } from "./Access.ts"
import * as Accesses from "./Access.ts"
import type { Exchange } from "./Exchange.ts"
import * as Exchanges from "./Exchange.ts"
import * as Logs from "./Logs.ts"
import * as Outcomes from "./Outcome.ts"
import * as Paths from "./Paths.ts"
import * as Platform from "./Platform.ts"
import * as Proxies from "./Proxies.ts"
import type { ServerSettings } from "./ServerOptions.ts"
import type { Trouble } from "./Trouble.ts"
import * as Troubles from "./Trouble.ts"

/**
 * The middleware with these settings.
 */
export const make = (settings: ServerSettings) => {
  const trouble = Troubles.make()
  const clientOf = Proxies.make(settings, trouble)
  return <E, R>(
    app: Effect.Effect<HttpServerResponse, E, R>
  ): Effect.Effect<HttpServerResponse, E, R | HttpServerRequest> =>
    Effect.withFiber((fiber) => {
      const request = Context.getOrUndefined(fiber.context, HttpServerRequest)
      if (request === undefined || isFollowed(fiber)) return app
      const exchange = begin(settings, trouble, request, fiber)
      if (exchange === undefined) return app
      const client = clientOf?.(exchange)
      return client === undefined ? follow(exchange, app) : Effect.andThen(client, follow(exchange, app))
    })
}

// Installed twice, the outer one sees more. A request that is made in this process, while another one is handled, is one of
// its own.
const isFollowed = (fiber: Fiber.Fiber<unknown, unknown>): boolean => {
  const exchange = fiber.getRef(Exchanges.CurrentExchange)
  return exchange !== undefined && Platform.stateOf(exchange.outer) === Platform.stateOf(fiber.context)
}

const begin = (
  settings: ServerSettings,
  trouble: Trouble,
  request: HttpServerRequest,
  fiber: Fiber.Fiber<unknown, unknown>
): Exchange | undefined => {
  try {
    return Exchanges.begin(settings, trouble, request, fiber)
  } catch (error) {
    Troubles.tellUnsafe(trouble, fiber, "the middleware", error)
    return undefined
  }
}

/**
 * A middleware for single routes, which tells the global one which route it is.
 */
export const routed = <E, R>(app: Effect.Effect<HttpServerResponse, E, R>): Effect.Effect<HttpServerResponse, E, R> =>
  Effect.withFiber((fiber) => {
    const exchange = fiber.getRef(Exchanges.CurrentExchange)
    if (exchange !== undefined) Exchanges.findRoute(exchange, fiber.context)
    return app
  })

// -----------------------------------------------------------------------------
// from the arrival to the end
// -----------------------------------------------------------------------------

const follow = <E, R>(
  exchange: Exchange,
  app: Effect.Effect<HttpServerResponse, E, R>
): Effect.Effect<HttpServerResponse, E, R> => {
  HttpEffect.appendPreResponseHandlerUnsafe(exchange.outer, exchange.onResponse)
  return Effect.updateContext(
    Effect.onExitPrimitive(app, (exit) => handled(exchange, exit)),
    () => exchange.inner as Context.Context<R>
  )
}

const handled = (
  exchange: Exchange,
  exit: Exit.Exit<HttpServerResponse, unknown>
): Effect.Effect<void> | undefined => {
  const fiber = Fiber.getCurrent()!
  Exchanges.findRoute(exchange, fiber.context)
  const scope = Context.getOrUndefined(exchange.outer, Scope.Scope)
  const own = { exit, fiber }
  if (exchange.response !== undefined || scope === undefined) return ended(exchange, exit, own)
  standLast(exchange)
  // the last finalizer is the first to run: the handler's own do not count into the time of the answer
  return Scope.addFinalizerExit(scope, (exit) => ended(exchange, exit, own))
}

// how the handler ended, which may not be how the request ends, and the fiber of the request
interface Handled {
  readonly exit: Exit.Exit<HttpServerResponse, unknown>
  readonly fiber: Fiber.Fiber<unknown, unknown>
}

// Behind all that changes the answer before it is sent, a compression for one. With nothing behind it that stays as it
// is: a second handler would take the sending out of the step in which it is done.
const standLast = (exchange: Exchange): void => {
  const first = exchange.onResponse
  if (Platform.stateOf(exchange.outer)?.preResponseHandler === first) return
  exchange.onResponse = Exchanges.onResponse(exchange)
  HttpEffect.appendPreResponseHandlerUnsafe(exchange.outer, exchange.onResponse)
}

// In one step, under the context of the request, whatever is in force where it ends.
const ended = (
  exchange: Exchange,
  exit: Exit.Exit<HttpServerResponse | void, unknown>,
  own: Handled
): Effect.Effect<void> => {
  const fiber = Fiber.getCurrent()!
  const around = fiber.context
  fiber.setContext(exchange.inner)
  try {
    const logged = log(exchange, accessOf(exchange, exit, own, fiber), fiber)
    return logged === Effect.void ? logged : Effect.updateContext(logged, () => exchange.inner)
  } catch (error) {
    Troubles.tellUnsafe(exchange.trouble, fiber, "the access record", error)
    return Effect.void
  } finally {
    fiber.setContext(around)
  }
}

// -----------------------------------------------------------------------------
// the record
// -----------------------------------------------------------------------------

const accessOf = (
  exchange: Exchange,
  exit: Exit.Exit<HttpServerResponse | void, unknown>,
  own: Handled,
  fiber: Fiber.Fiber<unknown, unknown>
): Access => {
  const { clock, request, route, settings, started } = exchange
  const { aborted, error, status } = outcomeOf(exchange, exit, fiber)
  const duration = Monotonic.millisUnsafe(clock) - started
  return {
    request,
    method: request.method,
    path: Paths.ofUrl(request.url),
    route,
    status,
    duration,
    slow: duration >= settings.slowAfter && status !== 101,
    // a stream that goes on when the fiber of the request has ended is interrupted by who pulls it
    aborted: aborted === "server" && own.fiber.pollUnsafe() !== undefined ? "client" : aborted,
    // a middleware around this one may have made an answer of what the handler failed with
    error: error ?? (status >= 500 && aborted === undefined ? Outcomes.errorOf(own.exit) : undefined)
  }
}

const outcomeOf = (
  { request, response, settings, streamExit }: Exchange,
  exit: Exit.Exit<HttpServerResponse | void, unknown>,
  fiber: Fiber.Fiber<unknown, unknown>
): Outcomes.Outcome => {
  const upgraded = Platform.upgradedOf(request)
  if (upgraded !== undefined) return Outcomes.ofUpgrade(exit, upgraded.status)
  if (response !== undefined && streamExit?._tag === "Failure") {
    return Outcomes.ofStream(streamExit.cause, response.status)
  }
  const pending = Platform.pendingOf(fiber)
  const isHeadSent = pending !== undefined && Platform.isHeadSent(request)
  return Outcomes.make(exit, response, settings.requestId.header, pending, isHeadSent)
}

const log = (exchange: Exchange, access: Access, fiber: Fiber.Fiber<unknown, unknown>): Effect.Effect<void> => {
  const { settings, trouble } = exchange
  const level = levelOf(settings, trouble, access, fiber)
  if (access.status < 500 && access.error === undefined && isSkipped(exchange, access, fiber)) return Effect.void
  const isSampled = settings.sample < 1 && Accesses.isRoutine(level, access)
  if (isSampled && !Sampling.isSampled(settings.sample, Exchanges.sampleKey(exchange))) return Effect.void
  const fields = Accesses.fields(settings, access, exchange)
  if (isSampled) fields["sample_rate"] = settings.sample
  const message = Accesses.message(access)
  return Logs.logUnsafe(
    logs,
    level,
    access.error === undefined ? [message, fields] : [message, fields, access.error],
    fiber
  )
}

const logs = Logs.make("http.access")

const levelOf = (
  { level }: ServerSettings,
  trouble: Trouble,
  access: Access,
  fiber: Fiber.Fiber<unknown, unknown>
): LogLevel.Severity => {
  const chosen = level === undefined
    ? Accesses.defaultLevel(access)
    : Troubles.guard(trouble, fiber, "level", () => Logs.checked(level(access)), () => Accesses.defaultLevel(access))
  return Accesses.raised(chosen, access)
}

const isSkipped = (
  { outer, request, settings, trouble }: Exchange,
  { path }: Access,
  fiber: Fiber.Fiber<unknown, unknown>
): boolean => {
  if (Platform.stateOf(outer)?.loggerDisabled === true) return true
  const { skip } = settings
  return skip !== undefined && Troubles.guard(trouble, fiber, "skip", () => skip(request, path) === true, () => false)
}
