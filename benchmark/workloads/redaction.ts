/**
 * What redaction adds to a log call with 10 fields: the same bursts as in `call`, with and without `redact`.
 */
import type { Redaction } from "../../src/index.ts"
import { AsyncLogging, Logger, Redaction as Redactions } from "../../src/index.ts"
import * as Latency from "../Latency.ts"
import { libraryLayer } from "../programs.ts"
import * as Subject from "../Subject.ts"
import type { Contender, Workload } from "../Workload.ts"
import { contender } from "./call.ts"

const paths = ["password", "token", "secret", "apiKey", "**.cookie", "headers.authorization", "req.headers.*"]
const absent = [...paths, "user.*.email", "card.number", "ssn"]
const present = [...paths, "card.number", "customer", "session"]

const tenFields = (title: string, redact?: Redaction.Input): Contender =>
  contender(
    title,
    (i) => Logger.info(Subject.message, Subject.tenFields(i)),
    (path) => libraryLayer(path, redact),
    AsyncLogging.flush,
    1
  )

/**
 * The workload.
 */
export const redaction: Workload = {
  title: "a log call with 10 fields, redacted",
  figures: { time: "ns/call", ...Latency.figures },
  contenders: {
    nothing: tenFields("no redaction"),
    absent: tenFields("10 paths, none of them there", absent),
    present: tenFields("10 paths, 2 of them there", present),
    detect: tenFields("all detectors, nothing to find", { detect: Redactions.detectors }),
    presets: tenFields("Redaction.presets.all, nothing to find", Redactions.presets.all)
  }
}
