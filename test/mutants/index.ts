/**
 * The edits of `npm run mutants`, and what no edit can break. Each promise of `docs/SEMANTICS.md` has one of either:
 * `test/workspace/mutants.test.ts` holds it.
 */
import { ends } from "./ends.ts"
import type { Mutant } from "./Mutant.ts"
import { messages } from "./messages.ts"
import { names } from "./names.ts"
import { reports } from "./reports.ts"
import { running } from "./running.ts"

export const mutants: ReadonlyArray<Mutant> = [...messages, ...running, ...ends, ...names, ...reports]

/** Promises that no edit can break, by words of `docs/SEMANTICS.md`, and why. */
export const unbreakable: ReadonlyArray<{ readonly says: string; readonly why: string }> = [
  {
    says: "Between three processes there is no order",
    why: "it leaves an order open: a runtime that kept one would keep the promise as well"
  }
]
