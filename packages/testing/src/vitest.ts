/**
 * Tests of Understudy programs with vitest: `it` is vitest's own, with `it.process` and `it.model` beside it.
 *
 * ```ts
 * import { expect } from "vitest"
 * import { it } from "@understudy/testing/vitest"
 * ```
 *
 * It goes beside `@effect/vitest`: import that module's `it` by another name, or call {@link process} itself.
 */
import { type TestAPI, it as vitestIt } from "vitest"
import { type ProcessTester, process } from "./vitest/process.ts"

export { type ProcessTest, type ProcessTester, type ProcessTestOptions, process } from "./vitest/process.ts"

/** Vitest's `it`, with tests whose body is a process. */
export const it: TestAPI & { readonly process: ProcessTester } = new Proxy(
  vitestIt as TestAPI & { readonly process: ProcessTester },
  {
    get: (target, key, receiver) => (key === "process" ? process : Reflect.get(target, key, receiver))
  }
)
