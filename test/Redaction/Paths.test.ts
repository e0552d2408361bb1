import { assert, describe, it } from "@effect/vitest"
import * as Record from "../../src/Record.ts"
import * as Redaction from "../../src/Redaction.ts"
import * as Paths from "../../src/Redaction/Paths.ts"

const dotted = (segments: number, last: string): string =>
  [...Array.from({ length: segments - 1 }, () => "x"), last].join(".")

/** How often a new key has the segments of the paths looked at. */
const looksFor = (key: string): number => {
  const paths = Array.from({ length: 40 }, (_, i) => i % 2 === 0 ? `**.a${i}.b` : `*.*.a${i}.**.b`)
  const made = Paths.make(paths, false, (key) => key)
  let looks = 0
  const segments = new Proxy(made.segments, {
    get: (target, name, receiver) => {
      looks++
      return Reflect.get(target, name, receiver)
    }
  })
  const counted = { ...made, segments }
  const root = Paths.root(counted)
  looks = 0
  Paths.edge(counted, root, key)
  return looks
}

const keysOf = (paths: ReadonlyArray<string>, key: string) => {
  const { fields } = Redaction.make(paths)(Record.make({ level: "Info", message: "", fields: { [key]: "s" } }))
  return fields[key]
}

describe("a key with very many dots", () => {
  it("G22 costs no more than one with some", () => {
    const some = looksFor(dotted(16, "y"))
    for (const segments of [17, 128, 100_000]) assert.isBelow(looksFor(dotted(segments, "y")), 1.2 * some)
  })

  it("G22 is followed for 16 segments, and redacted where a path may go on behind them", () => {
    assert.deepStrictEqual(keysOf(["**.a.b"], dotted(16, "b")), "s")
    assert.deepStrictEqual(keysOf(["**.a.b"], `${dotted(15, "a")}.b`), "[redacted]")
    assert.deepStrictEqual(keysOf(["**.a.b"], `${dotted(16, "a")}.b`), "[redacted]")
    assert.deepStrictEqual(keysOf(["**.a.b"], dotted(17, "y")), "[redacted]")
    assert.deepStrictEqual(keysOf([dotted(20, "a")], dotted(20, "a")), "[redacted]")
    // these have come to their end before
    assert.deepStrictEqual(keysOf(["x.a", "x.x.x", "b.**.c"], `x.y.${dotted(100, "y")}`), "s")
    assert.deepStrictEqual(keysOf(["x.x.x"], dotted(100, "y")), "[redacted]")
  })

  it("G22 is redacted wherever a name is in it", () => {
    assert.deepStrictEqual(keysOf(["password"], dotted(100, "password")), "[redacted]")
    assert.deepStrictEqual(keysOf(["password"], dotted(100, "y")), "s")
  })
})
