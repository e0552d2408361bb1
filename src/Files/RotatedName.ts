/**
 * Names of rotated files: `%n` is their number, `%date` a date, and `%%` a percent sign.
 */
import * as RegExps from "effect/RegExp"
import * as Result from "effect/Result"
import { parse as parsePath } from "node:path"
import type { Segment } from "./Placeholders.ts"
import * as Placeholders from "./Placeholders.ts"

/**
 * How the rotated files of a log are called.
 */
export interface RotatedName {
  readonly segments: ReadonlyArray<Segment<Name>>
  readonly regExp: RegExp
}

type Name = "date" | "n"

/**
 * How a rotated file may be compressed.
 */
export type Compression = "gzip" | "zstd"

/**
 * What the name of a rotated file says.
 *
 * - `date`: `YYYY-MM-DD`. `undefined` if such names have none.
 * - `n`: a positive safe integer.
 */
export interface Rotated {
  readonly date: string | undefined
  readonly n: number
  readonly compression: Compression | undefined
}

/**
 * What a pattern may look like, for messages.
 */
export const allowed = `the name of a file with %n, once, and %date, at most once, such as "app.%date.%n.log"`

const suffixes = { gzip: ".gz", zstd: ".zst" } as const
const temporarySuffix = ".tmp"

/**
 * The names that a pattern gives to the rotated files beside the current one, or what is wrong with the pattern. Without
 * one, it is the name of the current file with `.%date.%n` before its extension: `app.%date.%n.log`.
 */
export const make = (pattern: string | undefined, currentName: string): Result.Result<RotatedName, string> => {
  const text = pattern ?? defaultPattern(currentName)
  const got = `expected ${allowed}, got ${JSON.stringify(text)}`
  return Result.flatMap(Placeholders.parse(text, ["date", "n"]), (segments) => {
    const times = (name: Name) =>
      segments.filter((segment) => typeof segment !== "string" && segment.name === name).length
    if (times("n") !== 1 || times("date") > 1) return Result.fail(got)
    if (/[/\0]/.test(text)) return Result.fail(`${got}: it is a name, without "/" and NUL`)
    const reserved = [...Object.values(suffixes), temporarySuffix]
    if (reserved.some((suffix) => text.endsWith(suffix))) {
      return Result.fail(`${got}: it must not end with one of ${reserved.join(", ")}`)
    }
    const self = { segments, regExp: regExpOf(segments) }
    return isTemporary(self, currentName) || parse(self, currentName) !== undefined
      ? Result.fail(`${got}: it must not be a name of the current file, ${JSON.stringify(currentName)}`)
      : Result.succeed(self)
  })
}

const defaultPattern = (currentName: string): string => {
  const { ext, name } = parsePath(currentName)
  return `${Placeholders.escape(name)}.%date.%n${Placeholders.escape(ext)}`
}

// Each part but the number has a fixed length, and the number a bounded one: what does not match is found out at once.
const regExpOf = (segments: ReadonlyArray<Segment<Name>>): RegExp => {
  const literals = segments.map((segment) => typeof segment === "string" ? RegExps.escape(segment) : segment)
  const source = Placeholders.fill(literals, (name) => name === "n" ? String.raw`(?<n>[1-9]\d{0,15})` : dateSource)
  return new RegExp(`^${source}(?<suffix>\\.gz|\\.zst)?$`)
}

const dateSource = String.raw`(?<date>\d{4}-\d{2}-\d{2})`

/**
 * The name of a rotated file. `date` is left out where the pattern has none.
 */
export const format = (
  self: RotatedName,
  { compression, date, n }: {
    readonly date: string
    readonly n: number
    readonly compression?: Compression | undefined
  }
): string => {
  const name = Placeholders.fill(self.segments, (name) => name === "n" ? String(n) : date)
  return compression === undefined ? name : `${name}${suffixes[compression]}`
}

/**
 * What the name of a file says, if `format` can make it. It can make neither the current file's name, nor a temporary
 * one.
 */
export const parse = (self: RotatedName, fileName: string): Rotated | undefined => {
  const { date, n, suffix } = self.regExp.exec(fileName)?.groups ?? {}
  if (!Number.isSafeInteger(Number(n)) || (date !== undefined && !isDate(date))) return undefined
  return {
    date,
    n: Number(n),
    compression: suffix === undefined ? undefined : suffix === suffixes.gzip ? "gzip" : "zstd"
  }
}

const isDate = (text: string): boolean => {
  const date = new Date(`${text}T00:00:00Z`)
  return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(text)
}

/**
 * The name of the compressed form of a rotated file.
 */
export const archive = (name: string, compression: Compression): string => `${name}${suffixes[compression]}`

/**
 * All names that it may have when it is compressed.
 */
export const archives = (name: string): ReadonlyArray<string> =>
  Object.values(suffixes).map((suffix) => `${name}${suffix}`)

/**
 * The name of a compressed file for as long as it is being written.
 *
 * - `id`: of who writes it: eight hexadecimal digits.
 */
export const temporary = (archiveName: string, id: string): string => `${archiveName}.${id}${temporarySuffix}`

/**
 * Whether it is the `temporary` name of a compressed file that `format` can make.
 */
export const isTemporary = (self: RotatedName, fileName: string): boolean => {
  const archiveName = fileName.replace(temporaryEnd, "")
  return archiveName !== fileName && parse(self, archiveName)?.compression !== undefined
}

const temporaryEnd = /\.[0-9a-f]{8}\.tmp$/
