/**
 * The id of a request: taken from a header that the client or a proxy has set, if it can be trusted and is harmless, or
 * made.
 */
import type * as Fiber from "effect/Fiber"
import type { Headers } from "effect/http/Headers"
import type { Trouble } from "./Trouble.ts"
import * as Troubles from "./Trouble.ts"

/**
 * How requests get their ids.
 */
export interface RequestIdOptions {
  /** The header that has it, in the request and in the answer. Default `"x-request-id"`. */
  readonly header?: string | undefined
  /**
   * Whether an id that comes with the request is taken over. It is, only if it has 1 to 128 characters out of letters,
   * digits and `-._~:+/=@`; otherwise one is made. Default `true`; `false` for a server that faces strangers who must not
   * choose what they are found by.
   */
  readonly trust?: boolean | undefined
  /** Makes one. Default `crypto.randomUUID`. */
  readonly make?: (() => string) | undefined
}

/**
 * The same with its defaults.
 */
export interface RequestIds {
  readonly header: string
  readonly trust: boolean
  readonly make: (() => string) | undefined
}

/**
 * Fills in the defaults.
 */
export const settings = (options: RequestIdOptions | undefined): RequestIds => ({
  header: (options?.header ?? defaultHeader).toLowerCase(),
  trust: options?.trust ?? true,
  make: options?.make
})

/**
 * What most proxies call it.
 */
export const defaultHeader = "x-request-id"

/**
 * Whether a text can be an id: short, and nothing in it that a log, a header or a shell would take for something else.
 */
export const isValid = (id: unknown): id is string => typeof id === "string" && pattern.test(id)

const pattern = /^[A-Za-z0-9\-._~:+/=@]{1,128}$/

/**
 * The id of a request with these headers. Total.
 */
export const ofUnsafe = (
  self: RequestIds,
  headers: Headers,
  trouble: Trouble,
  fiber: Fiber.Fiber<unknown, unknown>
): string => {
  const given = self.trust && Object.hasOwn(headers, self.header) ? headers[self.header] : undefined
  return isValid(given) ? given : makeUnsafe(self, trouble, fiber)
}

const makeUnsafe = ({ make }: RequestIds, trouble: Trouble, fiber: Fiber.Fiber<unknown, unknown>): string =>
  make === undefined
    ? crypto.randomUUID()
    : Troubles.guard(trouble, fiber, "requestId.make", () => checked(make()), () => crypto.randomUUID())

const checked = (id: string): string => {
  if (!isValid(id)) throw new TypeError("the answer is no id of 1 to 128 characters out of A-Z a-z 0-9 -._~:+/=@")
  return id
}
