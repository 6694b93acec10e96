// The entries of `npm run mutants`: each can be applied, breaks a promise that exists, and no promise is without.
import { existsSync, readdirSync, readFileSync } from "node:fs"
import { describe, expect, it } from "vitest"
import { mutants, unbreakable } from "../mutants/index.ts"

const root = new URL("../../", import.meta.url)
const read = (path: string): string => readFileSync(new URL(path, root), "utf8")
const occurrences = (text: string, part: string): number => text.split(part).length - 1

/** Prose without its line breaks. */
const onOneLine = (text: string): string => text.replace(/\s+/g, " ")

const page = read("docs/SEMANTICS.md")

/** The promises: list items, each of which may go over several lines. */
const promises = (page.slice(0, page.indexOf("## What is not promised")).match(/^- (?:.|\n(?!- |\n|#))*/gm) ?? []).map(
  onOneLine
)

const idPattern = /\b[A-Z]{1,2}\d{2}\b/g

const idsIn = (text: string): ReadonlyArray<string> => text.match(idPattern) ?? []

/** The ids in the titles of a folder's tests. */
const idsOfTests = (folder: string): ReadonlyArray<string> =>
  readdirSync(new URL(folder, root), { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".test.ts") && !file.includes("node_modules"))
    .flatMap((file) => [
      ...read(`${folder}/${file}`).matchAll(/(?<!notApplicable)\(\s*(["'`])([A-Z]{1,2}\d{2}\b.*?)\1/g)
    ])
    .flatMap((title) => idsIn(title[2] ?? ""))

describe("the mutants", () => {
  it("have names of their own", () => {
    const names = mutants.map(({ name }) => name)
    expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([])
  })

  it("can be applied: the snippet of each occurs once in its file, and the edit changes it", () => {
    const broken = mutants.flatMap(({ file, find, name, replace }) => {
      const count = existsSync(new URL(file, root)) ? occurrences(read(file), find) : 0
      return count === 1 && find !== replace ? [] : [`${name}: ${count} times in ${file}`]
    })
    expect(broken).toEqual([])
  })

  it("name test files that exist", () => {
    const files = new Set(mutants.flatMap(({ tests }) => tests))
    expect([...files].filter((file) => !existsSync(new URL(file, root)))).toEqual([])
    expect(mutants.filter(({ tests }) => tests.length === 0)).toEqual([])
  })

  it("break promises that exist: of docs/SEMANTICS.md, or of a test's title", () => {
    const known = new Set([...idsIn(page), ...["test", "packages"].flatMap(idsOfTests)])
    expect(mutants.filter(({ promise }) => !known.has(promise)).map(({ name }) => name)).toEqual([])
  })

  it("quote one promise of docs/SEMANTICS.md each, which has their id", () => {
    const wrong = mutants.filter(({ promise, says }) => {
      if (says === undefined) return false
      const quoted = promises.filter((one) => one.includes(says))
      return quoted.length !== 1 || !idsIn(quoted[0] ?? "").includes(promise)
    })
    expect(wrong.map(({ name, promise, says }) => `${name} (${promise}): ${says}`)).toEqual([])
  })

  it("leave no promise of docs/SEMANTICS.md unbroken, but those that no edit can break", () => {
    const quotes = [...mutants, ...unbreakable].flatMap(({ says }) => says ?? [])
    const without = promises.filter((promise) => !quotes.some((quote) => promise.includes(quote)))
    expect(without).toEqual([])
    expect(unbreakable.filter(({ says }) => !promises.some((promise) => promise.includes(says)))).toEqual([])
  })
})
