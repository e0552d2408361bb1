/**
 * HTTP servers for tests, on real sockets of this machine, with what they logged at hand.
 */
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import { assert } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as HttpEffect from "effect/http/HttpEffect"
import * as HttpRouter from "effect/http/HttpRouter"
import * as HttpServer from "effect/http/HttpServer"
import * as HttpServerRequest from "effect/http/HttpServerRequest"
import type * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as Layer from "effect/Layer"
import type * as LogLevel from "effect/LogLevel"
import * as Option from "effect/Option"
import { createServer, request as httpRequest } from "node:http"
import type { Socket } from "node:net"
import { connect } from "node:net"
import * as AsyncLogging from "../../src/AsyncLogging.ts"
import * as HttpLogging from "../../src/HttpLogging.ts"
import type { LogRecord } from "../../src/Record.ts"
import type { AnySink } from "../../src/Sinks/Sink.ts"

/** What a server answered. */
export interface Answer {
  readonly status: number
  readonly headers: { readonly [name: string]: string | Array<string> | undefined }
  readonly body: string
}

/** A request. */
export interface Ask {
  readonly method?: string
  readonly headers?: { readonly [name: string]: string }
  readonly body?: string
}

/** A server that runs. */
export interface Running {
  readonly port: number
  readonly url: string
  /** Asks, on a connection of its own. */
  readonly ask: (path: string, ask?: Ask) => Effect.Effect<Answer, Error>
  /** Opens a connection and sends this. */
  readonly open: (text: string) => Effect.Effect<Socket>
  /** What the server logged, once there are so many access records. */
  readonly accesses: (count: number) => Effect.Effect<ReadonlyArray<LogRecord>>
  /** All that was logged so far. */
  readonly records: Effect.Effect<ReadonlyArray<LogRecord>>
  /** What the library said of its own trouble. */
  readonly notices: ReadonlyArray<string>
}

const ask = (port: number) => (path: string, { body, headers, method }: Ask = {}): Effect.Effect<Answer, Error> =>
  Effect.callback<Answer, Error>((resume) => {
    const options = { host: "127.0.0.1", port, path, method: method ?? "GET", headers: headers ?? {}, agent: false }
    const request = httpRequest(options, (response) => {
      let text = ""
      response.setEncoding("utf8")
      response.on("data", (chunk: string) => text += chunk)
      response.on(
        "end",
        () => resume(Effect.succeed({ status: response.statusCode!, headers: response.headers, body: text }))
      )
      response.on("error", (error) => resume(Effect.fail(error)))
    })
    request.on("error", (error) => resume(Effect.fail(error)))
    request.end(body)
    return Effect.sync(() => void request.destroy())
  })

const open = (port: number) => (text: string): Effect.Effect<Socket> =>
  Effect.callback<Socket>((resume) => {
    const socket = connect(port, "127.0.0.1", () => {
      socket.write(text)
      resume(Effect.succeed(socket))
    })
    // a server that resets the connection is what some tests are about
    socket.on("error", () => {})
  })

/** Completes when a fact holds, which other fibers and the sockets bring about. */
export const until = (fact: () => boolean): Effect.Effect<void> =>
  Effect.yieldNow.pipe(
    Effect.repeat({ until: fact }),
    Effect.timeoutOrElse({
      duration: "10 seconds",
      orElse: () => Effect.die(new Error("it did not come about within 10 seconds"))
    }),
    Effect.asVoid
  )

const withSink = (sink: AnySink) => AsyncLogging.layer({ sinks: [sink] }) as Layer.Layer<AsyncLogging.AsyncLogging>

export const isAccess = (record: LogRecord): boolean => record.logger === "http.access"

