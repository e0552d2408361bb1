/**
 * The way to the log server.
 */
import * as Array from "effect/Array"
import * as Effect from "effect/Effect"
import * as HttpClient from "effect/http/HttpClient"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import * as HttpClientResponse from "effect/http/HttpClientResponse"
import type { LogRecord, Pipeline } from "../src/index.ts"
import { Sinks } from "../src/index.ts"

/**
 * Sends lines, and completes when the log server has taken them.
 */
export const post = (url: string, lines: string) =>
  HttpClientRequest.post(url).pipe(
    HttpClientRequest.bodyText(lines, "application/x-ndjson"),
    HttpClient.execute,
    Effect.flatMap(HttpClientResponse.filterStatusOk),
    Effect.flatMap((response) => response.text),
    Effect.asVoid
  )

/**
 * The log server at this URL as a sink.
 */
export const sink = (url: string) =>
  Sinks.make({
    name: "http",
    batch: { size: 4_096 },
    write: (batch, format) => Effect.flatMap(lines(batch, format), (slices) => post(url, slices.join("")))
  })

// In slices, so that no request waits until thousands of lines are made.
const lines = (batch: ReadonlyArray<LogRecord.LogRecord>, format: Pipeline.Formatter) =>
  Effect.forEach(
    Array.chunksOf(batch, 256),
    (slice) => Effect.as(Effect.yieldNow, slice.map((record) => `${format(record)}\n`).join(""))
  )
