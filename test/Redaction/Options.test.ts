import { assert, describe, it } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as Redacted from "effect/Redacted"
import { createHmac } from "node:crypto"
import type { LogError, LogRecord } from "../../src/Record.ts"
import * as Record from "../../src/Record.ts"
import * as Redaction from "../../src/Redaction.ts"
import { jwt } from "../support/secrets.ts"

const record = (options: Partial<LogRecord> = {}): LogRecord => Record.make({ level: "Info", message: "m", ...options })

const error = (options: Partial<LogError> = {}): LogError => ({
  type: "Error",
  message: "failed",
  stack: "Error: failed\n    at f",
  kind: undefined,
  fields: undefined,
  cause: undefined,
  others: undefined,
  ...options
})

const text = "k".repeat(32)
const key = Redacted.make(text)
const hashOf = (value: string): string =>
  `[hmac:${createHmac("sha256", text).update(value).digest("hex").slice(0, 16)}]`

describe("detect", () => {
  const card = "4111 1111 1111 1111"
  const redact = Redaction.make({ detect: ["card"] })

  it("G22 searches the message, the logger, labels, and all texts and keys of fields, context and error", () => {
    const planted = (card: string): LogRecord =>
      record({
        message: `paid with ${card}`,
        logger: `shop ${card}`,
        spans: { [`pay ${card}`]: 5, other: 6 },
        fields: { a: card, list: [card, [`x ${card}`]], [`key ${card}`]: 1, pairs: [[card, { b: card }]] },
        context: { requestId: card, custom: { [card]: { c: card } } },
        error: error({
          type: `T ${card}`,
          message: `no ${card}`,
          stack: `Error: no ${card}\n    at f`,
          fields: { d: card },
          cause: error({ message: card }),
          others: [error({ fields: { [card]: card } })]
        })
      })
    const input = planted(card)
    const before = structuredClone(input)
    assert.deepStrictEqual(redact(input), planted("[redacted]"))
    assert.deepStrictEqual(input, before)
    const clean = planted("[redacted]")
    assert.strictEqual(redact(clean), clean)
  })

  it("G22 is done below a path too, and what a path takes is not searched", () => {
    const both = Redaction.make({ paths: ["password"], detect: ["card"] })
    assert.deepStrictEqual(both(record({ fields: { password: card, a: { b: card } } })).fields, {
      password: "[redacted]",
      a: { b: "[redacted]" }
    })
  })

  it("G22 takes a number for a card, if it is one", () => {
    const fields = { a: 4111111111111111, list: [5500000000000004], b: 4111111111111112, time: 1763780400123, c: 1e300 }
    assert.deepStrictEqual(redact(record({ fields })).fields, {
      ...fields,
      a: "[redacted]",
      list: ["[redacted]"]
    })
    assert.deepStrictEqual(Redaction.make({ detect: ["jwt"] })(record({ fields })).fields, fields)
  })

  it("G22 keeps keys apart that become the same", () => {
    const fields = { "4111111111111111": 1, "5500000000000004": 2, x: 3 }
    assert.deepStrictEqual(redact(record({ fields })).fields, { "[redacted]": 1, "[redacted] 2": 2, x: 3 })
    assert.deepStrictEqual(redact(record({ spans: fields })).spans, { "[redacted]": 1, "[redacted] 2": 2, x: 3 })
    const taken = { "4111111111111111": 1, "[redacted] 2": 2, "5500000000000004": 3, "[redacted]": 4 }
    const out = redact(record({ fields: { ...taken, x: 5 } })).fields
    assert.deepStrictEqual(Object.values(out).toSorted(), [1, 2, 3, 4, 5])
  })

  it("leaves ids, level, time and notes", () => {
    const input = record({ traceId: "4111111111111111", spanId: "4111111111111111", notes: ["truncated"] })
    assert.strictEqual(redact(input), input)
  })

  it("records that shared a context share the redacted one", () => {
    const context = Object.freeze({ requestId: card })
    const out = redact(record({ context })).context
    assert.deepStrictEqual(out, { requestId: "[redacted]" })
    assert.strictEqual(redact(record({ context })).context, out)
  })
})

