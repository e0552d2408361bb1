/**
 * A slow log server: it takes 500 ms per call, but at `/fast`, and counts the lines that it got at each path.
 */
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as Effect from "effect/Effect"
import * as HttpServerRequest from "effect/http/HttpServerRequest"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as Layer from "effect/Layer"
import * as Parent from "./Parent.ts"

const lines = new Map<string, number>()

const handler = Effect.gen(function*() {
  const request = yield* HttpServerRequest.HttpServerRequest
  const count = lines.get(request.url) ?? 0
  if (request.method === "GET") return HttpServerResponse.jsonUnsafe(count)
  const body = yield* request.text
  lines.set(request.url, count + body.split("\n").length - 1)
  if (request.url !== "/fast") yield* Effect.sleep("500 millis")
  return HttpServerResponse.empty({ status: 200 })
})

NodeRuntime.runMain(Layer.launch(Parent.serve(handler)))
