/**
 * What the wrapper of clients can be told, checked, with every default filled in.
 */
import type * as Cause from "effect/Cause"
import * as Duration from "effect/Duration"
import type { HttpClientRequest } from "effect/http/HttpClientRequest"
import type * as LogLevel from "effect/LogLevel"
import type { ConfigInvalid } from "../SettingsSchema.ts"
import * as Schemas from "../SettingsSchema.ts"
import * as RequestId from "./RequestId.ts"
import { headerName } from "./ServerOptions.ts"

/**
 * A request to another server that has ended.
 */
export interface Exit {
  readonly request: HttpClientRequest
  readonly method: string
  /** Without user, password, query and fragment. */
  readonly url: string
  /** Of the answer; `undefined` where there is none. */
  readonly status: number | undefined
  /** Until the head of the answer was there, in milliseconds. */
  readonly duration: number
  /** Whether it took `slowAfter` or longer. */
  readonly slow: boolean
  /** Whether it was interrupted: by a timeout around it, or with its fiber. */
  readonly interrupted: boolean
  /** What it failed with. */
  readonly error: Cause.Cause<unknown> | undefined
}

/**
 * The options of the wrapper. None is required.
 */
export interface ClientOptions {
  /** The header that passes the request id on. Default `"x-request-id"`. */
  readonly header?: string | undefined
  /** Whether a server gets the id; those that it redirects to are not asked about. Default: every one. */
  readonly passTo?: ((url: URL) => boolean) | undefined
  /**
   * The level of the record of a request, or `undefined` for no record. It is asked at the end of each. Default: Warn
   * for one that failed, has status 500 or above, or is slow, no record otherwise.
   */
  readonly level?: ((exit: Exit) => LogLevel.Severity | undefined) | undefined
  /** A request that takes this long is slow, and says so in the field `slow`. Default: none is. */
  readonly slowAfter?: Duration.Input | undefined
}

/**
 * The options with their defaults.
 */
export interface ClientSettings {
  readonly header: string
  readonly passTo: ((url: URL) => boolean) | undefined
  readonly level: ((exit: Exit) => LogLevel.Severity | undefined) | undefined
  /** In milliseconds. */
  readonly slowAfter: number
}

const check = Schemas.decoder(Schemas.object({
  header: headerName,
  passTo: Schemas.func,
  level: Schemas.func,
  slowAfter: Schemas.someTime
}))

/**
 * The settings, or what is wrong with the options.
 */
export const settings = (options: ClientOptions): ClientSettings | ConfigInvalid =>
  check(options, "") ?? {
    header: (options.header ?? RequestId.defaultHeader).toLowerCase(),
    passTo: options.passTo,
    level: options.level,
    slowAfter: options.slowAfter === undefined
      ? Number.POSITIVE_INFINITY
      : Duration.toMillis(Duration.fromInputUnsafe(options.slowAfter))
  }
