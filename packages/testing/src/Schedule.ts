/** Schedules: how a run of a simulation differs from the plain one. */
export { any, DrawnSchedule } from "./choices/Arbitrary.ts"
export {
  type Buggify,
  type Deviation,
  type Disturb,
  type Draw,
  describe,
  type Pick,
  type Preempt,
  plain,
  type Schedule
} from "./choices/Schedule.ts"
export { fromToken, InvalidToken, toToken } from "./choices/Token.ts"
