import { assert, describe, it } from "@effect/vitest"
import * as Redaction from "../../src/Redaction.ts"
import type { Characters } from "../../src/Redaction/Characters.ts"
import * as Detectors from "../../src/Redaction/Detectors.ts"
import { clean, found, jwt, pem } from "../support/secrets.ts"

const left = (text: string, ...detect: ReadonlyArray<Redaction.Detector>): string => Redaction.text({ detect })(text)

for (const name of Redaction.detectors) {
  describe(`the detector ${name}`, () => {
    for (const [text, expected] of found[name]) {
      it(`G22 leaves ${JSON.stringify(expected)} of ${JSON.stringify(text.slice(0, 60))}`, () => {
        assert.strictEqual(left(text, name), expected)
        assert.strictEqual(left(`${text}\n${text}`, name), `${expected}\n${expected}`)
        assert.strictEqual(left(expected, name), expected)
      })
    }

    it("leaves what only looks like it", () => {
      for (const text of clean[name]) assert.strictEqual(left(text, name), text)
    })

    it("is not run if it is not asked for", () => {
      const others = Redaction.detectors.filter((other) => other !== name)
      const own = found[name].filter(([text]) => left(text, ...others) === text)
      assert.isAbove(own.length, 0)
    })
  })
}

describe("detectors together", () => {
  it("G22 find all that is in a text, each once", () => {
    const text = `Bearer ${jwt} for jane@example.org, card 4111 1111 1111 1111 at postgres://a:b@h/x\n${pem}`
    assert.strictEqual(
      left(text, ...Redaction.detectors),
      "Bearer [redacted] for [redacted], card [redacted] at postgres://[redacted]@h/x\n[redacted]"
    )
  })

  it("G22 find what another one has found a part of, and what stands next to it", () => {
    assert.strictEqual(left(`authorization:x€${pem} y`, "authorization", "privateKey"), "authorization:[redacted] y")
    assert.strictEqual(left("4111111111111111-5500000000000004@a.org b", "card", "email"), "[redacted] b")

    assert.strictEqual(left(`4111111111111111@example.org`, "card", "email"), "[redacted]")
    assert.strictEqual(left(`a@example.org4111111111111111`, "card", "email"), "[redacted]")
    assert.strictEqual(left(`http://${jwt}@h`, "jwt", "urlCredentials"), "http://[redacted]@h")
  })

  it("G22 hide all of a private key that was cut off", () => {
    assert.strictEqual(left(`key ${pem.slice(0, 80)}…[+9 characters]\n    at f`, "privateKey"), "key [redacted]")
  })

  it("leave prose, code and what programs write as they are", () => {
    for (
      const text of [
        "",
        "order paid",
        "GET /users/7?sort=asc 200 12ms",
        "Error: x\n    at Object.<anonymous> (/app/node_modules/.pnpm/effect@4.1.0/node_modules/effect/src/Effect.ts:12:34)",
        "550e8400-e29b-41d4-a716-446655440000",
        "2026-11-21T08:00:00.123Z",
        "0f1e2d3c4b5a69788796a5b4c3d2e1f0",
        "https://example.org:8080/a/b?c=d#e",
        "\ud800 \udfff é 😀"
      ]
    ) assert.strictEqual(left(text, ...Redaction.detectors), text)
  })
})

// -----------------------------------------------------------------------------
// the work
// -----------------------------------------------------------------------------

// What a detector does not find costs the most: it may look far, and then look again from the next character on.
const hostile = [
  ...["a", "0", "4", " ", ".", "-", "@", ":", "://", "://a", "://a:b", "a@", "a@a.", "@@", "a.", "..a", "\\n4"],
  ...["4-", "44-", "4444-", "4444 ", "4444-4444 ", "41111111111111111", "1234567890123456789 "],
  ...["eyJ", "eyJ.", "eyJa-", "-eyJ", "eyJhbGciOiJIUzI1NiJ9", "eyJhbGciOiJIUzI1NiJ9.", "eyJhbGciOiJIUzI1NiJ9.a "],
  ...["-----BEGIN ", "-----BEGIN PRIVATE KEY", "-----BEGIN PRIVATE KEY-----", "-----END ", "-----BEGIN A-----"],
  ...["bearer ", "bearer bearer:", "Bearer =", "basic ", "basic a", "basic YWFh ", "authorization", "authorization:"],
  ...["authorization: ", "authorization=\"", "authorization:'a ", "authorization: digest ", "authorization: a a="],
  ...["ghp_", "xoxb-", "AKIA", "AKIAA ", "sk-ant-", "github_pat_", "a:b@c/", "a1.", "A", "b ", "Basic\t", "\\\"a"],
  ...[
    "://a:b/",
    "://a:1#",
    "\x1b[31",
    `\x1b[${";".repeat(30)}m`,
    "[0meyJ",
    "\\u0022b",
    "4444.",
    "basic+a",
    "basic a%2B"
  ],
  ...[`bearer${" ".repeat(50)}`, `authorization:${" ".repeat(50)}`, `a${"-".repeat(30)}`, `4${" ".repeat(9)}`]
]

const size = 1024

// how often the detectors look at a character of a text that is as long
const looks = (piece: string, length: number, detect: ReadonlyArray<Redaction.Detector>): number => {
  const text = piece.repeat(Math.ceil(length / piece.length)).slice(0, length)
  const detectors = Detectors.make(detect)
  let count = 0
  const counted: Characters = {
    length,
    charCodeAt: (index) => {
      count++
      return text.charCodeAt(index)
    }
  }
  let from = 0
  for (const { end, start } of Detectors.find(detectors, counted)) {
    assert.isTrue(start >= from && end > start && end <= length)
    from = end
  }
  return count
}

describe("the work of detectors", () => {
  it("G22 is linear: of twice the text, at most three times the looks, and not many for each character", () => {
    for (const first of hostile) {
      for (const piece of [first, ...hostile.map((second) => first + second)]) {
        const once = looks(piece, size, Redaction.detectors)
        assert.isAtMost(once, 50 * size, JSON.stringify(piece))
        assert.isAtMost(looks(piece, 2 * size, Redaction.detectors), 3 * once, JSON.stringify(piece))
      }
    }
  })

  it("G22 is linear for each of them alone", () => {
    for (const name of Redaction.detectors) {
      for (const piece of hostile) {
        const once = looks(piece, size, [name])
        assert.isAtMost(looks(piece, 2 * size, [name]), 3 * once, `${name} in ${JSON.stringify(piece)}`)
      }
    }
  })
})
