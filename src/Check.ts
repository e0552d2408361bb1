/**
 * Checks of the options that a single kind of sink has. Pure: what is wrong is part of the sink, and the layer refuses
 * it when it is built.
 */

/**
 * An option with a value that it does not allow.
 */
export interface WrongOption {
  readonly field: string
  readonly message: string
}

/**
 * Nothing if `isAllowed`, else an error that names the option, says what it allows, and shows what it got.
 */
export const option = (
  field: string,
  value: unknown,
  isAllowed: boolean,
  allowed: string
): ReadonlyArray<WrongOption> => isAllowed ? [] : [{ field, message: `expected ${allowed}, got ${shown(value)}` }]

/**
 * Whether it is one of these texts.
 */
export const isOneOf = (value: unknown, values: ReadonlyArray<string>): boolean =>
  typeof value === "string" && values.includes(value)

/**
 * Nothing if it is an object with keys of these names only.
 */
export const group = (field: string, value: unknown, names: ReadonlyArray<string>): ReadonlyArray<WrongOption> => {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return option(field, value, false, "an object")
  }
  return Object.keys(value)
    .filter((name) => !names.includes(name))
    .map((name) => ({ field: `${field}.${name}`, message: `unknown; expected one of ${names.join(", ")}` }))
}

const shown = (value: unknown): string =>
  typeof value === "function" ? "a function" : typeof value === "object" && value !== null ? "an object" : String(value)
