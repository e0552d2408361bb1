import { assert, describe, it } from "@effect/vitest"
import * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as HttpMiddleware from "effect/http/HttpMiddleware"
import * as HttpRouter from "effect/http/HttpRouter"
import * as HttpServer from "effect/http/HttpServer"
import { HttpServerRequest } from "effect/http/HttpServerRequest"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { Readable } from "node:stream"
import * as HttpLogging from "../src/HttpLogging.ts"
import * as Logger from "../src/Logger.ts"
import type { LogRecord } from "../src/Record.ts"
import type { Running } from "./support/http.ts"
import { around, isAccess, routed, serving, until } from "./support/http.ts"
import { recording } from "./support/sinks.ts"

const ok = HttpServerResponse.text("hello")

type Handler = Effect.Effect<HttpServerResponse.HttpServerResponse, unknown, HttpServerRequest | Scope.Scope>

const get = (path: HttpRouter.PathInput, handler: Handler) =>
  HttpRouter.add("GET", path, handler as Effect.Effect<HttpServerResponse.HttpServerResponse>)

const pick = (record: LogRecord | undefined, ...names: ReadonlyArray<string>) =>
  Object.fromEntries(names.map((name) => [name, record?.fields[name]]))

// an answer and its access record
const one = (server: Running, path: string, ask?: Parameters<Running["ask"]>[1]) =>
  Effect.gen(function*() {
    const before = (yield* server.records).filter(isAccess).length
    const answer = yield* server.ask(path, ask)
    const record = (yield* server.accesses(before + 1))[before]!
    return { answer, record }
  })

