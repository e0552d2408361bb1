/**
 * Safety of text that a person or a line reader sees.
 */
import { escapeCode } from "./JsonText.ts"

/**
 * Escapes what could break a line, drive a terminal or show a text as another: C0 controls (CR, LF, TAB and ESC too),
 * DEL, C1 controls, U+2028, U+2029, lone surrogates, and the controls of bidirectional text ("Trojan Source",
 * CVE-2021-42574). `\t`, `\n` and `\r` are written so, the others as `\uXXXX`. A backslash stays as it is: the result
 * is to be read, not to be decoded.
 *
 * @internal
 */
export const escapeText = (text: string): string => suspect.test(text) ? text.replace(unsafe, escapeChar) : text

// without the flag `u` it finds all surrogates, and is faster; with it, the lone ones
const suspect = /[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]/
const unsafe = /[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]/gu

const escapeChar = (char: string): string =>
  char === "\n" ? "\\n" : char === "\r" ? "\\r" : char === "\t" ? "\\t" : escapeCode(char)
