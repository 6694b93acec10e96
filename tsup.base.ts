// How every published package is built: one entry a public module, taken from the package's own export map so that the
// two cannot disagree. The declarations come from `tsc -b`.
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { defineConfig } from "tsup"

interface Manifest {
  readonly exports: Record<string, string | { readonly "@understudy/source": string }>
}

/** The entries of the package in `folder`: `{ "process/Process": "src/process/Process.ts", … }`. */
const entries = (folder: string): Record<string, string> => {
  const manifest: Manifest = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"))
  return Object.fromEntries(
    Object.values(manifest.exports).flatMap((target) => {
      if (typeof target === "string") return []
      const file = target["@understudy/source"].replace(/^\.\//, "")
      return [[file.replace(/^src\//, "").replace(/\.ts$/, ""), file]]
    })
  )
}

/** The build of the package whose folder is the current one: tsup is started there. */
export const publishedPackage = defineConfig({
  entry: entries(process.cwd()),
  format: "esm",
  target: "node24",
  platform: "node",
  sourcemap: true,
  // Modules that several entries share become chunks: a module with state must exist once, whichever entry loads it.
  splitting: true,
  treeshake: false,
  dts: false,
  // tsc writes its declarations to the same folder.
  clean: false,
  external: [/^effect(\/|$)/, /^@understudy\//, /^node:/]
})