describe("an access record", () => {
  const streamGate = Deferred.makeUnsafe<void>()
  const twoChunks = HttpServerResponse.stream(
    Stream.concat(
      Stream.make(new Uint8Array(10)),
      Stream.fromEffect(Effect.as(Deferred.await(streamGate), new Uint8Array(7)))
    ),
    { contentType: "text/plain", headers: { etag: "a" } }
  )

  it.live("says what was asked, what was answered, and how long it took", () =>
    serving(routed(get("/orders/:id", Effect.succeed(ok))), (server) =>
      Effect.gen(function*() {
        const { record } = yield* one(server, "/orders/7?card=4111", { headers: { "user-agent": "curl/8" } })
        assert.strictEqual(record.message, "GET /orders/:id 200")
        assert.strictEqual(record.level, "Info")
        assert.strictEqual(record.logger, "http.access")
        assert.isUndefined(record.error)
        const { duration_ms, ...fields } = record.fields
        assert.isNumber(duration_ms)
        assert.deepStrictEqual(fields, {
          "http.request.method": "GET",
          "http.route": "/orders/:id",
          "url.path": "/orders/7",
          "http.response.status_code": 200,
          "http.response.body.size": 5,
          "user_agent.original": "curl/8",
          "client.address": "127.0.0.1",
          "network.protocol.version": "1.1"
        })
      })))

  it.live("says the length of the body that was sent to it, and of the answer without one", () =>
    serving(
      routed(Layer.mergeAll(
        HttpRouter.add("POST", "/", Effect.succeed(HttpServerResponse.empty())),
        get("/", Effect.succeed(ok))
      )),
      (server) =>
        Effect.gen(function*() {
          const posted = yield* one(server, "/", { method: "POST", body: "12345", headers: { "content-length": "5" } })
          assert.deepStrictEqual(
            pick(posted.record, "http.request.body.size", "http.response.body.size", "http.response.status_code"),
            { "http.request.body.size": 5, "http.response.body.size": 0, "http.response.status_code": 204 }
          )
          const head = yield* one(server, "/", { method: "HEAD" })
          assert.strictEqual(head.record.message, "HEAD / 200")
          assert.strictEqual(head.record.fields["http.response.body.size"], 0)
        })
    ))

  it.live("names the whole pattern of a nested route, and the path where no route matches", () =>
    serving(
      routed(HttpRouter.use((router) =>
        router.prefixed("/shops/:shop").prefixed("/v1").add("GET", "/orders/:id", Effect.succeed(ok))
      )),
      (server) =>
        Effect.gen(function*() {
          const nested = yield* one(server, "/shops/3/v1/orders/7")
          assert.deepStrictEqual(pick(nested.record, "http.route", "url.path"), {
            "http.route": "/shops/:shop/v1/orders/:id",
            "url.path": "/shops/3/v1/orders/7"
          })
          const missing = yield* one(server, "/nothing?here")
          assert.strictEqual(missing.answer.status, 404)
          assert.strictEqual(missing.record.message, "GET /nothing 404")
          assert.strictEqual(missing.record.level, "Warn")
          assert.isUndefined(missing.record.error)
          assert.isFalse("http.route" in missing.record.fields)
        })
    ))

  it.live("names the route also where a middleware inside of it provides services", () => {
    const User = Context.Service<string>("test/User")
    const auth = HttpRouter.middleware<{ provides: string }>()(
      (app) => Effect.provideService(app, User, "ada"),
      { global: true }
    )
    const routes = HttpRouter.add("GET", "/me/:id", Effect.map(User, (user) => HttpServerResponse.text(user)))
    return serving(
      routed(Layer.provideMerge(routes, auth) as Layer.Layer<never, any, any>),
      (server) =>
        Effect.gen(function*() {
          const { answer, record } = yield* one(server, "/me/1")
          assert.strictEqual(answer.body, "ada")
          assert.strictEqual(record.message, "GET /me/:id 200")
        })
    )
  })

  it.live("has the cause of a failure or a defect, and the answer is the one of the app", () =>
    serving(
      routed(Layer.mergeAll(
        get("/fails", Effect.fail(new Error("no database"))),
        get("/dies", Effect.die(new TypeError("a bug"))),
        get("/refuses", Effect.succeed(HttpServerResponse.empty({ status: 503 })))
      )),
      (server) =>
        Effect.gen(function*() {
          const fails = yield* one(server, "/fails")
          assert.strictEqual(fails.answer.status, 500)
          assert.strictEqual(fails.record.level, "Error")
          assert.strictEqual(fails.record.error?.message, "no database")
          assert.strictEqual(fails.record.error?.kind, "fail")
          const dies = yield* one(server, "/dies")
          assert.deepInclude(dies.record.error, { type: "TypeError", message: "a bug", kind: "die" })
          const refuses = yield* one(server, "/refuses")
          assert.strictEqual(refuses.record.level, "Error")
          assert.isUndefined(refuses.record.error)
        })
    ))

  it.live("has no error where a failure means an answer below 500", () =>
    serving(
      routed(get("/gone", Effect.fail(HttpServerResponse.empty({ status: 410 })))),
      (server) =>
        Effect.gen(function*() {
          const { answer, record } = yield* one(server, "/gone")
          assert.strictEqual(answer.status, 410)
          assert.strictEqual(record.level, "Warn")
          assert.isUndefined(record.error)
        })
    ))

  it.live("comes at the end of a stream, with the bytes that went out", () =>
    serving(
      routed(Layer.mergeAll(
        get("/stream", Effect.succeed(twoChunks)),
        get("/other", Effect.succeed(ok))
      )),
      (server) =>
        Effect.gen(function*() {
          const socket = yield* server.open("GET /stream HTTP/1.1\r\nhost: x\r\n\r\n")
          let text = ""
          socket.on("data", (chunk: Buffer) => text += chunk.toString("latin1"))
          yield* until(() => text.includes("\0".repeat(10)))
          // others are not held up
          yield* one(server, "/other")
          assert.deepStrictEqual((yield* server.records).filter(isAccess).map((record) => record.message), [
            "GET /other 200"
          ])
          yield* Deferred.succeed(streamGate, undefined)
          const record = (yield* server.accesses(2))[1]!
          assert.strictEqual(record.message, "GET /stream 200")
          assert.strictEqual(record.fields["http.response.body.size"], 17)
          yield* until(() => text.includes("\0".repeat(7) + "\r\n0\r\n"))
          assert.include(text, "etag: a")
          assert.include(text, "content-type: text/plain")
          socket.destroy()
        })
    ))
})

const never = "GET /never HTTP/1.1\r\nhost: x\r\n\r\n"

// answers its first bytes, and then nothing more
const endless = HttpServerResponse.stream(Stream.concat(Stream.make(new Uint8Array(10)), Stream.never))

// what the platform sends a file as
const endlessFile = () => {
  const file = new Readable({ read: () => {} })
  file.push("hello")
  return HttpServerResponse.raw(file)
}

const broken = HttpServerResponse.stream(Stream.concat(Stream.make(new Uint8Array(10)), Stream.fail("the disk")))

