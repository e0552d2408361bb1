/**
 * What Effect and its platforms know of a request and do not export: looked up by name. Where a version does not have it,
 * the answer is `undefined`, and the middleware does without.
 */
import type * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import type * as Fiber from "effect/Fiber"
import type { PreResponseHandler } from "effect/http/HttpEffect"
import type { HttpServerRequest } from "effect/http/HttpServerRequest"
import type { HttpServerResponse } from "effect/http/HttpServerResponse"
import * as Response from "effect/http/HttpServerResponse"
import * as Predicate from "effect/Predicate"
import * as Tracer from "effect/Tracer"

/**
 * Where Effect keeps what belongs to one request.
 */
export const RequestState = Context.Service<{
  /** What `HttpMiddleware.withLoggerDisabled` sets. */
  readonly loggerDisabled: boolean
  /** What is to be done with the answer. */
  readonly preResponseHandler: PreResponseHandler | undefined
  /** The context of the server. */
  readonly prev?: Context.Context<never> | undefined
}>("effect/http/HttpEffect/CurrentRequestState")

/**
 * The state of the request in whose context this is.
 */
export const stateOf = (context: Context.Context<never>) => Context.getOrUndefined(context, RequestState)

/**
 * The span in which the server was started, which all its requests are in and none is of.
 */
export const serverSpanOf = (context: Context.Context<never>): Tracer.AnySpan | undefined => {
  const server = stateOf(context)?.prev
  return server === undefined ? undefined : Context.getOrUndefined(server, Tracer.ParentSpan)
}

/**
 * What was answered to a request whose connection has been upgraded, whatever its handler ended with.
 */
export const upgradedOf = (request: HttpServerRequest): HttpServerResponse | undefined => {
  const upgraded = "upgradedResponse" in request ? request.upgradedResponse : undefined
  return Response.isHttpServerResponse(upgraded) ? upgraded : undefined
}

/**
 * Whether the status of the answer is on its way.
 */
export const isHeadSent = (request: HttpServerRequest): boolean => {
  const response = "resolvedResponse" in request ? request.resolvedResponse : undefined
  return Predicate.hasProperty(response, "headersSent") && response.headersSent === true
}

/**
 * The interruption that a fiber has not looked at yet: one that cannot be interrupted knows that it should be.
 */
export const pendingOf = (fiber: Fiber.Fiber<unknown, unknown>): Cause.Cause<unknown> | undefined =>
  (fiber as { readonly _interruptedCause?: Cause.Cause<unknown> })._interruptedCause
