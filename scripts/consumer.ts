/**
 * Uses the package as its users do: packs it, installs the tarball in an empty project, type-checks
 * examples/public-surface.ts there and runs it.
 */
import { execFileSync, spawnSync } from "node:child_process"
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"

const { devDependencies } = JSON.parse(readFileSync("package.json", "utf8")) as {
  readonly devDependencies: { readonly [name: string]: string }
}
const dependencies = ["effect", "@effect/platform-node", "@types/node", "typescript"]
const program = "public-surface.ts"

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
  writeFileSync(join(project, "tsconfig.json"), JSON.stringify({ compilerOptions, files: [program] }))
  copyFileSync(join("examples", program), join(project, program))

  const versions = dependencies.map((name) => `${name}@${devDependencies[name]}`)
  run("npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", `./${packed.filename}`, ...versions)
  run(join("node_modules", ".bin", "tsc"), "-p", ".")
  run(process.execPath, program)
} finally {
  rmSync(project, { recursive: true, force: true })
}
