/**
 * How a request ended, from the exit of what handled and answered it. Pure.
 */
import type * as Cause from "effect/Cause"
import type * as Exit from "effect/Exit"
import { ClientAbort } from "effect/http/HttpServerError"
import type { HttpServerResponse } from "effect/http/HttpServerResponse"
import * as Response from "effect/http/HttpServerResponse"
import type { Access } from "./Access.ts"
import * as Failure from "./Failure.ts"

/**
 * How it ended.
 */
export type Outcome = Pick<Access, "status" | "aborted" | "error">

/**
 * How a request ended.
 *
 * - `response`: the answer as it was given to the platform, if there was one, and `header` the one with the id, which
 *   nothing else has than an answer on its way.
 * - `pending`: the interruption that the fiber has not looked at yet.
 */
export const make = (
  exit: Exit.Exit<HttpServerResponse, unknown>,
  response: HttpServerResponse | undefined,
  header: string,
  pending: Cause.Cause<unknown> | undefined
): Outcome =>
  exit._tag === "Success"
    ? succeeded(exit.value, response, pending)
    : failed(exit.cause, response, header)

const succeeded = (
  value: HttpServerResponse,
  response: HttpServerResponse | undefined,
  pending: Cause.Cause<unknown> | undefined
): Outcome => {
  // a handler that cannot be interrupted answers also a client that has gone
  if (pending !== undefined && aborterOf(pending.reasons) === "client") {
    return { status: 499, aborted: "client", error: undefined }
  }
  // an upgraded connection says so in the answer that it reports in the place of the handler's
  return { status: value.status === 101 ? 101 : (response ?? value).status, aborted: undefined, error: undefined }
}

const failed = (
  cause: Cause.Cause<unknown>,
  response: HttpServerResponse | undefined,
  header: string
): Outcome => {
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
  // an answer that is made of a failure gets the id later
  const wasSending = sent !== undefined && sent.headers[header] === response?.headers[header]
  return {
    status,
    aborted: error === undefined || aborter === "client" ? aborter : undefined,
    error: status >= 500 || wasSending ? error : undefined
  }
}

const aborterOf = (reasons: ReadonlyArray<Cause.Reason<unknown>>): Access["aborted"] => {
  let aborter: Access["aborted"]
  for (const reason of reasons) {
    if (reason._tag !== "Interrupt") continue
    if (reason.annotations.has(ClientAbort.key)) return "client"
    aborter = "server"
  }
  return aborter
}
