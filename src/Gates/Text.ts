/**
 * Text that outlives its record.
 */

/**
 * The same text, on its own. What was cut out of a longer one points to all of it, in V8: a message that is the start of
 * a body would keep the body.
 */
export const own = (text: string): string => ` ${text}`.slice(1)
