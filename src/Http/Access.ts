/**
 * What an access record says of a request. Pure: from what is known at the end of a request to level, message and
 * fields.
 *
 * The names of the fields are those of the OpenTelemetry semantic conventions for HTTP spans
 * (https://opentelemetry.io/docs/specs/semconv/http/http-spans/), stable since version 1.23 but for the sizes of bodies, with
 * a header as one text, as on the spans of Effect.
 * Beside them stand `duration_ms`, `slow`, `aborted` and `sample_rate`, for which there is no attribute.
 */
import type * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Headers from "effect/http/Headers"
import type { HttpServerRequest } from "effect/http/HttpServerRequest"
import type { HttpServerResponse } from "effect/http/HttpServerResponse"
import * as Response from "effect/http/HttpServerResponse"
import * as UrlParams from "effect/http/UrlParams"
import * as LogLevel from "effect/LogLevel"
import { redacted } from "../Redaction.ts"
import * as Paths from "./Paths.ts"
import type { HeaderField, ServerSettings } from "./ServerOptions.ts"

/**
 * A request that has ended.
 */
export interface Access {
  readonly request: HttpServerRequest
  readonly method: string
  /** Without the query. */
  readonly path: string
  /** The pattern of the route, `"/orders/:id"`; `undefined` where no route matched, or there is no `HttpRouter`. */
  readonly route: string | undefined
  /** Of the answer. 499: the client went away before there was one. 101: the connection was upgraded. */
  readonly status: number
  /** Until the answer was handed over, or its stream had ended, in milliseconds. */
  readonly duration: number
  /** Whether it took `slowAfter` or longer. An upgraded connection is never slow. */
  readonly slow: boolean
  /** Who ended it before its time: the client that went away, or the server that shut down. */
  readonly aborted: "client" | "server" | undefined
  /** What it failed with: the handler, if the status is 500 or above or the connection was upgraded, or the sending. */
  readonly error: Cause.Cause<unknown> | undefined
}

/**
 * The status of an answer. A web platform sends a `Response` as it is.
 */
export const statusOf = (response: HttpServerResponse): number => {
  const { body } = response
  return body._tag === "Raw" && body.body instanceof globalThis.Response && !Response.omitsBody(response)
    ? body.body.status
    : response.status
}

/**
 * The level where no option says otherwise.
 */
export const defaultLevel = ({ error, status }: Access): LogLevel.Severity =>
  status >= 500 || error !== undefined ? "Error" : status >= 400 ? "Warn" : "Info"

/**
 * The level, raised for a slow request.
 */
export const raised = (level: LogLevel.Severity, { slow }: Access): LogLevel.Severity =>
  slow && LogLevel.isLessThan(level, "Warn") ? "Warn" : level

/**
 * Whether all is well, so that one record may stand for many.
 */
export const isRoutine = (level: LogLevel.Severity, { aborted, error, slow, status }: Access): boolean =>
  !slow && aborted === undefined && error === undefined && status < 500 && LogLevel.isLessThan(level, "Warn")

/**
 * The message: `GET /orders/:id 200`.
 */
export const message = ({ aborted, error, method, path, route, status }: Access): string => {
  const text = `${method} ${route ?? path} ${status}`
  if (status === 499) return text
  return aborted !== undefined ? `${text}, aborted` : error !== undefined && status < 500 ? `${text}, failed` : text
}

/**
 * The fields of a record.
 */
export type Fields = { [field: string]: unknown }

/**
 * What else is known of a request, for the fields only.
 *
 * - `address`: of the peer, or behind trusted proxies of the client.
 * - `response`: the answer, where there is one.
 * - `streamed`: how many bytes of a stream were handed over.
 * - `inner`: what was in force for the handler.
 */
export interface Details {
  readonly address: string | undefined
  readonly response: HttpServerResponse | undefined
  readonly streamed: number
  readonly inner: Context.Context<never>
}

/**
 * The fields. What is not known is not there.
 */
export const fields = (settings: ServerSettings, access: Access, details: Details): Fields => {
  const { method, path, request, route, status } = access
  const { headers } = request
  const out: Fields = { "http.request.method": method }
  if (route !== undefined) out["http.route"] = route
  out["url.path"] = path
  if (settings.query) addQuery(out, request.url, details.inner)
  out["http.response.status_code"] = status
  out["duration_ms"] = Math.round(access.duration * 1000) / 1000
  const asked = sizeOf(headers)
  if (asked !== undefined) out["http.request.body.size"] = asked
  const answered = answeredSize(access, details)
  if (answered !== undefined) out["http.response.body.size"] = answered
  const agent = headers["user-agent"]
  if (agent !== undefined) out["user_agent.original"] = agent
  if (details.address !== undefined) out["client.address"] = details.address
  const version = versionOf(request.source)
  if (version !== undefined) out["network.protocol.version"] = version
  if (settings.requestHeaders.length > 0) {
    addHeaders(out, settings.requestHeaders, headers, details.inner)
  }
  const { response } = details
  // an answer in whose place another one was sent has told nobody its headers
  if (settings.responseHeaders.length > 0 && response !== undefined && statusOf(response) === status) {
    addHeaders(out, settings.responseHeaders, response.headers, details.inner)
  }
  if (access.slow) out["slow"] = true
  if (access.aborted !== undefined) out["aborted"] = access.aborted
  return out
}

// Of the body, as far as that is known. A text or bytes go out at once, and count as a whole.
const answeredSize = (
  { aborted, error, method, status }: Access,
  { response, streamed }: Details
): number | undefined => {
  if (response === undefined || status === 101) return undefined
  if (statusOf(response) !== status || Response.omitsBody(response, method === "HEAD")) return 0
  const { body } = response
  switch (body._tag) {
    case "Empty":
      return 0
    case "Uint8Array":
      return body.contentLength
    case "Stream":
      return streamed
    default:
      return aborted === undefined && error === undefined ? sizeOf(response.headers) : undefined
  }
}

// the length that the headers say that the body has
const sizeOf = (headers: Headers.Headers): number | undefined => {
  const length = headers["content-length"]
  return length !== undefined && /^\d{1,15}$/.test(length) ? Number(length) : undefined
}

const addQuery = (out: Fields, url: string, context: Context.Context<never>): void => {
  const query = Paths.queryOf(url)
  if (query === "") return
  out["url.query"] = UrlParams.redactUrl(`?${query}`, Context.get(context, UrlParams.CurrentRedactedNames)).slice(1)
}

const addHeaders = (
  out: Fields,
  wanted: ReadonlyArray<HeaderField>,
  headers: Headers.Headers,
  context: Context.Context<never>
): void => {
  const secret = Context.get(context, Headers.CurrentRedactedNames)
  for (const { field, name } of wanted) {
    if (!Object.hasOwn(headers, name)) continue
    out[field] = Headers.isRedactedName(name, secret) ? redacted : headers[name]
  }
}

// The platform's own request is foreign. That of Node says "1.1" and "2.0", the latter of which is called "2".
const versionOf = (source: object): string | undefined => {
  const version = "httpVersion" in source ? source.httpVersion : undefined
  return typeof version !== "string" ? undefined : version === "2.0" ? "2" : version
}
