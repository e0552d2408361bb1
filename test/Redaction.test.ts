import { assert, describe, it } from "@effect/vitest"
import * as Pipeline from "../src/Pipeline.ts"
import * as PipelineRun from "../src/PipelineRun.ts"
import type { LogContext, LogError, LogFields, LogRecord, LogValue } from "../src/Record.ts"
import * as Record from "../src/Record.ts"
import * as Redaction from "../src/Redaction.ts"
import { tally } from "./support/tally.ts"

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

const fieldsOf = (paths: ReadonlyArray<string>, fields: LogFields): LogFields =>
  Redaction.make(paths)(record({ fields })).fields

describe("a bare name", () => {
  it("G22 is redacted at any depth of the fields, whatever its value", () => {
    assert.deepStrictEqual(
      fieldsOf(["password"], {
        password: "s",
        user: { password: { hash: "s" }, name: "n" },
        list: [{ password: ["s"] }, [{ password: null }], "password"]
      }),
      {
        password: "[redacted]",
        user: { password: "[redacted]", name: "n" },
        list: [{ password: "[redacted]" }, [{ password: "[redacted]" }], "password"]
      }
    )
  })

  it("G22 is redacted in the context", () => {
    const { context } = Redaction.make(["userId", "token"])(
      record({ context: { service: "shop", userId: "u-1", custom: { auth: { token: "s" } } } })
    )
    assert.deepStrictEqual(context, {
      service: "shop",
      userId: "[redacted]",
      custom: { auth: { token: "[redacted]" } }
    })
  })

  it("G22 is redacted in the error, its causes and the others", () => {
    const bad = (options: Partial<LogError> = {}) => error({ fields: { password: "s", code: 1 }, ...options })
    const good = (options: Partial<LogError> = {}) => error({ fields: { password: "[redacted]", code: 1 }, ...options })
    const input = record({ error: bad({ cause: bad({ cause: bad() }), others: [error(), bad({ cause: bad() })] }) })
    assert.deepStrictEqual(
      Redaction.make(["password"])(input).error,
      good({ cause: good({ cause: good() }), others: [error(), good({ cause: good() })] })
    )
  })

  it("G22 counts as a key in a list of pairs, as Maps and headers give", () => {
    assert.deepStrictEqual(
      fieldsOf(["cookie", "token"], {
        headers: [["accept", "x"], ["cookie", "s"], ["nested", { token: "s" }]],
        names: ["cookie", "accept"]
      }),
      {
        headers: [["accept", "x"], ["cookie", "[redacted]"], ["nested", { token: "[redacted]" }]],
        names: ["cookie", "accept"]
      }
    )
  })

  it("G22 is redacted in any case, unless case counts", () => {
    const fields = { Password: "s", PASSWORD: "s", user: { passWord: "s" } }
    const hidden = { Password: "[redacted]", PASSWORD: "[redacted]", user: { passWord: "[redacted]" } }
    for (const name of ["password", "PASSWORD"]) assert.deepStrictEqual(fieldsOf([name], fields), hidden)
    assert.strictEqual(Redaction.make({ paths: ["password"], caseSensitive: true })(record({ fields })).fields, fields)
    assert.deepStrictEqual(
      Redaction.make({ paths: ["Password", "user.passWord"], caseSensitive: true })(record({ fields })).fields,
      { Password: "[redacted]", PASSWORD: "s", user: { passWord: "[redacted]" } }
    )
  })

  it("G22 is redacted as a part of a key with dots, which reads as the way to what is in it", () => {
    assert.deepStrictEqual(
      fieldsOf(["password"], { "user.password": "s", "password.age": 3, x: { "a.b.PASSWORD": 1, "a.password.b": 2 } }),
      {
        "user.password": "[redacted]",
        "password.age": "[redacted]",
        x: { "a.b.PASSWORD": "[redacted]", "a.password.b": "[redacted]" }
      }
    )
  })

  it("does not match a part of a word, and inherited names are no keys", () => {
    const fields = { passwords: "b", pass: "c", "x-password": "d" }
    assert.strictEqual(fieldsOf(["password", "constructor", "toString", "__proto__"], fields), fields)
  })

  it("may be __proto__, which stays an ordinary key", () => {
    const fields = JSON.parse(`{ "__proto__": { "x": "s" }, "y": { "x": "s" } }`) as LogFields
    assert.strictEqual(
      JSON.stringify(fieldsOf(["x"], fields)),
      `{"__proto__":{"x":"[redacted]"},"y":{"x":"[redacted]"}}`
    )
    assert.strictEqual(JSON.stringify(fieldsOf(["__proto__"], fields)), `{"__proto__":"[redacted]","y":{"x":"s"}}`)
  })
})

