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

const shown = (value: unknown): string =>
  typeof value === "function" ? "a function" : typeof value === "object" && value !== null ? "an object" : String(value)
