import type * as fc from "fast-check"

/**
 * How many histories a property is tried on: 500 in `npm test`, 10,000 with `NIGHTLY` set.
 */
export const numRuns = process.env["NIGHTLY"] === undefined ? 500 : 10_000

/**
 * The longest that a property may take, in milliseconds.
 */
export const timeout = numRuns * 60

const { MUTATION, SEED, SHRUNK } = process.env

/**
 * The parameters of `fc.assert`.
 *
 * - A failure prints its seed and its path: with them in `SEED` and `SHRUNK` it is run again.
 * - With `MUTATION` set, for `npm run test:mutation`, the first failure is enough: nothing is shrunk.
 */
export const parameters: fc.Parameters<unknown> = {
  numRuns,
  endOnFailure: MUTATION !== undefined,
  ...(SEED !== undefined && { seed: Number(SEED) }),
  ...(SHRUNK !== undefined && { path: SHRUNK })
}
