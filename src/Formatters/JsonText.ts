/**
 * Strings in JSON.
 */

/**
 * A string, in quotes: that of `JSON.stringify`, with DEL, the C1 controls, U+2028 and U+2029 escaped as well. A
 * terminal acts on C1, and some readers of lines break at the separators.
 *
 * @internal
 */
export const quote = (text: string): string => needsEscape(text) ? quoteSlowly(text) : `"${text}"`

/**
 * Whether a string in quotes is more than the string and the quotes.
 *
 * @internal
 */
export const needsEscape = (text: string): boolean => toEscape.test(text)

// all but what stands for itself: surrogates are left to `JSON.stringify`, which knows the lone ones
const toEscape = /[^\x20\x21\x23-\x5b\x5d-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\uffff]/

const unsafeInJson = /[\x7f-\x9f\u2028\u2029]/g

const quoteSlowly = (text: string): string => JSON.stringify(text).replace(unsafeInJson, escapeCode)

/**
 * The first UTF-16 code unit as `\uXXXX`.
 *
 * @internal
 */
export const escapeCode = (char: string): string => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`
