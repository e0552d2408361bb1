/**
 * Text that outlives its record.
 */

/**
 * The same text, on its own. What was cut out of a longer one points to all of it, in V8: a message that is the start of
 * a body would keep the body.
 */
// Not `slice` of what was joined: that points to another text too, and takes three times as long to compare.
export const own = (text: string): string => JSON.parse(JSON.stringify(text))