/** Runs a program against a server, under a layer that keeps all records. */
export const serving = <A, E>(
  server: Layer.Layer<never, unknown, HttpServer.HttpServer>,
  program: (server: Running) => Effect.Effect<A, E>,
  options: {
    readonly config?: Parameters<typeof AsyncLogging.layerTest>[0]
    /** A sink in the place of the one that keeps all records. */
    readonly sink?: AnySink
  } = {}
): Effect.Effect<A, unknown> => {
  const notices: Array<string> = []
  return Effect.gen(function*() {
    const { address } = yield* HttpServer.HttpServer
    const log = yield* AsyncLogging.TestLog
    assert(address._tag === "InetAddressV4")
    const accesses = (count: number) =>
      Effect.gen(function*() {
        const read = Effect.map(log.records, (records) => records.filter(isAccess))
        let found = yield* read
        yield* until(() => (found = Effect.runSync(read)).length >= count)
        return found
      })
    return yield* program({
      port: address.port,
      url: `http://127.0.0.1:${address.port}`,
      ask: ask(address.port),
      open: open(address.port),
      accesses,
      records: log.records,
      notices
    })
  }).pipe(
    Effect.provide(
      server.pipe(
        Layer.provideMerge(
          NodeHttpServer.layer(createServer, { host: "127.0.0.1", port: 0, gracefulShutdownTimeout: 100 })
        ),
        Layer.provideMerge(options.sink === undefined ? Layer.empty : withSink(options.sink)),
        Layer.provideMerge(AsyncLogging.layerTest(options.config)),
        Layer.provide(Layer.succeed(AsyncLogging.NoticeWriter, (line: string) => void notices.push(line)))
      )
    ),
    Effect.scoped
    // a server of `HttpRouter.serve` has lost the types of its routes
  ) as Effect.Effect<A, unknown>
}

/** A server of these routes. The middleware is a layer beside them. */
export const around = (
  routes: Layer.Layer<never, unknown, HttpRouter.HttpRouter>
): Layer.Layer<never, unknown, HttpServer.HttpServer> =>
  HttpRouter.serve(Layer.merge(HttpLogging.layer(), routes), { disableLogger: true, disableListenLog: true })

/** A server of these routes, to which the middleware is provided. */
export const routed = (
  routes: Layer.Layer<never, unknown, HttpRouter.HttpRouter>,
  options?: HttpLogging.ServerOptions
): Layer.Layer<never, unknown, HttpServer.HttpServer> =>
  HttpRouter.serve(Layer.provide(routes, HttpLogging.layer(options)), { disableLogger: true, disableListenLog: true })

/**
 * Asks an app without sockets, one request after the other: `peer` is who
 * asks. Answers what it answered, all records,
 * and the notices.
 */
export const asking = (
  app: Effect.Effect<HttpServerResponse.HttpServerResponse, unknown, HttpServerRequest.HttpServerRequest>,
  asks: ReadonlyArray<readonly [path: string, ask?: Ask]>,
  options: { readonly peer?: string; readonly minimumLevel?: LogLevel.LogLevel } = {}
) => {
  const notices: Array<string> = []
  return Effect.gen(function*() {
    // the rest of what it needs is there with each request
    const complete = from(options.peer, app) as Effect.Effect<HttpServerResponse.HttpServerResponse>
    const handler = HttpEffect.toWebHandlerWith(yield* Effect.context<never>())(complete)
    const answers: Array<Answer> = []
    for (const [path, { body, headers, method } = {}] of asks) {
      const init = { method: method ?? "GET", headers: headers ?? {}, ...(body !== undefined && { body }) }
      const response = yield* Effect.promise(() => handler(new Request(`http://app.test${path}`, init)))
      answers.push({
        status: response.status,
        headers: Object.fromEntries(response.headers),
        body: yield* Effect.promise(() => response.text())
      })
    }
    const log = yield* AsyncLogging.TestLog
    return { answers, records: yield* log.records, notices }
  }).pipe(
    Effect.provide(AsyncLogging.layerTest({ minimumLevel: options.minimumLevel })),
    Effect.provideService(AsyncLogging.NoticeWriter, (line) => void notices.push(line))
  )
}

const from = <E, R>(
  peer: string | undefined,
  app: Effect.Effect<HttpServerResponse.HttpServerResponse, E, R>
): Effect.Effect<HttpServerResponse.HttpServerResponse, E, R | HttpServerRequest.HttpServerRequest> =>
  peer === undefined
    ? app
    : Effect.updateService(
      app,
      HttpServerRequest.HttpServerRequest,
      (request) => request.modify({ remoteAddress: Option.some(peer) })
    )
