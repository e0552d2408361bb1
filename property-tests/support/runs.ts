/**
 * How many histories a property is tried on: 500 in `npm test`, 10,000 with `NIGHTLY` set.
 */
export const numRuns = process.env["NIGHTLY"] === undefined ? 500 : 10_000

/**
 * The longest that a property may take, in milliseconds.
 */
export const timeout = numRuns * 60

/**
 * The parameters of `fc.assert`. With `MUTATION` set, for `npm run test:mutation`, the first failure is enough: nothing
 * is shrunk.
 */
export const parameters = { numRuns, endOnFailure: process.env["MUTATION"] !== undefined }
