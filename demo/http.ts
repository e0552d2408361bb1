/**
 * What the HTTP middleware costs, on real servers: requests per second with an access record for each, and how long they
 * take while the log server takes 500 ms per call.
 *
 * Rounds come in pairs, one with and one without, in turns first. A ratio is taken in each pair, and the median of the
 * pairs counts. `--json` prints the numbers only, as one JSON object; `--pairs n` makes so many pairs, by default 7.
 */
import * as NodeFileSystem from "@effect/platform-node/NodeFileSystem"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import { parseArgs } from "node:util"
import { AsyncLogging } from "../src/index.ts"
import type { Child } from "./Child.ts"
import * as Children from "./Child.ts"
import type { Closed, Kind } from "./httpServer.ts"
import type { Summary } from "./Latency.ts"
import * as Latency from "./Latency.ts"
import type * as Load from "./load.ts"
import * as LogFile from "./LogFile.ts"
import type { Listening } from "./Parent.ts"
import * as Text from "./Text.ts"

const { values: flags } = parseArgs({
  options: { json: { type: "boolean", default: false }, pairs: { type: "string", default: "7" } }
})
const pairs = Number(flags.pairs)
const seconds = 4

const say = (...lines: ReadonlyArray<string>): void => {
  if (!flags.json) console.log(lines.join("\n"))
}

interface App extends Listening {
  readonly child: Child<Listening & Closed>
  readonly file: string
}

const startServer = Effect.fnUntraced(function*(program: string, file: string, ...args: ReadonlyArray<string>) {
  const child = yield* Children.start<Listening & Closed>(program, ...args, file)
  const { url } = yield* child.receive("10 seconds")
  const app: App = { child, url, file }
  return app
})

type Users = Child<Load.Result>

const round = Effect.fnUntraced(function*(users: Users, { url }: App, rate: number | undefined, time = seconds) {
  yield* users.send({ url, seconds: time, rate } satisfies Load.Round)
  const { latencies } = yield* users.receive(`${time + 10} seconds`)
  return Latency.summary(latencies, time)
})

/** What two kinds did, pair by pair. */
interface Comparison {
  readonly without: ReadonlyArray<Summary>
  readonly with: ReadonlyArray<Summary>
}

const compare = Effect.fnUntraced(function*(users: Users, without: App, with_: App, rate: number | undefined) {
  const summaries: { readonly without: Array<Summary>; readonly with: Array<Summary> } = { without: [], with: [] }
  for (const app of [without, with_]) yield* round(users, app, rate)
  for (let pair = 0; pair < pairs; pair++) {
    const order = [["without", without], ["with", with_]] as const
    for (const [key, app] of pair % 2 === 0 ? order : order.toReversed()) {
      summaries[key].push(yield* round(users, app, rate))
    }
  }
  const comparison: Comparison = summaries
  return comparison
})

/** The ratios of the pairs. */
interface Ratio {
  readonly median: number
  readonly min: number
  readonly max: number
}

const ratio = (comparison: Comparison, key: keyof Summary): Ratio => {
  const sorted = comparison.with.map((summary, pair) => summary[key] / comparison.without[pair]![key]).toSorted((
    a,
    b
  ) => a - b)
  const at = (i: number) => Math.round(sorted[i]! * 1000) / 1000
  return { median: at(Math.floor(sorted.length / 2)), min: at(0), max: at(sorted.length - 1) }
}

const sayRatio = (title: string, { max, median, min }: Ratio, goal: string): void =>
  say(Text.bold(`  ${title}: ${median} ×`) + ` (${min} to ${max}; the goal is ${goal})`, "")

// what became of the records: each that was accepted is in the file, once, in order
const close = Effect.fnUntraced(function*({ child, file }: App) {
  yield* child.signal("SIGTERM")
  const { report } = yield* child.receive("20 seconds")
  yield* child.ended("20 seconds")
  const { accepted, delivered } = report.sinks["file"]!
  const { records } = yield* LogFile.read(file)
  const unbalanced = Object.values(report.sinks).some((counts) => AsyncLogging.sinkImbalance(counts) !== 0)
  return { accepted, delivered, linesInFile: records, lost: accepted - records, unbalanced }
})

const http = Effect.gen(function*() {
  const fs = yield* FileSystem.FileSystem
  const directory = yield* fs.makeTempDirectoryScoped({ prefix: "effect-async-logging-http-" })
  const { url: logServer } = yield* startServer("logServer.ts", "")
  const app = (kind: Kind) => startServer("httpServer.ts", `${directory}/${kind}.log`, kind, logServer)
  const users = yield* Children.start<Load.Result>("load.ts")
  const bare = yield* app("bare")
  const access = yield* app("access")
  const slow = yield* app("slow")

  say("", Text.bold(`1. As many requests as are answered, ${pairs} pairs of ${seconds} s (medians)`), "")
  const rate = yield* compare(users, bare, access, undefined)
  say(Text.table([["no middleware", Latency.median(rate.without)], ["access record", Latency.median(rate.with)]]), "")
  const throughput = ratio(rate, "rps")
  sayRatio("requests/s with an access record for each", throughput, "0.85 or more")

  say(Text.bold(`2. 2,000 requests a second, without and with a log server that takes 500 ms, ${pairs} pairs`), "")
  const latency = yield* compare(users, access, slow, 2_000)
  say(Text.table([["file", Latency.median(latency.without)], ["+ log server", Latency.median(latency.with)]]), "")
  const p99 = ratio(latency, "p99")
  sayRatio("p99 with the slow log server", p99, "at most 1.25")

  const closed = { access: yield* close(access), slow: yield* close(slow) }
  for (const { accepted, linesInFile, lost } of Object.values(closed)) {
    say(`  ${Text.count(accepted)} records, ${Text.count(linesInFile)} in the file, ${Text.count(lost)} lost`)
  }
  if (flags.json) console.log(JSON.stringify({ throughput, p99, rate, latency, closed }))
  if (Object.values(closed).some(({ lost, unbalanced }) => lost !== 0 || unbalanced)) process.exitCode = 1
})

http.pipe(Effect.scoped, Effect.provide(NodeFileSystem.layer), NodeRuntime.runMain)