describe("a dotted path", () => {
  it("G22 is anchored at fields, context, custom, errors and their fields", () => {
    const inside = { headers: { authorization: "s", accept: "x" } }
    const outside = { headers: { authorization: "[redacted]", accept: "x" } }
    const out = Redaction.make(["headers.authorization"])(record({
      fields: { ...inside, request: inside },
      context: { custom: { ...inside, request: inside } },
      error: error({ fields: inside, cause: error({ fields: inside }), others: [error({ fields: inside })] })
    }))
    assert.deepStrictEqual(out.fields, { ...outside, request: inside })
    assert.deepStrictEqual(out.context, { custom: { ...outside, request: inside } })
    assert.deepStrictEqual(
      out.error,
      error({ fields: outside, cause: error({ fields: outside }), others: [error({ fields: outside })] })
    )
  })

  it("G22 passes through lists, for each item", () => {
    assert.deepStrictEqual(fieldsOf(["items.card.number"], { items: [{ card: [[{ number: 1 }]] }, { card: 2 }, 3] }), {
      items: [{ card: [[{ number: "[redacted]" }]] }, { card: 2 }, 3]
    })
    assert.deepStrictEqual(
      fieldsOf(["headers.cookie", "headers.x.y", "headers.z"], {
        headers: [["cookie", "s"], ["x", { y: "s" }], ["w", { z: "s" }]]
      }),
      { headers: [["cookie", "[redacted]"], ["x", { y: "[redacted]" }], ["w", { z: "[redacted]" }]] }
    )
  })

  it("G22 matches keys that contain dots", () => {
    const path = ["http.request.header"]
    assert.deepStrictEqual(fieldsOf(path, { "http.request.header": "s" }), { "http.request.header": "[redacted]" })
    assert.deepStrictEqual(fieldsOf(path, { "http.request": { header: "s" } }), {
      "http.request": { header: "[redacted]" }
    })
    assert.deepStrictEqual(fieldsOf(path, { "http.request.header.x": "s", http: { "request.header.x.y": "s" } }), {
      "http.request.header.x": "[redacted]",
      http: { "request.header.x.y": "[redacted]" }
    })
    assert.deepStrictEqual(fieldsOf(path, { http: { "request.header": "s", request: { header: "s" } } }), {
      http: { "request.header": "[redacted]", request: { header: "[redacted]" } }
    })
  })

  it("does not match a part of a key, or of a way", () => {
    const fields = { a: { bc: 1 }, ab: { b: 1 }, "a.bc": 1, x: { a: { b: 1 } }, b: 1, head: { "rs.x": 1 } }
    assert.strictEqual(fieldsOf(["a.b", "headers.x"], fields), fields)
  })

  it("G22 may begin with its root, and holds only there", () => {
    const redact = Redaction.make(["context.custom.token", "context.userId", "error.type", "fields.code"])
    const out = redact(record({
      fields: { custom: { token: "s" }, code: 1, type: "t" },
      context: { userId: "u", requestId: "r", custom: { token: "s" } },
      error: error({ fields: { code: 1 } })
    }))
    assert.deepStrictEqual(out.fields, { custom: { token: "s" }, code: "[redacted]", type: "t" })
    assert.deepStrictEqual(out.context, { userId: "[redacted]", requestId: "r", custom: { token: "[redacted]" } })
    assert.strictEqual(out.error?.type, "[redacted]")
    assert.deepStrictEqual(out.error?.fields, { code: "[redacted]" })
  })
})

