/**
 * Built-in gates: stages with memory, for when there is too much to write.
 *
 * Each answers an Effect that builds a stage, so that every layer that is built has a memory of its own; a wrong option
 * fails there, with `ConfigInvalid`. What a gate remembers is bounded, in keys and bytes, and a record costs the same
 * however much that is. Its time is that of the records, `record.time`, which may stand still, jump and go back.
 *
 * What they keep from the sinks is counted as filtered under the name of the gate (`AsyncLogging.stats`), and said in the
 * log itself, by lines that the gate makes. Such a line has
 *
 * - the note `suppressed`, which is on no line that anybody logged: calls cannot set notes;
 * - the fields `gate` (its name), `suppressed` (how many records it stands for) and `since` (the time of the first of
 *   them, in milliseconds since the epoch), and no others;
 * - the time, logger and context of the last one, without `requestId` and `userId`, and the highest level of them, so
 *   that it goes where they would have gone. `fingersCrossed` says it as a warning, of the request that failed.
 *
 * The stages behind a gate see what it lets through, and these lines; the layer's `redact` is behind all of them.
 */
export type { DedupeOptions } from "./Gates/Dedupe.ts"
export { make as dedupe } from "./Gates/Dedupe.ts"
export type { FingersCrossedOptions } from "./Gates/FingersCrossed.ts"
export { make as fingersCrossed } from "./Gates/FingersCrossed.ts"
export type { FirstOccurrenceOptions } from "./Gates/FirstOccurrence.ts"
export { make as firstOccurrence } from "./Gates/FirstOccurrence.ts"
export type { Key } from "./Gates/Key.ts"
export type { RateLimitOptions } from "./Gates/RateLimit.ts"
export { make as rateLimit } from "./Gates/RateLimit.ts"
export type { SampleOptions } from "./Gates/Sample.ts"
export { make as sample } from "./Gates/Sample.ts"
