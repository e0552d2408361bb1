import { assert, describe, it } from "@effect/vitest"
import * as Result from "effect/Result"
import * as PathTemplate from "../../src/Files/PathTemplate.ts"

const filled = (template: string, host = "web-1.example.org"): string =>
  PathTemplate.fill(Result.getOrThrow(PathTemplate.parse(template)), { pid: 4711, host })
const base = (template: string): string => Result.getOrThrow(PathTemplate.parse(template)).basePath
const trouble = (template: string): string => Result.getOrThrow(Result.flip(PathTemplate.parse(template)))

describe("a path template", () => {
  it("fills in the process and the host", () => {
    assert.strictEqual(filled("logs/app.log"), "logs/app.log")
    assert.strictEqual(filled("logs/app-%pid.log"), "logs/app-4711.log")
    assert.strictEqual(filled("logs/%host/%pid/%host-%pid"), "logs/web-1.example.org/4711/web-1.example.org-4711")
    assert.strictEqual(filled("100%%/%%pid-%pid%%.log"), "100%/%pid-4711%.log")
  })

  it("keeps values within one part of the path", () => {
    const hosts: ReadonlyArray<readonly [host: string, safe: string]> = [
      ["", "_"],
      [".", "_"],
      ["..", "_"],
      ["...", "..."],
      ["../etc", ".._etc"],
      ["/etc/passwd", "_etc_passwd"],
      ["a\\b", "a_b"],
      ["a\0b\nc d", "a_b_c_d"],
      ["%pid", "_pid"],
      ["münchen🏠\ud800", "m_nchen__"],
      ["Web_1-a.b", "Web_1-a.b"]
    ]
    for (const [host, safe] of hosts) assert.strictEqual(filled("logs/%host/app.log", host), `logs/${safe}/app.log`)
    assert.strictEqual(filled(".%host/%pid", "."), "._/4711")
  })

  it("has the directory before the first placeholder as its base", () => {
    assert.strictEqual(base("/var/log/%host/app.log"), "/var/log")
    assert.strictEqual(base("/var/log/app-%pid.log"), "/var/log")
    assert.strictEqual(base("/var/log/x/app.log"), "/var/log/x")
    assert.strictEqual(base("../log/%%/%host/%pid.log"), "../log/%")
    assert.strictEqual(base("/%host/app.log"), "/")
    assert.strictEqual(base("/app.log"), "/")
    assert.strictEqual(base("%host/app.log"), ".")
    assert.strictEqual(base("app.log"), ".")
  })

  it("names a placeholder that there is not", () => {
    const allowed = "expected one of %pid, %host, %% for a percent sign"
    assert.strictEqual(trouble("logs/%date.log"), `there is no placeholder "%date"; ${allowed}`)
    assert.strictEqual(trouble("logs/%hostname.log"), `there is no placeholder "%hostname"; ${allowed}`)
    assert.strictEqual(trouble("logs/%PID.log"), `there is no placeholder "%PID"; ${allowed}`)
    assert.strictEqual(trouble("logs/%/x"), `there is no placeholder "%/"; ${allowed}`)
    assert.strictEqual(trouble("logs/%🏠"), `there is no placeholder "%🏠"; ${allowed}`)
    assert.strictEqual(trouble("logs/%%%"), `there is no placeholder "%"; ${allowed}`)
  })

  it("refuses what is no path of a file under its base", () => {
    for (const template of ["", ".", "..", "logs/", "logs/%host/", "logs/%host/.", "logs/.."]) {
      const got = JSON.stringify(template)
      assert.strictEqual(trouble(template), `expected a path that ends with the name of a file, got ${got}`)
    }
    assert.strictEqual(
      trouble("logs/%host/../../app.log"),
      `expected a path without ".." behind a placeholder, got "logs/%host/../../app.log"`
    )
    assert.strictEqual(trouble("logs/\0.log"), "expected a path without NUL")
  })
})
