/** Internal: where an effect runs, and effects that are one step. For packages of this project only. */

export { keepShapes, nothing } from "../base/Shape.ts"
export { actionKind, ownStep, type ProcessRecord, readingKind, withCurrent, withSystem } from "../fiber/Running.ts"
export { acting } from "../fiber/Silence.ts"
