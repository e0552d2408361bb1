/**
 * The text of a record, without the line break at its end.
 */
export { colorsFromEnv } from "./Formatters/Colors.ts"
export { json } from "./Formatters/Json.ts"
export { logfmt } from "./Formatters/Logfmt.ts"
export { pretty, type PrettyFormatter, type PrettyOptions } from "./Formatters/Pretty.ts"
