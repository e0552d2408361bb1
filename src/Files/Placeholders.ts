/**
 * Texts with placeholders: `%name`, and `%%` for a percent sign.
 */
import * as Result from "effect/Result"

/**
 * A text, or the name of what stands in its place.
 */
export type Segment<Name extends string> = string | { readonly name: Name }

/**
 * The segments of a text, or what is wrong with it. A name goes as far as there are letters and digits.
 */
export const parse = <Name extends string>(
  text: string,
  names: ReadonlyArray<Name>
): Result.Result<ReadonlyArray<Segment<Name>>, string> => {
  const segments: Array<Segment<Name>> = []
  for (const [piece] of text.matchAll(pieces)) {
    const name = names.find((name) => piece === `%${name}`)
    if (name !== undefined) segments.push({ name })
    else if (piece === "%%") segments.push("%")
    else if (!piece.startsWith("%")) segments.push(piece)
    else {
      const allowed = [...names.map((name) => `%${name}`), "%% for a percent sign"].join(", ")
      return Result.fail(`there is no placeholder ${JSON.stringify(piece)}; expected one of ${allowed}`)
    }
  }
  return Result.succeed(segments)
}

const pieces = /%(?:[a-z0-9]+|.?)|[^%]+/gisu

/**
 * A text in which none of it is a placeholder.
 */
export const escape = (text: string): string => text.replaceAll("%", "%%")

/**
 * The text with its placeholders filled.
 */
export const fill = <Name extends string>(segments: ReadonlyArray<Segment<Name>>, of: (name: Name) => string): string =>
  segments.map((segment) => typeof segment === "string" ? segment : of(segment.name)).join("")
