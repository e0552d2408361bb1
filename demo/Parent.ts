/**
 * What the processes of the demo have in common: they talk to the demo, and end with it.
 */
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import * as Effect from "effect/Effect"
import * as HttpServer from "effect/http/HttpServer"
import type { HttpServerResponse } from "effect/http/HttpServerResponse"
import * as Layer from "effect/Layer"
import { createServer } from "node:http"

/**
 * Where a server listens.
 */
export interface Listening {
  readonly url: string
}

/**
 * Sends a message to the demo, and completes when it is on its way.
 */
export const send = (message: object): Effect.Effect<void> =>
  Effect.callback((resume) => void process.send?.(message, undefined, undefined, () => resume(Effect.void)))

/**
 * An HTTP server on a free port of this machine. It tells the demo where it listens.
 */
export const serve = <E, R>(handler: Effect.Effect<HttpServerResponse, E, R>) =>
  Layer.effectDiscard(HttpServer.addressFormattedWith((url) => send({ url } satisfies Listening))).pipe(
    Layer.provide(HttpServer.serve(handler)),
    Layer.provide(NodeHttpServer.layerServer(createServer, { host: "127.0.0.1", port: 0 }))
  )

// the demo is gone: nobody would end this process
process.once("disconnect", () => process.exit(1))
