/**
 * A small edit of the runtime that breaks one promise. `npm run mutants` makes each in a copy of the sources and demands that a test
 * fails.
 */
export interface Mutant {
  /** Its name on the command line. Unique. */
  readonly name: string
  /** The id of the promise it breaks: of `docs/SEMANTICS.md`, or of a test's title. */
  readonly promise: string
  /** The sentence of `docs/SEMANTICS.md` it breaks, by words that occur once on that page. Left out where the page has none. */
  readonly says?: string
  /** The file it edits, from the root of the checkout. */
  readonly file: string
  /** A snippet of that file that occurs once. */
  readonly find: string
  /** What stands there instead. */
  readonly replace: string
  /** The test files that must fail. */
  readonly tests: ReadonlyArray<string>
  /** Runs only tests whose full title matches this regular expression, as vitest's `-t` does. All of the files by default. */
  readonly title?: string
  /** The seconds after which its tests count as hanging, where they hold up their thread. Default: the option `--limit`. */
  readonly limit?: number
  /** Environment variables of the tests. */
  readonly env?: Readonly<Record<string, string>>
}
