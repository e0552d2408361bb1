/**
 * Uses the package as its users do: packs it, installs the tarball in an empty project, type-checks
 * examples/public-surface.ts and the programs of some pages of the documentation there, and runs them.
 */
import { execFileSync, spawnSync } from "node:child_process"
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { programs } from "../test/support/docs.ts"

const { devDependencies } = JSON.parse(readFileSync("package.json", "utf8")) as {
  readonly devDependencies: { readonly [name: string]: string }
}
const dependencies = ["effect", "@effect/platform-node", "@types/node", "typescript"]
const surface = "public-surface.ts"
// between them they import from all entries of the package
const pages = ["docs/http.md", "docs/events.md", "docs/files.md"]

const compilerOptions = {
  target: "ES2024",
  // Effect's own types name `CryptoKey` and `JsonWebKey`
  lib: ["ES2024", "DOM"],
  types: ["node"],
  module: "NodeNext",
  strict: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  skipLibCheck: false,
  noEmit: true
}

const project = mkdtempSync(join(tmpdir(), "effect-async-logging-consumer-"))

const run = (command: string, ...args: ReadonlyArray<string>) => {
  console.log(`$ ${[command, ...args].join(" ")}`)
  const { status } = spawnSync(command, args, { cwd: project, stdio: "inherit" })
  if (status !== 0) throw new Error(`${command} failed`)
}

try {
  const [packed] = JSON.parse(
    execFileSync("npm", ["pack", "--json", "--silent", "--pack-destination", project], { encoding: "utf8" })
  ) as readonly [{ readonly filename: string }]
  writeFileSync(join(project, "package.json"), JSON.stringify({ private: true, type: "module" }))
  copyFileSync(join("examples", surface), join(project, surface))
  const files = [surface]
  for (const page of pages) {
    for (const { code, name } of await programs(page)) {
      writeFileSync(join(project, `${name}.ts`), code)
      files.push(`${name}.ts`)
    }
  }
  writeFileSync(join(project, "tsconfig.json"), JSON.stringify({ compilerOptions, files }))

  const versions = dependencies.map((name) => `${name}@${devDependencies[name]}`)
  run("npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", `./${packed.filename}`, ...versions)
  run(join("node_modules", ".bin", "tsc"), "-p", ".")
  for (const file of files) run(process.execPath, file)
} finally {
  rmSync(project, { recursive: true, force: true })
}
