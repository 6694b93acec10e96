/**
 * Tests of Understudy programs with vitest: `it` is vitest's own, with `it.process`, `it.simulate`, `it.prop` and `it.model` beside it.
 *
 * ```ts
 * import { expect } from "vitest"
 * import { it } from "@understudy/testing/vitest"
 * ```
 *
 * It goes beside `@effect/vitest`: import that module's `it` by another name, or call {@link process} and the others themselves.
 */
import { type TestAPI, it as vitestIt } from "vitest"
import { model } from "./vitest/model.ts"
import { type ProcessTester, process } from "./vitest/process.ts"
import { prop, simulate } from "./vitest/simulate.ts"

export { type ModelTestOptions, model } from "./vitest/model.ts"
export { type ProcessTest, type ProcessTester, type ProcessTestOptions, process } from "./vitest/process.ts"
export { type PropOptions, prop, type SimulateTestOptions, simulate, type ValuesOf } from "./vitest/simulate.ts"

/** What `it` has beside vitest's own. */
export interface Testers {
  readonly process: ProcessTester
  readonly simulate: typeof simulate
  readonly prop: typeof prop
  readonly model: typeof model
}

const testers: Testers = { process, simulate, prop, model }

/** Vitest's `it`, with tests of processes. */
export const it: TestAPI & Testers = new Proxy(vitestIt as TestAPI & Testers, {
  get: (target, key, receiver) => Reflect.get(Object.hasOwn(testers, key) ? testers : target, key, receiver)
})
