/**
 * What every contender logs, and how a file is checked for it: the same message and the same two fields for all.
 */
import { createReadStream } from "node:fs"
import * as readline from "node:readline"

/**
 * The message of every record.
 */
export const message = "order paid"

/**
 * The fields of the record number `orderId`. A new object each time, as a program makes it.
 */
export const fields = (orderId: number): { readonly orderId: number; readonly customer: string } => ({
  orderId,
  customer: "c-1729"
})

/**
 * Reads a file back: one JSON object on each line, with message and fields, all of `records` in order, and nothing
 * else. Answers what is wrong, or `undefined`.
 */
export const checkFile = async (path: string, records: number): Promise<string | undefined> => {
  let lines = 0
  for await (const line of readline.createInterface({ input: createReadStream(path), crlfDelay: Infinity })) {
    if (!isRecord(line, lines)) return `line ${lines + 1} is not record ${lines}: ${line.slice(0, 200)}`
    lines++
  }
  return lines === records ? undefined : `${lines} lines instead of ${records}`
}

const isRecord = (line: string, orderId: number): boolean => {
  const [text, { customer, ...own }] = partsOf(line)
  return text === message && own["orderId"] === orderId && customer === fields(orderId).customer
}

// Effect's `formatJson` puts the arguments of the call into one list under `message`
const partsOf = (line: string): readonly [message: unknown, fields: { readonly [key: string]: unknown }] => {
  try {
    const json = JSON.parse(line)
    const [text, own] = Array.isArray(json.message) ? json.message : [json.message, json.fields]
    return [text, own ?? {}]
  } catch {
    return [undefined, {}]
  }
}
