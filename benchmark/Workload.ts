/**
 * A workload: the same work, done by each of several contenders.
 *
 * To add a contender, add a key; to add a workload, add a file and name it in `workloads.ts`. A contender runs in a
 * process of its own, where nothing else is measured.
 */

/**
 * How much work, and where.
 *
 * - `records`: how many to log in a measurement.
 * - `directory`: empty, and the contender's own.
 */
export interface Job {
  readonly records: number
  readonly directory: string
}

/**
 * Points of a picture, in the order of x.
 */
export type Series = ReadonlyArray<readonly [x: number, y: number]>

/**
 * What a contender measured, by the names of the workload's figures. `wrong` voids it: its output was not what had to
 * be there.
 */
export interface Sample {
  readonly figures: { readonly [figure: string]: number }
  readonly series?: { readonly [name: string]: Series } | undefined
  readonly wrong?: string | undefined
}

/**
 * One way to do the work.
 */
export interface Contender {
  /** For the reader of the table: what it is, and what happens when its queue is full. */
  readonly title: string
  readonly run: (job: Job) => Promise<Sample>
}

/**
 * The work, what is measured of it with its units, and who does it.
 */
export interface Workload {
  readonly title: string
  readonly figures: { readonly [figure: string]: string }
  readonly contenders: { readonly [name: string]: Contender }
}
