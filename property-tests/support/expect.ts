/**
 * Assertions for what is looked at after every step, some hundred times a history: an ordinary one costs as much as
 * the step.
 */

/** Fails unless both are the same. */
export const equal = (actual: unknown, expected: unknown, what: string): void => {
  if (actual !== expected) fail(actual, "equal", expected, what)
}

/** Fails unless the first is at most the second. */
export const atMost = (actual: number, limit: number, what: string): void => {
  if (!(actual <= limit)) fail(actual, "be at most", limit, what)
}

/** Fails unless the first is at least the second. */
export const atLeast = (actual: number, limit: number, what: string): void => {
  if (!(actual >= limit)) fail(actual, "be at least", limit, what)
}

const fail = (actual: unknown, how: string, expected: unknown, what: string): never => {
  throw new Error(`${what}: expected ${String(actual)} to ${how} ${String(expected)}`)
}
