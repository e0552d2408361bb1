/**
 * Reads the demo's JSON from stdin. Fails when a record was lost; the ratios of the latencies depend on the machine and
 * are only printed.
 */
import * as Schema from "effect/Schema"
import { text } from "node:stream/consumers"

const Latency = Schema.Struct({ rps: Schema.Finite, p50: Schema.Finite, p99: Schema.Finite, max: Schema.Finite })

const Result = Schema.fromJsonString(Schema.Struct({
  none: Latency,
  inline: Latency,
  async: Latency,
  accepted: Schema.Finite,
  delivered: Schema.Finite,
  linesInFile: Schema.Finite,
  lost: Schema.Finite
}))

const result = Schema.decodeUnknownSync(Result)(await text(process.stdin))

const ratio = (kind: "inline" | "async", key: "p50" | "p99") =>
  `${key} ${(result[kind][key] / result.none[key]).toFixed(2)} x`

for (const kind of ["async", "inline"] as const) {
  console.log(`${kind.padEnd(6)} / none: ${ratio(kind, "p50")}, ${ratio(kind, "p99")}`)
}
console.log(`accepted ${result.accepted}, delivered ${result.delivered}, lines in the file ${result.linesInFile}`)
console.log(`lost ${result.lost}`)
if (result.lost !== 0) process.exitCode = 1
