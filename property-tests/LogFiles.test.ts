import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import * as fc from "fast-check"
import * as fs from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { Line } from "../src/Files/LineSplitter.ts"
import * as LineSplitter from "../src/Files/LineSplitter.ts"
import * as Formatters from "../src/Formatters.ts"
import * as LogFiles from "../src/LogFiles.ts"
import { hostileString, logRecord } from "../test/arbitraries.ts"
import type { Tap } from "../test/support/reading.ts"
import { bytesFor, line, tapped } from "../test/support/reading.ts"
import { parameters, timeout } from "./support/runs.ts"

const inFolder = async (f: (folder: string) => Promise<void>): Promise<void> => {
  const folder = fs.mkdtempSync(join(tmpdir(), "log-files-"))
  try {
    await f(folder)
  } finally {
    fs.rmSync(folder, { recursive: true })
  }
}

const readAll = (folder: string, tap: Tap) => {
  const { run, watched } = tapped(tap)
  return Effect.runPromise(Stream.runCollect(run(LogFiles.records(join(folder, "app.log")))))
    .finally(() => assert.strictEqual(watched.open.size, 0))
}

/** Numbers from a list, over and over. */
const cycled = (numbers: ReadonlyArray<number>) => {
  let index = 0
  return () => numbers[index++ % numbers.length]!
}

describe("the lines of chunks", () => {
  const part = fc.oneof(
    fc.constantFrom("\n", "\0", "\n\n", "\0\n", "\r\n", "x".repeat(9), "x".repeat(10), "x".repeat(11)),
    hostileString
  )

  it("are those of the whole, wherever the chunks begin", () => {
    const property = fc.property(
      fc.array(part, { maxLength: 20 }),
      fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1 }),
      fc.integer({ min: 1, max: 20 }),
      (parts, sizes, maxBytes) => {
        const bytes = Buffer.from(parts.join(""))
        const splitter = LineSplitter.make(maxBytes)
        const lines: Array<Line> = []
        const size = cycled(sizes)
        for (let at = 0; at < bytes.length;) {
          const end = at + size()
          lines.push(...splitter.push(bytes.subarray(at, end)))
          at = end
        }
        lines.push(...splitter.end(), ...splitter.end())
        const expected = bytes.toString().split("\n").flatMap((text, index) =>
          text.split("\0").flatMap((piece): ReadonlyArray<Line> => {
            if (piece === "") return []
            return [{ number: index + 1, text: Buffer.byteLength(piece) > maxBytes ? undefined : piece }]
          })
        )
        assert.deepStrictEqual(lines, expected)
      }
    )
    fc.assert(property, parameters)
  })
})

describe("a log that is read back", () => {
  const ends = fc.constantFrom("", ".gz", ".zst")
  const file = fc.record({
    records: fc.array(logRecord, { maxLength: 6 }),
    // behind which line something is cut, and where
    torn: fc.option(fc.tuple(fc.nat(6), fc.double({ min: 0, max: 0.99, noNaN: true }))),
    between: fc.constantFrom("\n", "\0\n", "\0\0\0", "\n\n\0"),
    isLastEnded: fc.boolean(),
    end: ends,
    gap: fc.nat(3)
  })

  it(
    "G21 G30 has all records, from whatever files and archives, in order, torn lines between them or not",
    { timeout },
    async () => {
      const property = fc.asyncProperty(
        fc.array(file, { minLength: 1, maxLength: 5 }),
        fc.array(fc.integer({ min: 1, max: 3000 }), { minLength: 1, maxLength: 10 }),
        (files, sizes) =>
          inFolder(async (folder) => {
            let n = 0
            files.forEach(({ between, end, gap, isLastEnded, records, torn }, index) => {
              const lines = records.map((record) => Buffer.from(`${Formatters.json(record)}\n`))
              if (torn !== null) {
                const [behind, share] = torn
                const whole = lines[behind % (lines.length + 1)] ?? Buffer.from(line("torn"))
                const cut = whole.subarray(0, Math.floor(share * (whole.length - 2)))
                lines.splice(behind, 0, behind < lines.length ? Buffer.concat([cut, Buffer.from(between)]) : cut)
              }
              const bytes = Buffer.concat(lines)
              const content = !isLastEnded && bytes.at(-1) === 10 ? bytes.subarray(0, -1) : bytes
              n += 1 + gap
              const isCurrent = index === files.length - 1
              const name = isCurrent ? "app.log" : `app.2026-01-0${9 - index}.${n}.log${end}`
              fs.writeFileSync(join(folder, name), bytesFor(name, content))
            })
            const read = await readAll(folder, { readBytes: cycled(sizes) })
            assert.deepStrictEqual(read, files.flatMap(({ records }) => records))
          })
      )
      await fc.assert(property, parameters)
    }
  )
})

