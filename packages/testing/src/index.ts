/** Tests of Understudy programs. */

export { prepare } from "@understudy/core/Simulation"
export type { Addressed } from "./Addressed.ts"
export { ConcurrentFailure, concurrently } from "./Concurrently.ts"
export { CannotCrash, crash } from "./Crash.ts"
export { expectCrash, expectLeft, type Which } from "./Expectations.ts"
export * as Faults from "./faults/Faults.ts"
export { Leak, LeftBehind, NoProgress, WaitsForever } from "./Leak.ts"
export type { Checked, CheckModelOptions } from "./model/CheckModel.ts"
export { checkModel, modelBody } from "./model/CheckModel.ts"
export * as Linearize from "./model/Linearize.ts"
export * as Model from "./model/Model.ts"
export { fromSchema } from "./model/SchemaArbitrary.ts"
export * as Probe from "./Probe.ts"
export { type Body, type ProcessOptions, type Provided, type ResultOf, runProcess } from "./Run.ts"
export { describeProblem, type Problem, SimulationFailed } from "./report/Failure.ts"
export * as Schedule from "./Schedule.ts"
export {
  type Failed,
  type Passed,
  ProgramChanged,
  type Result,
  type Searched,
  type SimulatedBody,
  type SimulateOptions,
  Simulator,
  simulate
} from "./Simulate.ts"
export {
  type ChildSpec,
  NotSupervised,
  type Restart,
  type SupervisedOptions,
  startSupervised,
  stopSupervised
} from "./Supervised.ts"
export { advance, advanceToNext, settle } from "./Time.ts"
export { CannotTrace, eventText, type Traced, type TraceEvent, trace } from "./Trace.ts"
export { type Origin, whereMade } from "./WhereMade.ts"
