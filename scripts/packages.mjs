// The published packages: which they are, how they are built, and whether what would be published is sound.

import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { root } from "./setup.mjs"
import { quietPnpm, quietTool, tool } from "./steps.mjs"

/** The names of their folders. */
export const published = readdirSync(join(root, "packages"))
  .filter((name) => existsSync(join(root, "packages", name, "package.json")))
  .sort()

const folders = published.map((name) => join(root, "packages", name))

/** Type-checks the whole workspace; writes the packages' declarations into their `dist`. */
export const types = () => tool("typescript/bin/tsc", ["-b"])

/** Removes what earlier builds left, so that nothing deleted from the sources is published. */
export const clean = async () => {
  for (const folder of folders) rmSync(join(folder, "dist"), { recursive: true, force: true })
  return true
}

/** Writes the packages' JavaScript into their `dist`, beside the declarations. */
export const javascript = async () => {
  for (const folder of folders) {
    if (!(await quietTool("tsup/dist/cli-default.js", ["--silent"], { cwd: folder }))) return false
  }
  return true
}

/** Packs each package as it would be published and has the tarball judged by publint and attw. */
export const judge = async () => {
  const out = mkdtempSync(join(tmpdir(), "understudy-pack-"))
  try {
    if (!(await quietPnpm(["--recursive", "--filter", "./packages/*", "pack", "--pack-destination", out]))) return false
    const tarballs = readdirSync(out)
      .filter((file) => file.endsWith(".tgz"))
      .sort()
    if (tarballs.length !== folders.length) {
      console.error(
        `Expected ${folders.length} tarballs, but pnpm pack made ${tarballs.length}: ${tarballs.join(", ")}`
      )
      return false
    }
    let sound = true
    for (const tarball of tarballs) {
      const file = join(out, tarball)
      const publint = await quietTool("publint/src/cli.js", ["run", file, "--strict"])
      const attw = await quietTool("@arethetypeswrong/cli/dist/index.js", [file, "--profile", "esm-only", "--no-emoji"])
      console.log(`${tarball}: publint ${publint ? "ok" : "FAILED"}, attw ${attw ? "ok" : "FAILED"}`)
      sound = sound && publint && attw
    }
    return sound
  } finally {
    rmSync(out, { recursive: true, force: true })
  }
}
