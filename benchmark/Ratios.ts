/**
 * What the figures of one run say beside each other. Each ratio is the median of the ratios of the rounds: what
 * disturbs a whole round leaves them as they are.
 */
import type { Row, Rows } from "./Rounds.ts"
import type { Summary } from "./Statistics.ts"
import * as Statistics from "./Statistics.ts"

/**
 * A ratio (or nanoseconds, where the name ends in `Ns`), by name. `undefined`: no round was valid.
 */
export interface Ratios {
  readonly [name: string]: Summary | undefined
}

/**
 * All ratios.
 */
export const ratios = (delivered: Rows, call: Rows): Ratios => {
  const rate = (row: string) => delivered[row]!
  const cost = (row: string) => call[row]!
  const bare = cost("bare")
  const costs = (a: string, b: string) => perRound([cost(a), cost(b), bare], (a, b, bare) => (a - bare) / (b - bare))
  const rates = (a: string, b: string) => perRound([rate(a), rate(b)], (a, b) => a / b)
  return {
    // lines per second, this library's over the other's
    deliveredVsEffect: rates("loggerInfo", "effectToFile"),
    deliveredEffectLogVsEffect: rates("effectLog", "effectToFile"),
    // time per line, this library's over the other's
    deliveredVsFloor: rates("floor", "loggerInfo"),
    // time per call above a bare `yield*`, this library's over the other's
    callVsEffectNull: costs("loggerInfo", "effectNull"),
    callEffectLogVsEffectNull: costs("effectLog", "effectNull"),
    callVsEffectToFile: costs("loggerInfo", "effectToFile"),
    callEffectLogVsEffectToFile: costs("effectLog", "effectToFile"),
    // nanoseconds above a bare `yield*`
    disabledNs: perRound([cost("disabled"), bare], (disabled, bare) => disabled - bare)
  }
}

/**
 * Every contender's figure over that of one of them, which is the control.
 */
export const toControl = (rows: Rows, control: string): Ratios =>
  Object.fromEntries(
    Object.entries(rows).map(([name, row]) => [name, perRound([row, rows[control]!], (a, b) => a / b)])
  )

const perRound = (
  rows: ReadonlyArray<Row>,
  ratio: (...values: ReadonlyArray<any>) => number
): Summary | undefined => {
  const valid = rows[0]!.rounds.flatMap((_, round) => {
    const values = rows.map((row) => row.rounds[round])
    return values.includes(undefined) ? [] : ratio(...values)
  })
  return valid.length === 0 ? undefined : Statistics.summary(valid)
}
