/**
 * The users: sends requests to each URL that it is told, over 50 connections unless it is told of more, and reports how
 * long every request took.
 */
import autocannon from "autocannon"

/** What to do: so many requests a second, or as many as are answered. */
export interface Round {
  readonly url: string
  readonly seconds: number
  readonly rate?: number | undefined
  readonly connections?: number | undefined
}

/** How long each request took, in milliseconds, in the order of the answers. */
export interface Result {
  readonly latencies: ReadonlyArray<number>
}

process.on("message", ({ connections = 50, rate, url, seconds }: Round) => {
  const latencies: Array<number> = []
  const end = performance.now() + seconds * 1_000
  const options: autocannon.Options = {
    url,
    duration: seconds,
    connections,
    // its correction adds latencies of requests that were never sent
    ...(rate !== undefined && { overallRate: rate, ignoreCoordinatedOmission: true }),
    // how often it looks whether the time is up
    sampleInt: 100
  }
  const run = autocannon(options, (error) => {
    if (error) throw error
    process.send?.({ latencies } satisfies Result)
  })
  run.on("response", (_client, status, _bytes, latency) => {
    if (status === 200 && performance.now() < end) latencies.push(latency)
  })
})

// the demo is gone: nobody wants to know
process.once("disconnect", () => process.exit(1))
