/**
 * What a program's bundle grows by: minified, then compressed with gzip. A program that logs to the console and to a file
 * with this library, less the same program that does nothing but run.
 *
 * - `gzip`: Effect is not taken in on either side. It is what this library's own modules add; calls into Effect keep
 *   their names there, which a bundle with Effect shortens.
 * - `withEffect`: all is taken in on both sides, and the other program is one that logs to the console and to a file with
 *   Effect's own loggers. What this library uses of Effect and such a program does not is in it.
 */
import { gzipSync } from "node:zlib"
import * as Package from "../Package.ts"
import type { Workload } from "../Workload.ts"

const program = `
import * as Effect from "effect/Effect"
import { AsyncLogging, Logger, Sinks } from "effect-async-logging"
const Logging = AsyncLogging.layer({ sinks: [Sinks.console(), Sinks.file({ path: "logs/app.log" })] })
Effect.runFork(Effect.provide(Logger.info("started"), Logging))
`

const withoutLogging = `
import * as Effect from "effect/Effect"
Effect.runFork(Effect.void)
`

const withEffectLoggers = `
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as NodeFileSystem from "@effect/platform-node/NodeFileSystem"
const Logging = Layer.provide(
  Logger.layer([Logger.consoleJson, Logger.toFile(Logger.formatJson, "logs/app.log")]),
  NodeFileSystem.layer
)
Effect.runFork(Effect.provide(Effect.logInfo("started"), Logging))
`

const size = async (program: string, external: ReadonlyArray<string>): Promise<number> =>
  gzipSync(await Package.bundle(program, external), { level: 9 }).length

/**
 * The workload. It is the same each time, whatever the records.
 */
export const bundle: Workload = {
  title: "what the bundle of a program grows by, minified and gzipped",
  figures: { gzip: "bytes, without Effect", withEffect: "bytes, with what it needs of Effect" },
  contenders: {
    consoleAndFile: {
      title: "console and file",
      run: async () => ({
        figures: {
          gzip: (await size(program, ["effect"])) - (await size(withoutLogging, ["effect"])),
          withEffect: (await size(program, [])) - (await size(withEffectLoggers, []))
        }
      })
    }
  }
}
