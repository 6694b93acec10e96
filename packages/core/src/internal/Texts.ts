/** What errors and reports are made of, for the packages on top: what names and durations are, values and figures as text. */
export { count, figure, time } from "../base/Figures.ts"
export { longestText, show, showGiven } from "../base/Inspect.ts"
export { aDuration, wholeMilliseconds } from "../base/Milliseconds.ts"
export { aName, isName } from "../base/NameCheck.ts"