describe("a wildcard", () => {
  it("G22 * stands for one key", () => {
    assert.deepStrictEqual(
      fieldsOf(["req.headers.*", "*.token", "users.*.email"], {
        req: { headers: { cookie: "s", accept: { x: "s" } }, url: "/" },
        auth: { token: "s", deep: { token: "t" } },
        users: { a: { email: "s", id: 1 }, b: { email: "s" } },
        token: "t"
      }),
      {
        req: { headers: { cookie: "[redacted]", accept: "[redacted]" }, url: "/" },
        auth: { token: "[redacted]", deep: { token: "t" } },
        users: { a: { email: "[redacted]", id: 1 }, b: { email: "[redacted]" } },
        token: "t"
      }
    )
  })

  it("G22 * stands for an item of a list too, which is passed through all the same", () => {
    assert.deepStrictEqual(
      fieldsOf(["users.*.email", "raw.*", "pairs.*"], {
        users: [{ email: "s", a: { email: "s" } }],
        raw: ["cookie", "s", { x: 1 }],
        pairs: [["cookie", "s"], ["accept", "s"]]
      }),
      {
        users: [{ email: "[redacted]", a: { email: "[redacted]" } }],
        raw: ["[redacted]", "[redacted]", "[redacted]"],
        pairs: [["cookie", "[redacted]"], ["accept", "[redacted]"]]
      }
    )
  })

  it("G22 ** stands for any number of keys, none too", () => {
    assert.deepStrictEqual(
      fieldsOf(["req.**.secret", "**.inner.pin", "all.**"], {
        req: { secret: "s", a: { secret: "s", b: [{ secret: "s" }] } },
        secret: "t",
        x: { inner: { pin: "s", y: { pin: "t" } } },
        all: { a: { b: 1 }, c: 2 }
      }),
      {
        req: { secret: "[redacted]", a: { secret: "[redacted]", b: [{ secret: "[redacted]" }] } },
        secret: "t",
        x: { inner: { pin: "[redacted]", y: { pin: "t" } } },
        all: { a: "[redacted]", c: "[redacted]" }
      }
    )
  })

  it("G22 **.name is the bare name", () => {
    const fields = { password: "s", a: [{ password: "s", "x.password": "s" }] }
    assert.deepStrictEqual(fieldsOf(["**.password"], fields), fieldsOf(["password"], fields))
    assert.deepStrictEqual(fieldsOf(["**.**.password"], fields), fieldsOf(["password"], fields))
  })

  it("G22 keys with dots count as one key, and as several", () => {
    const hidden = { "req.headers.x": "[redacted]", req: { "headers.y": "[redacted]", "headers.y.z": "[redacted]" } }
    assert.deepStrictEqual(
      fieldsOf(["req.headers.*"], { "req.headers.x": "s", req: { "headers.y": "s", "headers.y.z": "t" } }),
      hidden
    )
    assert.deepStrictEqual(fieldsOf(["a.*.c"], { a: { "x.y": { c: "s" } }, "a.b": { c: "s" } }), {
      a: { "x.y": { c: "[redacted]" } },
      "a.b": { c: "[redacted]" }
    })
  })

  it("G22 may begin at a root", () => {
    const out = Redaction.make(["context.custom.*", "error.fields.**.pin", "fields.a.*"])(record({
      fields: { a: { x: "s" } },
      context: { service: "shop", custom: { tenant: "s" } },
      error: error({ fields: { card: { pin: "s" } }, cause: error({ fields: { pin: "t" } }) })
    }))
    assert.deepStrictEqual(out.fields, { a: { x: "[redacted]" } })
    assert.deepStrictEqual(out.context, { service: "shop", custom: { tenant: "[redacted]" } })
    assert.deepStrictEqual(out.error?.fields, { card: { pin: "[redacted]" } })
  })

  it("G22 takes all of an error, which stays one", () => {
    const own = error({ kind: "fail", fields: { a: "s" }, cause: error(), others: [error()] })
    assert.deepStrictEqual(
      Redaction.make(["error.*"])(record({ error: own })).error,
      error({ type: "[redacted]", message: "[redacted]", stack: "[redacted]" })
    )
  })

  it("what is known of keys is bounded, and forgetting it changes nothing", () => {
    const redact = Redaction.make(["password", "a.**.b.*.c", "**.x.**.y"])
    const fields = { password: "s", a: { q: { b: { r: { c: "s" } } } }, x: { z: { y: "s" } } }
    const hidden = {
      password: "[redacted]",
      a: { q: { b: { r: { c: "[redacted]" } } } },
      x: { z: { y: "[redacted]" } }
    }
    for (let i = 0; i < 10; i++) {
      const many = Object.fromEntries(Array.from({ length: 1000 }, (_, n) => [`key-${i}-${n}`, { x: { b: n } }]))
      const input = record({ fields: { ...many, ...fields } })
      assert.deepStrictEqual(redact(input).fields, { ...many, ...hidden })
    }
  })
})

