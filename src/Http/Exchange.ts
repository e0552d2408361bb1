/**
 * One request on its way through a server: what is known of it, from its arrival to the end of its answer.
 */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as HttpBody from "effect/http/HttpBody"
import type { PreResponseHandler } from "effect/http/HttpEffect"
import * as HttpRouter from "effect/http/HttpRouter"
import type { HttpServerRequest } from "effect/http/HttpServerRequest"
import type { HttpServerResponse } from "effect/http/HttpServerResponse"
import * as Response from "effect/http/HttpServerResponse"
import * as TraceContext from "effect/http/HttpTraceContext"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import * as Tracer from "effect/Tracer"
import * as Current from "../Current.ts"
import * as Monotonic from "../Monotonic.ts"
import * as Record from "../Record.ts"
import * as Platform from "./Platform.ts"
import * as RequestId from "./RequestId.ts"
import type { ServerSettings } from "./ServerOptions.ts"
import type { Trouble } from "./Trouble.ts"
import * as Troubles from "./Trouble.ts"

/**
 * A request on its way.
 */
export interface Exchange {
  readonly settings: ServerSettings
  readonly trouble: Trouble
  readonly request: HttpServerRequest
  readonly id: string
  /** What was in force around the middleware. */
  readonly outer: Context.Context<never>
  /** What is in force for the handler: the same, with the id and the trace of the request. */
  readonly inner: Context.Context<never>
  readonly clock: Clock.Clock
  /** By the clock that only goes on, in milliseconds. */
  readonly started: number
  address: string | undefined
  /** The pattern of its route, once it is known. */
  route: string | undefined
  /** The answer as it is sent, once there is one. */
  response: HttpServerResponse | undefined
  /** How many bytes of a stream have been handed over. */
  streamed: number
  /** How its stream ended, if it has one that was begun. */
  streamExit: Exit.Exit<unknown, unknown> | undefined
  /** What takes the answer: those that did before it let it pass. */
  onResponse: PreResponseHandler
}

/**
 * The request that the running fiber works on.
 */
export const CurrentExchange: Context.Reference<Exchange | undefined> = Context.Reference<Exchange | undefined>(
  "effect-async-logging/Http/CurrentExchange",
  { defaultValue: () => undefined }
)

/**
 * A request has arrived in this fiber.
 */
export const begin = (
  settings: ServerSettings,
  trouble: Trouble,
  request: HttpServerRequest,
  fiber: Fiber.Fiber<unknown, unknown>
): Exchange => {
  const outer = fiber.context
  const clock = fiber.getRef(Clock.Clock)
  const id = RequestId.ofUnsafe(settings.requestId, request.headers, trouble, fiber)
  const around = fiber.getRef(Current.CurrentLogContext)
  const own = Object.freeze({ requestId: id })
  const logContext = around === Record.emptyContext ? own : Record.mergeContext(around, own)
  const exchange: { -readonly [K in keyof Exchange]: Exchange[K] } = {
    settings,
    trouble,
    request,
    id,
    outer,
    inner: outer,
    clock,
    started: Monotonic.millisUnsafe(clock),
    address: Option.getOrUndefined(request.remoteAddress),
    route: undefined,
    response: undefined,
    streamed: 0,
    streamExit: undefined,
    onResponse: passing
  }
  exchange.onResponse = onResponse(exchange)
  const context = Context.add(Context.add(outer, Current.CurrentLogContext, logContext), CurrentExchange, exchange)
  // Where Effect traces the request, its span is there already, and is a child of the caller's. Where it does not, the
  // caller's span itself is what the handler's spans, records and outgoing requests belong to.
  const isTraced = fiber.cache.span !== undefined && fiber.cache.span !== Platform.serverSpanOf(outer)
  const caller = !isTraced ? TraceContext.fromHeaders(request.headers) : Option.none()
  exchange.inner = Option.isNone(caller) ? context : Context.add(context, Tracer.ParentSpan, caller.value)
  return exchange
}

const passing: PreResponseHandler = (_, response) => Effect.succeed(response)

/**
 * A new one that takes the answer, which is sent in its place.
 */
export const onResponse = (self: Exchange): PreResponseHandler => {
  const handler: PreResponseHandler = (_, response) =>
    Effect.succeed(self.onResponse === handler ? answer(self, response) : response)
  return handler
}

// The same with the id of the request, unless it has one, and with a stream that is counted.
const answer = (self: Exchange, response: HttpServerResponse): HttpServerResponse => {
  try {
    const { header } = self.settings.requestId
    const named = Object.hasOwn(response.headers, header) ? response : Response.setHeader(response, header, self.id)
    return self.response = named.body._tag === "Stream" ? withBody(named, counted(self, named.body)) : named
  } catch (error) {
    Troubles.tellUnsafe(self.trouble, Fiber.getCurrent()!, "the middleware", error)
    return response
  }
}

const counted = (self: Exchange, body: HttpBody.Stream): HttpBody.Stream =>
  HttpBody.stream(
    Stream.mapArray(body.stream, (chunks) => {
      for (const chunk of chunks) self.streamed += chunk.length
      return chunks
    }).pipe(
      // another middleware of the server ends well, whatever came of the answer
      Stream.onExit((exit) => Effect.sync(() => void (self.streamExit = exit)))
    ),
    body.contentType,
    body.contentLength
  )

// `setBody` would also write the headers anew
const withBody = (self: HttpServerResponse, body: HttpBody.HttpBody): HttpServerResponse =>
  Object.assign(Object.create(Object.getPrototypeOf(self)), self, { body })

/**
 * What tells requests apart for sampling: the id of the trace, or else that of the request.
 */
export const sampleKey = ({ id, inner, outer }: Exchange): string => {
  const span = Context.getOrUndefined(inner, Tracer.ParentSpan)
  return span === undefined || span.traceId === Platform.serverSpanOf(outer)?.traceId ? id : span.traceId
}

/**
 * Looks where the router has put the route. A middleware between here and the router may have taken it back already:
 * then a span of the request still has it.
 */
export const findRoute = (self: Exchange, context: Context.Context<never>): void => {
  self.route ??= Context.getOrUndefined(context, HttpRouter.RouteContext)?.route.path ?? routeOfSpan(self.inner)
}

const routeOfSpan = (context: Context.Context<never>): string | undefined => {
  const span = Context.getOrUndefined(context, Tracer.ParentSpan)
  const route = span?._tag === "Span" ? span.attributes.get("http.route") : undefined
  return typeof route === "string" ? route : undefined
}
