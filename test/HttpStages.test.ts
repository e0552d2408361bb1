import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as HttpRouter from "effect/http/HttpRouter"
import { HttpServerRequest } from "effect/http/HttpServerRequest"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as Layer from "effect/Layer"
import * as Formatters from "../src/Formatters.ts"
import * as Gates from "../src/Gates.ts"
import * as Logger from "../src/Logger.ts"
import * as Redaction from "../src/Redaction.ts"
import { routed, serving } from "./support/http.ts"

const handler = Effect.fnUntraced(function*(id: string) {
  const { headers } = yield* HttpServerRequest
  yield* Logger.debug(`reads ${id}`, { headers })
  yield* Effect.logInfo(`asks the stock for ${id} with ${headers["authorization"]}`)
  yield* Logger.debug("the answer of the stock", {
    url: `http://ada:${secret}@stock.test/`,
    session: { token: secret }
  })
})

// no common word, and of no form that a detector knows
const secret = "Xq7-planted-Zw9"

const key = "tr4cking"

const routes = Layer.mergeAll(
  HttpRouter.add(
    "GET",
    "/well/:id",
    Effect.andThen(handler("a"), Effect.succeed(HttpServerResponse.text("ok", { headers: { "x-own": secret } })))
  ),
  HttpRouter.add(
    "GET",
    "/fails/:id",
    Effect.andThen(handler("b"), Effect.die(new Error(`no stock, says Bearer ${secret}`)))
  ),
  HttpRouter.add(
    "GET",
    "/missing/:id",
    Effect.andThen(handler("c"), Effect.succeed(HttpServerResponse.empty({ status: 404 })))
  )
)

describe("the access records together with `fingersCrossed` and `redact`", () => {
  it.live("G22 the details of a request are written if it fails, and no planted secret ever is", () =>
    serving(
      routed(routes, {
        query: true,
        requestHeaders: ["authorization", "cookie", "x-own", "x-tracking"],
        responseHeaders: ["x-own"]
      }),
      (server) =>
        Effect.gen(function*() {
          const ask = (path: string) =>
            server.ask(`${path}?token=${secret}`, {
              headers: {
                "x-request-id": path,
                authorization: `Bearer ${secret}`,
                cookie: `session=${secret}`,
                "x-own": secret,
                "x-tracking": key
              }
            })
          yield* Effect.all(["/well/1", "/fails/2", "/missing/3", "/well/4"].map(ask), { concurrency: 4 })
          yield* server.accesses(4)
          const records = yield* server.records
          const of = (id: string) =>
            records.filter(({ context }) => context.requestId === id).map(({ level, message }) => `${level} ${message}`)
          assert.deepStrictEqual(of("/well/1"), ["Info GET /well/:id 200"])
          assert.deepStrictEqual(of("/well/4"), ["Info GET /well/:id 200"])
          assert.deepStrictEqual(of("/missing/3"), ["Warn GET /missing/:id 404"])
          assert.deepStrictEqual(of("/fails/2"), [
            "Debug reads b",
            "Info asks the stock for b with Bearer [redacted]",
            "Debug the answer of the stock",
            "Error GET /fails/:id 500"
          ])
          for (const format of [Formatters.json, Formatters.logfmt, Formatters.pretty()]) {
            const lines = records.map((record) => format(record)).join("\n")
            assert.notInclude(lines, secret)
            // what nobody asked to hide is there
            assert.include(lines, key)
          }
          assert.notInclude(server.notices.join("\n"), secret)
        }),
      {
        config: {
          minimumLevel: "Debug",
          stages: [Gates.fingersCrossed({ endOn: ({ logger }) => logger === "http.access" })],
          redact: {
            paths: [...Redaction.presets.http.paths, "token", "x-own", "url.query"],
            detect: [...Redaction.presets.http.detect]
          }
        }
      }
    ))
})
