/**
 * What redaction costs for a record of 10 fields: what it adds to a log call, in the same bursts as in `call`, with and
 * without `redact`; and the redaction alone, of records that are there already.
 */
import type { Redaction } from "../../src/index.ts"
import { AsyncLogging, Logger, Redaction as Redactions } from "../../src/index.ts"
import * as Record from "../../src/Record.ts"
import * as Latency from "../Latency.ts"
import { libraryLayer } from "../programs.ts"
import * as Statistics from "../Statistics.ts"
import * as Subject from "../Subject.ts"
import type { Contender, Sample, Workload } from "../Workload.ts"
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

const burst = 1000

// the first half of the bursts warms up
const alone = (title: string, input: Redaction.Input): Contender => ({
  title,
  run: async ({ records }): Promise<Sample> => {
    const redact = Redactions.make(input)
    const bursts = Math.ceil(records / burst)
    const times = new Array<number>(bursts)
    let redacted = 0
    for (let i = 0; i < 2 * bursts; i++) {
      const batch = Array.from(
        { length: burst },
        (_, j) => Record.make({ level: "Info", message: Subject.message, fields: Subject.tenFields(j) })
      )
      const start = performance.now()
      for (const record of batch) if (redact(record) !== record) redacted++
      times[i % bursts] = (performance.now() - start) * 1e6 / burst
    }
    const { median } = Statistics.summary(times)
    return {
      figures: { time: median },
      wrong: redacted === 0 || redacted === 2 * bursts * burst ? undefined : `${redacted} records were redacted`
    }
  }
})

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
    aloneAbsent: alone("10 paths, none of them there, the redaction alone", absent),
    alonePresent: alone("10 paths, 2 of them there, the redaction alone", present),
    detect: tenFields("all detectors, nothing to find", { detect: Redactions.detectors }),
    presets: tenFields("Redaction.presets.all, nothing to find", Redactions.presets.all)
  }
}
