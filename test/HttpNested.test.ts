import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as HttpEffect from "effect/http/HttpEffect"
import type { HttpServerRequest } from "effect/http/HttpServerRequest"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as Stream from "effect/Stream"
import * as AsyncLogging from "../src/AsyncLogging.ts"
import * as HttpLogging from "../src/HttpLogging.ts"
import * as Logger from "../src/Logger.ts"
import { asking } from "./support/http.ts"

type App = Effect.Effect<HttpServerResponse.HttpServerResponse, unknown, HttpServerRequest>

const middleware = HttpLogging.middleware()

// asks an app, in this process, from where this runs
const ask = (app: App, path: string, init: RequestInit = {}): Effect.Effect<Response> =>
  Effect.gen(function*() {
    const handler = HttpEffect.toWebHandlerWith(yield* Effect.context<never>())(
      app as Effect.Effect<HttpServerResponse.HttpServerResponse>
    )
    return yield* Effect.promise(() => handler(new Request(`http://app.test${path}`, init)))
  })

describe("a request that is made in this process while another one is handled", () => {
  it.effect("G19 has its own id and record", () =>
    Effect.gen(function*() {
      const inner = middleware(
        Effect.as(Logger.info("inside"), HttpServerResponse.empty({ status: 404 }))
      )
      const outer = Effect.gen(function*() {
        const { status } = yield* ask(inner, "/inner", { headers: { "x-request-id": "r-2" } })
        return HttpServerResponse.text(String(status))
      })
      const { answers, records } = yield* asking(middleware(outer), [["/outer", {
        headers: { "x-request-id": "r-1" }
      }]])
      assert.strictEqual(answers[0]!.body, "404")
      assert.strictEqual(answers[0]!.headers["x-request-id"], "r-1")
      assert.deepStrictEqual(records.map(({ context, message }) => [message, context.requestId]), [
        ["inside", "r-2"],
        ["GET /inner 404", "r-2"],
        ["GET /outer 200", "r-1"]
      ])
    }))
})

describe("an answer whose stream the platform pulls after the handler has ended", () => {
  const endless = middleware(Effect.succeed(
    HttpServerResponse.stream(Stream.concat(Stream.make(new Uint8Array(10)), Stream.never))
  ))

  it.live("is told apart as aborted by the client that cancels it, or whose request is aborted", () =>
    Effect.gen(function*() {
      const log = yield* AsyncLogging.TestLog
      const abort = new AbortController()
      const ends = [(reader: ReadableStreamDefaultReader) => reader.cancel(), async () => abort.abort()]
      for (const end of ends) {
        const answer = yield* ask(endless, "/endless", { signal: abort.signal })
        const reader = answer.body!.getReader()
        yield* Effect.promise(() => reader.read())
        yield* Effect.promise(() => end(reader))
      }
      const records = yield* Effect.repeat(Effect.andThen(Effect.yieldNow, log.records), {
        until: (records) => records.length === 2
      })
      for (const { fields, message } of records) {
        assert.strictEqual(message, "GET /endless 200, aborted")
        assert.strictEqual(fields["aborted"], "client")
        assert.strictEqual(fields["http.response.body.size"], 10)
      }
    }).pipe(Effect.provide(AsyncLogging.layerTest())))
})

describe("a `Response` that the platform sends as it is", () => {
  it.effect("has its own status in the record", () =>
    Effect.gen(function*() {
      const answer = HttpServerResponse.raw(new Response("hello", { status: 409 }), { headers: { "x-own": "a" } })
      const app = HttpLogging.middleware({ responseHeaders: ["x-own"] })(Effect.succeed(answer))
      const { answers, records } = yield* asking(app, [["/"]])
      assert.strictEqual(answers[0]!.status, 409)
      assert.strictEqual(records[0]!.message, "GET / 409")
      assert.strictEqual(records[0]!.fields["http.response.header.x-own"], "a")
      assert.isFalse("http.response.body.size" in records[0]!.fields)
    }))
})

describe("a middleware around it that makes an answer of a failure", () => {
  const answering = (status: number, app: App): App =>
    Effect.catchCause(app, () => Effect.succeed(HttpServerResponse.text("oops", { status })))

  it.effect("does not hide what failed, if the answer is 500 or above", () =>
    Effect.gen(function*() {
      const fails = middleware(Effect.fail(new Error("no database")))
      const dies = middleware(Effect.die(new Error("a bug")))
      const records = yield* Effect.forEach(
        [answering(500, fails), answering(502, dies), answering(404, fails)],
        (app) => Effect.map(asking(app, [["/"]]), ({ records }) => records[0]!)
      )
      assert.deepStrictEqual(
        records.map(({ error, level, message }) => [message, level, error?.message, error?.kind]),
        [
          ["GET / 500", "Error", "no database", "fail"],
          ["GET / 502", "Error", "a bug", "die"],
          ["GET / 404", "Warn", undefined, undefined]
        ]
      )
    }))
})
