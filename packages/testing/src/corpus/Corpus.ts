/**
 * The corpus: schedules that have failed once, in a file beside the test, which run first from then on. Small and readable, for version
 * control: a failure that was mended stays as a regression test.
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { basename, dirname, join } from "node:path"

/** Tokens by the titles of tests. */
type Content = Record<string, ReadonlyArray<string>>

/** Where the corpus of a test file is: `__corpus__/<name of the file>.json`. */
export const corpusFile = (testFile: string): string =>
  join(dirname(testFile), "__corpus__", `${basename(testFile)}.json`)

const read = (file: string): Content => {
  let text: string
  try {
    text = readFileSync(file, "utf8")
  } catch (error) {
    if (typeof error === "object" && error !== null && "code" in error && error.code === "ENOENT") return {}
    throw error
  }
  return JSON.parse(text) as Content
}

/** The schedules of a test that have failed before, as tokens. None when there is no file. Throws when the file is no JSON. */
export const load = (testFile: string, title: string): ReadonlyArray<string> => read(corpusFile(testFile))[title] ?? []

/** Adds a schedule to the corpus of a test. One that is there already is not added again. */
export const add = (testFile: string, title: string, token: string): void => {
  const file = corpusFile(testFile)
  const content = read(file)
  const known = content[title] ?? []
  if (known.includes(token)) return
  mkdirSync(dirname(file), { recursive: true })
  const sorted = Object.entries({ ...content, [title]: [...known, token] }).sort(([a], [b]) => (a < b ? -1 : 1))
  writeFileSync(file, `${JSON.stringify(Object.fromEntries(sorted), undefined, 2)}\n`)
}
