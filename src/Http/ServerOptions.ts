/**
 * What the middleware can be told, checked, with every default filled in.
 */
import * as Duration from "effect/Duration"
import type * as HttpMiddleware from "effect/http/HttpMiddleware"
import type { HttpServerRequest } from "effect/http/HttpServerRequest"
import type * as LogLevel from "effect/LogLevel"
import * as IpNetwork from "effect/net/IpNetwork"
import * as NetAddress from "effect/net/NetAddress"
import * as Predicate from "effect/Predicate"
import * as Result from "effect/Result"
import type { ConfigInvalid } from "../SettingsSchema.ts"
import * as Schemas from "../SettingsSchema.ts"
import type { Access } from "./Access.ts"
import * as Paths from "./Paths.ts"
import type { RequestIdOptions, RequestIds } from "./RequestId.ts"
import * as RequestId from "./RequestId.ts"

/**
 * The options of the middleware. None is required.
 */
export interface ServerOptions {
  /** Where the id of a request comes from. */
  readonly requestId?: RequestIdOptions | undefined
  /** The level of an access record. Default: Error from status 500 on and where sending failed, Warn from 400 on, else Info. */
  readonly level?: ((access: Access) => LogLevel.Severity) | undefined
  /** A request that takes this long is logged at Warn at least, with the field `slow`. Default: none is slow. */
  readonly slowAfter?: Duration.Input | undefined
  /**
   * Requests without an access record: paths (`"/health"`), paths and all below (`"/internal/*"`), or a predicate. A
   * request that fails with 500 or above has one all the same: nothing else would tell. Default: none.
   */
  readonly skip?: ReadonlyArray<string> | ((request: HttpServerRequest) => boolean) | undefined
  /**
   * The share of the requests, from 0 to 1, that have an access record though all is well with them. Those at Warn or
   * above, failed, slow and aborted ones always have. The trace id decides, or else the request id, so that services
   * which see the same one agree. Records say their rate in the field `sample_rate`. Default 1.
   */
  readonly sample?: number | undefined
  /**
   * Whose `X-Forwarded-For` is believed: addresses, networks (`"10.0.0.0/8"`), or a predicate. It is read as
   * `HttpMiddleware.xForwardedHeaders` reads it, its last 2,048 characters; the request that the handler sees is not
   * changed. Default: nobody's.
   */
  readonly trustedProxies?:
    | ReadonlyArray<string | IpNetwork.IpNetwork>
    | ((address: NetAddress.IpAddress) => boolean)
    | undefined
  /** Whether the query is logged, but for the values of `UrlParams.CurrentRedactedNames`. Default `false`. */
  readonly query?: boolean | undefined
  /**
   * Headers of the request to log. The values of those in `Headers.CurrentRedactedNames`, by default `authorization`,
   * `cookie`, `set-cookie` and `x-api-key`, are `"[redacted]"`. Default: none.
   */
  readonly requestHeaders?: ReadonlyArray<string> | undefined
  /** Headers of the answer to log, in the same way. Default: none. */
  readonly responseHeaders?: ReadonlyArray<string> | undefined
}

/**
 * A header to log, and the field that it goes to.
 */
export interface HeaderField {
  readonly name: string
  readonly field: string
}

/**
 * The options with their defaults.
 */
export interface ServerSettings {
  readonly requestId: RequestIds
  readonly level: ((access: Access) => LogLevel.Severity) | undefined
  /** In milliseconds. */
  readonly slowAfter: number
  readonly skip: ((request: HttpServerRequest, path: string) => boolean) | undefined
  readonly sample: number
  readonly trustedProxies: HttpMiddleware.TrustedProxyOptions["trustedProxies"] | undefined
  readonly query: boolean
  readonly requestHeaders: ReadonlyArray<HeaderField>
  readonly responseHeaders: ReadonlyArray<HeaderField>
}

const isHeaderName = (u: unknown): boolean => typeof u === "string" && /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(u)

/**
 * The name of a header.
 */
export const headerName = Schemas.allowed("the name of a header, such as \"x-request-id\"", isHeaderName)

const headerNames = Schemas.allowed(
  "an array of names of headers",
  (u) => Array.isArray(u) && u.every(isHeaderName)
)

const isFlag = (u: unknown): boolean => typeof u === "boolean"

const check = Schemas.decoder(Schemas.object({
  requestId: Schemas.group({
    header: headerName,
    trust: Schemas.allowed("true or false", isFlag),
    make: Schemas.func
  }),
  level: Schemas.func,
  slowAfter: Schemas.someTime,
  skip: Schemas.allowed(
    "an array of paths (\"/health\", \"/internal/*\"), or a function",
    (u) => Predicate.isFunction(u) || (Array.isArray(u) && u.every(Paths.isPattern))
  ),
  sample: Schemas.allowed("a number from 0 to 1", (u) => typeof u === "number" && u >= 0 && u <= 1),
  trustedProxies: Schemas.allowed(
    "an array of addresses and networks (\"10.0.0.0/8\"), or a function",
    (u) => Predicate.isFunction(u) || (Array.isArray(u) && u.every((proxy) => networkOf(proxy) !== undefined))
  ),
  query: Schemas.allowed("true or false", isFlag),
  requestHeaders: headerNames,
  responseHeaders: headerNames
}))

const networkOf = (proxy: unknown): IpNetwork.IpNetwork | undefined => {
  if (IpNetwork.isIpNetwork(proxy)) return proxy
  if (typeof proxy !== "string") return undefined
  return Result.getOrUndefined(
    proxy.includes("/")
      ? IpNetwork.fromString(proxy)
      : Result.flatMap(
        NetAddress.ipFromString(proxy),
        (address) => IpNetwork.make(address, NetAddress.isIpv4Address(address) ? 32 : 128)
      )
  )
}

/**
 * The settings, or what is wrong with the options.
 */
export const settings = (options: ServerOptions): ServerSettings | ConfigInvalid =>
  check(options, "") ?? {
    requestId: RequestId.settings(options.requestId),
    level: options.level,
    slowAfter: options.slowAfter === undefined
      ? Number.POSITIVE_INFINITY
      : Duration.toMillis(Duration.fromInputUnsafe(options.slowAfter)),
    skip: skipOf(options.skip),
    sample: options.sample ?? 1,
    trustedProxies: Array.isArray(options.trustedProxies)
      ? options.trustedProxies.map((proxy) => networkOf(proxy)!)
      : options.trustedProxies as ServerSettings["trustedProxies"],
    query: options.query ?? false,
    requestHeaders: headerFields("request", options.requestHeaders),
    responseHeaders: headerFields("response", options.responseHeaders)
  }

const skipOf = (skip: ServerOptions["skip"]): ServerSettings["skip"] => {
  if (skip === undefined || typeof skip === "function") return skip
  const isAmong = Paths.among(skip)
  return (_, path) => isAmong(path)
}

const headerFields = (
  phase: "request" | "response",
  names: ReadonlyArray<string> | undefined
): ReadonlyArray<HeaderField> =>
  (names ?? []).map((name) => name.toLowerCase()).map((name) => ({ name, field: `http.${phase}.header.${name}` }))
