import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as FetchHttpClient from "effect/http/FetchHttpClient"
import * as HttpClient from "effect/http/HttpClient"
import * as HttpClientError from "effect/http/HttpClientError"
import type * as HttpClientRequest from "effect/http/HttpClientRequest"
import * as HttpClientResponse from "effect/http/HttpClientResponse"
import * as HttpRouter from "effect/http/HttpRouter"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as Layer from "effect/Layer"
import * as Schedule from "effect/Schedule"
import * as TestClock from "effect/testing/TestClock"
import * as AsyncLogging from "../src/AsyncLogging.ts"
import type { ClientOptions } from "../src/HttpLogging.ts"
import * as HttpLogging from "../src/HttpLogging.ts"
import * as Logger from "../src/Logger.ts"
import { isAccess, routed, serving } from "./support/http.ts"

type Answer = (request: HttpClientRequest.HttpClientRequest) => Effect.Effect<number, unknown>

// a client that keeps what it sends, and answers with a status
const fake = (answer: Answer) => {
  const sent: Array<HttpClientRequest.HttpClientRequest> = []
  const client = HttpClient.make((request) => {
    sent.push(request)
    return Effect.map(
      answer(request) as Effect.Effect<number, HttpClientError.HttpClientError>,
      (status) => HttpClientResponse.fromWeb(request, new Response(null, { status }))
    )
  })
  return { sent, client }
}

const answering = (status: number): Answer => () => Effect.succeed(status)

const refused: Answer = (request) =>
  Effect.fail(
    new HttpClientError.HttpClientError({
      reason: new HttpClientError.TransportError({ request, cause: new Error("connect ECONNREFUSED") })
    })
  )

const slow: Answer = () => Effect.as(TestClock.adjust("2 seconds"), 200)

// what a program logs with such a client
const using = <A, E>(
  options: ClientOptions,
  answer: Answer,
  program: (client: HttpClient.HttpClient) => Effect.Effect<A, E>
) => {
  const notices: Array<string> = []
  return Effect.gen(function*() {
    const { client, sent } = fake(answer)
    const exit = yield* Effect.exit(program(HttpLogging.client(options)(client)))
    const log = yield* AsyncLogging.TestLog
    return { exit, sent, records: yield* log.records, notices }
  }).pipe(
    Effect.provide(AsyncLogging.layerTest()),
    Effect.provideService(AsyncLogging.NoticeWriter, (line) => void notices.push(line))
  )
}

const url = "http://ada:s3cret@api.test:8080/orders/7?token=s3cret#s3cret"
const get = (client: HttpClient.HttpClient) => client.get(url)
const inRequest = (client: HttpClient.HttpClient) => Logger.withContext(get(client), { requestId: "r-1" })

