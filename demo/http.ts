/**
 * What the HTTP middleware costs, on real servers: requests per second with an access record for each, and how long they
 * take while the log server takes 500 ms per call, beside one that answers at once.
 *
 * Rounds come in pairs, one with and one without, in turns first. A ratio is taken in each pair, and the median of the
 * pairs counts. `--json` prints the numbers only, as one JSON object; `--pairs n` makes so many pairs, by default 7, of
 * rounds of `--seconds s`, by default 3.
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
  options: {
    json: { type: "boolean", default: false },
    pairs: { type: "string", default: "7" },
    seconds: { type: "string", default: "3" }
  }
})
const pairs = Number(flags.pairs)
const seconds = Number(flags.seconds)

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

/** What the users do in each round. */
interface Work extends Pick<Load.Round, "rate" | "connections"> {
  readonly path: string
}

const round = Effect.fnUntraced(function*(users: Users, { url }: App, { path, ...work }: Work) {
  yield* users.send({ url: url + path, seconds, ...work } satisfies Load.Round)
  const { latencies } = yield* users.receive(`${seconds + 10} seconds`)
  return Latency.summary(latencies, seconds)
})

/** What two kinds did, pair by pair. */
interface Comparison {
  readonly without: ReadonlyArray<Summary>
  readonly with: ReadonlyArray<Summary>
}

const compare = Effect.fnUntraced(
  function*(users: Users, [without, with_]: readonly [App, App], work: Work) {
    const summaries: { readonly without: Array<Summary>; readonly with: Array<Summary> } = { without: [], with: [] }
    const order = [["without", without], ["with", with_]] as const
    for (const [, app] of order) yield* round(users, app, work)
    for (let pair = 0; pair < pairs; pair++) {
      for (const [key, app] of pair % 2 === 0 ? order : order.toReversed()) {
        summaries[key].push(yield* round(users, app, work))
      }
    }
    const comparison: Comparison = summaries
    return comparison
  }
)

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
  say(Text.bold(`  ${title}: ${median} ×`) + ` (${min} to ${max}; ${goal})`, "")

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
  const fast = yield* app("fast")
  const slow = yield* app("slow")

  const throughputOf = Effect.fnUntraced(function*(title: string, work: Work, goal: string) {
    say("", Text.bold(`${title}: as many requests as are answered, ${pairs} pairs of ${seconds} s (medians)`), "")
    const rates = yield* compare(users, [bare, access], work)
    say(
      Text.table([["no middleware", Latency.median(rates.without)], ["access record", Latency.median(rates.with)]]),
      ""
    )
    const throughput = ratio(rates, "rps")
    sayRatio("requests/s with the middleware and an access record for each", throughput, goal)
    return { throughput, rates }
  })
  const orders = yield* throughputOf(
    "1. The demo's app, which logs three records and waits 10 ms, with its 50 users",
    { path: "/orders/7" },
    "the goal is 0.85 or more"
  )
  const busy = yield* throughputOf(
    "2. The same with 200 users, more than it can serve",
    { path: "/orders/7", connections: 200 },
    "no goal"
  )
  const quick = yield* throughputOf("3. 50 users, without the wait", { path: "/quick/7" }, "no goal")
  const empty = yield* throughputOf("4. 50 users, an app that does nothing", { path: "/empty/7" }, "no goal")

  say(
    Text.bold(`5. 2,000 requests a second, with a log server that answers at once, or after 500 ms, ${pairs} pairs`),
    ""
  )
  const latency = yield* compare(users, [fast, slow], { path: "/empty/7", rate: 2_000 })
  say(Text.table([["fast", Latency.median(latency.without)], ["slow", Latency.median(latency.with)]]), "")
  const p99 = ratio(latency, "p99")
  sayRatio("p99 with the slow one", p99, "the goal is at most 1.25")

  const closed = { access: yield* close(access), fast: yield* close(fast), slow: yield* close(slow) }
  for (const { accepted, linesInFile, lost } of Object.values(closed)) {
    say(`  ${Text.count(accepted)} records, ${Text.count(linesInFile)} in the file, ${Text.count(lost)} lost`)
  }
  if (flags.json) console.log(JSON.stringify({ orders, busy, quick, empty, p99, latency, closed }))
  if (Object.values(closed).some(({ lost, unbalanced }) => lost !== 0 || unbalanced)) process.exitCode = 1
})

http.pipe(Effect.scoped, Effect.provide(NodeFileSystem.layer), NodeRuntime.runMain)
