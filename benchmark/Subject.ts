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
 * Ten fields, of the kinds that programs log.
 */
export const tenFields = (orderId: number) => ({
  orderId,
  customer: "c-1729",
  amount: 1299.5,
  currency: "EUR",
  method: "card",
  country: "DE",
  items: 3,
  express: false,
  session: "5f0c2b7e9d",
  attempt: 1
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

/**
 * How many of `records` records have no line of their own in this text.
 */
export const missing = (text: string, records: number): number => {
  const found = new Set<unknown>()
  for (const line of text.split("\n")) {
    const orderId = partsOf(line)[1]["orderId"]
    if (typeof orderId === "number" && orderId < records && isRecord(line, orderId)) found.add(orderId)
  }
  return records - found.size
}

/**
 * Whether a file has so many lines. Answers what is wrong, or `undefined`.
 */
export const checkCount = async (path: string, lines: number): Promise<string | undefined> => {
  let found = 0
  for await (const _ of readline.createInterface({ input: createReadStream(path), crlfDelay: Infinity })) found++
  return found === lines ? undefined : `${found} lines instead of ${lines}`
}

/**
 * Whether a line has message and fields of the record number `orderId`.
 */
export const isRecord = (line: string, orderId: number): boolean => {
  const [text, own] = partsOf(line)
  return text === message && own["orderId"] === orderId && own["customer"] === fields(orderId).customer
}

// Effect's `formatJson` puts the arguments of the call into one list under `message`. This library has the fields under
// `fields`, LogTape under `properties`, pino and winston beside the message, which pino calls `msg`.
const partsOf = (line: string): readonly [message: unknown, fields: { readonly [key: string]: unknown }] => {
  try {
    const json = JSON.parse(line)
    if (Array.isArray(json.message)) return [json.message[0], json.message[1] ?? {}]
    return [json.message ?? json.msg, json.fields ?? json.properties ?? json]
  } catch {
    return [undefined, {}]
  }
}