describe("the record's own form", () => {
  it("G22 a stack goes with the message that it repeats", () => {
    for (const path of ["message", "error.message"]) {
      const out = Redaction.make([path])(record({ error: error({ cause: error() }) })).error!
      assert.deepStrictEqual([out.message, out.stack], ["[redacted]", "[redacted]"])
    }
    assert.deepStrictEqual(fieldsOf(["err.message"], { err: { message: "s", stack: "Error: s" }, stack: "x" }), {
      err: { message: "[redacted]", stack: "[redacted]" },
      stack: "x"
    })
  })

  it("G22 keys that must hold an object are removed, so that the record stays one", () => {
    const own = error({ kind: "fail", fields: { a: "s" }, cause: error(), others: [error()] })
    const input = record({ context: { service: "shop", custom: { a: "s" } }, error: own })
    const out = Redaction.make(["custom", "fields", "cause", "others", "kind"])(input)
    assert.deepStrictEqual(out.context, { service: "shop" })
    assert.deepStrictEqual(out.error, error())
  })

  it("message, spans, ids and notes are not touched", () => {
    const input = record({
      message: "password",
      logger: "password",
      spans: { password: 1 },
      traceId: "t",
      notes: ["truncated"],
      fields: { password: "s" }
    })
    assert.deepStrictEqual(Redaction.make(["password", "message", "traceId"])(input), {
      ...input,
      fields: { password: "[redacted]" }
    })
  })
})

describe("sharing", () => {
  it("a record in which nothing matches comes back itself", () => {
    const input = record({ fields: { a: [{ b: 1 }] }, context: { custom: { a: { b: 1 } } }, error: error() })
    assert.strictEqual(Redaction.make(["password", "a.x", "b.a"])(input), input)
    assert.strictEqual(Redaction.make([])(input), input)
  })

  it("what is not touched is shared, and the input stays as it was", () => {
    const input = record({ fields: { a: { password: "s" }, b: { c: 1 } }, context: { userId: "u" } })
    const before = structuredClone(input)
    const out = Redaction.make(["password"])(input)
    assert.deepStrictEqual(input, before)
    assert.strictEqual(out.fields["b"], input.fields["b"])
    assert.strictEqual(out.context, input.context)
  })

  it("records that shared a context share the redacted one", () => {
    const redact = Redaction.make(["userId"])
    const context: LogContext = Object.freeze({ userId: "u" })
    const out = redact(record({ context })).context
    assert.strictEqual(redact(record({ context })).context, out)
    assert.strictEqual(Redaction.make(["password"])(record({ context })).context, context)
  })

  it("G22 a context that may yet change is looked at each time, and left as it is", () => {
    const redact = Redaction.make(["password"])
    for (const frozen of [false, true]) {
      const custom: { [key: string]: string } = {}
      const context: LogContext = { requestId: "r", custom }
      if (frozen) Object.freeze(context)
      assert.strictEqual(redact(record({ context })).context, context)
      assert.strictEqual(Object.isFrozen(context), frozen)
      custom["password"] = "secret"
      assert.deepStrictEqual(redact(record({ context })).context, {
        requestId: "r",
        custom: { password: "[redacted]" }
      })
    }
  })

  it("a record keeps the rest of its parts, and the name of its event", () => {
    const input = Record.make({
      level: "Warn",
      message: "m",
      time: 5,
      logger: "l",
      fields: { password: "s" },
      spans: { a: 1 },
      traceId: "t",
      spanId: "s",
      fiber: 3,
      seq: 9,
      notes: ["truncated"],
      event: "Paid"
    })
    assert.deepStrictEqual(Redaction.make(["password"])(input), { ...input, fields: { password: "[redacted]" } })
    assert.isFalse("event" in Redaction.make(["password"])(record({ fields: { password: "s" } })))
  })

  it("redacting twice changes nothing more", () => {
    const redact = Redaction.make(["password", "a.b", "kind"])
    const once = redact(record({
      fields: { password: "s", a: { b: 1 }, list: [["password", "s"]] },
      error: error({ kind: "die" })
    }))
    assert.strictEqual(redact(once), once)
  })
})

