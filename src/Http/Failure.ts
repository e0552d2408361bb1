/**
 * What is logged of a failure. The errors of Effect's HTTP modules carry the request with its headers, and their texts
 * its URL with the query: a record gets what kind of error it is, where it was thrown, and what it was caused by.
 */
import * as Cause from "effect/Cause"
import * as HttpClientError from "effect/http/HttpClientError"
import * as HttpServerError from "effect/http/HttpServerError"
import * as Paths from "./Paths.ts"

/**
 * The failures and defects among these reasons, to be logged; `undefined` if there are none.
 */
export const causeOf = (reasons: ReadonlyArray<Cause.Reason<unknown>>): Cause.Cause<unknown> | undefined => {
  const shown = reasons.flatMap((reason): ReadonlyArray<Cause.Reason<unknown>> => {
    switch (reason._tag) {
      case "Fail":
        return [errorOf(reason.error) === reason.error ? reason : Cause.makeFailReason(errorOf(reason.error))]
      case "Die":
        return [errorOf(reason.defect) === reason.defect ? reason : Cause.makeDieReason(errorOf(reason.defect))]
      case "Interrupt":
        return []
    }
  })
  return shown.length === 0 ? undefined : Cause.fromReasons(shown)
}

/**
 * The status of the answer that made a client fail, if it is that what it failed with.
 */
export const statusOf = (reasons: ReadonlyArray<Cause.Reason<unknown>>): number | undefined => {
  for (const reason of reasons) {
    if (reason._tag !== "Fail" || !HttpClientError.isHttpClientError(reason.error)) continue
    if (reason.error.response !== undefined) return reason.error.response.status
  }
  return undefined
}

const errorOf = (failure: unknown): unknown => {
  if (HttpServerError.isHttpServerError(failure)) {
    const { reason } = failure
    return shown(reason, `${reason.request.method} ${Paths.ofUrl(reason.request.url)}`, reason.cause)
  }
  if (HttpClientError.isHttpClientError(failure)) {
    const { reason } = failure
    // what is wrong with a URL quotes it
    const cause = reason._tag === "InvalidUrlError" ? undefined : reason.cause
    return shown(reason, `${reason.request.method} ${Paths.withoutSecrets(reason.request.url)}`, cause)
  }
  return failure
}

const shown = (
  reason: Error & { readonly _tag: string; readonly description?: string | undefined },
  request: string,
  cause: unknown
): Error => {
  const message = reason.description === undefined ? request : `${request}: ${reason.description}`
  const error = new Error(message, cause === undefined ? undefined : { cause })
  error.name = reason._tag
  // the head of a stack is the message again
  const site = reason.stack?.indexOf("\n    at ") ?? -1
  error.stack = `${reason._tag}: ${message}${site < 0 ? "" : reason.stack!.slice(site)}`
  return error
}
