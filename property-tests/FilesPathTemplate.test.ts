import { assert, describe, it } from "@effect/vitest"
import * as Result from "effect/Result"
import * as fc from "fast-check"
import { isAbsolute, normalize, relative } from "node:path"
import * as PathTemplate from "../src/Files/PathTemplate.ts"
import { parameters } from "./support/runs.ts"

const piece = fc.constantFrom("%pid", "%host", "%%", "/", "/", ".", "..", "a", "-", "%x", "\\", "é")
const template = fc.array(piece, { maxLength: 12 }).map((pieces) => pieces.join(""))
const host = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.array(fc.constantFrom(".", "..", "/", "\\", "\0", "a", "%pid"), { maxLength: 6 }).map((pieces) => pieces.join(""))
)

describe("path templates", () => {
  it("G30 stay under their base, whatever the host is called", () => {
    fc.assert(
      fc.property(template, host, fc.nat(), (template, host, pid) => {
        const parsed = PathTemplate.parse(template)
        if (Result.isFailure(parsed)) return
        const path = normalize(PathTemplate.fill(parsed.success, { pid, host }))
        const below = relative(normalize(parsed.success.basePath), path)
        assert.isFalse(below === "" || below === ".." || below.startsWith("../") || isAbsolute(below), path)
      }),
      parameters
    )
  })

  it("have as many parts as they are written with", () => {
    fc.assert(
      fc.property(template, host, fc.nat(), (template, host, pid) => {
        const parsed = PathTemplate.parse(template)
        if (Result.isFailure(parsed)) return
        const path = PathTemplate.fill(parsed.success, { pid, host })
        assert.strictEqual(path.split("/").length, template.split("/").length)
        assert.isFalse(path.includes("\0"))
      }),
      parameters
    )
  })
})
