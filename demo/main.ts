/**
 * What this library is for, on real servers: a log server that takes 500 ms per call does not slow the app down, and a
 * SIGTERM in the middle of the load loses nothing.
 *
 * `--json` prints the numbers only, as one JSON object; `--short` makes one pass instead of three.
 */
import { NodeFileSystem, NodeRuntime } from "@effect/platform-node"
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
const isShort = process.argv.includes("--short")
const passes = isShort ? 1 : 3
const seconds = isShort ? 3 : 4
const warmUp = isShort ? 0.5 : 1

const say = (text: string): void => {
  if (!isJson) console.log(text)
}

const titles: { readonly [K in Kind]: string } = { none: "no logging", inline: "inline", async: "this library" }

// `async` may leave a batch or two to send: `inline`, which only waits, does not notice
const order: ReadonlyArray<Kind> = ["none", "async", "inline"]

const demo = Effect.gen(function*() {
  const fs = yield* FileSystem.FileSystem
  const file = `${yield* fs.makeTempDirectoryScoped({ prefix: "effect-async-logging-" })}/logs/app.log`
  const logServer = yield* Effect.flatMap(Children.start<Listening>("logServer.ts"), listening)
  const load = yield* Children.start<Load.Result>("load.ts")
  const start = (kind: Kind) => Children.start<Listening & Closed>("server.ts", kind, logServer, file)
  const apps = { none: yield* start("none"), inline: yield* start("inline"), async: yield* start("async") }
  const urls: { readonly [K in Kind]: string } = yield* Effect.all({
    none: listening(apps.none),
    inline: listening(apps.inline),
    async: listening(apps.async)
  })

  say(`
${Text.bold("An HTTP server that logs three records per request, and a log server that takes 500 ms per call.")}

  2,000 requests/s over 50 connections; a request takes 10 ms, plus what logging costs it.
  ${titles.none.padEnd(14)}the server as it is
  ${titles.inline.padEnd(14)}every record is sent to the log server, and awaited
  ${titles.async.padEnd(14)}the same records, to a file and in batches to the log server
`)
  say(Text.bold(`1. Latency: ${passes} × ${seconds} s of each`))
  const latencies: { readonly [K in Kind]: Array<ReadonlyArray<number>> } = { none: [], inline: [], async: [] }
  for (const kind of order) yield* round(load, urls[kind], warmUp)
  for (let pass = 1; pass <= passes; pass++) {
    for (const kind of order) {
      const measured = yield* round(load, urls[kind], seconds)
      latencies[kind].push(measured)
      const { rps, p99 } = Latency.summary(measured, seconds)
      say(
        Text.dim(`  pass ${pass}  ${titles[kind].padEnd(14)}${Text.count(rps).padStart(5)}/s, p99 ${Text.millis(p99)}`)
      )
    }
  }
  const summaryOf = (kind: Kind) => Latency.median(latencies[kind].map((round) => Latency.summary(round, seconds)))
  const none = summaryOf("none")
  const inline = summaryOf("inline")
  const async = summaryOf("async")
  say(`\n${Text.table([[titles.none, none], [titles.inline, inline], [titles.async, async]])}`)
  say(Text.dim(`\n  How long the requests took (both scales logarithmic):`))
  say(Text.picture((["none", "inline", "async"] as const).map((kind) => [titles[kind], latencies[kind].flat()])))

  say(`\n${Text.bold("2. Shutdown: SIGTERM in the middle of the load")}`)
  yield* load.send({ url: urls.async, seconds: 10 } satisfies Load.Round)
  yield* Effect.sleep("1200 millis")
  yield* apps.async.signal("SIGTERM")
  // the users go on for a while, and then elsewhere: the server waits for its open connections
  yield* Effect.sleep("500 millis")
  yield* load.signal("SIGKILL")
  const { report } = yield* apps.async.receive("15 seconds")
  yield* apps.async.ended("5 seconds")
  const { lines, sample } = yield* LogFile.read(file)
  const received = yield* Effect.promise(() => fetch(`${logServer}/async`).then((answer) => answer.text()))
  say(`  The logging closed in ${Text.millis(report.duration)}, within its 10 s. Where every record of the app went:`)
  for (const [name, counts] of Object.entries(report.sinks)) say(Text.ledger(name, counts))
  say(`  In the file are ${Text.count(lines)} records, at the log server ${Text.count(received)}. The last one:`)
  say(Text.dim(`  ${sample}`))

  const { accepted, delivered } = report.sinks["file"]!
  const unaccounted = Object.values(report.sinks).map((counts) => Math.abs(AsyncLogging.sinkImbalance(counts)))
  const lost = unaccounted.reduce((a, b) => a + b) + Math.abs(delivered - lines) +
    Math.max(0, report.sinks["http"]!.delivered - received)
  if (isJson) {
    console.log(JSON.stringify({
      none,
      inline,
      async,
      ledger: report.sinks,
      accepted,
      delivered,
      linesInFile: lines,
      lost
    }))
  }
  say(Text.bold(
    `\np99 with the library is ${(async.p99 / none.p99).toFixed(2)} × that of no logging; inline ${
      Text.millis(inline.p99)
    }; ${Text.count(lost + report.lost)} of ${Text.count(accepted)} records lost.\n`
  ))
  if (lost !== 0) process.exitCode = 1
})

const listening = (child: Child<Listening>) => Effect.map(child.receive("10 seconds"), ({ url }) => url)

const round = (load: Child<Load.Result>, url: string, seconds: number) =>
  load.send({ url, seconds } satisfies Load.Round).pipe(
    Effect.andThen(load.receive(`${seconds + 5} seconds`)),
    Effect.map(({ latencies }) => latencies)
  )

demo.pipe(
  Effect.scoped,
  Effect.provide(NodeFileSystem.layer),
  NodeRuntime.runMain
)
