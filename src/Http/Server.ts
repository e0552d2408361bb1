/**
 * The middleware: follows a request from its arrival to the end of its answer, and logs one access record then.
 *
 * It can stand in two places. Around the handler, as a middleware of `HttpRouter`, or applied to the app: then the
 * answer is sent after the middleware has ended, and the scope of the request tells the end. Or around the sending too,
 * as the `middleware` of `HttpServer.serve`: then the answer is on its way, or out, when the handler's effect ends.
 */
import type * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as HttpEffect from "effect/http/HttpEffect"
import * as HttpMiddleware from "effect/http/HttpMiddleware"
import { ClientAbort } from "effect/http/HttpServerError"
import { HttpServerRequest } from "effect/http/HttpServerRequest"
import type { HttpServerResponse } from "effect/http/HttpServerResponse"
import * as Response from "effect/http/HttpServerResponse"
import type * as LogLevel from "effect/LogLevel"
import * as Option from "effect/Option"
import * as Scope from "effect/Scope"
import * as Monotonic from "../Monotonic.ts"
import * as Sampling from "../Sampling.ts"
import type { Access } from "./Access.ts"
import * as Accesses from "./Access.ts"
import type { Exchange } from "./Exchange.ts"
import * as Exchanges from "./Exchange.ts"
import * as Failure from "./Failure.ts"
import * as Logs from "./Logs.ts"
import * as Paths from "./Paths.ts"
import type { ServerSettings } from "./ServerOptions.ts"
import type { Trouble } from "./Trouble.ts"
import * as Troubles from "./Trouble.ts"

/**
 * The middleware with these settings.
 */
export const make = (settings: ServerSettings) => {
  const trouble = Troubles.make()
  const addressed = behindProxies(settings, trouble)
  return <E, R>(
    app: Effect.Effect<HttpServerResponse, E, R>
  ): Effect.Effect<HttpServerResponse, E, R | HttpServerRequest> =>
    Effect.withFiber((fiber) => {
      const request = Context.getOrUndefined(fiber.context, HttpServerRequest)
      // installed twice, the outer one sees more
      if (request === undefined || fiber.getRef(Exchanges.CurrentExchange) !== undefined) return app
      const exchange = Troubles.guard<Exchange | undefined>(
        trouble,
        fiber,
        "the middleware",
        () => Exchanges.begin(settings, trouble, request, fiber),
        () => undefined
      )
      if (exchange === undefined) return app
      return addressed === undefined
        ? follow(exchange, app)
        : Effect.andThen(addressed(exchange), follow(exchange, app))
    })
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
  // for the sending within the app. Otherwise the answer is taken later, behind all that changes it.
  HttpEffect.appendPreResponseHandlerUnsafe(
    exchange.outer,
    (_, response) => Effect.succeed(exchange.handled ? response : answer(exchange, response))
  )
  return Effect.updateContext(
    Effect.onExitPrimitive(app, (exit) => handled(exchange, exit)),
    () => exchange.inner as Context.Context<R>
  )
}

const answer = (exchange: Exchange, response: HttpServerResponse): HttpServerResponse =>
  Troubles.guard(
    exchange.trouble,
    Fiber.getCurrent()!,
    "the middleware",
    () => Exchanges.answer(exchange, response),
    () => response
  )

const handled = (
  exchange: Exchange,
  exit: Exit.Exit<HttpServerResponse, unknown>
): Effect.Effect<void> | undefined => {
  Exchanges.findRoute(exchange, Fiber.getCurrent()!.context)
  exchange.handled = true
  const scope = Context.getOrUndefined(exchange.outer, Scope.Scope)
  if (exchange.response !== undefined || scope === undefined) return ended(exchange, exit)
  HttpEffect.appendPreResponseHandlerUnsafe(
    exchange.outer,
    (_, response) => Effect.succeed(answer(exchange, response))
  )
  // the last finalizer is the first to run: the handler's own do not count into the time of the answer
  return Scope.addFinalizerExit(scope, (exit) => ended(exchange, exit))
}

const ended = (exchange: Exchange, exit: Exit.Exit<HttpServerResponse, unknown>): Effect.Effect<void> => {
  const record = Effect.flatMap(
    exit._tag === "Success" ? abortedBy : notAborted,
    (gone) =>
      Effect.withFiber((fiber) =>
        Troubles.guard(
          exchange.trouble,
          fiber,
          "the access record",
          () => log(exchange, accessOf(exchange, exit, gone), fiber),
          () => Effect.void
        )
      )
  )
  // where it is uninterruptible, a log call does not wait for room
  return Effect.uninterruptible(Effect.updateContext(record, () => exchange.inner))
}

const notAborted = Effect.succeed<Access["aborted"]>(undefined)

// A handler that cannot be interrupted answers a client that has gone: the interruption still waits to be seen.
const abortedBy: Effect.Effect<Access["aborted"]> = Effect.matchCause(Effect.interruptible(Effect.void), {
  onFailure: (cause) => aborterOf(cause.reasons) === "client" ? "client" : undefined,
  onSuccess: () => undefined
})

