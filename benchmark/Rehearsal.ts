/**
 * What a contender does before it is measured: it logs as much, twice, into other files, so that neither the compiler nor
 * the growth of the heap is measured. The first time in small programs: a full garbage collection in the middle of code
 * that is still cold can make V8 allocate what lives shortest (the results of the iterators behind `yield*`) among the
 * old objects, and collecting garbage then takes as long as all the rest, of any Effect program.
 */
import { join } from "node:path"
import type { Job } from "./Workload.ts"

/**
 * Does all of a contender's work, once.
 *
 * - `log`: logs that many records into the file at that path, and ends it.
 * - `parts`: of the small programs. Fewer where a file is expensive to open.
 */
export const run = async (
  log: (path: string, records: number) => Promise<unknown>,
  { directory, records }: Job,
  parts: number = 50
): Promise<void> => {
  for (let i = 0; i < parts; i++) await log(join(directory, "warm-up.log"), records / parts)
  await log(join(directory, "rehearsal.log"), records)
}
