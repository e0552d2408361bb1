import { afterAll, assert, beforeAll, describe, it } from "vitest"
import * as Docs from "./support/docs.ts"

const programs = (await Promise.all((await Docs.pages()).map(Docs.programs))).flat()

describe("the documentation", () => {
  let folder: Awaited<ReturnType<typeof Docs.write>>
  beforeAll(async () => {
    folder = await Docs.write(programs)
  })
  afterAll(() => folder.remove())

  it("every program in it compiles", { timeout: 120_000 }, async () => {
    assert.deepStrictEqual(await folder.check(), { code: 0, output: "", errors: "" })
  })

  for (const program of programs) {
    it(`${program.name} runs${program.prints === undefined ? "" : ", and prints what the page says"}`, {
      timeout: 60_000
    }, async () => {
      const ended = await folder.run(program)
      assert.strictEqual(ended.code, 0, ended.errors)
      if (program.prints !== undefined) assert.strictEqual(ended.output, program.prints)
    })
  }
})