describe("a request that does not end well", () => {
  it.live("is told apart as aborted, with status 499, when the client goes away before the answer", () => {
    const started = Deferred.makeUnsafe<void>()
    const handler = Effect.andThen(Deferred.succeed(started, undefined), Effect.never)
    return serving(routed(get("/never", handler)), (server) =>
      Effect.gen(function*() {
        const socket = yield* server.open(never)
        yield* Deferred.await(started)
        socket.destroy()
        const record = (yield* server.accesses(1))[0]!
        assert.strictEqual(record.message, "GET /never 499")
        assert.strictEqual(record.level, "Warn")
        assert.strictEqual(record.fields["aborted"], "client")
        assert.strictEqual(record.fields["client.address"], "127.0.0.1")
        assert.isUndefined(record.error)
      }))
  })

  it.live("is told apart as aborted where the handler cannot be interrupted, and answers nobody", () => {
    const started = Deferred.makeUnsafe<void>()
    const gate = Deferred.makeUnsafe<void>()
    const handler = Deferred.succeed(started, undefined).pipe(
      Effect.andThen(Deferred.await(gate)),
      Effect.as(ok)
    )
    return serving(HttpServer.serve(HttpLogging.middleware()(handler)), (server) =>
      Effect.gen(function*() {
        const socket = yield* server.open(never)
        yield* Deferred.await(started)
        yield* Effect.callback<void>((resume) => {
          socket.once("close", () => resume(Effect.void))
          socket.destroy()
        })
        // the server has seen it when it has taken the next connection
        yield* Effect.forkChild(server.open(never))
        yield* Effect.repeat(Effect.yieldNow, { times: 100 })
        yield* Deferred.succeed(gate, undefined)
        const record = (yield* server.accesses(1))[0]!
        assert.strictEqual(record.message, "GET /never 499")
        assert.strictEqual(record.fields["aborted"], "client")
      }))
  })

  it.live("is told apart as aborted when the client goes away in the middle of a stream", () =>
    serving(routed(get("/endless", Effect.succeed(endless))), (server) =>
      Effect.gen(function*() {
        const socket = yield* server.open("GET /endless HTTP/1.1\r\nhost: x\r\n\r\n")
        yield* Effect.callback<void>((resume) => void socket.once("data", () => resume(Effect.void)))
        socket.destroy()
        const record = (yield* server.accesses(1))[0]!
        assert.strictEqual(record.message, "GET /endless 200, aborted")
        assert.strictEqual(record.level, "Info")
        assert.deepStrictEqual(pick(record, "aborted", "http.response.body.size"), {
          aborted: "client",
          "http.response.body.size": 10
        })
        assert.isUndefined(record.error)
      })))

  it.live("has the error of a stream that fails, whose answer was on its way", () =>
    serving(routed(get("/broken", Effect.succeed(broken))), (server) =>
      Effect.gen(function*() {
        const answer = yield* Effect.exit(server.ask("/broken"))
        assert.strictEqual(answer._tag, "Failure")
        const record = (yield* server.accesses(1))[0]!
        assert.strictEqual(record.message, "GET /broken 200, failed")
        assert.strictEqual(record.level, "Error")
        assert.strictEqual(record.error?.message, "the disk")
        assert.strictEqual(record.fields["http.response.body.size"], 10)
        assert.isFalse("aborted" in record.fields)
      })))

  it.live("has the error of an answer that the platform refuses, with the status that was sent in its place", () =>
    serving(
      routed(get("/odd", Effect.succeed(HttpServerResponse.text("x", { headers: { odd: "a\nb" } })))),
      (server) =>
        Effect.gen(function*() {
          const { answer, record } = yield* one(server, "/odd")
          assert.strictEqual(answer.status, 500)
          assert.strictEqual(record.message, "GET /odd 500")
          assert.strictEqual(record.fields["http.response.body.size"], 0)
          assert.strictEqual(record.error?.type, "TypeError")
        })
    ))

  it.live("is told apart as aborted by the server that shuts down, with its status", () => {
    const started = Deferred.makeUnsafe<void>()
    const handler = Effect.andThen(Deferred.succeed(started, undefined), Effect.never)
    const sink = recording()
    return Effect.gen(function*() {
      yield* serving(
        routed(get("/never", handler)),
        (server) => Effect.andThen(server.open(never), Deferred.await(started)),
        { sink: sink.sink }
      )
      const record = sink.records[0]!
      assert.strictEqual(record.message, "GET /never 503, aborted")
      assert.strictEqual(record.level, "Error")
      assert.strictEqual(record.fields["aborted"], "server")
      assert.isUndefined(record.error)
    })
  })

  it.live("is none where the connection is upgraded: there is one record at its end, which is not slow", () =>
    serving(
      routed(
        get(
          "/socket",
          Effect.gen(function*() {
            const socket = yield* Effect.flatMap(HttpServerRequest, ({ upgrade }) => upgrade)
            const reader = yield* socket.reader
            const writer = yield* socket.writer
            // until the client closes it
            yield* Effect.ignore(Effect.forever(
              Effect.flatMap(reader.pull, ([text]) => writer.write(`heard ${text}`))
            ))
            return HttpServerResponse.empty()
          }) as Effect.Effect<HttpServerResponse.HttpServerResponse>
        ),
        { slowAfter: "1 nano" }
      ),
      (server) =>
        Effect.gen(function*() {
          const client = new WebSocket(server.url.replace("http", "ws") + "/socket")
          const heard = yield* Effect.callback<string>((resume) => {
            client.addEventListener("open", () => client.send("you"))
            client.addEventListener("message", ({ data }) => resume(Effect.succeed(String(data))))
          })
          assert.strictEqual(heard, "heard you")
          assert.deepStrictEqual((yield* server.records).filter(isAccess), [])
          client.close()
          const record = (yield* server.accesses(1))[0]!
          assert.strictEqual(record.message, "GET /socket 101")
          assert.strictEqual(record.level, "Info")
          assert.deepStrictEqual(Object.keys(record.fields).filter((key) => key === "slow" || key === "aborted"), [])
        })
    ))
})

