import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Headers from "effect/http/Headers"
import * as HttpMiddleware from "effect/http/HttpMiddleware"
import * as HttpRouter from "effect/http/HttpRouter"
import { HttpServerRequest } from "effect/http/HttpServerRequest"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as UrlParams from "effect/http/UrlParams"
import * as Layer from "effect/Layer"
import * as IpNetwork from "effect/net/IpNetwork"
import * as Option from "effect/Option"
import * as TestClock from "effect/testing/TestClock"
import type { ServerOptions } from "../src/HttpLogging.ts"
import * as HttpLogging from "../src/HttpLogging.ts"
import * as Logger from "../src/Logger.ts"
import type { LogRecord } from "../src/Record.ts"
import { isSampled } from "../src/Sampling.ts"
import type { Ask } from "./support/http.ts"
import { asking, isAccess } from "./support/http.ts"

// an app that answers what its path says: /404 with 404, and all else with 200; /slow after two seconds
const app = Effect.flatMap(HttpServerRequest, (request) => {
  const status = Number(request.url.slice(1, 4))
  const headers = { "x-answer": "yes", "set-cookie": "session=s3cret" }
  const answer = HttpServerResponse.text("hello", { status: status > 0 ? status : 200, headers })
  const time = request.url === "/slow" ? TestClock.adjust("2 seconds") : Effect.void
  return Effect.as(Effect.andThen(time, Logger.info("handled")), answer)
})

// the records of some requests to it, by a web handler
const records = (options: ServerOptions, ...asks: ReadonlyArray<readonly [path: string, ask?: Ask]>) =>
  Effect.map(asking(HttpLogging.middleware(options)(app), asks), ({ records }) => records.filter(isAccess))

const first = (options: ServerOptions, path: string, ask: Ask = {}) =>
  Effect.map(records(options, [path, ask]), (records) => records[0]!)

const fieldsOf = (record: LogRecord, prefix: string) =>
  Object.fromEntries(Object.entries(record.fields).filter(([key]) => key.startsWith(prefix)))

const messages = (records: ReadonlyArray<LogRecord>) => records.map((record) => record.message)

describe("the request id", () => {
  const ids = (options: ServerOptions, headers: { readonly [name: string]: string }) =>
    Effect.map(asking(HttpLogging.middleware(options)(app), [["/", { headers }]]), ({ answers, records }) => ({
      logged: records.map((record) => record.context.requestId),
      answer: answers[0]!.headers
    }))

  it.effect("G33 is that of the header, or with `trust: false` a new one", () =>
    Effect.gen(function*() {
      const given = { "x-request-id": "r-1" }
      const taken = yield* ids({}, given)
      assert.deepStrictEqual(taken.logged, ["r-1", "r-1"])
      assert.strictEqual(taken.answer["x-request-id"], "r-1")
      const made = yield* ids({ requestId: { trust: false } }, given)
      assert.match(made.logged[0]!, /^[0-9a-f-]{36}$/)
      assert.strictEqual(made.answer["x-request-id"], made.logged[0])
    }))

  it.effect("G33 comes in the header `header`", () =>
    Effect.gen(function*() {
      const { answer, logged } = yield* ids({ requestId: { header: "X-Correlation-Id" } }, {
        "x-request-id": "r-1",
        "x-correlation-id": "c-1"
      })
      assert.deepStrictEqual(logged, ["c-1", "c-1"])
      assert.strictEqual(answer["x-correlation-id"], "c-1")
      assert.isUndefined(answer["x-request-id"])
    }))

  it.effect("G33 is made by `make`, which may fail without harm", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual((yield* ids({ requestId: { make: () => "n-1" } }, {})).logged, ["n-1", "n-1"])
      for (
        const make of [() => "two words", () => "", () => 7 as never, () => {
          throw new Error("no")
        }]
      ) {
        assert.match((yield* ids({ requestId: { make } }, {})).logged[0]!, /^[0-9a-f-]{36}$/)
      }
    }))

  it.effect("is made anew where the header has what no id should have", () =>
    Effect.gen(function*() {
      const bad = ["", " ", "a b", "a\tb", "ü", "a\"b", "{a}", "a,b", "<a>", "x".repeat(129), "a;b", "$(a)"]
      for (const id of bad) {
        const { answer, logged } = yield* ids({}, { "x-request-id": id })
        assert.match(logged[0]!, /^[0-9a-f-]{36}$/, JSON.stringify(id))
        assert.strictEqual(answer["x-request-id"], logged[0])
      }
      const longest = "x".repeat(128)
      assert.strictEqual((yield* ids({}, { "x-request-id": longest })).logged[0], longest)
    }))

  it.effect("is not taken from what every object has", () =>
    Effect.gen(function*() {
      const { logged } = yield* ids({ requestId: { header: "constructor" } }, {})
      assert.match(logged[0]!, /^[0-9a-f-]{36}$/)
    }))

  it.effect("leaves the header alone that the app has set itself", () =>
    Effect.gen(function*() {
      const own = Effect.succeed(HttpServerResponse.text("", { headers: { "x-request-id": "own" } }))
      const { answers, records } = yield* asking(HttpLogging.middleware()(own), [["/"]])
      assert.strictEqual(answers[0]!.headers["x-request-id"], "own")
      assert.notStrictEqual(records[0]!.context.requestId, "own")
    }))
})

