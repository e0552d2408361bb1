import { assert, describe, it } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as Data from "effect/Data"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as HttpApi from "effect/http-api/HttpApi"
import * as HttpApiBuilder from "effect/http-api/HttpApiBuilder"
import * as HttpApiEndpoint from "effect/http-api/HttpApiEndpoint"
import * as HttpApiGroup from "effect/http-api/HttpApiGroup"
import * as HttpClientError from "effect/http/HttpClientError"
import * as ClientRequest from "effect/http/HttpClientRequest"
import * as HttpMiddleware from "effect/http/HttpMiddleware"
import * as HttpRouter from "effect/http/HttpRouter"
import * as HttpServer from "effect/http/HttpServer"
import * as HttpServerError from "effect/http/HttpServerError"
import { fromWeb, HttpServerRequest } from "effect/http/HttpServerRequest"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as TestClock from "effect/testing/TestClock"
import * as Tracer from "effect/Tracer"
import * as Current from "../src/Current.ts"
import * as HttpLogging from "../src/HttpLogging.ts"
import * as Logger from "../src/Logger.ts"
import { asking, isAccess, routed, serving } from "./support/http.ts"
import { hung, run, turns } from "./support/sinks.ts"

const empty = HttpServerResponse.empty()

const traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"

describe("the context of a request", () => {
  it.live("G19 is seen by all that its handler logs and forks, by no other request, and by nothing around it", () => {
    const gates = { a: Deferred.makeUnsafe<void>(), b: Deferred.makeUnsafe<void>() }
    const handler = Effect.gen(function*() {
      const { url } = yield* HttpServerRequest
      const [own, other] = url === "/a" ? [gates.a, gates.b] as const : [gates.b, gates.a] as const
      yield* Effect.logInfo(`${url} begins`)
      // both requests are in the middle
      yield* Deferred.succeed(own, undefined)
      yield* Deferred.await(other)
      const child = yield* Effect.forkChild(Effect.andThen(Effect.yieldNow, Effect.logInfo(`${url} child`)))
      yield* Fiber.join(child)
      yield* Logger.info(`${url} ends`).pipe(Logger.withContext({ userId: "u" }))
      return empty
    })
    const app = Effect.gen(function*() {
      const answer = yield* HttpLogging.middleware({ requestId: { make: () => "made" } })(handler)
      yield* Effect.logInfo("around")
      return answer
    })
    return serving(HttpServer.serve(app), (server) =>
      Effect.gen(function*() {
        yield* Effect.all(
          ["/a", "/b"].map((path) => server.ask(path, { headers: { "x-request-id": path } })),
          { concurrency: 2 }
        )
        yield* server.accesses(2)
        const records = yield* server.records
        for (const path of ["/a", "/b"]) {
          const own = records.filter(({ context }) => context.requestId === path)
          assert.deepStrictEqual(own.map(({ context, message }) => [message, context.userId]), [
            [`${path} begins`, undefined],
            [`${path} child`, undefined],
            [`${path} ends`, "u"],
            [`GET ${path} 204`, undefined]
          ])
        }
        const around = records.filter(({ message }) => message === "around")
        assert.deepStrictEqual(around.map(({ context }) => context.requestId), [undefined, undefined])
      }))
  })

  it.effect("G19 keeps what was there", () =>
    Effect.gen(function*() {
      const app = HttpLogging.middleware()(Effect.as(Logger.info("handled"), empty))
      const { records } = yield* asking(Logger.withContext(app, { userId: "u", requestId: "outer" }), [[
        "/",
        { headers: { "x-request-id": "r-1" } }
      ]])
      assert.deepStrictEqual(records.map(({ context }) => context), [
        { userId: "u", requestId: "r-1" },
        { userId: "u", requestId: "r-1" }
      ])
    }))

  it.effect("G20 an access record whose level is disabled is none, and the request has its id all the same", () =>
    Effect.gen(function*() {
      const app = Effect.map(Current.CurrentLogContext, ({ requestId }) => HttpServerResponse.text(requestId!))
      const { answers, records } = yield* asking(HttpLogging.middleware({ level: () => "Debug" })(app), [["/"]], {
        minimumLevel: "Info"
      })
      assert.strictEqual(answers[0]!.body, answers[0]!.headers["x-request-id"])
      assert.deepStrictEqual(records, [])
    }))
})

