import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as HttpEffect from "effect/http/HttpEffect"
import type * as HttpMiddleware from "effect/http/HttpMiddleware"
import { HttpServerRequest } from "effect/http/HttpServerRequest"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as fc from "fast-check"
import * as AsyncLogging from "../src/AsyncLogging.ts"
import * as RequestId from "../src/Http/RequestId.ts"
import * as HttpLogging from "../src/HttpLogging.ts"
import * as Logger from "../src/Logger.ts"
import { hostileString } from "../test/arbitraries.ts"
import { isAccess } from "../test/support/http.ts"
import { parameters, timeout } from "./support/runs.ts"

/** What a handler does, step by step, and how it ends. */
type Step = "log" | "effectLog" | "yield" | "fork" | "nested"
type End = "answer" | "fail" | "die" | "interrupt"

interface Request {
  readonly steps: ReadonlyArray<Step>
  readonly end: End
}

const request: fc.Arbitrary<Request> = fc.record({
  steps: fc.array(fc.constantFrom<Step>("log", "effectLog", "yield", "fork", "nested"), { maxLength: 6 }),
  end: fc.constantFrom<End>("answer", "fail", "die", "interrupt")
})

const ends: { readonly [E in End]: Effect.Effect<HttpServerResponse.HttpServerResponse, string> } = {
  answer: Effect.succeed(HttpServerResponse.empty()),
  fail: Effect.fail("failed"),
  die: Effect.die("died"),
  interrupt: Effect.interrupt
}

// a middleware of the server: its effect ends well, whatever was answered
const other: HttpMiddleware.HttpMiddleware = (app) => Effect.onExit(app, () => Effect.void)

const statuses: { readonly [E in End]: number } = { answer: 204, fail: 500, die: 500, interrupt: 503 }

// each record says whose it is
const step = (id: string, step: Step): Effect.Effect<void> => {
  switch (step) {
    case "log":
      return Logger.info(id)
    case "effectLog":
      return Effect.logInfo(id)
    case "yield":
      return Effect.yieldNow
    case "fork":
      return Effect.flatMap(
        Effect.forkChild(Effect.andThen(Effect.yieldNow, Effect.logInfo(id))),
        (fiber) => Effect.andThen(Effect.yieldNow, Effect.asVoid(Fiber.join(fiber)))
      )
    case "nested":
      return Logger.withContext(Effect.andThen(Effect.yieldNow, Logger.info(id)), { userId: id })
  }
}

const logged = ({ steps }: Request): number => steps.filter((step) => step !== "yield").length

describe("requests at the same time", () => {
  it.effect(
    "G19 have records under their own ids only, and one access record each",
    () =>
      Effect.promise(() =>
        fc.assert(
          fc.asyncProperty(fc.array(request, { minLength: 1, maxLength: 8 }), fc.boolean(), (requests, isInside) =>
            Effect.runPromise(
              Effect.gen(function*() {
                const app = Effect.gen(function*() {
                  const { url } = yield* HttpServerRequest
                  const { end, steps } = requests[Number(url.slice(1))]!
                  yield* Effect.forEach(steps, (each) => step(url, each), { discard: true })
                  return yield* ends[end]
                })
                const handler = HttpEffect.toWebHandlerWith(yield* Effect.context<never>())(
                  HttpLogging.middleware()(app) as Effect.Effect<HttpServerResponse.HttpServerResponse, string>,
                  isInside ? other : undefined
                )
                const answers = yield* Effect.promise(() =>
                  Promise.all(
                    requests.map((_, i) =>
                      handler(new Request(`http://app.test/${i}`, { headers: { "x-request-id": `/${i}` } }))
                    )
                  )
                )
                assert.deepStrictEqual(
                  answers.map(({ status }) =>
                    status
                  ),
                  requests.map(({ end }) => statuses[end])
                )
                assert.deepStrictEqual(
                  answers.map(({ headers }) => headers.get("x-request-id")),
                  requests.map((_, i) => `/${i}`)
                )
                const records = yield* Effect.flatMap(AsyncLogging.TestLog, (log) => log.records)
                for (const [i, request] of requests.entries()) {
                  const own = records.filter(({ context }) => context.requestId === `/${i}`)
                  const handled = own.filter((record) => !isAccess(record))
                  assert.lengthOf(handled, logged(request))
                  assert.isTrue(handled.every(({ message }) => message === `/${i}`))
                  assert.deepStrictEqual(
                    own.filter(isAccess).map(({ fields }) => fields["http.response.status_code"]),
                    [
                      statuses[request.end]
                    ]
                  )
                  assert.isTrue(isAccess(own.at(-1)!))
                }
                assert.lengthOf(records, requests.length + requests.reduce((sum, request) => sum + logged(request), 0))
              }).pipe(Effect.provide(AsyncLogging.layerTest()))
            )),
          parameters
        )
      ),
    timeout
  )

  it("G22 no text is an id that could break out of a header, a line or a shell", () => {
    fc.assert(
      fc.property(fc.oneof(hostileString, fc.string({ unit: "binary" })), (text) => {
        assert.strictEqual(
          RequestId.isValid(text),
          text.length >= 1 && text.length <= 128 && [...text].every((char) => allowed.includes(char))
        )
      }),
      parameters
    )
  })
})

const allowed = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~:+/=@"