describe("the level", () => {
  it.effect("follows the status, or G33 is what `level` says", () =>
    Effect.gen(function*() {
      const asks = [["/200"], ["/302"], ["/404"], ["/500"]] as const
      const levels = (options: ServerOptions) =>
        Effect.map(records(options, ...asks), (records) => records.map((record) => record.level))
      assert.deepStrictEqual(yield* levels({}), ["Info", "Info", "Warn", "Error"])
      assert.deepStrictEqual(
        yield* levels({
          level: ({ path, route, status }) =>
            status === 404 && route === undefined ? "Debug" : path === "/500" ? "Fatal" : "Trace"
        }),
        ["Trace", "Trace", "Debug", "Fatal"]
      )
    }))

  it.effect("is the default, and the trouble is told, where `level` throws or answers no level", () =>
    Effect.gen(function*() {
      for (
        const level of [
          () => {
            throw new Error("oh")
          },
          () => "Loud" as never,
          () => undefined as never
        ]
      ) {
        const { answers, notices, records } = yield* asking(HttpLogging.middleware({ level })(app), [["/404"], [
          "/404"
        ]])
        assert.deepStrictEqual(answers.map(({ status }) => status), [404, 404])
        assert.deepStrictEqual(records.filter(isAccess).map((record) => record.level), ["Warn", "Warn"])
        assert.match(notices[0]!, /HttpLogging: level failed: (Type)?Error: /)
        assert.match(notices[1]!, /HttpLogging level: 1 more/)
      }
    }))

  it.effect("G33 is Warn at least, with a field, from `slowAfter` on", () =>
    Effect.gen(function*() {
      const slow = yield* records({ slowAfter: "2 seconds" }, ["/200"], ["/slow"])
      assert.deepStrictEqual(slow.map(({ fields, level }) => [level, fields["slow"], fields["duration_ms"]]), [
        ["Info", undefined, 0],
        ["Warn", true, 2000]
      ])
      const fatal = yield* first({ slowAfter: "2 seconds", level: () => "Fatal" }, "/slow")
      assert.strictEqual(fatal.level, "Fatal")
      for (const options of [{}, { slowAfter: "2001 millis" }] as const) {
        const { fields, level } = yield* first(options, "/slow")
        assert.deepStrictEqual([level, fields["slow"]], ["Info", undefined])
      }
    }))
})

