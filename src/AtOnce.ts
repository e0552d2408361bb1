/**
 * Writing without the worker's fiber, in the caller's own step: for `layerSync`, and for the end of the process.
 */
import * as Batch from "./Batch.ts"
import * as Ledger from "./Ledger.ts"
import * as Links from "./Link.ts"
import type { Patience } from "./Sinks/Patience.ts"
import * as Patiences from "./Sinks/Patience.ts"
import type { Worker } from "./Worker.ts"
import * as Workers from "./Worker.ts"

/**
 * Writes what is queued at once, and settles it. What cannot be written is failed, or diverted and written there.
 */
export const writeSyncUnsafe = (self: Worker): void => {
  // the worker is opening it anew, and writes what has come until then
  if (self.link.connection === undefined) return
  // A sink that logs while it writes has that written in the second turn, by the loop that runs already. What it logs
  // then is left to the worker: a sink that logs with each write would never let its caller go.
  for (let turn = 1; turn <= 2 && self.batch.length === 0 && self.outlet.queue.size > 0; turn++) {
    Batch.takeUnsafe(self)
    while (self.batch.length > 0 && !Batch.endUnsafe(self)) {
      if (Batch.isCutOff(self)) {
        Batch.settleAll(self, Ledger.diverted)
        break
      }
      self.tried = true
      self.attempts++
      const answer = Batch.judge(self, Links.writeSyncUnsafe(self.link.connection, Batch.part(self)))
      if (Batch.settleAnswer(self, answer) === 0 || answer.again !== "later") continue
      Batch.settlePart(self, () => Ledger.failed("retry_exhausted"))
    }
    // nobody can wait here: what stands in line is written below
    self.waits.clear()
  }
  const { deadLetter, fallback } = self.targets
  if (fallback !== undefined) writeSyncUnsafe(fallback)
  if (deadLetter !== undefined) writeSyncUnsafe(deadLetter)
}

/**
 * The process ends: writes at once what the batch and the queue hold, and those who wait, as far as the sink can and as
 * long as there is patience. Settles all of it. No fiber is woken or interrupted for it: what they did would be done in
 * the middle of the end.
 */
export const writeLastUnsafe = (self: Worker, patience: Patience): void => {
  // its sink may be closed by now
  if (self.ended) return
  Workers.closeUnsafe(self)
  if (self.writing?.exit !== undefined) Batch.settleAnswer(self, Batch.judge(self, self.writing.exit))
  const { connection } = self.link
  const { queue } = self.outlet
  let isUnderWay = self.writing !== undefined
  self.writing = undefined
  if (connection?.handle.writeSync !== undefined) {
    if (self.batch.length === 0 && queue.size === 0) Links.endUnsafe(connection, patience)
    while (self.batch.length > 0 || queue.size > 0) {
      if (self.batch.length === 0) Batch.takeUnsafe(self)
      if (Batch.endUnsafe(self) || Batch.isCutOff(self)) break
      self.tried = true
      self.attempts++
      const exit = Links.writeLastUnsafe(connection, Batch.part(self), isUnderWay, patience)
      const answer = Batch.judge(self, exit)
      const left = Batch.settleAnswer(self, answer)
      isUnderWay = false
      if ((left > 0 && answer.again === "later") || Patiences.left(patience) === 0) break
    }
  }
  Batch.settleRest(self)
}
