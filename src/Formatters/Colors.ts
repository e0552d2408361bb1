/**
 * Colours of a terminal, and whether to use them.
 */
import type * as LogLevel from "effect/LogLevel"

/**
 * Whether to write colours, by the environment and the destination:
 *
 * 1. `NO_COLOR`, not empty: off (https://no-color.org).
 * 2. `FORCE_COLOR`, not empty: on (https://force-color.org), and off for `0`, as Node and npm have it.
 * 3. Else on for a terminal, unless `TERM` is `dumb`.
 */
export const colorsFromEnv = (env: { readonly [name: string]: string | undefined }, isTTY: boolean): boolean => {
  if (isSet(env["NO_COLOR"])) return false
  if (isSet(env["FORCE_COLOR"])) return env["FORCE_COLOR"] !== "0"
  return isTTY && env["TERM"] !== "dumb"
}

const isSet = (value: string | undefined): boolean => value !== undefined && value !== ""

/**
 * Puts a text into a style.
 *
 * @internal
 */
export type Paint = (text: string) => string

/**
 * The styles of `pretty`, by what is written in them.
 *
 * @internal
 */
export interface Palette {
  readonly level: { readonly [L in LogLevel.Severity]: Paint }
  readonly dim: Paint
  readonly logger: Paint
  readonly error: Paint
  readonly warning: Paint
}

const plainText: Paint = (text) => text

/**
 * No styles.
 *
 * @internal
 */
export const plainPalette: Palette = {
  level: { Trace: plainText, Debug: plainText, Info: plainText, Warn: plainText, Error: plainText, Fatal: plainText },
  dim: plainText,
  logger: plainText,
  error: plainText,
  warning: plainText
}

// ECMA-48 "select graphic rendition" codes: `1;31` is bold red
const sgr = (codes: string): Paint => (text) => `\u001b[${codes}m${text}\u001b[0m`

/**
 * The sixteen colours that every terminal shows.
 *
 * @internal
 */
export const colorPalette: Palette = {
  level: {
    Trace: sgr("90"),
    Debug: sgr("34"),
    Info: sgr("32"),
    Warn: sgr("33"),
    Error: sgr("31"),
    Fatal: sgr("1;37;41")
  },
  dim: sgr("2"),
  logger: sgr("36"),
  error: sgr("1;31"),
  warning: sgr("1;33")
}