describe("censor", () => {
  const fields = {
    password: "s",
    list: [["password", "s"], ["a", "b"]],
    raw: ["x"],
    note: "card 4111111111111111 used"
  }
  const rules = { paths: ["password", "raw.*"], detect: ["card"] } as const

  it("G33 may be another text", () => {
    assert.deepStrictEqual(Redaction.make({ ...rules, censor: "***" })(record({ fields })).fields, {
      password: "***",
      list: [["password", "***"], ["a", "b"]],
      raw: ["***"],
      note: "card *** used"
    })
  })

  it("G33 may take it away: a key, a pair, an item, a part of a text", () => {
    const redact = Redaction.make({ ...rules, censor: Redaction.remove })
    const out = redact(record({ fields, context: { custom: { password: "s" }, service: "x" } }))
    assert.deepStrictEqual(out.fields, { list: [["a", "b"]], raw: [], note: "card  used" })
    assert.deepStrictEqual(out.context, { custom: {}, service: "x" })
    assert.strictEqual(redact(out), out)
  })

  it("G33 what a record cannot be without is emptied where it would be taken away", () => {
    const redact = Redaction.make({ paths: ["error.*", "custom"], censor: Redaction.remove })
    const own = error({ kind: "die", fields: { a: 1 }, cause: error(), others: [error()] })
    const out = redact(record({ error: own, context: { service: "x", custom: { a: 1 } } }))
    assert.deepStrictEqual(out.error, error({ type: "", message: "", stack: undefined }))
    assert.deepStrictEqual(out.context, { service: "x" })
    assert.deepStrictEqual(Object.keys(out.error!), Object.keys(own))
  })

  it("G33 may be a keyed hash, the same for the same secret", () => {
    const redact = Redaction.make({ ...rules, censor: Redaction.hash({ key }) })
    assert.deepStrictEqual(
      redact(record({ fields: { ...fields, b: { password: { n: 1 } }, c: { password: 7 } } })).fields,
      {
        password: hashOf("s"),
        list: [["password", hashOf("s")], ["a", "b"]],
        raw: [hashOf("x")],
        note: `card ${hashOf("4111111111111111")} used`,
        b: { password: hashOf(`{"n":1}`) },
        c: { password: hashOf("7") }
      }
    )
    const other = Redaction.hash({ key: Redacted.make("o".repeat(32)) })
    assert.notStrictEqual(
      Redaction.make({ ...rules, censor: other })(record({ fields })).fields["password"],
      hashOf("s")
    )
  })

  it("G33 a hash has as many digits as length says", () => {
    for (const length of [8, 64]) {
      const out = Redaction.make({ paths: ["password"], censor: Redaction.hash({ key, length }) })(record({ fields }))
      assert.match(String(out.fields["password"]), new RegExp(`^\\[hmac:[0-9a-f]{${length}}\\]$`))
    }
  })

  it("G22 the key of a hash shows nowhere in it", () => {
    assert.notInclude(JSON.stringify(Redaction.hash({ key })), text)
  })
})

describe("presets", () => {
  it("G33 are what a redaction takes", () => {
    for (const preset of Object.values(Redaction.presets)) assert.isUndefined(Redaction.validate(preset))
  })

  it("G22 hide what lets somebody in, in every usual spelling", () => {
    const redact = Redaction.make(Redaction.presets.credentials)
    for (
      const name of ["password", "clientSecret", "CLIENT_SECRET", "accessToken", "refresh_token", "apiKey", "API-KEY"]
    ) {
      assert.deepStrictEqual(redact(record({ fields: { a: { [name]: "s" } } })).fields, { a: { [name]: "[redacted]" } })
    }
    assert.strictEqual(redact(record({ message: `got ${jwt}` })).message, "got [redacted]")
  })

  it("G22 hide headers and cards", () => {
    const headers = { Authorization: "x", "Set-Cookie": "x", cookie: "x", "X-Api-Key": "x", accept: "*/*" }
    assert.deepStrictEqual(Redaction.make(Redaction.presets.http)(record({ fields: { headers } })).fields["headers"], {
      Authorization: "[redacted]",
      "Set-Cookie": "[redacted]",
      cookie: "[redacted]",
      "X-Api-Key": "[redacted]",
      accept: "*/*"
    })
    const card = { cardNumber: "x", cvv: 123, PIN: 1, note: "4111111111111111", expires: "12/29" }
    const out = { cardNumber: "[redacted]", cvv: "[redacted]", PIN: "[redacted]", note: "[redacted]", expires: "12/29" }
    assert.deepStrictEqual(Redaction.make(Redaction.presets.pci)(record({ fields: card })).fields, out)
  })

  it("all has each of them, but for e-mail addresses", () => {
    const { all, credentials, http, pci } = Redaction.presets
    for (const preset of [credentials, http, pci]) {
      for (const path of preset.paths) assert.include(all.paths, path)
      for (const name of preset.detect) assert.include(all.detect, name)
    }
    assert.deepStrictEqual(Redaction.detectors.filter((name) => !all.detect.includes(name)), ["email"])
  })
})