const aborterOf = (reasons: ReadonlyArray<Cause.Reason<unknown>>): Access["aborted"] => {
  let aborter: Access["aborted"]
  for (const reason of reasons) {
    if (reason._tag !== "Interrupt") continue
    if (reason.annotations.has(ClientAbort.key)) return "client"
    aborter = "server"
  }
  return aborter
}

// -----------------------------------------------------------------------------
// the record
// -----------------------------------------------------------------------------

const accessOf = (
  exchange: Exchange,
  exit: Exit.Exit<HttpServerResponse, unknown>,
  gone: Access["aborted"]
): Access => {
  const { request, route } = exchange
  const outcome = exit._tag === "Success" ? succeeded(exchange, exit.value, gone) : failed(exchange, exit.cause)
  const duration = Monotonic.millisUnsafe(exchange.clock) - exchange.started
  const slow = duration >= exchange.settings.slowAfter && outcome.status !== 101
  return { request, method: request.method, path: Paths.ofUrl(request.url), route, ...outcome, duration, slow }
}

type Outcome = Pick<Access, "status" | "aborted" | "error">

const succeeded = ({ response }: Exchange, value: HttpServerResponse, aborted: Access["aborted"]): Outcome => ({
  // an upgraded connection says so in the answer that it reports in the place of the handler's
  status: aborted === "client" ? 499 : value.status === 101 ? 101 : (response ?? value).status,
  aborted,
  error: undefined
})

const failed = ({ response, settings }: Exchange, cause: Cause.Cause<unknown>): Outcome => {
  const reasons: Array<Cause.Reason<unknown>> = []
  // what was sent in the end stands among the defects, behind what it failed with
  let sent: HttpServerResponse | undefined
  for (const reason of cause.reasons) {
    if (reason._tag === "Die" && Response.isHttpServerResponse(reason.defect)) sent = reason.defect
    else reasons.push(reason)
  }
  const error = Failure.causeOf(reasons)
  const status = (sent ?? response)?.status ?? 500
  const aborter = aborterOf(reasons)
  // only an answer that was on its way has the id; one that is made of a failure gets it later
  const { header } = settings.requestId
  const wasSending = sent !== undefined && sent.headers[header] === response?.headers[header]
  return {
    status,
    aborted: error === undefined || aborter === "client" ? aborter : undefined,
    error: status >= 500 || wasSending ? error : undefined
  }
}

const log = (exchange: Exchange, access: Access, fiber: Fiber.Fiber<unknown, unknown>): Effect.Effect<void> => {
  const { settings, trouble } = exchange
  const level = levelOf(settings, trouble, access, fiber)
  if (access.status < 500 && access.error === undefined && isSkipped(exchange, access, fiber)) return Effect.void
  const isSampled = settings.sample < 1 && Accesses.isRoutine(level, access)
  if (isSampled && !Sampling.isSampled(settings.sample, Exchanges.sampleKey(exchange))) return Effect.void
  const fields = Accesses.fields(settings, access, {
    address: exchange.address,
    response: exchange.response,
    bytes: Exchanges.bytesOf(exchange, access.status, access.aborted === undefined && access.error === undefined),
    context: exchange.inner
  })
  const message = Accesses.message(access)
  const logAt = logs[level]
  if (isSampled) return logAt(message, { ...fields, sample_rate: settings.sample })
  return access.error === undefined ? logAt(message, fields) : logAt(message, fields, access.error)
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
  if (Context.getOrUndefined(outer, RequestState)?.loggerDisabled === true) return true
  const { skip } = settings
  return skip !== undefined && Troubles.guard(trouble, fiber, "skip", () => skip(request, path) === true, () => false)
}

// What `HttpMiddleware.withLoggerDisabled` sets. Effect does not export it: it is looked up by its name.
const RequestState = Context.Service<{ readonly loggerDisabled: boolean }>("effect/http/HttpEffect/CurrentRequestState")

// -----------------------------------------------------------------------------
// the client behind proxies
// -----------------------------------------------------------------------------

// Effect's own middleware reads the headers, for an app that only looks at the address.
const behindProxies = ({ trustedProxies }: ServerSettings, trouble: Trouble) => {
  if (trustedProxies === undefined) return undefined
  const isTrusted: typeof trustedProxies = typeof trustedProxies !== "function"
    ? trustedProxies
    : (address) =>
      Troubles.guard(
        trouble,
        Fiber.getCurrent()!,
        "trustedProxies",
        () => trustedProxies(address) === true,
        () => false
      )
  const forwarded = HttpMiddleware.xForwardedHeaders({ trustedProxies: isTrusted })
  return (exchange: Exchange) =>
    forwarded(Effect.withFiber((fiber) => {
      const request = Context.getUnsafe(fiber.context, HttpServerRequest)
      exchange.address = Option.getOrUndefined(request.remoteAddress)
      return noResponse
    }))
}

const noResponse = Effect.succeed(Response.empty())