describe("which requests have a record", () => {
  const asks = [["/health"], ["/health/"], ["/internal"], ["/internal/a/b"], ["/internals"], ["/500/health"]] as const

  it.effect("G33 `skip` takes paths, and prefixes, but none that failed", () =>
    Effect.gen(function*() {
      assert.lengthOf(yield* records({}, ...asks), 6)
      assert.deepStrictEqual(messages(yield* records({ skip: ["/health", "/internal/*", "/500/*"] }, ...asks)), [
        "GET /health/ 200",
        "GET /internals 200",
        "GET /500/health 500"
      ])
    }))

  it.effect("G33 `skip` takes a predicate, which may fail without harm", () =>
    Effect.gen(function*() {
      const skip = ({ url }: HttpServerRequest) => url.includes("health")
      assert.lengthOf(yield* records({ skip }, ...asks), 4)
      const { notices, records: all } = yield* asking(
        HttpLogging.middleware({
          skip: () => {
            throw new Error("oh")
          }
        })(app),
        asks
      )
      assert.lengthOf(all.filter(isAccess), 6)
      assert.match(notices[0]!, /HttpLogging: skip failed: Error: oh/)
    }))

  it.effect("those have none that switched Effect's logger off, unless they failed", () =>
    Effect.gen(function*() {
      const quiet = HttpLogging.middleware()(HttpMiddleware.withLoggerDisabled(app))
      const { records } = yield* asking(quiet, [["/200"], ["/500"]])
      assert.deepStrictEqual(messages(records.filter(isAccess)), ["GET /500 500"])
    }))

  it.effect("G33 `sample` takes a share by the id, and all that is not well", () =>
    Effect.gen(function*() {
      const ids = Array.from({ length: 200 }, (_, i) => `r-${i}`)
      const some = yield* records(
        { sample: 0.25 },
        ...ids.map((id) => ["/200", { headers: { "x-request-id": id } }] as const)
      )
      assert.deepStrictEqual(some.map(({ context }) => context.requestId), ids.filter((id) => isSampled(0.25, id)))
      assert.isAbove(some.length, 20)
      assert.isTrue(some.every(({ fields }) => fields["sample_rate"] === 0.25))

      const bad = [["/404"], ["/500"]] as const
      const none = yield* records({ sample: 0 }, ["/200"], ...bad)
      assert.deepStrictEqual(none.map(({ fields, level }) => [level, fields["sample_rate"]]), [
        ["Warn", undefined],
        ["Error", undefined]
      ])
      assert.lengthOf(yield* records({ sample: 0, slowAfter: "1 second" }, ["/slow"]), 1)
      assert.lengthOf(yield* records({ sample: 0, level: () => "Info" }, ["/500"]), 1)
    }))

  it.effect("`sample` goes by the id of the trace where there is one", () =>
    Effect.gen(function*() {
      const ask = (end: string) =>
        ["/200", { headers: { traceparent: `00-${end.padStart(32, "1")}-00f067aa0ba902b7-01` } }] as const
      const kept = yield* records({ sample: 0.5 }, ask("00000000000000"), ask("ffffffffffffff"))
      assert.deepStrictEqual(kept.map(({ traceId }) => traceId), ["111111111111111111ffffffffffffff"])
    }))

  it.effect("`sample` goes by the id of the request where all have the trace in which the server was started", () =>
    Effect.gen(function*() {
      const ids = Array.from({ length: 50 }, (_, i) => `r-${i}`)
      const asks = ids.map((id) => ["/200", { headers: { "x-request-id": id } }] as const)
      const kept = yield* Effect.withSpan(records({ sample: 0.5 }, ...asks), "main")
      assert.deepStrictEqual(kept.map(({ context }) => context.requestId), ids.filter((id) => isSampled(0.5, id)))
    }))
})

