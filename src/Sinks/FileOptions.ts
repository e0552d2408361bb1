/**
 * What a user says of a file sink.
 */
import * as Duration from "effect/Duration"
import * as LogLevel from "effect/LogLevel"
import * as Result from "effect/Result"
import { hostname } from "node:os"
import type { WrongOption } from "../Check.ts"
import * as Check from "../Check.ts"
import type { Access } from "../Files/OpenFile.ts"
import * as PathTemplate from "../Files/PathTemplate.ts"
import type { RotationOptions, RotationPlan } from "../Files/RotationOptions.ts"
import * as RotationPlans from "../Files/RotationOptions.ts"
import { isDuration } from "../SettingsSchema.ts"
import type { SinkOptions } from "./Sink.ts"

/**
 * Options of `Sinks.file`.
 */
export interface FileOptions extends SinkOptions {
  /**
   * Where it is. Directories that are missing are made. `%pid` and `%host` stand for the number of the process and the name of
   * the machine, with `_` for what is no letter, digit, `.`, `_` or `-`; `%%` is a percent sign.
   */
  readonly path: string
  /**
   * The directory that it must be in, or below, whatever symbolic links say. Default: what stands in `path` before the
   * first placeholder; without one, anywhere.
   */
  readonly base?: string | undefined
  /** Permissions of the file when it is made, minus the umask. Default `0o600`. */
  readonly mode?: number | undefined
  /** Permissions of the directories that are made, minus the umask. Default `0o700`. */
  readonly directoryMode?: number | undefined
  /**
   * What becomes of a file that is there with more permissions than `mode`: it is used as it is (`"keep"`, the default), used
   * without those that are too many (`"repair"`), or not used (`"refuse"`).
   */
  readonly permissions?: "keep" | "repair" | "refuse" | undefined
  /**
   * Whether `path` may be a symbolic link. Default `false`: it is not opened then. Where there is a `base`, the link must lead to
   * a file that is there, below it.
   */
  readonly followLinks?: boolean | undefined
  /** A symbolic link that is made to the file when it is opened. It replaces another link, and nothing else. Default: none. */
  readonly symlink?: string | undefined
  /**
   * Whether other processes append to it too. Then a write has whole lines, in 64 KiB at most or one that is longer, and a
   * line of which only a part could be written is ended there and written again, with the note `repeated`. In a FIFO, lines
   * above 4 KiB may be mixed with others. It cannot be rotated by any of them. Default `false`.
   */
  readonly shared?: boolean | undefined
  /**
   * When what was written is made durable, so that it survives a power loss too, with an `fdatasync`: never; with
   * `AsyncLogging.flush` (the default); or with each batch as well, before its records count as delivered.
   */
  readonly sync?: "never" | "flush" | "batch" | SyncOptions | undefined
  /**
   * How long it trusts that `path` still is its file. Then, before the next line, it looks: a file that was renamed or
   * deleted is left, and one with its name opened anew. Default 1 second.
   */
  readonly lookAfter?: Duration.Input | undefined
  /** When it moves the file away, and begins a new one. Default: never. */
  readonly rotate?: RotationOptions | undefined
}

/**
 * When what was written is made durable, beside `AsyncLogging.flush`.
 */
export interface SyncOptions {
  /** So long after a write at the latest. Default: without limit. */
  readonly every?: Duration.Input | undefined
  /** Each batch that has a record of this level or above, before its records count as delivered. Default `"None"`. */
  readonly from?: LogLevel.LogLevel | undefined
}

/**
 * The options, checked.
 */
export interface FileSettings {
  readonly path: string
  readonly access: Access
  readonly symlink: string | undefined
  readonly shared: boolean
  readonly sync: SyncSettings
  readonly lookAfter: number
  readonly plan: RotationPlan | undefined
}

/**
 * When it is made durable: with a flush, after so many milliseconds, and with batches that have such a level.
 */
export interface SyncSettings {
  readonly onFlush: boolean
  readonly every: number | undefined
  readonly from: LogLevel.LogLevel
}

/**
 * The settings, or what is wrong, and the options that every sink has.
 */