describe("the trace of a request", () => {
  const spanOf = Effect.map(Effect.option(Effect.currentParentSpan), Option.getOrUndefined)
  const traced = Effect.gen(function*() {
    const parent = yield* spanOf
    const own = yield* Effect.withSpan(spanOf, "work")
    yield* Logger.info("handled")
    return HttpServerResponse.jsonUnsafe([parent?._tag, parent?.spanId, own?.traceId])
  })
  const ids = (headers: { readonly [name: string]: string }, app = HttpLogging.middleware()(traced)) =>
    Effect.map(asking(app, [["/", { headers }]]), ({ answers, records }) => ({
      ...JSON.parse(`{"body":${answers[0]!.body}}`),
      logged: records.map(({ spanId, traceId }) => [traceId, spanId])
    }))

  it.effect("is the caller's, in the records and for the spans of the handler", () =>
    Effect.gen(function*() {
      const { body, logged } = yield* ids({ traceparent })
      assert.deepStrictEqual(body, ["ExternalSpan", "00f067aa0ba902b7", "4bf92f3577b34da6a3ce929d0e0e4736"])
      const caller = ["4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"]
      assert.deepStrictEqual(logged, [caller, caller])
    }))

  it.effect("is none where the header is missing or wrong", () =>
    Effect.gen(function*() {
      const wrong = [
        "",
        "nonsense",
        traceparent.toUpperCase(),
        traceparent.slice(0, -1),
        `00-${"0".repeat(32)}-00f067aa0ba902b7-01`,
        `00-4bf92f3577b34da6a3ce929d0e0e4736-${"0".repeat(16)}-01`
      ]
      for (const value of wrong) {
        const { body, logged } = yield* ids({ traceparent: value })
        assert.isNull(body[0])
        assert.deepStrictEqual(logged, [[undefined, undefined], [undefined, undefined]])
      }
    }))

  it.effect("is that of Effect's own span where there is one", () =>
    Effect.gen(function*() {
      const { body, logged } = yield* ids({ traceparent }, HttpMiddleware.tracer(HttpLogging.middleware()(traced)))
      assert.strictEqual(body[0], "Span")
      assert.notStrictEqual(body[1], "00f067aa0ba902b7")
      const server = ["4bf92f3577b34da6a3ce929d0e0e4736", body[1]]
      assert.deepStrictEqual(logged, [server, server])
    }))

  it.effect("is the caller's where the server was started inside of a span, which is no request's", () =>
    Effect.gen(function*() {
      const { body, logged } = yield* Effect.withSpan(ids({ traceparent }), "main")
      assert.deepStrictEqual(body, ["ExternalSpan", "00f067aa0ba902b7", "4bf92f3577b34da6a3ce929d0e0e4736"])
      const caller = ["4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"]
      assert.deepStrictEqual(logged, [caller, caller])
    }))

  it.effect("leaves the decision of the caller that the trace is not sampled", () =>
    Effect.gen(function*() {
      const sampled: Array<boolean> = []
      const tracer = Tracer.make({
        span: (options) => {
          sampled.push(options.sampled)
          return new Tracer.NativeSpan(options)
        }
      })
      const work = HttpLogging.middleware()(Effect.as(Effect.withSpan(Effect.void, "work"), empty))
      const app = Effect.provideService(work, Tracer.Tracer, tracer)
      yield* asking(app, [["/", { headers: { traceparent: traceparent.replace(/1$/, "0") } }], ["/", {
        headers: { traceparent }
      }]])
      assert.deepStrictEqual(sampled, [false, true])
    }))

  it.live("has the route of an app whose routes a middleware hides, if Effect traces the request", () => {
    const hiding = HttpRouter.middleware(
      (app) => Effect.provideService(app, Current.CurrentLoggerName, "hidden"),
      { global: true }
    )
    const routes = Layer.mergeAll(HttpLogging.layer(), HttpRouter.add("GET", "/a/:id", Effect.succeed(empty)))
    const tracer = Tracer.make({ span: (options) => new Tracer.NativeSpan(options) })
    const server = (app: Layer.Layer<never, unknown, HttpRouter.HttpRouter>) =>
      HttpRouter.serve(app, { disableLogger: true, disableListenLog: true })
    const messageOf = (layer: Layer.Layer<never, unknown, HttpServer.HttpServer>) =>
      serving(
        layer,
        (server) => Effect.andThen(server.ask("/a/1"), Effect.map(server.accesses(1), (records) => records[0]!.message))
      )
    return Effect.gen(function*() {
      const app = Layer.provideMerge(hiding, routes)
      assert.strictEqual(yield* messageOf(server(app)), "GET /a/1 204")
      const withTracer = Layer.provide(server(app), Layer.succeed(Tracer.Tracer, tracer))
      assert.strictEqual(yield* messageOf(withTracer), "GET /a/:id 204")
    })
  })
})

