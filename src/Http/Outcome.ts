/**
 * How a request ended, from the exit of what handled and answered it. Pure.
 */
import type * as Cause from "effect/Cause"
import type * as Exit from "effect/Exit"
import { ClientAbort } from "effect/http/HttpServerError"
import type { HttpServerResponse } from "effect/http/HttpServerResponse"
import * as Response from "effect/http/HttpServerResponse"
import * as Socket from "effect/socket/Socket"
import type { Access } from "./Access.ts"
import * as Accesses from "./Access.ts"
import * as Failure from "./Failure.ts"

/**
 * How it ended.
 */
export type Outcome = Pick<Access, "status" | "aborted" | "error">

/**
 * How a request ended. Another middleware of the server may have left nothing of the answer.
 *
 * - `response`: the answer as it was given to the platform, if there was one, and `header` the one with the id, which
 *   nothing else has than an answer on its way.
 * - `pending`: the interruption that the fiber has not looked at yet.
 * - `isHeadSent`: whether the status was sent nevertheless.
 */
export const make = (
  exit: Exit.Exit<HttpServerResponse | void, unknown>,
  response: HttpServerResponse | undefined,
  header: string,
  pending: Cause.Cause<unknown> | undefined,
  isHeadSent: boolean
): Outcome =>
  exit._tag === "Success"
    ? succeeded(exit.value, response, pending, isHeadSent)
    : failed(exit.cause, response, header)

/**
 * How a request ended whose answer is a stream that ended so, when the status had been sent.
 */
export const ofStream = (cause: Cause.Cause<unknown>, status: number): Outcome =>
  outcome(status, Failure.causeOf(cause.reasons), aborterOf(cause.reasons))

/**
 * How a request ended whose connection was upgraded with this status: nothing that came later has changed that. That the
 * connection was closed is its end and no error, with whatever code.
 */
export const ofUpgrade = (exit: Exit.Exit<unknown, unknown>, status: number): Outcome => {
  if (exit._tag === "Success") return outcome(status)
  const reasons = exit.cause.reasons.filter((reason) => !isAnswer(reason))
  const error = Failure.causeOf(reasons.filter((reason) => codeOf(reason) === undefined))
  return outcome(status, error, reasons.some((reason) => codeOf(reason) === goneAway) ? "client" : aborterOf(reasons))
}

const outcome = (status: number, error?: Access["error"], aborter?: Access["aborted"]): Outcome => ({
  status,
  // who shuts down a server does not undo what had failed
  aborted: error === undefined || aborter === "client" ? aborter : undefined,
  error
})

/**
 * What it failed with, without answers.
 */
export const errorOf = (exit: Exit.Exit<unknown, unknown>): Cause.Cause<unknown> | undefined =>
  exit._tag === "Success" ? undefined : Failure.causeOf(exit.cause.reasons.filter((reason) => !isAnswer(reason)))

// what a connection is closed with, in its own process only, that ended without a close frame (RFC 6455, 7.4.1)
const goneAway = 1006

const codeOf = (reason: Cause.Reason<unknown>): number | undefined => {
  const failure = reason._tag === "Fail" ? reason.error : reason._tag === "Die" ? reason.defect : undefined
  return Socket.isSocketError(failure) && failure.reason._tag === "SocketCloseError" ? failure.reason.code : undefined
}

const isAnswer = (reason: Cause.Reason<unknown>): boolean =>
  reason._tag === "Die" && Response.isHttpServerResponse(reason.defect)

const succeeded = (
  value: HttpServerResponse | void,
  response: HttpServerResponse | undefined,
  pending: Cause.Cause<unknown> | undefined,
  isHeadSent: boolean
): Outcome => {
  // an upgraded connection says so in the answer that it reports in the place of the handler's
  if (value?.status === 101) return outcome(101)
  const sent = response ?? value
  const status = sent === undefined ? 500 : Accesses.statusOf(sent)
  // a handler that cannot be interrupted answers also a client that has gone
  return pending !== undefined && aborterOf(pending.reasons) === "client"
    ? outcome(isHeadSent ? status : 499, undefined, "client")
    : outcome(status)
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
  const { aborted, error, status } = outcome(
    (sent ?? response)?.status ?? 500,
    Failure.causeOf(reasons),
    aborterOf(reasons)
  )
  // an answer that is made of a failure gets the id later
  const wasSending = sent !== undefined && sent.headers[header] === response?.headers[header]
  return { status, aborted, error: status >= 500 || wasSending ? error : undefined }
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
