import { assert, describe, it } from "@effect/vitest"
import * as fc from "fast-check"
import * as Formatters from "../src/Formatters.ts"
import { withColors } from "../src/Formatters/Pretty.ts"
import { escapeText } from "../src/Formatters/Text.ts"
import type { LogError, LogRecord } from "../src/Record.ts"
import * as Record from "../src/Record.ts"
import { hostileString, logRecord } from "./arbitraries.ts"

const at = Date.UTC(2026, 10, 21, 8, 0, 0, 123)

const record = (options: Partial<LogRecord> = {}): LogRecord =>
  Record.make({ time: at, level: "Info", message: "paid", ...options })

const error = (options: Partial<LogError> = {}): LogError => ({
  type: "CardError",
  message: "declined",
  stack: undefined,
  kind: undefined,
  fields: undefined,
  cause: undefined,
  others: undefined,
  ...options
})

const full = record({
  level: "Warn",
  logger: "auth",
  message: "card declined",
  fields: { orderId: 7, tags: ["new", "eu"], user: { name: "Ada L", id: 3 } },
  context: Object.freeze({ service: "shop-api", requestId: "r-1", custom: { tenant: "t1" } }),
  spans: { db: 12 },
  error: error({
    stack: "CardError: declined\n    at charge (src/charge.ts:12:9)",
    kind: "fail",
    fields: { code: "card_declined" },
    cause: error({ type: "TimeoutError", message: "no answer" }),
    others: [error({ type: "Interrupt", message: "", kind: "interrupt" })]
  }),
  traceId: "0af7651916cd43dd8448eb211c80319c",
  spanId: "b7ad6b7169203331",
  fiber: 12,
  seq: 42,
  gap: { lost: 3, since: at - 1000, reasons: { evicted: 2, overdraft: 1 } },
  notes: ["truncated", "enricher_failed"]
})

// what breaks a line, drives a terminal, or shows a text as another
const unsafe = /[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]/

