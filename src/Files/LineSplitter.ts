/**
 * From chunks of bytes to lines, in bounded memory.
 *
 * A line feed ends a line, and so does a NUL byte: no formatter writes one, but a file that was truncated under its
 * writer, or not written out before a power cut, has holes of them. What is empty between two ends is no line.
 */

/**
 * A line.
 *
 * - `number`: counted from 1, by line feeds.
 * - `text`: decoded as UTF-8. `undefined` if it is longer than allowed.
 */
export interface Line {
  readonly number: number
  readonly text: string | undefined
}

/**
 * The lines of one file.
 */
export interface LineSplitter {
  /** The lines that end in the next chunk. The chunk is kept for as long as a line of it is not at its end. */
  readonly push: (chunk: Uint8Array) => ReadonlyArray<Line>
  /** The line that is left behind the last chunk, if there is one. */
  readonly end: () => ReadonlyArray<Line>
}

/**
 * At the start of a file.
 *
 * - `maxBytes`: of a line. Of a longer one nothing is kept.
 */
export const make = (maxBytes: number): LineSplitter => {
  let number = 1
  let pieces: Array<Uint8Array> = []
  let length = 0

  const add = (piece: Uint8Array): void => {
    length += piece.length
    if (length > maxBytes) pieces = []
    else if (piece.length > 0) pieces.push(piece)
  }
  const take = (lines: Array<Line>): void => {
    if (length > 0) lines.push({ number, text: length > maxBytes ? undefined : textOf(pieces) })
    pieces = []
    length = 0
  }

  return {
    push(chunk) {
      const lines: Array<Line> = []
      let start = 0
      let feed = indexOf(chunk, lineFeed, 0)
      let nul = indexOf(chunk, 0, 0)
      while (feed < chunk.length || nul < chunk.length) {
        const end = Math.min(feed, nul)
        add(chunk.subarray(start, end))
        take(lines)
        start = end + 1
        if (end === feed) {
          number++
          feed = indexOf(chunk, lineFeed, start)
        } else {
          nul = indexOf(chunk, 0, start)
        }
      }
      add(chunk.subarray(start))
      return lines
    },
    end() {
      const lines: Array<Line> = []
      take(lines)
      return lines
    }
  }
}

const lineFeed = 10

const indexOf = (chunk: Uint8Array, byte: number, from: number): number => {
  const index = chunk.indexOf(byte, from)
  return index === -1 ? chunk.length : index
}

const textOf = (pieces: ReadonlyArray<Uint8Array>): string => {
  const [first] = pieces
  if (pieces.length > 1 || first === undefined) return Buffer.concat(pieces).toString()
  return Buffer.from(first.buffer, first.byteOffset, first.length).toString()
}
