/**
 * Who the client is behind proxies that are trusted. Effect's own middleware reads the headers, for an app that only looks
 * at the address.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Headers from "effect/http/Headers"
import * as HttpMiddleware from "effect/http/HttpMiddleware"
import { HttpServerRequest } from "effect/http/HttpServerRequest"
import type { HttpServerResponse } from "effect/http/HttpServerResponse"
import * as Response from "effect/http/HttpServerResponse"
import * as Option from "effect/Option"
import type { Exchange } from "./Exchange.ts"
import type { ServerSettings } from "./ServerOptions.ts"
import type { Trouble } from "./Trouble.ts"
import * as Troubles from "./Trouble.ts"

/**
 * Looks up the client of a request; `undefined` where its peer is all that is known.
 */
export type Lookup = (
  exchange: Exchange
) => Effect.Effect<HttpServerResponse, never, HttpServerRequest> | undefined

/**
 * The lookup with these settings; `undefined` where no proxy is trusted.
 */
export const make = ({ trustedProxies }: ServerSettings, trouble: Trouble): Lookup | undefined => {
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
  return (exchange) => {
    const { headers } = exchange.request
    const list = headers["x-forwarded-for"]
    if (list === undefined) return undefined
    const read = forwarded(Effect.withFiber((fiber) => {
      const request = Context.getUnsafe(fiber.context, HttpServerRequest)
      exchange.address = Option.getOrUndefined(request.remoteAddress)
      return noResponse
    }))
    if (list.length <= longestList) return read
    const last = list.slice(-longestList)
    const shortened = Headers.set(headers, "x-forwarded-for", last.slice(last.indexOf(",") + 1))
    return Effect.provideService(read, HttpServerRequest, exchange.request.modify({ headers: shortened }))
  }
}

// Each address in a list takes microseconds to read, and a client can send thousands. Those that count are at its end.
const longestList = 2048

const noResponse = Effect.succeed(Response.empty())
