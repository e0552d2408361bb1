/**
 * Writes the JSON Schema of the line, `schema/json-line-v1.schema.json`, from the schema in the source.
 */
import * as Fs from "node:fs"
import { jsonSchema } from "../src/JsonLine.ts"

const path = new URL("../schema/json-line-v1.schema.json", import.meta.url)
Fs.mkdirSync(new URL(".", path), { recursive: true })
Fs.writeFileSync(path, `${JSON.stringify(jsonSchema(), undefined, 2)}\n`)
