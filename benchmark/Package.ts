/**
 * This package as a program gets it: built, or bundled with the program.
 */
import { build as bundleWith } from "esbuild"
import { execFile } from "node:child_process"
import { readdir, readFile, symlink, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"

const root = fileURLToPath(new URL("..", import.meta.url))
const execute = promisify(execFile)

/**
 * Lets the modules of a directory find all packages that are found here.
 */
export const link = async (directory: string): Promise<void> => {
  await symlink(join(root, "node_modules"), join(directory, "node_modules"))
  // without it, Node looks at each module for what it is
  await writeFile(join(directory, "package.json"), JSON.stringify({ type: "module" }))
}

/**
 * Builds the package, as `npm run build` does, into the folder `dist` of a linked directory.
 */
export const build = async (directory: string): Promise<void> => {
  const compiler = join(root, "node_modules/typescript/bin/tsc")
  const project = join(root, "tsconfig.build.json")
  await execute(process.execPath, [compiler, "-p", project, "--outDir", join(directory, "dist")])
}

/**
 * The modules of other packages that a build imports: of Effect, and of Node.
 */
export const imports = async (directory: string): Promise<ReadonlyArray<string>> => {
  const files = await readdir(join(directory, "dist"), { recursive: true })
  const modules = files.filter((file) => file.endsWith(".js")).map((file) =>
    readFile(join(directory, "dist", file), "utf8")
  )
  const found = (await Promise.all(modules)).flatMap((text) =>
    Array.from(text.matchAll(/^(?:im|ex)port .* from "([^."][^"]*)"/gm), ([, name]) => name!)
  )
  return [...new Set(found)].toSorted()
}

/**
 * A program, bundled and minified. Modules of the packages that are `external` are not taken in.
 */
export const bundle = async (program: string, external: ReadonlyArray<string>): Promise<Uint8Array> => {
  const { outputFiles } = await bundleWith({
    stdin: { contents: program, resolveDir: root },
    alias: { "effect-async-logging": join(root, "src/index.ts") },
    external: [...external],
    bundle: true,
    minify: true,
    format: "esm",
    platform: "node",
    write: false
  })
  return outputFiles[0]!.contents
}