describe("a client", () => {
  it.effect("passes the request id on, G33 in the header `header`", () =>
    Effect.gen(function*() {
      const headersOf = (options: ClientOptions, program = inRequest) =>
        Effect.map(using(options, answering(200), program), ({ sent }) => ({ ...sent[0]!.headers }))
      const named = (headers: { readonly [name: string]: string }) =>
        Object.fromEntries(Object.entries(headers).filter(([name]) => name.startsWith("x-")))
      assert.deepStrictEqual(named(yield* headersOf({})), { "x-request-id": "r-1" })
      assert.deepStrictEqual(named(yield* headersOf({ header: "X-Id" })), { "x-id": "r-1" })
      assert.deepStrictEqual(named(yield* headersOf({}, get)), {})
      const own = (client: HttpClient.HttpClient) =>
        Logger.withContext(client.get(url, { headers: { "x-request-id": "own" } }), { requestId: "r-1" })
      assert.deepStrictEqual(named(yield* headersOf({}, own)), { "x-request-id": "own" })
      const odd = (client: HttpClient.HttpClient) => Logger.withContext(get(client), { requestId: "a\r\nb: c" })
      assert.deepStrictEqual(named(yield* headersOf({}, odd)), {})
    }))

  it.effect("G33 passes it on to the servers that `passTo` names, which may fail without harm", () =>
    Effect.gen(function*() {
      const idOf = (passTo: (url: URL) => boolean) =>
        Effect.map(using({ passTo }, answering(200), inRequest), ({ notices, sent }) => [
          sent[0]!.headers["x-request-id"],
          notices.length
        ])
      assert.deepStrictEqual(yield* idOf(({ hostname }) => hostname === "api.test"), ["r-1", 0])
      assert.deepStrictEqual(yield* idOf(({ hostname }) => hostname !== "api.test"), [undefined, 0])
      assert.deepStrictEqual(yield* idOf(() => assert.fail("broken")), [undefined, 1])
    }))

  it.effect("G22 logs a request that failed, without what its URL and its headers have of secrets", () =>
    Effect.gen(function*() {
      const program = (client: HttpClient.HttpClient) =>
        client.get(url, { headers: { authorization: "Bearer s3cret", "x-own": "s3cret" } })
      const { exit, records } = yield* using({}, refused, program)
      assert.strictEqual(exit._tag, "Failure")
      const record = records[0]!
      assert.strictEqual(record.logger, "http.client")
      assert.strictEqual(record.level, "Warn")
      assert.strictEqual(record.message, "GET http://api.test:8080/orders/7 failed")
      const { duration_ms, ...fields } = record.fields
      assert.strictEqual(duration_ms, 0)
      assert.deepStrictEqual(fields, {
        "http.request.method": "GET",
        "url.full": "http://api.test:8080/orders/7",
        "server.address": "api.test",
        "server.port": 8080
      })
      assert.strictEqual(record.error?.type, "TransportError")
      assert.strictEqual(record.error?.cause?.message, "connect ECONNREFUSED")
      assert.include(record.error?.stack, "HttpClient.test.ts")
      assert.notInclude(JSON.stringify(record), "s3cret")
      assert.lengthOf(records, 1)
    }))

  it.live("G22 keeps the URL out of what `fetch` says of it", () =>
    Effect.gen(function*() {
      const client = HttpLogging.client()(yield* HttpClient.HttpClient)
      yield* Effect.exit(client.get("http://ada:s3cret@127.0.0.1:1/x", { urlParams: { code: "s3cret" } }))
      const [record] = yield* Effect.flatMap(AsyncLogging.TestLog, (log) => log.records)
      assert.include(record!.error?.cause?.message, "includes credentials: http://127.0.0.1:1/x")
      assert.notInclude(JSON.stringify(record), "s3cret")
    }).pipe(Effect.provide([FetchHttpClient.layer, AsyncLogging.layerTest()])))

  it.effect("G22 logs a URL that is none without saying it", () =>
    Effect.gen(function*() {
      const { records } = yield* using({}, answering(200), (client) => client.get("http://ada:s3cret@ api/?s3cret"))
      assert.strictEqual(records[0]!.message, "GET [invalid URL] failed")
      assert.strictEqual(records[0]!.error?.type, "InvalidUrlError")
      assert.notInclude(JSON.stringify(records), "s3cret")
    }))

  it.effect("names the server as it is called elsewhere: an address without brackets, or none", () =>
    Effect.gen(function*() {
      const serverOf = (url: string) =>
        Effect.map(using({}, refused, (client) => client.get(url)), ({ records }) => [
          records[0]!.fields["server.address"],
          records[0]!.fields["server.port"]
        ])
      assert.deepStrictEqual(yield* serverOf("https://api.test/a"), ["api.test", 443])
      assert.deepStrictEqual(yield* serverOf("http://[2001:db8::1]:8080/a"), ["2001:db8::1", 8080])
      assert.deepStrictEqual(yield* serverOf("data:,a"), [undefined, undefined])
    }))

  it.effect("logs an answer of 500 or above, also where the client makes an error of it, and no other", () =>
    Effect.gen(function*() {
      for (const status of [200, 302, 404]) {
        assert.deepStrictEqual((yield* using({}, answering(status), get)).records, [])
      }
      const { exit, records } = yield* using({}, answering(503), inRequest)
      assert.strictEqual(exit._tag, "Success")
      assert.strictEqual(records[0]!.message, "GET http://api.test:8080/orders/7 503")
      assert.deepStrictEqual([records[0]!.level, records[0]!.fields["http.response.status_code"]], ["Warn", 503])
      assert.strictEqual(records[0]!.context.requestId, "r-1")
      assert.isUndefined(records[0]!.error)

      const { client } = fake(answering(404))
      const strict = HttpLogging.client({ level: () => "Info" })(HttpClient.filterStatusOk(client))
      const log = Effect.gen(function*() {
        yield* Effect.exit(get(strict))
        return yield* Effect.flatMap(AsyncLogging.TestLog, (log) => log.records)
      })
      const [refused] = yield* Effect.provide(log, AsyncLogging.layerTest())
      assert.strictEqual(refused!.message, "GET http://api.test:8080/orders/7 404")
      assert.strictEqual(refused!.error?.type, "StatusCodeError")
    }))

  it.effect("G33 logs what takes as long as `slowAfter`, an interrupted request too", () =>
    Effect.gen(function*() {
      for (const options of [{}, { slowAfter: "2001 millis" }] as const) {
        assert.deepStrictEqual((yield* using(options, slow, get)).records, [])
      }
      const { records } = yield* using({ slowAfter: "2 seconds" }, slow, get)
      assert.deepStrictEqual([records[0]!.level, records[0]!.fields["slow"], records[0]!.fields["duration_ms"]], [
        "Warn",
        true,
        2000
      ])
      const timedOut = (client: HttpClient.HttpClient) =>
        Effect.gen(function*() {
          const fiber = yield* Effect.forkChild(Effect.timeout(get(client), "2 seconds"), { startImmediately: true })
          yield* TestClock.adjust("2 seconds")
          return yield* Fiber.join(fiber)
        })
      const hung = yield* using({ slowAfter: "2 seconds" }, () => Effect.never, timedOut)
      assert.strictEqual(hung.records[0]!.message, "GET http://api.test:8080/orders/7 interrupted")
      assert.isTrue(hung.records[0]!.fields["interrupted"])
      assert.isUndefined(hung.records[0]!.error)
      assert.deepStrictEqual((yield* using({}, () => Effect.never, timedOut)).records, [])
    }))

  it.effect("G33 has the level that `level` says, or no record, and may fail without harm", () =>
    Effect.gen(function*() {
      const level: ClientOptions["level"] = ({ error, status }) =>
        error !== undefined ? "Error" : status === 200 ? "Debug" : undefined
      const levels = (answer: Answer) =>
        Effect.map(using({ level }, answer, get), ({ records }) => records.map((record) => record.level))
      assert.deepStrictEqual(yield* levels(answering(200)), ["Debug"])
      assert.deepStrictEqual(yield* levels(answering(503)), [])
      assert.deepStrictEqual(yield* levels(refused), ["Error"])
      for (const level of [() => assert.fail("broken"), () => "Loud" as never]) {
        const { exit, notices, records } = yield* using({ level }, answering(503), get)
        assert.strictEqual(exit._tag, "Success")
        assert.deepStrictEqual(records.map((record) => record.level), ["Warn"])
        assert.lengthOf(notices, 1)
      }
    }))

  it.effect("logs each attempt inside of a retry, and what came of it around one", () =>
    Effect.gen(function*() {
      const twice = (client: HttpClient.HttpClient) => HttpClient.retry(client, Schedule.recurs(1))
      const inside = yield* using({}, refused, (client) => get(twice(client)))
      assert.lengthOf(inside.records, 2)
      const { client } = fake(refused)
      const outside = yield* using({}, refused, () => get(HttpLogging.client()(twice(client))))
      assert.lengthOf(outside.records, 1)
    }))

  it.live("carries the id from one server to the next, which logs under it", () =>
    serving(
      routed(Layer.mergeAll(
        HttpRouter.add("GET", "/first", (request) =>
          Effect.gen(function*() {
            const client = HttpLogging.client()(yield* HttpClient.HttpClient)
            yield* client.get(`http://${request.headers["host"]}/second`)
            return HttpServerResponse.empty()
          }).pipe(Effect.provide(FetchHttpClient.layer), Effect.orDie)),
        HttpRouter.add("GET", "/second", Effect.as(Effect.logInfo("second"), HttpServerResponse.empty()))
      )),
      (server) =>
        Effect.gen(function*() {
          const answer = yield* server.ask("/first", { headers: { "x-request-id": "r-1" } })
          assert.strictEqual(answer.status, 204)
          yield* server.accesses(2)
          const records = yield* server.records
          assert.deepStrictEqual(records.filter(isAccess).map((record) => record.message), [
            "GET /second 204",
            "GET /first 204"
          ])
          assert.deepStrictEqual(records.map(({ context }) => context.requestId), ["r-1", "r-1", "r-1"])
        })
    ))

  it("G33 throws, with the name of the option, when an option is wrong", () => {
    const wrong: ReadonlyArray<readonly [options: unknown, message: RegExp]> = [
      [{ header: "a b" }, /^header: expected the name of a header/],
      [{ passTo: ["api.test"] }, /^passTo: expected a function/],
      [{ level: "Warn" }, /^level: expected a function/],
      [{ slowAfter: -1 }, /^slowAfter: expected a duration above zero/],
      [{ hedaer: "x" }, /^hedaer: there is no such option; expected one of header, passTo, level, slowAfter/]
    ]
    for (const [options, message] of wrong) {
      assert.throws(() => HttpLogging.client(options as ClientOptions), TypeError, message)
    }
  })
})