describe("inspect", () => {
  const inspect = Redaction.inspect({ paths: ["password", "user.*.pin"], detect: ["card", "jwt"] })

  it("says where, and by which rule", () => {
    const { findings, record } = inspect({
      user: { password: "hunter2", home: { pin: 1 } },
      items: [{ note: "no" }, { note: "4111 1111 1111 1111" }],
      [`t ${jwt}`]: 1
    })
    assert.deepStrictEqual(findings, [
      { path: "fields.user.password", rule: "password" },
      { path: "fields.user.home.pin", rule: "user.*.pin" },
      { path: "fields.items[1].note", rule: "card" },
      { path: `fields.t ${jwt}`, rule: "jwt" }
    ])
    assert.deepStrictEqual(record.fields, {
      user: { password: "[redacted]", home: { pin: "[redacted]" } },
      items: [{ note: "no" }, { note: "[redacted]" }],
      "t [redacted]": 1
    })
  })

  it("takes a value as a log call does: texts, errors, Causes, and whatever is no plain object", () => {
    const failure = Object.assign(new Error("card 4111111111111111", { cause: new TypeError(jwt) }), { password: "s" })
    const expected = [
      { path: "error.fields.password", rule: "password" },
      { path: "error.message", rule: "card" },
      { path: "error.stack", rule: "card" },
      { path: "error.cause.message", rule: "jwt" },
      { path: "error.cause.stack", rule: "jwt" }
    ]
    assert.deepStrictEqual(inspect(failure).findings, expected)
    assert.deepStrictEqual(inspect(Cause.fail(failure)).findings, expected)
    assert.deepStrictEqual(inspect(`t ${jwt}`).findings, [{ path: "message", rule: "jwt" }])
    assert.deepStrictEqual(inspect(new Map([["password", "s"]])).findings, [
      { path: "fields.data.password", rule: "password" }
    ])
    assert.deepStrictEqual(inspect([{ password: "s" }]).findings, [{
      path: "fields.data[0].password",
      rule: "password"
    }])
  })

  it("finds nothing where there is nothing", () => {
    for (const value of [{ a: 1 }, "text", 7, null, undefined, Cause.empty, Redacted.make("s"), () => 1]) {
      assert.deepStrictEqual(inspect(value).findings, [])
    }
  })

  it("reads paths as the options say, and throws as make does", () => {
    const value = { Password: "s" }
    assert.strictEqual(Redaction.inspect(["password"])(value).findings.length, 1)
    assert.strictEqual(Redaction.inspect({ paths: ["password"], caseSensitive: true })(value).findings.length, 0)
    assert.throws(() => Redaction.inspect(["a..b"]), "redact[0]")
  })

  it("says of a censor that takes away where it did", () => {
    const { findings, record } = Redaction.inspect({ paths: ["list.*", "a"], censor: Redaction.remove })({
      list: ["s", "s"],
      a: 1
    })
    assert.deepStrictEqual(findings.map(({ path }) => path), ["fields.list[0]", "fields.list[1]", "fields.a"])
    assert.deepStrictEqual(record.fields, { list: [] })
  })
})

describe("validate", () => {
  const wrong: ReadonlyArray<readonly [input: unknown, field: string, allowed: string]> = [
    ...[0, "password", null, true].map((input) => [input, "redact", "an array of paths, or an object"] as const),
    [{ path: ["a"] }, "redact.path", "paths, detect, censor, caseSensitive"],
    [{ paths: "a" }, "redact.paths", "an array of paths"],
    [{ paths: ["a", "b..c"] }, "redact.paths[1]", "a segment is empty"],
    [{ detect: "jwt" }, "redact.detect", "an array"],
    [{ detect: ["jwt", "JWT"] }, "redact.detect[1]", `"authorization", "jwt"`],
    [{ censor: "" }, "redact.censor", "Redaction.remove"],
    ...[null, 7, {}, { _tag: "Mask" }, () => "x"].map((censor) =>
      [{ censor }, "redact.censor", "Redaction.hash"] as const
    ),
    [{ caseSensitive: "no" }, "redact.caseSensitive", "a boolean"],
    ...[undefined, text, Redacted.make("k".repeat(31)), Redacted.make(7), {}].map((key) =>
      [{ censor: { _tag: "Hash", key } }, "redact.censor.key", "at least 32 bytes"] as const
    ),
    [{ censor: { ...Redaction.hash({ key }), lenght: 64 } }, "redact.censor.lenght", "key, length"],
    [{ censor: { ...Redaction.remove, length: 8 } }, "redact.censor.length", "there is no such option"],
    ...[7, 65, 16.5, "16", null, Number.NaN].map((length) =>
      [{ censor: { _tag: "Hash", key, length } }, "redact.censor.length", "an integer from 8 to 64"] as const
    )
  ]
  for (const [input, field, allowed] of wrong) {
    it(`G33 names ${field} and what is allowed`, () => {
      const message = Redaction.validate(input)
      assert.match(message ?? "nothing", new RegExp(`^${field.replaceAll(/[[\].]/g, "\\$&")}[: ]`))
      assert.include(message, allowed)
      for (const make of [Redaction.make, Redaction.stage, Redaction.text, Redaction.inspect]) {
        assert.throws(() => make(input as Redaction.Input), message)
      }
    })
  }

  it("G33 finds nothing wrong with what is right", () => {
    for (
      const censor of [undefined, "x", Redaction.remove, Redaction.hash({ key }), Redaction.hash({ key, length: 64 })]
    ) {
      assert.isUndefined(
        Redaction.validate({ paths: ["a"], detect: Redaction.detectors, censor, caseSensitive: false })
      )
    }
  })

  it("G33 a key that was wiped is none", () => {
    const wiped = Redacted.make(text)
    Redacted.wipeUnsafe(wiped)
    assert.include(Redaction.validate({ censor: Redaction.hash({ key: wiped }) }), "redact.censor.key")
  })
})
