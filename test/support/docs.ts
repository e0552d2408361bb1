/**
 * The programs of a page of documentation: each block that says it is TypeScript is a whole program, and a block of
 * `text` right behind one is what it prints.
 */
import { execFile, spawn } from "node:child_process"
import { mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { basename, join } from "node:path"
import { fileURLToPath } from "node:url"

export const root = fileURLToPath(new URL("../..", import.meta.url))

/** A program, with the page and the line that it begins at. */
export interface Program {
  readonly name: string
  readonly code: string
  readonly prints: string | undefined
}

/** The programs of a page, in order. */
export const programs = async (page: string): Promise<ReadonlyArray<Program>> => {
  const text = await readFile(page, "utf8")
  const found: Array<Program> = []
  for (const match of text.matchAll(/^```ts\n(.*?)^```\n(?:\n```text\n(.*?)^```$)?/gms)) {
    const line = text.slice(0, match.index).split("\n").length
    found.push({ name: `${basename(page, ".md")}-${line}`, code: match[1]!, prints: match[2] })
  }
  return found
}

/** The pages whose blocks of TypeScript are programs. */
export const pages = async (): Promise<ReadonlyArray<string>> =>
  (await readdir(join(root, "docs"))).filter((name) => name.endsWith(".md")).map((name) => join(root, "docs", name))

/** What became of a process. */
export interface Ended {
  readonly code: number
  readonly output: string
  readonly errors: string
}

const execute = (file: string, args: ReadonlyArray<string>, cwd: string): Promise<Ended> =>
  new Promise((resolve) =>
    execFile(
      file,
      args,
      { cwd, timeout: 60_000 },
      (error, output, errors) =>
        resolve({ code: error === null ? 0 : typeof error.code === "number" ? error.code : 1, output, errors })
    )
  )

/**
 * The programs in a folder of their own, in which they find the packages that are found here, and this one from its
 * sources. `check` type-checks all of them, `run` runs one to
 * its end, `start` starts one.
 */
export const write = async (programs: ReadonlyArray<Program>) => {
  const folder = await mkdtemp(join(tmpdir(), "effect-async-logging-docs-"))
  await symlink(join(root, "node_modules"), join(folder, "node_modules"))
  await writeFile(join(folder, "package.json"), JSON.stringify({ type: "module" }))
  await writeFile(
    join(folder, "tsconfig.json"),
    JSON.stringify({
      extends: join(root, "tsconfig.json"),
      // nothing is emitted, and the sources are not beside it
      compilerOptions: { types: ["node"], rewriteRelativeImportExtensions: false },
      include: ["*.ts"]
    })
  )
  for (const { code, name } of programs) await writeFile(join(folder, `${name}.ts`), fromSources(code))
  return {
    check: () => execute(process.execPath, [join(root, "node_modules/typescript/bin/tsc"), "-p", folder], folder),
    run: ({ name }: Program) => execute(process.execPath, [`${name}.ts`], folder),
    start: ({ name }: Program, env: NodeJS.ProcessEnv = {}) =>
      spawn(process.execPath, [`${name}.ts`], {
        cwd: folder,
        env: { ...process.env, ...env },
        stdio: ["ignore", "pipe", "pipe"],
        timeout: 60_000,
        killSignal: "SIGKILL"
      }),
    remove: () => rm(folder, { recursive: true })
  }
}

const fromSources = (code: string): string =>
  code.replaceAll(
    /from "effect-async-logging(?:\/(\w+))?"/g,
    (_, module = "index") => `from ${JSON.stringify(join(root, "src", `${module}.ts`))}`
  )
