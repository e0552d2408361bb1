/**
 * The wrapper of clients: passes the id of the request that is being worked on to the servers that are asked meanwhile,
 * and logs what comes of it.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as HttpClient from "effect/http/HttpClient"
import type { HttpClientRequest } from "effect/http/HttpClientRequest"
import * as Request from "effect/http/HttpClientRequest"
import type { HttpClientResponse } from "effect/http/HttpClientResponse"
import type * as LogLevel from "effect/LogLevel"
import * as Option from "effect/Option"
import * as Current from "../Current.ts"
import * as Monotonic from "../Monotonic.ts"
import type { ClientSettings, Exit as ClientExit } from "./ClientOptions.ts"
import * as Failure from "./Failure.ts"
import * as Logs from "./Logs.ts"
import * as Paths from "./Paths.ts"
import * as RequestId from "./RequestId.ts"
import type { Trouble } from "./Trouble.ts"
import * as Troubles from "./Trouble.ts"

/**
 * The wrapper with these settings.
 */
export const make = (settings: ClientSettings) => {
  const trouble = Troubles.make()
  return <E, R>(client: HttpClient.HttpClient.With<E, R>): HttpClient.HttpClient.With<E, R> =>
    HttpClient.makeWith<E, R, E, R>(
      Effect.flatMap((request) =>
        Effect.withFiber((fiber) => {
          const started = Monotonic.millisUnsafe(fiber.getRef(Clock.Clock))
          const sent = Troubles.guard(
            trouble,
            fiber,
            "the client",
            () => withId(settings, trouble, request, fiber),
            () => request
          )
          return Effect.onExitPrimitive(
            client.postprocess(Effect.succeed(sent)),
            (exit) => ended(settings, trouble, sent, started, exit)
          )
        })
      ),
      client.preprocess
    )
}

const withId = (
  { header, passTo }: ClientSettings,
  trouble: Trouble,
  request: HttpClientRequest,
  fiber: Fiber.Fiber<unknown, unknown>
): HttpClientRequest => {
  const { requestId } = fiber.getRef(Current.CurrentLogContext)
  // any context may have an id, and not each can be a header
  if (!RequestId.isValid(requestId) || Object.hasOwn(request.headers, header)) return request
  if (passTo !== undefined) {
    const url = urlOf(request)
    if (url === undefined) return request
    const passes = Troubles.guard(trouble, fiber, "passTo", () => passTo(url) === true, () => false)
    if (!passes) return request
  }
  return Request.setHeader(request, header, requestId)
}

const urlOf = (request: HttpClientRequest): URL | undefined => Option.getOrUndefined(Request.toUrl(request))

const ended = (
  settings: ClientSettings,
  trouble: Trouble,
  request: HttpClientRequest,
  started: number,
  exit: Exit.Exit<HttpClientResponse, unknown>
): Effect.Effect<void> | undefined => {
  const fiber = Fiber.getCurrent()!
  return Troubles.guard(trouble, fiber, "the record of the client", () => {
    const of = exitOf(settings, request, started, exit, fiber)
    const level = levelOf(settings, trouble, of, fiber)
    return level === undefined ? undefined : log(level, of, fiber)
  }, () => undefined)
}

const exitOf = (
  settings: ClientSettings,
  request: HttpClientRequest,
  started: number,
  exit: Exit.Exit<HttpClientResponse, unknown>,
  fiber: Fiber.Fiber<unknown, unknown>
): ClientExit => {
  const duration = Monotonic.millisUnsafe(fiber.getRef(Clock.Clock)) - started
  const error = exit._tag === "Success" ? undefined : Failure.causeOf(exit.cause.reasons)
  return {
    request,
    method: request.method,
    url: Paths.withoutSecrets(request.url),
    status: exit._tag === "Success" ? exit.value.status : Failure.statusOf(exit.cause.reasons),
    duration,
    slow: duration >= settings.slowAfter,
    interrupted: exit._tag === "Failure" && error === undefined,
    error
  }
}

const defaultLevel = ({ error, slow, status }: ClientExit): LogLevel.Severity | undefined =>
  error !== undefined || slow || (status !== undefined && status >= 500) ? "Warn" : undefined

const levelOf = (
  { level }: ClientSettings,
  trouble: Trouble,
  exit: ClientExit,
  fiber: Fiber.Fiber<unknown, unknown>
): LogLevel.Severity | undefined => {
  if (level === undefined) return defaultLevel(exit)
  return Troubles.guard(
    trouble,
    fiber,
    "level",
    () => {
      const chosen = level(exit)
      return chosen === undefined ? undefined : Logs.checked(chosen)
    },
    () => defaultLevel(exit)
  )
}

const logs = Logs.make("http.client")

const log = (level: LogLevel.Severity, exit: ClientExit, fiber: Fiber.Fiber<unknown, unknown>): Effect.Effect<void> => {
  const { error, interrupted, method, slow, status, url } = exit
  const outcome = status ?? (interrupted ? "interrupted" : "failed")
  const parsed = URL.parse(url)
  const fields: { [field: string]: unknown } = { "http.request.method": method, "url.full": url }
  if (parsed !== null && parsed.hostname !== "") {
    fields["server.address"] = parsed.hostname.replace(/^\[(.*)\]$/, "$1")
    const port = portOf(parsed)
    if (port !== undefined) fields["server.port"] = port
  }
  if (status !== undefined) fields["http.response.status_code"] = status
  fields["duration_ms"] = Math.round(exit.duration * 1000) / 1000
  if (slow) fields["slow"] = true
  if (interrupted) fields["interrupted"] = true
  const message = `${method} ${url} ${outcome}`
  return Logs.logUnsafe(logs, level, error === undefined ? [message, fields] : [message, fields, error], fiber)
}

const portOf = ({ port, protocol }: URL): number | undefined =>
  port !== "" ? Number(port) : protocol === "https:" ? 443 : protocol === "http:" ? 80 : undefined
