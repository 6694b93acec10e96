/** Internal: values and checks of values as text, for people. For packages of this project only. */
export { longestText, show, showGiven } from "../base/Inspect.ts"
export { expectedDuration, wholeMilliseconds } from "../base/Milliseconds.ts"
export { expectedName, isName } from "../base/NameCheck.ts"
