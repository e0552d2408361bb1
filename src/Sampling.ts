/**
 * Which share of something is taken, decided by a key alone: whoever asks for the same key and rate, in whatever process,
 * gets the same answer, and what a rate takes a greater rate takes too.
 */

const traceId = /^[0-9a-f]{32}$/

/**
 * Whether the share `rate`, from 0 to 1, takes this key. Of a trace id the last 56 bits decide, as W3C Trace Context
 * (level 2, "random trace-id flag") and OpenTelemetry's probability sampling have it: they take the upper end of the
 * numbers. Of any other key a hash decides.
 */
export const isSampled = (rate: number, key: string): boolean =>
  // the greatest trace ids come out as 1
  rate > 0 && (traceId.test(key) ? parseInt(key.slice(18), 16) / 2 ** 56 : hash(key) / 2 ** 32) >= 1 - rate

// FNV-1a over the UTF-16 units, with the finalizer of MurmurHash3: short keys that differ in their last
// character would otherwise fall close together.
const hash = (key: string): number => {
  let h = 0x811c9dc5
  for (let i = 0; i < key.length; i++) h = Math.imul(h ^ key.charCodeAt(i), 0x01000193)
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return (h ^ (h >>> 16)) >>> 0
}
