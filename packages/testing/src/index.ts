/** Tests of Understudy programs. */

export type { Checked, CheckModelOptions } from "./model/CheckModel.ts"
export { checkModel, modelBody } from "./model/CheckModel.ts"
export * as Linearize from "./model/Linearize.ts"
export * as Model from "./model/Model.ts"
export { fromSchema } from "./model/SchemaArbitrary.ts"