describe("a log that is read while others are at work", () => {
  const step = fc.oneof(
    { weight: 3, arbitrary: fc.constant("nothing" as const) },
    {
      weight: 4,
      arbitrary: fc.constantFrom(
        "append",
        "rotate",
        "take",
        "rename",
        "archive",
        "finish",
        "compress",
        "crash",
        "delete"
      )
    }
  )

  /** A log, and what its writer can do to it, one system call or two at a time. Each line says its number. */
  const world = (folder: string) => {
    let lines = 0
    let n = 0
    let taken: string | undefined
    let archive: string | undefined
    const current = join(folder, "app.log")
    const deleted = new Set<string>()
    const contents = new Map<string, ReadonlyArray<string>>()
    let inCurrent: Array<string> = []
    const append = () => {
      const message = String(++lines)
      // it may be missing between two steps
      fs.appendFileSync(current, line(message))
      inCurrent.push(message)
    }
    // with an empty file, before another one is moved there
    const take = () => {
      if (taken !== undefined || !fs.existsSync(current)) return
      taken = join(folder, `app.2026-01-01.${++n}.log`)
      fs.writeFileSync(taken, "")
    }
    const rename = () => {
      take()
      if (taken === undefined || !fs.existsSync(current)) return
      fs.renameSync(current, taken)
      contents.set(taken, inCurrent)
      inCurrent = []
      taken = undefined
    }
    const plain = () => [...contents.keys()].find((name) => fs.existsSync(name))
    // an archive appears beside its file, at once and whole
    const startArchive = () => {
      const name = plain()
      if (archive !== undefined || name === undefined) return
      const end = n % 2 === 0 ? ".gz" : ".zst"
      fs.writeFileSync(`${name}.tmp`, bytesFor(end, fs.readFileSync(name)))
      fs.renameSync(`${name}.tmp`, `${name}${end}`)
      archive = name
    }
    const finish = () => {
      if (archive !== undefined) fs.rmSync(archive, { force: true })
      archive = undefined
    }
    const steps = {
      nothing() {},
      append,
      take,
      rename,
      rotate() {
        rename()
        append()
      },
      archive: startArchive,
      finish,
      compress() {
        startArchive()
        finish()
      },
      crash() {
        taken = undefined
        archive = undefined
      },
      delete() {
        const oldest = contents.keys().next().value
        // a log without files is none
        if (oldest === undefined || contents.size === 1) return
        for (const end of ["", ".gz", ".zst"]) fs.rmSync(`${oldest}${end}`, { force: true })
        for (const message of contents.get(oldest)!) deleted.add(message)
        contents.delete(oldest)
      }
    }
    return { steps, deleted, written: () => lines }
  }

  it("G30 has each line once, in order, that was there at the start and is not deleted", { timeout }, async () => {
    const property = fc.asyncProperty(
      fc.array(step, { maxLength: 12 }),
      // what happens at each call of the reader
      fc.array(fc.array(step, { maxLength: 3 }), { maxLength: 40 }),
      fc.array(fc.boolean()),
      fc.array(fc.integer({ min: 1, max: 200 }), { minLength: 1, maxLength: 10 }),
      (before, during, seen, sizes) =>
        inFolder(async (folder) => {
          const { deleted, steps, written } = world(folder)
          for (let line = 0; line < 3; line++) steps.rotate()
          for (const step of before) steps[step]()
          const atStart = Array.from({ length: written() }, (_, index) => String(index + 1))
            .filter((message) => !deleted.has(message))
          let at = 0
          const isSeen = seen[Symbol.iterator]()
          const read = (await readAll(folder, {
            readBytes: cycled(sizes),
            before: () => during[at++]?.forEach((step) => steps[step]()),
            // what comes or goes while a directory is listed may be in the list or not
            listed(before, after) {
              const stays = (name: string, others: ReadonlyArray<string>) =>
                others.includes(name) || isSeen.next().value === true
              return [
                ...before.filter((name) => stays(name, after)),
                ...after.filter((name) => !before.includes(name) && stays(name, before))
              ]
            }
          })).map(({ message }) => message)
          const numbers = read.map(Number)
          assert.deepStrictEqual(numbers, numbers.toSorted((a, b) => a - b), "in order")
          assert.strictEqual(new Set(read).size, read.length, "once")
          assert.deepStrictEqual(
            atStart.filter((message) => !deleted.has(message) && !read.includes(message)),
            [],
            "all that was there"
          )
        })
    )
    await fc.assert(property, parameters)
  })
})
