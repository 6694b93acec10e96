// docs/SEMANTICS.md names, behind each promise, the tests that hold it. Here: each of them exists, and no promise is without.
import { readdirSync, readFileSync } from "node:fs"
import { describe, expect, it } from "vitest"

const root = new URL("../../", import.meta.url)

const testFiles = (folder: string): ReadonlyArray<string> =>
  readdirSync(new URL(folder, root), { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".test.ts") && !file.includes("node_modules"))
    .map((file) => `${folder}/${file}`)

const idPattern = /\b[A-Z]{1,2}\d{2}\b/g

/** The title of whatever declares a test (`it`, `scenario`, …); what does not apply somewhere is no test. */
const titlePattern = /(?<!notApplicable)\(\s*(["'`])([A-Z]{1,2}\d{2}\b[^\n]*?)\1/g

const tested = new Set(
  [
    "test/conformance",
    "test/hostile",
    "test/leaks",
    "test/priorities",
    "packages/core/test",
    "packages/supervisor/test",
    "packages/registry/test"
  ]
    .flatMap(testFiles)
    .flatMap((file) => [...readFileSync(new URL(file, root), "utf8").matchAll(titlePattern)])
    .flatMap((match) => match[2]?.match(idPattern) ?? [])
)

const page = readFileSync(new URL("docs/SEMANTICS.md", root), "utf8")
const notPromised = page.indexOf("## What is not promised")

/** The promises: list items, each of which may go over several lines. */
const promises = page.slice(0, notPromised).match(/^- (?:.|\n(?!- |\n|#))*/gm) ?? []

const idsOf = (text: string): ReadonlyArray<string> =>
  [...text.matchAll(/\[((?:[A-Z]{1,2}\d{2}(?:, )?)+)\]/g)].flatMap((match) => match[1]?.split(", ") ?? [])

describe("docs/SEMANTICS.md", () => {
  it("has promises and says what is not promised", () => {
    expect(promises.length).toBeGreaterThan(20)
    expect(notPromised).toBeGreaterThan(0)
  })

  it("names tests behind every promise", () => {
    expect(promises.filter((promise) => idsOf(promise).length === 0)).toEqual([])
  })

  it("names only tests that exist", () => {
    expect([...new Set(idsOf(page))].filter((id) => !tested.has(id))).toEqual([])
  })
})