export const parse = ({
  base,
  directoryMode = 0o700,
  followLinks = false,
  lookAfter = "1 second",
  mode = 0o600,
  path,
  permissions = "keep",
  rotate,
  shared = false,
  symlink,
  sync = "flush",
  ...sinkOptions
}: FileOptions): {
  readonly sinkOptions: SinkOptions
  readonly settings: Result.Result<FileSettings, ReadonlyArray<WrongOption>>
} => {
  const template = isText(path) ? PathTemplate.parse(path) : Result.fail("")
  const filled = Result.map(template, (template) => PathTemplate.fill(template, { pid: process.pid, host: hostname() }))
  const plan = rotate === undefined || Result.isFailure(filled)
    ? Result.succeed(undefined)
    : RotationPlans.parse(rotate, filled.success)
  const wrong = [
    ...Check.option("path", path, isText(path), "a string that is not empty"),
    ...isText(path) && Result.isFailure(template) ? [{ field: "path", message: template.failure }] : [],
    ...Check.option("base", base, base === undefined || isPath(base), paths),
    ...Check.option("mode", mode, isMode(mode), modes),
    ...Check.option("directoryMode", directoryMode, isMode(directoryMode), modes),
    ...Check.option("permissions", permissions, Check.isOneOf(permissions, allPermissions), oneOf(allPermissions)),
    ...Check.option("followLinks", followLinks, typeof followLinks === "boolean", "a boolean"),
    ...Check.option("symlink", symlink, symlink === undefined || isPath(symlink), paths),
    ...Check.option("shared", shared, typeof shared === "boolean", "a boolean"),
    ...checkSync(sync),
    ...Check.option("lookAfter", lookAfter, isDuration(lookAfter, Number.MIN_VALUE, false), "a duration above zero"),
    ...shared === true && rotate !== undefined
      ? [{
        field: "rotate",
        message: "a shared file cannot be rotated: give each process its own (%pid), or leave it to logrotate"
      }]
      : [],
    ...Result.isFailure(plan) ? plan.failure : []
  ]
  if (wrong.length > 0 || Result.isFailure(filled) || Result.isFailure(template) || Result.isFailure(plan)) {
    return { sinkOptions, settings: Result.fail(wrong) }
  }
  const hasPlaceholder = filled.success !== path && path.replaceAll("%%", "%") !== filled.success
  const settings: FileSettings = {
    path: filled.success,
    access: {
      mode,
      directoryMode,
      permissions,
      followLinks,
      base: base ?? (hasPlaceholder ? template.success.basePath : undefined)
    },
    symlink,
    shared,
    sync: syncSettings(sync),
    lookAfter: Duration.toMillis(Duration.fromInputUnsafe(lookAfter)),
    plan: plan.success
  }
  return { sinkOptions, settings: Result.succeed(settings) }
}

const checkSync = (sync: FileOptions["sync"]): ReadonlyArray<WrongOption> => {
  if (typeof sync !== "object" || sync === null) {
    return Check.option("sync", sync, Check.isOneOf(sync, allSyncs), `${oneOf(allSyncs)}, or an object`)
  }
  const group = Check.group("sync", sync, ["every", "from"])
  if (group.length > 0) return group
  const { every, from = "None" } = sync
  return [
    ...Check.option(
      "sync.every",
      every,
      every === undefined || isDuration(every, Number.MIN_VALUE, false),
      "a duration above zero"
    ),
    ...Check.option("sync.from", from, LogLevel.values.includes(from), oneOf(LogLevel.values))
  ]
}

const syncSettings = (sync: Exclude<FileOptions["sync"], undefined>): SyncSettings =>
  typeof sync === "object"
    ? {
      onFlush: true,
      every: sync.every === undefined ? undefined : Duration.toMillis(Duration.fromInputUnsafe(sync.every)),
      from: sync.from ?? "None"
    }
    : { onFlush: sync !== "never", every: undefined, from: sync === "batch" ? "All" : "None" }

const isText = (u: unknown): u is string => typeof u === "string" && u !== ""

const isPath = (u: unknown): boolean => isText(u) && !u.includes("\0")

const paths = "a string that is not empty, without NUL"

const isMode = (mode: number): boolean => Number.isInteger(mode) && mode >= 0 && mode <= 0o777

const modes = "an integer from 0 to 0o777"

const allPermissions = ["keep", "repair", "refuse"]
const allSyncs = ["never", "flush", "batch"]

const oneOf = (values: ReadonlyArray<string>): string => `one of ${values.map((value) => `"${value}"`).join(", ")}`
