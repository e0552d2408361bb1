/**
 * The same program with each logger, set up for a file as its documentation says.
 */
import * as Effect from "effect/Effect"
import { AsyncLogging, Sinks } from "../../src/index.ts"
import type { Open } from "../contenders/FileLogger.ts"
import * as logtape from "../contenders/logtape.ts"
import * as pino from "../contenders/pino.ts"
import * as winston from "../contenders/winston.ts"
import type { Log } from "../programs.ts"
import { effectFileLayer, effectInfo, info } from "../programs.ts"

/**
 * Opens the file, does what it is given, and closes it. Answers how many records the logger itself says that it lost.
 */
export type Program = (path: string, body: (log: Log) => Effect.Effect<void>) => Effect.Effect<number, unknown>

// all defaults, but for the time that it may take to close
const library = (log: Log): Program => (path, body) =>
  Effect.suspend(() => {
    let lost = 0
    const layer = AsyncLogging.layer({
      sinks: [Sinks.file({ path })],
      drainTimeout: "2 seconds",
      onClose: (report) =>
        Effect.sync(() => {
          lost = report.lost
        })
    })
    return Effect.map(Effect.provide(body(log), layer), () => lost)
  })

// none of these counts what it loses
const peer = (open: Open): Program => (path, body) =>
  Effect.acquireUseRelease(
    Effect.promise(() => open(path)),
    (logger) => Effect.as(body((i) => Effect.sync(() => logger.log(i))), 0),
    (logger) => Effect.promise(logger.close)
  )

/**
 * By contender.
 */
export const programs = {
  loggerInfo: library(info),
  effectLog: library(effectInfo),
  effectToFile: (path, body) => Effect.as(Effect.provide(body(effectInfo), effectFileLayer(path)), 0),
  pinoSync: peer(pino.openSync),
  pinoAsync: peer(pino.openAsync),
  pinoTransport: peer(pino.openTransport),
  winston: peer(winston.open),
  logtape: peer(logtape.open)
} satisfies { readonly [contender: string]: Program }
