/**
 * Levels over HTTP: a server that shows which are in force, and raises one for some minutes.
 *
 * ```sh
 * LEVELS_TOKEN=$(openssl rand -hex 32) PORT=9464 node level-endpoint.ts
 * curl -H "authorization: Bearer $LEVELS_TOKEN" http://127.0.0.1:9464/levels
 * curl -H "authorization: Bearer $LEVELS_TOKEN" -X PUT -d '{"level":"Debug","minutes":10,"logger":"shop"}' \
 *   http://127.0.0.1:9464/levels
 * ```
 *
 * It is not for everybody: who can have a service log at Debug can fill its disk, and read what it says there. It listens on
 * the loopback interface only, on a port of its own; and it wants a token, since each program of the machine, and each page in
 * a browser there, reaches that port too.
 */
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import { AsyncLogging, Formatters, Logger, Sinks } from "effect-async-logging"
import * as Config from "effect/Config"
import * as Effect from "effect/Effect"
import * as HttpRouter from "effect/http/HttpRouter"
import * as HttpServerRequest from "effect/http/HttpServerRequest"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import { createHash, timingSafeEqual } from "node:crypto"
import { createServer } from "node:http"

const Token = Config.schema(Schema.Redacted(Schema.String.check(Schema.isMinLength(32))), "LEVELS_TOKEN")

const digest = (text: string) => createHash("sha256").update(text).digest()

// In constant time: digests have one length, whatever was sent.
const allows = (token: Redacted.Redacted<string>) => {
  const expected = digest(`Bearer ${Redacted.value(token)}`)
  return ({ headers }: HttpServerRequest.HttpServerRequest) =>
    timingSafeEqual(digest(headers["authorization"] ?? ""), expected)
}

const Name = Schema.String.check(Schema.isBetweenLength(1, 100))

const Change = Schema.Struct({
  level: Schema.Literals(["Trace", "Debug", "Info", "Warn", "Error"]),
  minutes: Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 60 })),
  logger: Schema.optionalKey(Name),
  sink: Schema.optionalKey(Name)
})

// A misspelt `logger` must not raise the level of all.
const unknownKeysFail = { onExcessProperty: "error" } as const

const show = Effect.map(AsyncLogging.levels, (levels) => HttpServerResponse.jsonUnsafe(levels))

const change = Effect.gen(function*() {
  const { level, minutes, ...scope } = yield* HttpServerRequest.schemaBodyJson(Change, unknownKeysFail)
  const { sinks } = yield* AsyncLogging.levels
  if (scope.sink !== undefined && !Object.hasOwn(sinks, scope.sink)) return HttpServerResponse.empty({ status: 404 })
  yield* AsyncLogging.setLevelFor({ minutes }, level, scope)
  yield* Logger.warn("a level was changed", { level, minutes, ...scope })
  return yield* show
}).pipe(
  Effect.catch(() => Effect.succeed(HttpServerResponse.empty({ status: 400 })))
)

const Routes = HttpRouter.use((router) =>
  Effect.gen(function*() {
    const isAllowed = allows(yield* Token)
    const guarded = <E, R>(handler: Effect.Effect<HttpServerResponse.HttpServerResponse, E, R>) =>
      Effect.flatMap(
        HttpServerRequest.HttpServerRequest,
        (request) => isAllowed(request) ? handler : Effect.succeed(HttpServerResponse.empty({ status: 401 }))
      )
    yield* router.add("GET", "/levels", guarded(show))
    yield* router.add("PUT", "/levels", guarded(change))
  })
)

const Server = Layer.unwrap(
  Effect.map(
    Config.Int("PORT").pipe(Config.withDefault(9464)),
    (port) => NodeHttpServer.layer(createServer, { host: "127.0.0.1", port })
  )
)

const Logging = AsyncLogging.layer({ sinks: [Sinks.console({ format: Formatters.json })] })

// in place of what the service does
const work = Effect.forever(Effect.andThen(Logger.named("shop").debug("at work"), Effect.sleep("20 millis")))

HttpRouter.serve(Routes, { disableLogger: true }).pipe(
  Layer.provide(Server),
  Layer.merge(Layer.effectDiscard(Effect.forkScoped(work))),
  Layer.provide(Logging),
  Layer.launch,
  NodeRuntime.runMain
)
