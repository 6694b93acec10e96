// The files that the docs name exist.
import { existsSync, readFileSync } from "node:fs"
import { describe, expect, it } from "vitest"

const root = new URL("../../", import.meta.url)
const bases = ["", "packages/core/src/", "packages/supervisor/src/"]

describe.each(["docs/ARCHITECTURE.md", "docs/RUNTIME.md", "CONTRIBUTING.md"])("%s", (page) => {
  it("names only files that exist", () => {
    const text = readFileSync(new URL(page, root), "utf8")
    const named = [...text.matchAll(/`([\w-]+\/[\w./-]*\.(?:ts|mjs|md))`/g)].flatMap(([, path]) => path ?? [])
    expect(named.length).toBeGreaterThan(5)
    expect(named.filter((path) => !bases.some((base) => existsSync(new URL(base + path, root))))).toEqual([])
  })
})
