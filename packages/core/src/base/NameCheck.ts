/**
 * What a name is, and the error for anything else: names are checked wherever they enter, so that nothing is
 * started under a name that cannot be looked up. Catalogue N04.
 */
import { showGiven } from "./Inspect.ts"

/** What a name is, for errors. */
export const aName = "a text that is not empty"

/** Whether a value is a name. */
export const isName = (value: unknown): value is string => typeof value === "string" && value !== ""

/** The error for what is no name, where a start or a registration has no error of its own for it. */
export const invalidName = (operation: string, given: unknown): RangeError =>
  new RangeError(`${operation}: a name is ${aName}; got ${showGiven(given)}`)

/** The name itself. Throws a RangeError when it is none. */
export const checkName = (operation: string, name: unknown): string => {
  if (isName(name)) return name
  throw invalidName(operation, name)
}