describe("what a record says", () => {
  it.effect("G22 of the query nothing, or G33 with `query` what is not redacted", () =>
    Effect.gen(function*() {
      const path = "/a?user=ada&sig=s3cret&X-Amz-Signature=s3cret#part"
      assert.deepStrictEqual(fieldsOf(yield* first({}, path), "url."), { "url.path": "/a" })
      assert.deepStrictEqual(fieldsOf(yield* first({ query: true }, path), "url."), {
        "url.path": "/a",
        "url.query": "user=ada&sig=REDACTED&X-Amz-Signature=REDACTED"
      })
      assert.deepStrictEqual(fieldsOf(yield* first({ query: true }, "/a?"), "url."), { "url.path": "/a" })
      const own = first({ query: true }, path).pipe(Effect.provideService(UrlParams.CurrentRedactedNames, ["user"]))
      assert.strictEqual((yield* own).fields["url.query"], "user=REDACTED&sig=s3cret&X-Amz-Signature=s3cret")
    }))

  it.effect("G22 of headers nothing, or G33 those that are named, without secrets", () =>
    Effect.gen(function*() {
      const ask = {
        headers: { authorization: "Bearer s3cret", cookie: "a=s3cret", "x-api-key": "s3cret", accept: "text/plain" }
      }
      assert.deepStrictEqual(fieldsOf(yield* first({}, "/", ask), "http.request.header"), {})
      const named = yield* first(
        {
          requestHeaders: ["Accept", "authorization", "COOKIE", "x-api-key", "missing", "constructor"],
          responseHeaders: ["X-Answer", "set-cookie", "x-request-id"]
        },
        "/",
        ask
      )
      assert.deepStrictEqual(fieldsOf(named, "http.request.header"), {
        "http.request.header.accept": "text/plain",
        "http.request.header.authorization": "[redacted]",
        "http.request.header.cookie": "[redacted]",
        "http.request.header.x-api-key": "[redacted]"
      })
      assert.deepStrictEqual(fieldsOf(named, "http.response.header"), {
        "http.response.header.x-answer": "yes",
        "http.response.header.set-cookie": "[redacted]",
        "http.response.header.x-request-id": named.context.requestId!
      })
      assert.notInclude(JSON.stringify(named), "s3cret")
      const own = first({ requestHeaders: ["accept"] }, "/", ask).pipe(
        Effect.provideService(Headers.CurrentRedactedNames, [/^acc/])
      )
      assert.strictEqual((yield* own).fields["http.request.header.accept"], "[redacted]")
    }))

  it.effect("G33 of the client the peer, or behind `trustedProxies` whom they speak of; the handler's request is its own", () =>
    Effect.gen(function*() {
      const seen: Array<string> = []
      const app = Effect.map(HttpServerRequest, (request) => {
        seen.push(Option.getOrThrow(request.remoteAddress))
        return HttpServerResponse.empty()
      })
      const address = (options: ServerOptions, forwarded: string, peer = "10.0.0.1") =>
        asking(HttpLogging.middleware(options)(app), [["/", { headers: { "x-forwarded-for": forwarded } }]], { peer })
          .pipe(
            Effect.map(({ records }) => records[0]!.fields["client.address"] as string)
          )
      const spoofed = "6.6.6.6, 198.51.100.7"
      assert.strictEqual(yield* address({}, spoofed), "10.0.0.1")
      assert.strictEqual(yield* address({ trustedProxies: [] }, spoofed), "10.0.0.1")
      for (const proxy of ["10.0.0.0/8", "10.0.0.1", IpNetwork.fromStringUnsafe("10.0.0.0/8")]) {
        assert.strictEqual(yield* address({ trustedProxies: [proxy] }, spoofed), "198.51.100.7")
        assert.strictEqual(yield* address({ trustedProxies: [proxy] }, spoofed, "192.0.2.9"), "192.0.2.9")
      }
      assert.strictEqual(yield* address({ trustedProxies: ["2001:db8::1"] }, spoofed, "2001:db8::1"), "198.51.100.7")
      assert.strictEqual(yield* address({ trustedProxies: () => true }, spoofed), "6.6.6.6")
      assert.strictEqual(
        yield* address({
          trustedProxies: () => {
            throw new Error("oh")
          }
        }, spoofed),
        "10.0.0.1"
      )
      assert.strictEqual(yield* address({ trustedProxies: ["10.0.0.1"] }, "<script>"), "10.0.0.1")
      assert.isTrue(
        seen.every((address) => address === "10.0.0.1" || address === "192.0.2.9" || address === "2001:db8::1")
      )
    }))
})

describe("a list of proxies without end", () => {
  it.effect("is read from its own end, and only so far", () =>
    Effect.gen(function*() {
      let asked = 0
      const trustedProxies = () => {
        asked++
        return true
      }
      const app = HttpLogging.middleware({ trustedProxies })(Effect.succeed(HttpServerResponse.empty()))
      const address = (forwarded: string) => {
        asked = 0
        return Effect.map(
          asking(app, [["/", { headers: { "x-forwarded-for": forwarded } }]], { peer: "10.0.0.1" }),
          ({ records }) => [records[0]!.fields["client.address"], asked]
        )
      }
      assert.deepStrictEqual(yield* address("198.51.100.7, 10.0.0.2"), ["198.51.100.7", 2])
      const [far, count] = yield* address("198.51.100.7, " + "10.0.0.2, ".repeat(10_000) + "10.0.0.3")
      assert.strictEqual(far, "10.0.0.2")
      assert.isBelow(Number(count), 250)
      // what is cut is no address
      assert.strictEqual((yield* address("1".repeat(100_000)))[0], "10.0.0.1")
    }))

  it.effect("keeps the address of a client behind few of them", () =>
    Effect.gen(function*() {
      const app = HttpLogging.middleware({ trustedProxies: ["10.0.0.0/8"] })(Effect.succeed(HttpServerResponse.empty()))
      const forwarded = "6.6.6.6,".repeat(10_000) + "198.51.100.7,10.0.0.2"
      const { records } = yield* asking(app, [["/", { headers: { "x-forwarded-for": forwarded } }]], {
        peer: "10.0.0.1"
      })
      assert.strictEqual(records[0]!.fields["client.address"], "198.51.100.7")
    }))
})