describe("an HttpApi", () => {
  class Missing extends Schema.TaggedError<Missing>()("Missing", {}, { httpApiStatus: 404 }) {}
  const api = HttpApi.make("shop").add(
    HttpApiGroup.make("orders").add(
      HttpApiEndpoint.get("byId", "/orders/:id", {
        params: { id: Schema.FiniteFromString },
        success: Schema.String,
        error: Missing
      })
    ).prefix("/v1")
  )
  const handlers = HttpApiBuilder.group(
    api,
    "orders",
    (handlers) =>
      handlers.handle("byId", ({ params: { id } }) =>
        Effect.gen(function*() {
          yield* Logger.info("handled")
          if (id === 404) return yield* new Missing()
          if (id === 500) return yield* Effect.die(new Error("a bug"))
          return "found"
        }))
  )

  it.live("has the middleware like any router", () =>
    serving(
      routed(HttpApiBuilder.layer(api).pipe(Layer.provide(handlers)) as Layer.Layer<never, any, any>),
      (server) =>
        Effect.gen(function*() {
          for (const id of ["1", "404", "500", "x"]) yield* server.ask(`/v1/orders/${id}`)
          const accesses = yield* server.accesses(4)
          assert.deepStrictEqual(accesses.map(({ error, level, message }) => [message, level, error?.message]), [
            ["GET /v1/orders/:id 200", "Info", undefined],
            ["GET /v1/orders/:id 404", "Warn", undefined],
            ["GET /v1/orders/:id 500", "Error", "a bug"],
            ["GET /v1/orders/:id 400", "Warn", undefined]
          ])
          const handled = (yield* server.records).filter((record) => !isAccess(record))
          assert.deepStrictEqual(
            handled.map(({ context }) => context.requestId),
            accesses.slice(0, 3).map(({ context }) => context.requestId)
          )
        })
    ))
})

