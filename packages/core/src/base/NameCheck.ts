/**
 * Validation of process and registry names. Every function that takes a name checks it, so that no process is registered under
 * a name that cannot be looked up. Catalogue N04.
 */
import { showGiven } from "./Inspect.ts"

/** The accepted form of a name, for error messages. */
export const expectedName = "a text that is not empty"

/** Whether a value is a valid name. */
export const isName = (value: unknown): value is string => typeof value === "string" && value !== ""

/** The error for an invalid name, for operations without a typed error for it. */
export const invalidName = (operation: string, given: unknown): RangeError =>
  new RangeError(`${operation}: a name is ${expectedName}; got ${showGiven(given)}`)

/** Returns a valid name. Throws a RangeError for an invalid one. */
export const checkName = (operation: string, name: unknown): string => {
  if (isName(name)) return name
  throw invalidName(operation, name)
}
