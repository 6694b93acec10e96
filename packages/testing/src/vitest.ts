/** Tests of Understudy programs, with vitest. */

export { type ModelTestOptions, model } from "./vitest/model.ts"
