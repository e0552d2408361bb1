/**
 * A process that writes 300,000 bytes three times to its stdout, which nobody reads, and then says on stderr how many
 * bytes of each are out.
 */
import { writeSync } from "node:fs"
import * as StreamPosition from "../../src/Sinks/StreamPosition.ts"

const { stdout } = process
const size = 300_000
const write = (letter: string) => {
  const start = StreamPosition.nextUnsafe(stdout)
  stdout.write(letter.repeat(size))
  return start
}
const starts = ["a", "b", "c"].map((letter) => [letter, write(letter)] as const)
process.on("exit", () => {
  const out = starts.map(([letter, start]) => [letter, StreamPosition.landedUnsafe(stdout, start, size).bytes])
  writeSync(2, JSON.stringify(Object.fromEntries(out)))
})
process.exit()
