/** Internal: values and checks of values as text, for people. For packages of this project only. */
export { longestText, show, showGiven } from "../base/Inspect.ts"
export { aDuration, wholeMilliseconds } from "../base/Milliseconds.ts"
export { aName, isName } from "../base/NameCheck.ts"