describe("nothing that the middleware does", () => {
  it.effect("waits: a full queue behind a hung sink holds up no answer, and the loss is counted", () =>
    Effect.gen(function*() {
      const sink = hung({ queue: { capacity: 1, overdraft: 0, strategy: "backpressure" } })
      const request = HttpServerRequest.of(fromWeb(new Request("http://app.test/")))
      const ask = HttpLogging.middleware()(Effect.succeed(empty)).pipe(
        Effect.provideService(HttpServerRequest, request)
      )
      const program = Effect.repeat(ask, { times: 3 })
      yield* run({ sinks: [sink.sink] }, () =>
        Effect.gen(function*() {
          const fiber = yield* Effect.forkChild(program)
          yield* turns
          assert.isDefined(fiber.pollUnsafe())
          yield* Effect.forkDetach(Effect.andThen(turns, TestClock.adjust("1 minute")))
        }))
    }))

  it.live("keeps a secret of the request out of the error that it failed with", () => {
    const secret = "s3cret"
    const app = Effect.gen(function*() {
      const request = yield* HttpServerRequest
      return yield* new HttpServerError.HttpServerError({
        reason: new HttpServerError.InternalError({ request, description: "no database" })
      })
    })
    return serving(HttpServer.serve(HttpLogging.middleware()(app)), (server) =>
      Effect.gen(function*() {
        yield* server.ask(`/a?token=${secret}`, {
          headers: { authorization: `Bearer ${secret}`, cookie: `session=${secret}`, "x-own": secret }
        })
        const record = (yield* server.accesses(1))[0]!
        assert.include(record.error?.message, "no database")
        assert.notInclude(JSON.stringify(record), secret)
      }))
  })

  it.effect("G22 keeps a secret out of what an error of the program's own was caused by", () => {
    const secret = "s3cret"
    const asked = ClientRequest.get(`http://ada:${secret}@stock.test/7?code=${secret}`, {
      headers: { "x-own": secret }
    })
    const failed = new HttpClientError.HttpClientError({
      reason: new HttpClientError.TransportError({ request: asked, cause: new Error("connect ECONNREFUSED") })
    })
    class OutOfStock extends Data.TaggedError("OutOfStock")<{ readonly item: number; readonly cause: unknown }> {}
    const around = new Error("no stock", { cause: new OutOfStock({ item: 7, cause: failed }) })
    const failures = [
      around,
      new OutOfStock({ item: 7, cause: failed }),
      { _tag: "Odd", item: 7, error: failed },
      new OutOfStock({ item: 7, cause: Cause.fail(failed) }),
      new OutOfStock({ item: 7, cause: { last: { failed } } }),
      new OutOfStock({ item: 7, cause: [{ failed }, [failed]] }),
      Object.assign(new Error("no stock"), { item: 7, rows: Array.from({ length: 300 }, () => ({})), cause: failed })
    ]
    return Effect.gen(function*() {
      for (const failure of failures) {
        for (const failing of [Effect.fail(failure), Effect.die(failure)]) {
          const { records } = yield* asking(HttpLogging.middleware()(failing), [["/"]])
          const text = JSON.stringify(records[0])
          assert.include(text, "connect ECONNREFUSED")
          assert.include(text, "GET http://stock.test/7")
          assert.include(text, "\"item\":7")
          assert.notInclude(text, secret)
        }
      }
      const { records } = yield* asking(HttpLogging.middleware()(Effect.fail(around)), [["/"]])
      const { cause, message, stack, type } = records[0]!.error!
      assert.deepStrictEqual([type, message, cause?.type, cause?.cause?.type], [
        "Error",
        "no stock",
        "OutOfStock",
        "TransportError"
      ])
      assert.include(stack, "HttpContext.test.ts")
      // what the program failed with is not touched
      assert.strictEqual((around.cause as OutOfStock).cause, failed)
    })
  })

  it.effect("leaves texts alone that only look like a part of a URL", () =>
    Effect.gen(function*() {
      const cause = new HttpClientError.HttpClientError({
        reason: new HttpClientError.InvalidUrlError({ request: ClientRequest.get("a") })
      })
      const failing = Effect.fail(new Error("a bad URL", { cause }))
      const { records } = yield* asking(HttpLogging.middleware()(failing), [["/"]])
      assert.strictEqual(records[0]!.error?.message, "a bad URL")
      assert.strictEqual(records[0]!.error?.cause?.message, "GET [invalid URL]")
    }))

  it.effect("is stopped by a failure that cannot be looked at, or that goes round in a circle", () =>
    Effect.gen(function*() {
      const { proxy, revoke } = Proxy.revocable({}, {})
      revoke()
      const round = new Error("round", {
        cause: new HttpClientError.HttpClientError({
          reason: new HttpClientError.TransportError({ request: ClientRequest.get("http://stock.test/?code=s3cret") })
        })
      })
      Object.assign(round, { self: round, list: [round] })
      for (const failure of [proxy, round]) {
        // Effect itself does not come through with a proxy
        const app = Effect.catchCause(
          HttpLogging.middleware()(Effect.fail(failure)),
          () => Effect.succeed(HttpServerResponse.empty({ status: 500 }))
        )
        const { notices, records } = yield* asking(app, [["/"]])
        assert.strictEqual(records[0]?.message, "GET / 500")
        assert.isDefined(records[0]?.error)
        assert.notInclude(JSON.stringify(records[0]), "s3cret")
        assert.deepStrictEqual(notices, [])
      }
    }))
})