describe("a connection that was upgraded", () => {
  // says something, and then hears whatever comes: the end of the connection is the end of the handler
  const open = Effect.gen(function*() {
    const socket = yield* Effect.flatMap(HttpServerRequest, ({ upgrade }) => upgrade)
    const reader = yield* socket.reader
    const writer = yield* socket.writer
    yield* writer.write("hello")
    return yield* Effect.forever(reader.pull)
  })

  const connected = (server: Running) =>
    Effect.callback<WebSocket>((resume) => {
      const client = new WebSocket(server.url.replace("http", "ws") + "/socket")
      client.addEventListener("message", () => resume(Effect.succeed(client)))
    })

  const summary = (record: LogRecord) => [
    record.message,
    record.level,
    record.fields["http.response.status_code"],
    record.fields["aborted"],
    record.fields["http.response.body.size"],
    record.error?.message
  ]

  it.live("has 101 and no error, whatever code it is closed with", () =>
    serving(routed(get("/socket", open)), (server) =>
      Effect.gen(function*() {
        for (const code of [1000, 3001]) (yield* connected(server)).close(code)
        const records = yield* server.accesses(2)
        const closed = ["GET /socket 101", "Info", 101, undefined, undefined, undefined]
        assert.deepStrictEqual(records.map(summary), [closed, closed])
      })))

  it.live("has 101 when the client is gone without a word, and is told apart as aborted", () =>
    serving(routed(get("/socket", open)), (server) =>
      Effect.gen(function*() {
        const socket = yield* server.open(
          "GET /socket HTTP/1.1\r\nhost: x\r\nupgrade: websocket\r\nconnection: upgrade\r\n"
            + "sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\nsec-websocket-version: 13\r\n\r\n"
        )
        yield* Effect.callback<void>((resume) => void socket.once("data", () => resume(Effect.void)))
        socket.resetAndDestroy()
        const record = (yield* server.accesses(1))[0]!
        assert.deepStrictEqual(summary(record), [
          "GET /socket 101, aborted",
          "Info",
          101,
          "client",
          undefined,
          undefined
        ])
      })))

  it.live("has 101 when the server shuts down", () => {
    const sink = recording()
    return Effect.gen(function*() {
      yield* serving(routed(get("/socket", open)), connected, { sink: sink.sink })
      assert.deepStrictEqual(sink.records.map(summary), [
        ["GET /socket 101, aborted", "Info", 101, "server", undefined, undefined]
      ])
    })
  })

  it.live("has 101 and the error that its handler died with, and no header of the answer that was never sent", () => {
    const dies = Effect.andThen(
      Effect.flatMap(HttpServerRequest, ({ upgrade }) => upgrade),
      (socket) => Effect.andThen(socket.reader, Effect.die(new Error("a bug")))
    )
    return serving(
      routed(get("/socket", dies), { responseHeaders: ["x-request-id"] }),
      (server) =>
        Effect.gen(function*() {
          const client = new WebSocket(server.url.replace("http", "ws") + "/socket")
          const record = (yield* server.accesses(1))[0]!
          client.close()
          assert.deepStrictEqual(summary(record), [
            "GET /socket 101, failed",
            "Error",
            101,
            undefined,
            undefined,
            "a bug"
          ])
          assert.isFalse("http.response.header.x-request-id" in record.fields)
        })
    )
  })
})

