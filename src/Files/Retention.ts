/**
 * Which rotated files have to go.
 */

/**
 * A rotated file.
 *
 * - `n`: its number. A higher one is newer, whatever the clock did.
 * - `size`: in bytes.
 * - `time`: in milliseconds since the epoch.
 */
export interface RotatedFile {
  readonly n: number
  readonly size: number
  readonly time: number
}

/**
 * How many rotated files are kept. Without any of them, all.
 *
 * - `files`: so many, the newest.
 * - `ageMillis`: those whose time is at most so long ago.
 * - `bytes`: the newest, as long as they have no more in all. The first that does not fit goes, with all that are
 *   older; the newest of all stays even if it alone has more, since a limit below the size of a file would delete
 *   every line at once.
 */
export interface Limits {
  readonly files?: number | undefined
  readonly ageMillis?: number | undefined
  readonly bytes?: number | undefined
}

/**
 * Whether there is a limit at all.
 */
export const isLimited = ({ ageMillis, bytes, files }: Limits): boolean =>
  ageMillis !== undefined || bytes !== undefined || files !== undefined

/**
 * The files that any of the limits excludes, the oldest first.
 *
 * - `now`: in milliseconds since the epoch.
 */
export const expired = <File extends RotatedFile>(
  files: ReadonlyArray<File>,
  limits: Limits,
  now: number
): ReadonlyArray<File> => {
  const { ageMillis = Number.POSITIVE_INFINITY, bytes = Number.POSITIVE_INFINITY } = limits
  const most = limits.files ?? Number.POSITIVE_INFINITY
  const out: Array<File> = []
  let sum = 0
  for (const [index, file] of files.toSorted((a, b) => b.n - a.n).entries()) {
    sum += file.size
    if (index >= most || (index > 0 && sum > bytes) || now - file.time > ageMillis) out.push(file)
  }
  return out.toReversed()
}
