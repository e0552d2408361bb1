/**
 * What this library is for, on real servers: a log server that takes 500 ms per call does not slow the app down, and a
 * SIGTERM in the middle of the load loses nothing.
 *
 * `--json` prints the numbers only, as one JSON object. `--short` makes one short pass instead of three.
 */
import * as NodeFileSystem from "@effect/platform-node/NodeFileSystem"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import { AsyncLogging } from "../src/index.ts"
import type { Child } from "./Child.ts"
import * as Children from "./Child.ts"
import * as Latency from "./Latency.ts"
import type * as Load from "./load.ts"
import * as LogFile from "./LogFile.ts"
import type { Listening } from "./Parent.ts"
import type { Closed, Kind } from "./server.ts"
import * as Text from "./Text.ts"

const isJson = process.argv.includes("--json")
const { passes, seconds, warmUp } = process.argv.includes("--short")
  ? { passes: 1, seconds: 2, warmUp: 0.5 }
  : { passes: 3, seconds: 4, warmUp: 1 }

type PerKind<A> = { readonly [K in Kind]: A }

const titles: PerKind<string> = { none: "no logging", inline: "inline", async: "this library" }

const say = (...lines: ReadonlyArray<string>): void => {
  if (!isJson) console.log(lines.join("\n"))
}

// -----------------------------------------------------------------------------
// the processes
// -----------------------------------------------------------------------------

interface App extends Listening {
  readonly child: Child<Listening & Closed>
}

const startServer = Effect.fnUntraced(function*(file: string, ...args: ReadonlyArray<string>) {
  const child = yield* Children.start<Listening & Closed>(file, ...args)
  const { url } = yield* child.receive("10 seconds")
  const app: App = { child, url }
  return app
})

const startApps = (logServer: string, file: string) => {
  const start = (kind: Kind) => startServer("server.ts", kind, logServer, file)
  return Effect.all({ none: start("none"), inline: start("inline"), async: start("async") }, {
    concurrency: "unbounded"
  })
}

// -----------------------------------------------------------------------------
// 1. latency
// -----------------------------------------------------------------------------

type Users = Child<Load.Result>

const rate = 2_000

const round = Effect.fnUntraced(function*(users: Users, url: string, seconds: number) {
  yield* users.send({ url, seconds, rate } satisfies Load.Round)
  const { latencies } = yield* users.receive(`${seconds + 5} seconds`)
  return latencies
})

// the library may have a batch or two left to send: `inline`, which only waits, is not disturbed by that
const order: ReadonlyArray<Kind> = ["none", "async", "inline"]

const measure = Effect.fnUntraced(function*(users: Users, apps: PerKind<App>) {
  const latencies: PerKind<Array<ReadonlyArray<number>>> = { none: [], inline: [], async: [] }
  for (const kind of order) yield* round(users, apps[kind].url, warmUp)
  for (let pass = 1; pass <= passes; pass++) {
    for (const kind of order) {
      const measured = yield* round(users, apps[kind].url, seconds)
      if (measured.length === 0) return yield* Effect.die(new Error(`the app answered nothing: ${kind}`))
      latencies[kind].push(measured)
      const { rps, p99 } = Latency.summary(measured, seconds)
      say(
        Text.dim(`  pass ${pass}  ${titles[kind].padEnd(14)}${Text.count(rps).padStart(5)}/s, p99 ${Text.millis(p99)}`)
      )
    }
  }
  return latencies
})

// -----------------------------------------------------------------------------
// 2. shutdown
// -----------------------------------------------------------------------------

const shutDown = Effect.fnUntraced(function*(users: Users, app: App) {
  yield* users.send({ url: app.url, seconds: 10, rate } satisfies Load.Round)
  yield* Effect.sleep("1200 millis")
  yield* app.child.signal("SIGTERM")
  // the users go on for a while, and then elsewhere: a server waits for its open connections
  yield* Effect.sleep("500 millis")
  yield* users.signal("SIGKILL")
  const { report } = yield* app.child.receive("20 seconds")
  yield* app.child.ended("5 seconds")
  return report
})

const receivedBy = (logServer: string, kind: Kind): Effect.Effect<number> =>
  Effect.promise(async () => {
    const answer = await fetch(`${logServer}/${kind}`, { signal: AbortSignal.timeout(5_000) })
    return Number(await answer.text())
  })

// -----------------------------------------------------------------------------
// all of it
// -----------------------------------------------------------------------------

const demo = Effect.gen(function*() {
  const fs = yield* FileSystem.FileSystem
  const file = `${yield* fs.makeTempDirectoryScoped({ prefix: "effect-async-logging-" })}/logs/app.log`
  const { url: logServer } = yield* startServer("logServer.ts")
  const apps = yield* startApps(logServer, file)
  const users = yield* Children.start<Load.Result>("load.ts")

  say(
    "",
    Text.bold("An app that logs three records per request, and a log server that takes 500 ms per call"),
    "",
    "  2,000 requests/s over 50 connections. A request takes 10 ms, and what logging costs it:",
    `  ${titles.none.padEnd(14)}nothing is logged`,
    `  ${titles.inline.padEnd(14)}every record is sent to the log server, and awaited`,
    `  ${titles.async.padEnd(14)}these and the request's own go to a file, and in batches to the log server`,
    "",
    Text.bold(`1. Latency: ${passes} × ${seconds} s of each`)
  )
  const latencies = yield* measure(users, apps)
  const median = (kind: Kind) => Latency.median(latencies[kind].map((round) => Latency.summary(round, seconds)))
  const summaries = { none: median("none"), inline: median("inline"), async: median("async") }
  const { none, inline, async } = summaries
  say(
    "",
    Text.table([[titles.none, none], [titles.inline, inline], [titles.async, async]]),
    "",
    "  How many requests took how long, both scales logarithmic:",
    Text.picture((["none", "inline", "async"] as const).map((kind) => [titles[kind], latencies[kind].flat()])),
    "",
    Text.bold("2. Shutdown: SIGTERM in the middle of the load")
  )

  const report = yield* shutDown(users, apps.async)
  const written = yield* LogFile.read(file)
  const received = yield* receivedBy(logServer, "async")
  const toFile = report.sinks["file"]!
  const toServer = report.sinks["http"]!
  const unaccounted = Math.abs(AsyncLogging.sinkImbalance(toFile)) + Math.abs(AsyncLogging.sinkImbalance(toServer))
  const missing = Math.abs(toFile.delivered - written.records) + Math.max(0, toServer.delivered - received)
  const lost = unaccounted + missing
  say(
    `  The logging closed in ${Text.millis(report.duration)}. Where every record of the app's life went:`,
    "",
    ...Object.entries(report.sinks).map(([name, counts]) => Text.ledger(name, counts)),
    "",
    `  Found in the file: ${Text.count(written.records)} records, in order. At the log server: ${
      Text.count(received)
    }.`,
    "  The last line of the file:",
    Text.dim(`  ${written.last}`),
    "",
    Text.bold(
      `p99 with the library is ${(async.p99 / none.p99).toFixed(2)} × that of no logging (inline: ` +
        `${Text.millis(inline.p99)}); ${Text.count(lost + report.lost)} of ${Text.count(toFile.accepted)} records lost.`
    ),
    ""
  )
  if (isJson) {
    const { accepted, delivered } = toFile
    const linesInFile = written.records
    console.log(JSON.stringify({ ...summaries, ledger: report.sinks, accepted, delivered, linesInFile, lost }))
  }
  if (lost > 0) process.exitCode = 1
})

demo.pipe(Effect.scoped, Effect.provide(NodeFileSystem.layer), NodeRuntime.runMain)