describe("wrong options", () => {
  const wrong: ReadonlyArray<readonly [options: unknown, message: RegExp]> = [
    [{ requestId: { header: "" } }, /^requestId\.header: expected the name of a header/],
    [{ requestId: { header: "a b" } }, /^requestId\.header: /],
    [{ requestId: { trust: "no" } }, /^requestId\.trust: expected true or false/],
    [{ requestId: { make: "uuid" } }, /^requestId\.make: expected a function/],
    [{ requestId: { made: 1 } }, /^requestId\.made: there is no such option; expected one of header, trust, make/],
    [{ requestId: 1 }, /^requestId: expected an object/],
    [{ level: "Info" }, /^level: expected a function/],
    [{ slowAfter: 0 }, /^slowAfter: expected a duration above zero/],
    [{ slowAfter: Number.NaN }, /^slowAfter: /],
    [{ slowAfter: "soon" }, /^slowAfter: /],
    [{ skip: "/health" }, /^skip: expected an array of paths/],
    [{ skip: ["health"] }, /^skip: /],
    [{ skip: ["/a/*/b"] }, /^skip: /],
    [{ skip: ["/a?b"] }, /^skip: /],
    [{ skip: ["/a#b"] }, /^skip: /],
    [{ sample: -0.1 }, /^sample: expected a number from 0 to 1/],
    [{ sample: 1.1 }, /^sample: /],
    [{ sample: Number.NaN }, /^sample: /],
    [{ sample: "0.5" }, /^sample: /],
    [{ trustedProxies: ["localhost"] }, /^trustedProxies: expected an array of addresses and networks/],
    [{ trustedProxies: ["10.0.0.0/99"] }, /^trustedProxies: /],
    [{ query: 1 }, /^query: expected true or false/],
    [{ requestHeaders: "accept" }, /^requestHeaders: expected an array of names of headers/],
    [{ responseHeaders: [""] }, /^responseHeaders: /],
    [{ smaple: 1 }, /^smaple: there is no such option; expected one of requestId, level, slowAfter/],
    [null, /^config: expected an object/]
  ]

  it.effect("G33 fail the layer, and throw from the middleware, with the name of the option", () =>
    Effect.gen(function*() {
      for (const [options, message] of wrong) {
        const exit = yield* Effect.exit(
          Effect.scoped(Layer.build(HttpLogging.layer(options as ServerOptions).pipe(Layer.provide(HttpRouter.layer))))
        )
        assert(Exit.isFailure(exit))
        const reason = exit.cause.reasons[0]
        assert(reason?._tag === "Fail")
        assert.match(reason.error.message, message)
        assert.strictEqual(reason.error._tag, "ConfigInvalid")
        assert.throws(() => HttpLogging.middleware(options as ServerOptions), TypeError, message)
      }
    }))

  it("G33 take `undefined` for what is left out", () => {
    const { make, ...names }: { readonly [K in keyof Required<ServerOptions>]: undefined } & { make?: undefined } = {
      requestId: undefined,
      level: undefined,
      slowAfter: undefined,
      skip: undefined,
      sample: undefined,
      trustedProxies: undefined,
      query: undefined,
      requestHeaders: undefined,
      responseHeaders: undefined
    }
    assert.doesNotThrow(() => HttpLogging.middleware({ ...names }))
    assert.doesNotThrow(() => HttpLogging.middleware({ requestId: { header: undefined, trust: undefined, make } }))
  })
})
