/**
 * What a logger keeps of records that its destination does not take: the destination has taken none from the first one
 * on, or no more than a pipe holds, and the program goes on logging.
 *
 * A contender that grows is stopped at 1 GiB: `offered` says how far it came.
 */
import { configure, dispose, getJsonLinesFormatter, getLogger, getStreamSink } from "@logtape/logtape"
import * as Effect from "effect/Effect"
import * as EffectLogger from "effect/Logger"
import * as Scope from "effect/Scope"
import { execFileSync } from "node:child_process"
import { once } from "node:events"
import { constants, openSync } from "node:fs"
import { join } from "node:path"
import { Writable } from "node:stream"
import { pino } from "pino"
import * as winston from "winston"
import { AsyncLogging, Sinks } from "../../src/index.ts"
import * as Growth from "../Growth.ts"
import type { Log } from "../programs.ts"
import { effectInfo, info } from "../programs.ts"
import * as Subject from "../Subject.ts"
import type { Job, Sample, Workload } from "../Workload.ts"

const offerEach = (log: (orderId: number) => void): Growth.Offer => (from, to) => {
  for (let i = from; i < to; i++) log(i)
}

// Measures a log call of Effect in the services that it is given there.
const measureEffect = (log: Log, records: number): Effect.Effect<Growth.Growth> =>
  Effect.flatMap(
    Effect.context<never>(),
    (services) =>
      Effect.promise(() =>
        Growth.measure(records, (from, to) =>
          Effect.gen(function*() {
            for (let i = from; i < to; i++) yield* log(i)
          }).pipe(Effect.provideContext(services), Effect.runPromise))
      )
  )

const loggerInfo = async ({ records }: Job): Promise<Sample> => {
  const layer = AsyncLogging.layer({
    drainTimeout: "10 millis",
    sinks: [Sinks.make({ name: "dead", write: () => Effect.never })]
  })
  const growth = await measureEffect(info, records).pipe(
    Effect.provide(layer),
    Effect.provideService(AsyncLogging.NoticeWriter, () => {}),
    Effect.runPromise
  )
  return Growth.sample(growth)
}

// `toFile` is `batched` with a write to the file as its flush, and this window. The end of the scope would wait for that
// write for ever, so there is none.
const effectToFile = async ({ records }: Job): Promise<Sample> => {
  const make = EffectLogger.batched(EffectLogger.formatJson, { window: 1000, flush: () => Effect.never })
  const growth = await make.pipe(
    Effect.provideService(Scope.Scope, Scope.makeUnsafe()),
    Effect.flatMap((logger) =>
      measureEffect(effectInfo, records).pipe(
        Effect.provideService(EffectLogger.CurrentLoggers, new Set([logger]))
      )
    ),
    Effect.runPromise
  )
  return Growth.sample(growth)
}

// A pipe that nobody reads, open at both ends. It says that it is full, and does not block a thread.
const deadPipe = (directory: string): number => {
  const path = join(directory, "pipe")
  execFileSync("mkfifo", [path])
  return openSync(path, constants.O_RDWR | constants.O_NONBLOCK)
}

const pinoAsync = async ({ directory, records }: Job): Promise<Sample> => {
  let ended = false
  const destination = pino.destination({
    dest: deadPipe(directory),
    minLength: 4096,
    sync: false,
    // what it does by default is to retry for ever, at the end of the process as well
    retryEAGAIN: () => !ended
  })
  const logger = pino(destination)
  const growth = await Growth.measure(
    records,
    offerEach((i) => logger.info(Subject.fields(i), Subject.message))
  )
  ended = true
  await once(destination, "error")
  destination.destroy()
  return Growth.sample(growth)
}

const winstonStream = async ({ records }: Job): Promise<Sample> => {
  const logger = winston.createLogger({
    format: winston.format.combine(winston.format.timestamp(), winston.format.json()),
    transports: [new winston.transports.Stream({ stream: new Writable({ write: () => {} }) })]
  })
  return Growth.sample(
    await Growth.measure(records, offerEach((i) => logger.info(Subject.message, Subject.fields(i))))
  )
}

const logtape = (nonBlocking: boolean) => async ({ records }: Job): Promise<Sample> => {
  const { promise: written, resolve: letGo } = Promise.withResolvers<void>()
  const stream = new WritableStream({ write: () => written })
  await configure({
    sinks: { dead: getStreamSink(stream, { formatter: getJsonLinesFormatter(), nonBlocking }), none: () => {} },
    loggers: [
      { category: "app", sinks: ["dead"], lowestLevel: "info" },
      { category: ["logtape", "meta"], sinks: ["none"] }
    ]
  })
  const logger = getLogger("app")
  const growth = await Growth.measure(records, offerEach((i) => logger.info(Subject.message, Subject.fields(i))))
  // its timer keeps the process alive
  if (nonBlocking) {
    letGo()
    await dispose()
  }
  return Growth.sample(growth)
}

/**
 * The workload.
 */
export const deadSink: Workload = {
  title: "a destination that takes nothing: what is retained, after garbage collection",
  figures: {
    heap: "MB beyond the start",
    rss: "MB of RSS beyond the start",
    slope: "bytes/record, second half",
    offered: "records"
  },
  contenders: {
    loggerInfo: { title: "Logger.info (sliding: the oldest go, counted)", run: loggerInfo },
    effectToFile: { title: "Effect's batched, of toFile (unbounded)", run: effectToFile },
    pinoAsync: { title: "pino, async (unbounded, but for maxLength)", run: pinoAsync },
    winston: { title: "winston, a stream (unbounded)", run: winstonStream },
    logtape: { title: "LogTape, a stream (unbounded)", run: logtape(false) },
    logtapeNonBlocking: { title: "LogTape, nonBlocking (200: the oldest go)", run: logtape(true) }
  }
}