describe("escapeText", () => {
  it("G17 leaves nothing that breaks a line, drives a terminal or turns the direction of text", () => {
    fc.assert(fc.property(hostileString, (text) => {
      const escaped = escapeText(text)
      assert.notMatch(escaped, unsafe)
      assert.isTrue(escaped.isWellFormed())
    }))
  })

  it("G17 names what it escapes", () => {
    assert.strictEqual(
      escapeText("a\r\n\tb\u001b[31m\u009b\u007f\u0085\u2028\u2029\u202e\u2066\ud800x\udc00 \\ 😀 é"),
      "a\\r\\n\\tb\\u001b[31m\\u009b\\u007f\\u0085\\u2028\\u2029\\u202e\\u2066\\ud800x\\udc00 \\ 😀 é"
    )
  })

  it("G17 escapes every one of them, and no other character, in each format", () => {
    for (let code = 0; code <= 0xffff; code++) {
      const char = String.fromCharCode(code)
      const escapes = escapeText(char) !== char
      assert.strictEqual(escapes, unsafe.test(char) || !char.isWellFormed(), code.toString(16))
      const line = Formatters.json(record({ message: char }))
      assert.strictEqual(
        line.endsWith(`"message":"${char}"}`),
        !/[\x00-\x1f\x7f-\x9f\u2028\u2029"\\]/.test(char) && char.isWellFormed()
      )
      assert.strictEqual(JSON.parse(line).message, char)
      const message = Formatters.logfmt(record({ message: char })).split("msg=")[1]!
      assert.strictEqual(message.includes(char), !escapes)
    }
  })

  it("answers a harmless text itself", () => {
    fc.assert(fc.property(fc.string(), (text) => assert.strictEqual(escapeText(text), text)))
  })
})

describe("json", () => {
  it("G16 a level that is none is written as a string", () => {
    for (const level of ["constructor", "a\"b", "__proto__"]) {
      const { level: written, message } = JSON.parse(Formatters.json({ ...full, level: level as LogRecord["level"] }))
      assert.deepStrictEqual([written, message], [level.toUpperCase(), full.message])
    }
  })

  it("writes the keys in their order, and all of them", () => {
    assert.strictEqual(
      Formatters.json(full),
      `{"timestamp":"2026-11-21T08:00:00.123Z","level":"WARN","logger":"auth","message":"card declined",` +
        `"fields":{"orderId":7,"tags":["new","eu"],"user":{"name":"Ada L","id":3}},` +
        `"context":{"service":"shop-api","requestId":"r-1","custom":{"tenant":"t1"}},"spans":{"db":12},` +
        `"error":{"type":"CardError","message":"declined",` +
        `"stack":"CardError: declined\\n    at charge (src/charge.ts:12:9)","kind":"fail",` +
        `"fields":{"code":"card_declined"},"cause":{"type":"TimeoutError","message":"no answer"},` +
        `"others":[{"type":"Interrupt","message":"","kind":"interrupt"}]},` +
        `"trace_id":"0af7651916cd43dd8448eb211c80319c","span_id":"b7ad6b7169203331","fiber":12,"seq":42,` +
        `"gap":{"lost":3,"since":"2026-11-21T07:59:59.123Z","reasons":{"evicted":2,"overdraft":1}},` +
        `"notes":["truncated","enricher_failed"]}`
    )
  })

  it("leaves out keys with nothing in them", () => {
    const line = `{"timestamp":"2026-11-21T08:00:00.123Z","level":"INFO","message":"paid"}`
    assert.strictEqual(Formatters.json(record()), line)
    assert.strictEqual(Formatters.json(record({ fields: {}, context: {}, spans: {}, notes: [] })), line)
  })

  it("user data cannot stand for the line's own keys", () => {
    const line = Formatters.json(record({ fields: { level: "FATAL", message: "forged" } }))
    assert.deepStrictEqual(JSON.parse(line), {
      timestamp: "2026-11-21T08:00:00.123Z",
      level: "INFO",
      message: "paid",
      fields: { level: "FATAL", message: "forged" }
    })
  })

  it("times: years outside 0 to 9999, before the epoch, fractions, and what is no time", () => {
    const timestamp = (time: number) => JSON.parse(Formatters.json(record({ time }))).timestamp
    for (
      const time of [at, at + 1, at + 877, 0, -1, -1000, -1001, -62167219200001, 253402300800000, 8.64e15, -8.64e15]
    ) {
      assert.strictEqual(timestamp(time), new Date(time).toISOString())
    }
    for (const time of [1.7, -0.5, -1.5, 999.999]) assert.strictEqual(timestamp(time), new Date(time).toISOString())
    for (const time of [NaN, Infinity, -Infinity, 8.64e15 + 2]) {
      assert.strictEqual(timestamp(time), "1970-01-01T00:00:00.000Z")
    }
  })

  it("times: generated, in any order", () => {
    fc.assert(fc.property(fc.date({ noInvalidDate: true }), (date) => {
      assert.include(Formatters.json(record({ time: date.getTime() })), `"${date.toISOString()}"`)
    }))
  })

  it("numbers that are not finite are null", () => {
    assert.deepStrictEqual(
      JSON.parse(Formatters.json(record({ fields: { a: NaN, b: [Infinity], c: -Infinity } }))).fields,
      {
        a: null,
        b: [null],
        c: null
      }
    )
    assert.include(Formatters.json(record({ fiber: NaN, seq: Infinity })), `"fiber":null,"seq":null`)
  })

  it("what is no LogValue, from an enricher without types, is still one valid line", () => {
    const fields: any = { missing: undefined, big: 2n, symbol: Symbol("s"), items: [1n] }
    assert.deepStrictEqual(JSON.parse(Formatters.json(record({ fields }))).fields, {
      big: "2",
      symbol: "Symbol(s)",
      items: ["1"]
    })
  })

  it("a context that is changed in place is written as it is now", () => {
    const context = { service: "a" }
    assert.include(Formatters.json(record({ context })), `"context":{"service":"a"}`)
    context.service = "b"
    assert.include(Formatters.json(record({ context })), `"context":{"service":"b"}`)
  })

  it("more names of fields than it remembers are written all the same", () => {
    for (let i = 0; i < 3000; i++) {
      const key = `k${i}\n`
      assert.deepStrictEqual(JSON.parse(Formatters.json(record({ fields: { [key]: i } }))).fields, { [key]: i })
    }
  })

  it("G17 one record is one line, without controls", () => {
    fc.assert(fc.property(logRecord, (record) => {
      assert.notMatch(Formatters.json(record), /[\x00-\x1f\x7f-\x9f\u2028\u2029]/)
    }))
  })
})

// as go-logfmt reads a line: keys and bare values are any character above the space but `=` and `"`
const readLogfmt = (line: string): ReadonlyArray<readonly [key: string, value: string]> => {
  const pair = /([^\x00-\x20="\ufffd]+)=(?:("(?:[^"\\]|\\.)*")|([^\x00-\x20="]*))(?: (?=.)|$)/y
  const out: Array<readonly [string, string]> = []
  while (pair.lastIndex < line.length) {
    const start = pair.lastIndex
    const match = pair.exec(line)
    assert.isNotNull(match, `unreadable from ${start} on: ${line}`)
    out.push([match![1]!, match![2] === undefined ? match![3]! : JSON.parse(match![2])])
  }
  return out
}

describe("logfmt", () => {
  it("writes everything, flattened", () => {
    assert.strictEqual(
      Formatters.logfmt(full),
      `time=2026-11-21T08:00:00.123Z level=warn logger=auth msg="card declined" orderId=7 ` +
        `tags="[\\"new\\",\\"eu\\"]" user.name="Ada L" user.id=3 service=shop-api requestId=r-1 custom.tenant=t1 ` +
        `span.db=12ms error.type=CardError error.message=declined ` +
        `error.stack="CardError: declined\\n    at charge (src/charge.ts:12:9)" error.kind=fail ` +
        `error.fields.code=card_declined error.cause.type=TimeoutError error.cause.message="no answer" ` +
        `error.others.0.type=Interrupt error.others.0.message="" error.others.0.kind=interrupt ` +
        `trace_id=0af7651916cd43dd8448eb211c80319c span_id=b7ad6b7169203331 fiber=12 seq=42 ` +
        `gap.lost=3 gap.since=2026-11-21T07:59:59.123Z gap.reasons.evicted=2 gap.reasons.overdraft=1 ` +
        `notes=truncated,enricher_failed`
    )
  })

  it("quotes what would not read as one value", () => {
    const fields = {
      empty: "",
      null: null,
      text: "null",
      eq: "a=b",
      quote: "\"",
      path: "C:\\temp",
      no: {},
      none: [],
      rtl: "\u202e"
    }
    assert.strictEqual(
      Formatters.logfmt(record({ fields })),
      `time=2026-11-21T08:00:00.123Z level=info msg=paid empty="" null=null text="null" eq="a=b" quote="\\"" ` +
        `path=C:\\temp no={} none=[] rtl="\\u202e"`
    )
  })

  it("a field never reads as a key of the line's own", () => {
    const fields = { level: "a", "Msg": "b", error: { type: "c" }, "gap.lost": 1, "fields": 2, "le vel": 3, levels: 4 }
    assert.strictEqual(
      Formatters.logfmt(record({ fields })),
      `time=2026-11-21T08:00:00.123Z level=info msg=paid fields.level=a fields.Msg=b fields.error.type=c ` +
        `fields.gap.lost=1 fields.fields=2 le_vel=3 levels=4`
    )
  })

  it("G17 G21 every line reads back, with one time, level and message, and no controls", () => {
    fc.assert(fc.property(logRecord, (record) => {
      const line = Formatters.logfmt(record)
      assert.notMatch(line, unsafe)
      assert.isTrue(line.isWellFormed())
      const read = readLogfmt(line)
      assert.deepStrictEqual(read.slice(0, 2), [
        ["time", new Date(record.time).toISOString()],
        ["level", record.level.toLowerCase()]
      ])
      assert.deepStrictEqual(read.filter(([key]) => key === "msg"), [["msg", record.message]])
      assert.deepStrictEqual(
        read.filter(([key]) => key === "logger"),
        record.logger === undefined ? [] : [["logger", record.logger]]
      )
      assert.strictEqual(read.filter(([key]) => /^(time|level)$/i.test(key)).length, 2)
    }))
  })
})

const stripColors = (text: string): string => text.replace(/\u001b\[[\d;]*m/g, "")

describe("pretty", () => {
  const format = Formatters.pretty({ utc: true })

  it("is short, and has errors on lines of their own", () => {
    assert.strictEqual(
      format(full),
      [
        `08:00:00.123 WARN  [auth] card declined orderId=7 tags=["new", "eu"] user={ name: "Ada L", id: 3 } ` +
        `requestId=r-1 tenant=t1 db=12ms (3 lost since 07:59:59.123: evicted 2, overdraft 1) (truncated) (enricher_failed)`,
        `    CardError: declined code=card_declined`,
        `        at charge (src/charge.ts:12:9)`,
        `    caused by TimeoutError: no answer`,
        `    and Interrupt (interrupt)`
      ].join("\n")
    )
  })

  it("a line without anything else is time, level and message", () => {
    assert.strictEqual(format(record()), "08:00:00.123 INFO  paid")
  })

  it("quotes strings that would not read as one value", () => {
    assert.strictEqual(
      format(record({ message: "", fields: { a: "", b: "c d", e: "f", "g-h": { "i j": null }, k: {} } })),
      `08:00:00.123 INFO  a="" b="c d" e=f g-h={ "i j": null } k={}`
    )
  })

  it("the lines of an error's message are indented, and a stack without frames is not repeated", () => {
    const two = error({ message: "first\r\nsecond", stack: "CardError: first\r\nsecond" })
    assert.strictEqual(
      format(record({ error: two })),
      "08:00:00.123 INFO  paid\n    CardError: first\n      second"
    )
    assert.strictEqual(
      format(record({ error: error({ stack: "somewhere else" }) })),
      "08:00:00.123 INFO  paid\n    CardError: declined\n        somewhere else"
    )
  })

  it("utc: times are local without it", () => {
    const date = new Date(at)
    const local = [date.getHours(), date.getMinutes(), date.getSeconds()].map((n) => String(n).padStart(2, "0")).join(
      ":"
    )
    assert.strictEqual(Formatters.pretty()(record()), `${local}.123 INFO  paid`)
  })

  it("colors: off without a destination, else what it shows, and the option wins", () => {
    const colored = Formatters.pretty({ utc: true, colors: true })
    const line = colored(full)
    assert.notStrictEqual(line, format(full))
    assert.strictEqual(withColors(format, true)(full), line)
    assert.strictEqual(withColors(format, false)(full), format(full))
    assert.strictEqual(withColors(colored, false)(full), line)
    assert.strictEqual(withColors(Formatters.pretty({ utc: true, colors: false }), true)(full), format(full))
    assert.strictEqual(withColors(Formatters.json, true), Formatters.json)
  })

  it("colors: every level has its own", () => {
    const colored = Formatters.pretty({ utc: true, colors: true })
    const levels = (["Trace", "Debug", "Info", "Warn", "Error", "Fatal"] as const)
      .map((level) => colored(record({ level })).match(/\u001b\[[\d;]*m(?=[A-Z])/)![0])
    assert.strictEqual(new Set(levels).size, 6)
  })

  it("G17 no text of the user's breaks a line or drives the terminal", () => {
    const colored = Formatters.pretty({ utc: true, colors: true })
    fc.assert(fc.property(logRecord, (record) => {
      const text = format(record)
      assert.strictEqual(stripColors(colored(record)), text)
      const [line, ...rest] = text.split("\n")
      assert.match(line!, /^\d\d:\d\d:\d\d\.\d{3} [A-Z]+/)
      for (const part of [line!, ...rest]) {
        assert.notMatch(part, unsafe)
        assert.isTrue(part.isWellFormed())
      }
      for (const part of rest) assert.match(part, /^ {4}/)
      if (record.error === undefined) assert.deepStrictEqual(rest, [])
    }))
  })

  it("shows the frames of the program, and counts those of Effect and Node", () => {
    const stack = [
      "Error: declined",
      "    at pay (file:///app/pay.ts:9:44)",
      "    at Generator.next (<anonymous>)",
      "    at FiberImpl.runLoop (file:///app/node_modules/effect/dist/internal/effect.js:476:97)",
      "    at main (file:///app/main.ts:13:8)",
      "    at node:internal/main:1:1"
    ]
    const format = Formatters.pretty({ utc: true })
    assert.deepStrictEqual(format(record({ error: error({ stack: stack.join("\n") }) })).split("\n").slice(2), [
      "        at pay (file:///app/pay.ts:9:44)",
      "        at main (file:///app/main.ts:13:8)",
      "        … 3 frames of Effect and Node"
    ])
    const internal = stack.filter((line) => line.includes("node:")).join("\n")
    assert.include(format(record({ error: error({ stack: internal }) })), "at node:internal/main:1:1")
  })
})

describe("colorsFromEnv", () => {
  it("NO_COLOR wins over FORCE_COLOR, which wins over the terminal; TERM=dumb has none", () => {
    const cases: ReadonlyArray<readonly [{ readonly [name: string]: string }, isTTY: boolean, expected: boolean]> = [
      [{}, true, true],
      [{}, false, false],
      [{ TERM: "dumb" }, true, false],
      [{ TERM: "xterm-256color" }, true, true],
      [{ NO_COLOR: "" }, true, true],
      [{ NO_COLOR: "0" }, true, false],
      [{ NO_COLOR: "1", FORCE_COLOR: "1" }, true, false],
      [{ FORCE_COLOR: "" }, false, false],
      [{ FORCE_COLOR: "1" }, false, true],
      [{ FORCE_COLOR: "true", TERM: "dumb" }, false, true],
      [{ FORCE_COLOR: "0" }, true, false]
    ]
    for (const [env, isTTY, expected] of cases) {
      assert.strictEqual(Formatters.colorsFromEnv(env, isTTY), expected, JSON.stringify({ env, isTTY }))
    }
  })
})
