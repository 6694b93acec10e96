/** What errors and reports are made of, for the packages on top: what names and durations are, values and figures as text. */
export { count, figure, time } from "./Figures.ts"
export { longestText, show, showGiven } from "./Inspect.ts"
export { aDuration, wholeMilliseconds } from "./Milliseconds.ts"
export { aName, isName } from "./NameCheck.ts"
