/**
 * Paths of log files with placeholders: `%pid` and `%host`, and `%%` for a percent sign.
 */
import * as Result from "effect/Result"
import type { Segment } from "./Placeholders.ts"
import * as Placeholders from "./Placeholders.ts"

/**
 * A path with placeholders.
 *
 * - `basePath`: the directory that the file is under, whatever the placeholders stand for: what comes before the first
 *   part of the path that has one. Without any, the directory of the file.
 */
export interface PathTemplate {
  readonly segments: ReadonlyArray<Segment<Name>>
  readonly basePath: string
}

type Name = "pid" | "host"

/**
 * What the placeholders stand for.
 */
export interface Values {
  readonly pid: number
  readonly host: string
}

const names: ReadonlyArray<Name> = ["pid", "host"]

/**
 * A template, or what is wrong with it.
 */
export const parse = (template: string): Result.Result<PathTemplate, string> => {
  if (template.includes("\0")) return Result.fail("expected a path without NUL")
  return Result.flatMap(Placeholders.parse(template, names), (segments) => {
    const first = segments.findIndex((segment) => typeof segment !== "string")
    const head = segments.slice(0, first < 0 ? segments.length : first).join("")
    const end = head.lastIndexOf("/")
    const below = Placeholders.fill(segments, (name) => name).slice(end + 1).split("/")
    const got = `got ${JSON.stringify(template)}`
    if (["", ".", ".."].includes(below.at(-1)!)) {
      return Result.fail(`expected a path that ends with the name of a file, ${got}`)
    }
    if (below.includes("..")) return Result.fail(`expected a path without ".." behind a placeholder, ${got}`)
    return Result.succeed({ segments, basePath: end < 0 ? "." : end === 0 ? "/" : head.slice(0, end) })
  })
}

/**
 * The path. Characters of a value other than letters and digits of ASCII, `_`, `-` and `.` become `_`, and so does a
 * value that is empty, `.` or `..`: no value adds a part to the path, or takes one away.
 */
export const fill = (self: PathTemplate, values: Values): string =>
  Placeholders.fill(self.segments, (name) => safe(String(values[name])))

const safe = (value: string): string =>
  value === "" || value === "." || value === ".." ? "_" : value.replace(/[^A-Za-z0-9_.-]/gu, "_")