describe("failing closed", () => {
  const whole = record({
    time: 5,
    level: "Warn",
    logger: "auth",
    message: "secret",
    fields: { x: "secret" },
    context: { userId: "secret" },
    spans: { secret: 1 },
    error: error({ message: "secret" }),
    traceId: "t",
    spanId: "s",
    fiber: 3,
    seq: 9,
    notes: ["truncated"]
  })

  const redactedBy = (stage: Pipeline.Stage, input: LogRecord = whole) => {
    const out = tally()
    PipelineRun.runUnsafe([stage], 0, input, "offered", out.visitor)
    return out
  }

  it("G22 a redactor that throws drops the body, and time, level, logger, number and ids stay", () => {
    const stage = Pipeline.redact(() => {
      throw new Error("boom")
    })
    const out = redactedBy(stage)
    assert.deepStrictEqual(out.accepted, [record({
      time: 5,
      level: "Warn",
      logger: "auth",
      message: "[redacted: the redactor failed]",
      traceId: "t",
      spanId: "s",
      fiber: 3,
      seq: 9,
      notes: ["truncated", "redactor_failed"]
    })])
    assert.deepStrictEqual(out.failures, [["redact", "redactor_failed"]])
    assert.deepStrictEqual(out.counts, { offered: 1, made: 0, held: 0, accepted: 1 })
  })

  it("G22 a redactor that answers no record drops the body", () => {
    const out = redactedBy(Pipeline.redact(() => undefined as unknown as LogRecord))
    assert.notInclude(JSON.stringify(out.accepted), "secret")
    assert.strictEqual(out.accepted.length, 1)
  })

  it("G22 values without an end drop the body, and soon", () => {
    const circular: { [key: string]: LogFields } = {}
    circular["a"] = circular
    circular["b"] = circular
    const list: Array<unknown> = []
    list.push(list, list, "secret")
    for (const fields of [circular, { list } as unknown as LogFields]) {
      const out = redactedBy(Redaction.stage(["password"]), { ...whole, fields })
      assert.deepStrictEqual(out.accepted[0]!.notes, ["truncated", "redactor_failed"])
      assert.strictEqual(out.accepted[0]!.fields, Record.noFields)
    }
  })

  it("throws above 64 levels of lists or objects, and works up to there", () => {
    const nest = (levels: number, wrap: (inner: LogValue) => LogValue): LogFields => {
      let out: LogValue = { password: "secret" }
      for (let i = 0; i < levels; i++) out = wrap(out)
      return { out }
    }
    for (const wrap of [(inner: LogValue) => [inner], (inner: LogValue) => ({ inner })]) {
      assert.notInclude(JSON.stringify(fieldsOf(["password"], nest(63, wrap))), "secret")
      assert.throws(() => fieldsOf(["password"], nest(64, wrap)), "the record nests deeper than 64 levels")
    }
    const lists: Array<unknown> = []
    lists.push(lists)
    assert.throws(() => fieldsOf(["password"], { lists } as unknown as LogFields), "nests deeper than 64")
  })

  it("G22 no field of the user's switches it off", () => {
    const out = redactedBy(
      Redaction.stage(["password"]),
      record({ fields: { redact: false, notes: [], constructor: "x", toJSON: "x", user: { password: "s" } } })
    )
    assert.deepStrictEqual(out.accepted[0]!.fields["user"], { password: "[redacted]" })
  })
})

describe("validate", () => {
  it("G33 finds nothing wrong with names and dotted paths", () => {
    for (const nothing of [[], {}, { paths: [] }, { paths: undefined, detect: [] }]) {
      assert.isUndefined(Redaction.validate(nothing))
    }
    assert.isUndefined(Redaction.validate(["users.*.token", "**.password", "req.**.secret", "a.**"]))
    assert.isUndefined(
      Redaction.validate(["password", "headers.authorization", "user[name]", "x-api-key", "mot de passe"])
    )
  })

  const wrong: ReadonlyArray<readonly [unknown, string]> = [
    ["", "is empty"],
    [".a", `is ".a": a segment is empty`],
    ["a.", `is "a.": a segment is empty`],
    ["a..b", `is "a..b": a segment is empty`],
    ["*", `is "*": it names no key, and would redact everything`],
    ["**.*", `is "**.*": it names no key, and would redact everything`],
    ["users[*].token", `is "users[*].token": a wildcard stands for a whole segment`],
    ["a.***", `is "a.***": a wildcard stands for a whole segment`],
    [7, "is of type number"],
    [null, "is of type null"],
    [undefined, "is of type undefined"],
    [["a"], "is of type object"]
  ]
  for (const [path, reason] of wrong) {
    it(`G33 names the entry and what is allowed: ${reason}`, () => {
      const message = Redaction.validate(["password", path])
      assert.match(message!, /; allowed are a key \("password"\), a dotted path .+ and "\*\*" for any number of them$/)
      assert.isTrue(message!.startsWith(`redact[1] ${reason};`), message)
      assert.throws(() => Redaction.stage(["password", path as string]), message)
      assert.strictEqual(
        Redaction.validate({ paths: ["password", path] }),
        message!.replace("redact[1]", "redact.paths[1]")
      )
    })
  }
})