describe("the places where the middleware can stand", () => {
  const app = Effect.flatMap(
    HttpServerRequest,
    ({ url }): Effect.Effect<HttpServerResponse.HttpServerResponse, unknown> => {
      switch (url) {
        case "/broken":
          return Effect.succeed(broken)
        case "/endless":
          return Effect.succeed(endless)
        case "/file":
          return Effect.sync(endlessFile)
        case "/fails":
          return Effect.fail(new Error("no database"))
        case "/gone":
          return Effect.fail(HttpServerResponse.empty({ status: 410 }))
        default:
          return Effect.andThen(Logger.info("handled"), Effect.succeed(HttpServerResponse.text(url)))
      }
    }
  )

  const places = {
    "around the app": HttpServer.serve(HttpLogging.middleware()(app)),
    "around the sending": HttpServer.serve(app, HttpLogging.middleware()),
    "around a router": around(HttpRouter.add("*", "*", Effect.orDie(app))),
    "inside of another middleware of the server": HttpServer.serve(
      HttpLogging.middleware()(app),
      HttpMiddleware.logger
    ),
    "around a router, beside Effect's own logger": HttpRouter.serve(
      Layer.provide(HttpRouter.add("*", "*", Effect.orDie(app)), HttpLogging.layer()),
      { disableListenLog: true }
    ),
    "twice": HttpServer.serve(HttpLogging.middleware()(app), HttpLogging.middleware())
  }

  for (const [place, server] of Object.entries(places)) {
    it.live(`G19 ${place}, it logs once per request, and the answer has the id that the handler's records have`, () =>
      serving(server, (server) =>
        Effect.gen(function*() {
          const good = yield* one(server, "/good")
          assert.strictEqual(good.answer.body, "/good")
          const id = good.answer.headers["x-request-id"]
          assert.isString(id)
          const own = (yield* server.records).filter((record) => !("http.url" in record.fields))
          assert.deepStrictEqual(
            own.map(({ context, message }) => [message, context.requestId]),
            [["handled", id], [good.record.message, id]]
          )
          const fails = yield* one(server, "/fails")
          assert.strictEqual(fails.answer.status, 500)
          assert.strictEqual(fails.answer.headers["x-request-id"], fails.record.context.requestId)
          assert.strictEqual(fails.record.error?.message, "no database")
          const gone = yield* one(server, "/gone")
          assert.strictEqual(gone.answer.status, 410)
          assert.isUndefined(gone.record.error)
          yield* Effect.exit(server.ask("/broken"))
          const broken = (yield* server.accesses(4))[3]!
          assert.deepStrictEqual([broken.level, broken.error?.message], ["Error", "the disk"])
          assert.strictEqual(broken.fields["http.response.body.size"], 10)
          for (const [path, size, count] of [["/endless", 10, 5], ["/file", undefined, 6]] as const) {
            const socket = yield* server.open(`GET ${path} HTTP/1.1\r\nhost: x\r\n\r\n`)
            yield* Effect.callback<void>((resume) => void socket.once("data", () => resume(Effect.void)))
            socket.destroy()
            const left = (yield* server.accesses(count))[count - 1]!
            assert.deepStrictEqual(
              pick(left, "http.response.status_code", "aborted", "http.response.body.size"),
              { "http.response.status_code": 200, aborted: "client", "http.response.body.size": size }
            )
            assert.isUndefined(left.error)
          }
          assert.lengthOf(yield* server.accesses(6), 6)
          assert.deepStrictEqual(server.notices, [])
        })))
  }
})
