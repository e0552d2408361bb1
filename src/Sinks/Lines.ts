/**
 * Records become bytes: the bookkeeping of what of a batch is out, without any I/O.
 *
 * Lines are grouped into chunks, and a chunk is handed out in pieces. How much of a piece went out may be told at any
 * time, also after the call that wanted it was interrupted: the next `beginUnsafe` takes it into account. So no
 * record is written twice, and no line is merged with another.
 */
import type { Write } from "../Formatters/Bytes.ts"
import * as Bytes from "../Formatters/Bytes.ts"
import type { Formatter } from "../Pipeline.ts"
import type { LogRecord } from "../Record.ts"
import * as Record from "../Record.ts"

/**
 * Bytes in one piece at most, when nothing else is said: 64 KiB, what a pipe takes at once.
 */
export const defaultMaxBytes = 64 * 1024

/**
 * One of the two streams that a destination may have. Records of different lanes share no piece.
 */
export type Lane = 0 | 1

/**
 * Bytes to write next, and where: the lane of their records. The bytes are valid until the next piece is asked for.
 */
export interface Piece {
  readonly bytes: Uint8Array
  readonly lane: Lane
}

/**
 * Lines on their way out.
 */
export interface Lines {
  /** Starts a batch. What an interrupted call with the same records in front has written is not written again. */
  readonly beginUnsafe: (batch: ReadonlyArray<LogRecord>, format: Formatter) => void
  /**
   * How many bytes the next line has, if there is one, and it is more than `room`; otherwise 0. A line that is begun is
   * finished, whatever the room.
   */
  readonly lackingUnsafe: (room: number) => number
  /**
   * What to write next: as many whole lines as have room, at least one. `undefined`: the batch is out. `room`: in bytes;
   * default: no bound but that of the pieces.
   */
  readonly nextUnsafe: (room?: number) => Piece | undefined
  /**
   * How many of these records, from the first on, are wholly out by a call that did not come to its `endUnsafe`. They do
   * not come again. `passed`: so many bytes of the piece are out of which `wroteUnsafe` is yet to hear.
   */
  readonly outUnsafe: (records: ReadonlyArray<LogRecord>, passed: number) => number
  /** So many bytes of the piece are out. */
  readonly wroteUnsafe: (bytes: number) => void
  /**
   * So many bytes of the piece are out, and of the `open` ones behind them nobody can know. A line break is written
   * next, and the records of all lines that are open, or torn, are written again, with the note `repeated`.
   */
  readonly doubtUnsafe: (bytes: number, open: number) => void
  /** Whether what was written last ends within a line. */
  readonly isBegunUnsafe: () => boolean
  /** What is written to next ends within a line of others, which is ended first. Only between two lines. */
  readonly tornUnsafe: () => void
  /** The batch is out, and that was not enough: all of it is written again, with the note `repeated`. */
  readonly againUnsafe: () => void
  /**
   * The caller is told what became of the batch: the number of records, from its head, whose lines are wholly out.
   * They do not come again.
   */
  readonly endUnsafe: () => number
}

interface Chunk {
  readonly bytes: Uint8Array
  readonly lane: Lane
  /** Of each record, where its line ends. */
  readonly ends: ReadonlyArray<number>
  written: number
}

/** A line of which only a part is out. */
interface Torn {
  /** `undefined`: a line that another process left behind. */
  readonly record: LogRecord | undefined
  readonly rest: Uint8Array
  readonly lane: Lane
}

const lineFeed = 10
const lineBreak = Uint8Array.of(lineFeed)
const nothing: ReadonlyArray<LogRecord> = []
const noWrite: Write = (_record, _bytes, at) => at

/**
 * A destination, as far as it matters to its lines.
 *
 * - `lane`: default one lane for all.
 * - `torn`: it ends within a line, which is ended first. Default `false`.
 * - `maxBytes`: the most that a piece has. Default 64 KiB.
 * - `whole`: a line that has more is a piece all the same, so that no line of others comes into it. Default `false`.
 */
export interface Options {
  readonly lane?: ((record: LogRecord) => Lane) | undefined
  readonly torn?: boolean | undefined
  readonly maxBytes?: number | undefined
  readonly whole?: boolean | undefined
}

/**
 * Lines of a destination.
 */
