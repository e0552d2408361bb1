/**
 * What is logged of a failure. The errors of Effect's HTTP modules carry the request with its headers, and their texts
 * its URL with the query: a record gets what kind of error it is, where it was thrown, and what it was caused by.
 */
import * as Cause from "effect/Cause"
import * as HttpClientError from "effect/http/HttpClientError"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import * as HttpServerError from "effect/http/HttpServerError"
import * as UrlParams from "effect/http/UrlParams"
import * as Option from "effect/Option"
import * as Types from "node:util/types"
import * as Leaf from "../Leaf.ts"
import * as Paths from "./Paths.ts"

/**
 * The failures and defects among these reasons, to be logged; `undefined` if there are none.
 */
export const causeOf = (reasons: ReadonlyArray<Cause.Reason<unknown>>): Cause.Cause<unknown> | undefined => {
  const shown = reasons.flatMap((reason): ReadonlyArray<Cause.Reason<unknown>> => {
    if (reason._tag === "Interrupt") return []
    const failure = reason._tag === "Fail" ? reason.error : reason.defect
    const error = errorOf(failure)
    return [
      error === failure ? reason : reason._tag === "Fail" ? Cause.makeFailReason(error) : Cause.makeDieReason(error)
    ]
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
  try {
    const errors = httpErrors(failure)
    return errors.length === 0 ? failure : copyOf({ hidden: errors.flatMap(hiddenOf), copies: new Map() }, failure)
  } catch {
    // it cannot even be looked at, and so has nothing to show
    return failure
  }
}

// -----------------------------------------------------------------------------
// what is hidden
// -----------------------------------------------------------------------------

type HttpError = HttpServerError.HttpServerError | HttpClientError.HttpClientError

const isHttpError = (u: unknown): u is HttpError =>
  HttpServerError.isHttpServerError(u) || HttpClientError.isHttpClientError(u)

// A program wraps what failed in values of its own: as the cause of an error, or anywhere in what an error has. There are
// only so many looked at.
const httpErrors = (failure: unknown): ReadonlyArray<HttpError> => {
  const seen = new Set<unknown>([failure])
  for (const each of seen) {
    for (const part of partsOf(each)) if (seen.size < maxParts) seen.add(part)
  }
  return [...seen].filter(isHttpError)
}

// no more than what a record keeps of a list
const maxParts = 256

const partsOf = (value: unknown): ReadonlyArray<unknown> =>
  typeof value !== "object" || value === null
    ? []
    : Array.isArray(value)
    ? value.slice(0, maxParts).filter(isPart)
    : Object.values(Object.getOwnPropertyDescriptors(value) as { [key: string]: PropertyDescriptor })
      .flatMap(({ value }) => isPart(value) ? [value] : [])

const isPart = (value: unknown): value is object =>
  typeof value === "object" && value !== null && !Types.isProxy(value) &&
  (Leaf.isError(value) || Leaf.isPlain(value) || Array.isArray(value) || Cause.isCause(value) || Cause.isReason(value))

/**
 * A text, and what stands in its place.
 */
type Hidden = readonly [text: string, shown: string]

// how the request is called in texts: of the program, of Effect, of the platform (`fetch` quotes a URL that it does not like)
const hiddenOf = (error: HttpError): ReadonlyArray<Hidden> => {
  const { url } = error.request
  const shown = urlOf(error)
  const href = HttpClientError.isHttpClientError(error)
    ? Option.getOrUndefined(HttpClientRequest.toUrl(error.request))?.href
    : undefined
  return [href, href === undefined ? undefined : UrlParams.redactUrl(href), url, UrlParams.redactUrl(url)].flatMap(
    // without query, fragment and user there is nothing to hide
    (text) => text === undefined || !/[?#@]/.test(text) ? [] : [[text, shown] as const]
  )
}

const urlOf = (error: HttpError): string =>
  HttpServerError.isHttpServerError(error)
    ? Paths.ofUrl(error.request.url)
    : Paths.withoutSecrets(error.request.url)

// -----------------------------------------------------------------------------
// what is shown
// -----------------------------------------------------------------------------

interface Copying {
  readonly hidden: ReadonlyArray<Hidden>
  readonly copies: Map<unknown, unknown>
}

// A copy without HTTP errors and without what is hidden. Values that refer to each other still do.
const copyOf = (self: Copying, failure: unknown): unknown => {
  if (typeof failure !== "object" || failure === null) return failure
  const known = self.copies.get(failure)
  if (known !== undefined) return known
  if (self.copies.size >= maxParts) return "[truncated]"
  if (Array.isArray(failure)) return copyOfList(self, failure)
  return isHttpError(failure) ? copyOfHttp(self, failure) : copyOfOwn(self, failure)
}

const copyOfHttp = (self: Copying, failure: HttpError): Error => {
  const { reason } = failure
  const request = `${reason.request.method} ${urlOf(failure)}`
  const message = reason.description === undefined ? request : shownText(self, `${request}: ${reason.description}`)
  const error = new Error(message)
  self.copies.set(failure, error)
  error.name = reason._tag
  // the head of a stack is the message again
  const site = reason.stack?.indexOf("\n    at ") ?? -1
  error.stack = `${reason._tag}: ${message}${site < 0 ? "" : reason.stack!.slice(site)}`
  // what is wrong with a URL quotes it
  if (reason.cause !== undefined && reason._tag !== "InvalidUrlError") error.cause = copyOf(self, reason.cause)
  return error
}

const copyOfList = (self: Copying, list: ReadonlyArray<unknown>): ReadonlyArray<unknown> => {
  const copy: Array<unknown> = []
  self.copies.set(list, copy)
  for (const item of list.slice(0, maxParts)) copy.push(isPart(item) ? copyOf(self, item) : item)
  return copy
}

const copyOfOwn = (self: Copying, failure: object): object => {
  const parts = Object.getOwnPropertyDescriptors(failure) as { [key: string]: PropertyDescriptor }
  const copy: object = Object.create(Object.getPrototypeOf(failure), parts)
  self.copies.set(failure, copy)
  const held = Object.entries(parts).filter(([, { value }]) => isPart(value))
  // errors first: what else there is may be more than is copied
  for (const [key, { enumerable, value }] of held.toSorted(([, a], [, b]) => rank(a) - rank(b))) {
    define(copy, key, copyOf(self, value), enumerable)
  }
  for (const key of ["message", "stack"]) {
    const text = (failure as { readonly [key: string]: unknown })[key]
    if (typeof text === "string") define(copy, key, shownText(self, text), parts[key]?.enumerable)
  }
  return copy
}

const rank = ({ value }: PropertyDescriptor): number => Leaf.isError(value) ? 0 : 1

const define = (self: object, key: string, value: unknown, enumerable: boolean | undefined): void => {
  Object.defineProperty(self, key, { value, enumerable: enumerable === true, configurable: true, writable: true })
}

const shownText = ({ hidden }: Copying, text: string): string =>
  hidden.reduce((text, [url, shown]) => text.replaceAll(url, () => shown), text)
