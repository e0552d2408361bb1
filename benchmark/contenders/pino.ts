/**
 * pino, set up as its documentation says. Its lines have `pid` and `hostname`, and the time in milliseconds.
 */
import { once } from "node:events"
import { pino } from "pino"
import * as Subject from "../Subject.ts"
import type { FileLogger, Open } from "./FileLogger.ts"

type Destination = ReturnType<typeof pino.destination>

/**
 * `pino.destination({ sync: true })`, the default: a call returns when its line is in the file.
 */
export const openSync: Open = async (path) => ofDestination(pino.destination({ dest: path, sync: true }))

/**
 * A logger that can be told to write what it has.
 */
export interface Flushable extends FileLogger {
  readonly flush: () => Promise<void>
}

/**
 * `pino.destination({ sync: false, minLength: 4096 })`, as the page on asynchronous logging has it.
 */
export const openAsync = async (path: string): Promise<Flushable> => {
  const destination = pino.destination({ dest: path, sync: false, minLength: 4096 })
  await once(destination, "ready")
  return {
    ...ofDestination(destination),
    flush: () => new Promise((resolve, reject) => destination.flush((error) => error ? reject(error) : resolve()))
  }
}

// It cannot be closed without an fsync, which none of the others makes: that does not count.
const ofDestination = (destination: Destination): FileLogger => ({
  log: logWith(destination),
  async close() {
    let lastWrite = performance.now()
    destination.on("write", () => {
      lastWrite = performance.now()
    })
    destination.end()
    await once(destination, "close")
    return lastWrite
  }
})

/**
 * `pino.transport({ target: "pino/file" })`: a worker thread writes. Closing it makes an fsync, which counts here: the
 * thread does not say when it has written.
 */
export const openTransport: Open = async (path) => {
  const transport = pino.transport({ target: "pino/file", options: { destination: path } })
  await once(transport, "ready")
  return {
    log: logWith(transport),
    async close() {
      // it does not keep the process alive by itself; the types leave this out
      ;(transport as unknown as { readonly ref: () => void }).ref()
      const closed = once(transport, "close")
      transport.end()
      await once(transport, "finish")
      const finished = performance.now()
      await closed
      return finished
    }
  }
}

const logWith = (stream: Parameters<typeof pino>[1]): FileLogger["log"] => {
  const logger = pino({}, stream!)
  return (orderId) => logger.info(Subject.fields(orderId), Subject.message)
}