export const make = (options: Options = {}): Lines => {
  const { lane: laneOf, maxBytes = defaultMaxBytes, whole: isWhole = false } = options
  // as much again, for the line that is over the bound
  const makeScratch = () => Bytes.page(Buffer.allocUnsafeSlow(2 * maxBytes))
  let scratchPage = makeScratch()
  let batch = nothing
  let plain = noWrite
  let write = noWrite
  // of the batch, from its head: those whose lines are in chunks that are out, and those that the caller knows to be out
  let whole = 0
  let told = 0
  let chunk: Chunk | undefined
  // the line that did not fit into the chunk before: where it is
  let ahead: readonly [start: number, end: number] | undefined
  let repeated = new Set<LogRecord>()
  let torn: Torn | undefined = options.torn === true
    ? { record: undefined, rest: lineBreak, lane: 0 }
    : undefined

  const fill = (): Chunk => {
    const head = batch[whole]!
    if (torn !== undefined) {
      return torn.record === head
        ? { bytes: torn.rest, lane: torn.lane, ends: [torn.rest.length], written: 0 }
        : { bytes: lineBreak, lane: torn.lane, ends: [], written: 0 }
    }
    const lane = laneOf === undefined ? 0 : laneOf(head)
    const scratch = scratchPage.bytes
    let size = 0
    const ends: Array<number> = []
    if (ahead !== undefined) {
      scratch.copyWithin(0, ...ahead)
      size = ahead[1] - ahead[0]
      ends.push(size)
      ahead = undefined
    }
    for (let i = whole + ends.length; i < batch.length && size <= maxBytes; i++) {
      const record = batch[i]!
      if (laneOf !== undefined && laneOf(record) !== lane) break
      const end = writeLine(record, scratchPage, size)
      if (end > maxBytes && ends.length > 0) {
        if (end <= scratch.length) ahead = [size, end]
        break
      }
      if (end > scratch.length) {
        const line = Bytes.enlarged(writeLine, record, end)
        return { bytes: new Uint8Array(line.page.bytes.buffer, 0, line.end), lane, ends: [line.end], written: 0 }
      }
      ends.push(size = end)
    }
    return { bytes: new Uint8Array(scratch.buffer, 0, size), lane, ends, written: 0 }
  }

  const writeLine: Write = (record, page, at) => {
    const end = write(record, page, at)
    page.bytes[end] = lineFeed
    return end + 1
  }

  // gives up a chunk that is not wholly out: counts its whole lines and remembers the torn one
  const settle = ({ bytes, ends, lane, written }: Chunk): void => {
    let end = 0
    for (let i = 0; i < ends.length; i++) {
      const start = end
      end = ends[i]!
      if (end <= written) {
        whole++
      } else {
        // no copy: nothing else is encoded before this rest is out
        if (start < written) torn = { record: batch[whole], rest: bytes.subarray(written, end), lane }
        return
      }
    }
  }

  const writeNoted = (write: Write): Write => (record, page, at) =>
    write(repeated.has(record) ? Record.withNote(record, "repeated") : record, page, at)

  // how many of the records, from the first on, are those that come next in the batch, up to `out`
  const countSame = (records: ReadonlyArray<LogRecord>, out: number): number => {
    let same = 0
    while (told + same < out && same < records.length && records[same] === batch[told + same]) same++
    return same
  }

  const settleChunk = (): void => {
    if (chunk !== undefined) settle(chunk)
    chunk = undefined
    ahead = undefined
  }

  const current = (): Chunk | undefined => whole === batch.length && chunk === undefined ? undefined : chunk ??= fill()

  return {
    beginUnsafe(next, nextFormat) {
      settleChunk()
      whole = countSame(next, whole)
      told = 0
      batch = next
      // those that do not come again are elsewhere
      if (repeated.size > 0) repeated = new Set(next.filter((record) => repeated.has(record)))
      plain = Bytes.writerOf(nextFormat)
      write = repeated.size === 0 ? plain : writeNoted(plain)
    },
    lackingUnsafe(room) {
      const chunk = current()
      if (chunk === undefined || isWithinLine(chunk)) return 0
      // one that is ended where it is, unless that is nowhere any more
      if (torn !== undefined) return torn.record === undefined && room < 0 ? torn.rest.length : 0
      const length = nextLineEnd(chunk) - chunk.written
      return length > room ? length : 0
    },
    nextUnsafe(room = maxBytes) {
      const chunk = current()
      if (chunk === undefined) return undefined
      const { bytes, lane, written } = chunk
      const end = Math.max(lastLineEnd(chunk, Math.min(room, maxBytes)), nextLineEnd(chunk))
      return { bytes: bytes.subarray(written, isWhole ? end : Math.min(end, written + maxBytes)), lane }
    },
    outUnsafe(records, passed) {
      // the chunk stays as it is: its piece may be under way
      const ends = chunk === undefined ? 0 : countEnds(chunk, chunk.written + passed)
      const same = countSame(records, whole + ends)
      told += same
      return same
    },
    wroteUnsafe(bytes) {
      if (chunk === undefined) return
      chunk.written += bytes
      if (chunk.written < chunk.bytes.length) return
      whole += chunk.ends.length
      chunk = undefined
      torn = undefined
    },
    doubtUnsafe(bytes, open) {
      if (chunk === undefined) return
      chunk.written += bytes
      const { ends, lane, written } = chunk
      for (let i = 0, start = 0; i < ends.length && start < written + open; start = ends[i++]!) {
        if (ends[i]! > written) repeated.add(batch[whole + i]!)
      }
      settleChunk()
      write = writeNoted(plain)
      torn = { record: undefined, rest: lineBreak, lane }
      // the bytes that are open may still be read by whoever writes them
      scratchPage = makeScratch()
    },
    isBegunUnsafe: () => torn !== undefined || (chunk !== undefined && isWithinLine(chunk)),
    tornUnsafe() {
      settleChunk()
      torn = { record: undefined, rest: lineBreak, lane: 0 }
    },
    againUnsafe() {
      for (const record of batch) repeated.add(record)
      whole = 0
    },
    endUnsafe() {
      settleChunk()
      const delivered = whole
      // those that are left may come again
      if (repeated.size > 0) repeated = new Set(batch.slice(whole).filter((record) => repeated.has(record)))
      batch = nothing
      whole = 0
      told = 0
      plain = write = noWrite
      return delivered
    }
  }
}

const countEnds = ({ ends }: Chunk, written: number): number => {
  let count = 0
  while (count < ends.length && ends[count]! <= written) count++
  return count
}

const isWithinLine = ({ bytes, written }: Chunk): boolean => written > 0 && bytes[written - 1] !== lineFeed

// where the last whole line ends that has room, or where the chunk goes on
const lastLineEnd = ({ bytes, written }: Chunk, room: number): number =>
  bytes.length - written <= room
    ? bytes.length
    : Math.max(written, room > 0 ? bytes.lastIndexOf(lineFeed, written + room - 1) + 1 : 0)

const nextLineEnd = ({ bytes, written }: Chunk): number => bytes.indexOf(lineFeed, written) + 1 || bytes.length
