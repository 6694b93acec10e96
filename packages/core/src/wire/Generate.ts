/**
 * Generates functions from source text, where the process permits it. Node forbids it under
 * `--disallow-code-generation-from-strings`; every caller has slower closures as a fallback.
 */

const permitted = (): boolean => {
  try {
    return new Function("return true")() === true
  } catch {
    return false
  }
}

/** Whether this isolate permits code generation. */
export const canGenerate: boolean = permitted()

/**
 * A function of `parameters` with `body`. The text must not contain unescaped input: it would be executed.
 * Throws where {@link canGenerate} is false.
 */
export const generate = (
  parameters: ReadonlyArray<string>,
  body: string
): ((...args: ReadonlyArray<never>) => unknown) =>
  // `Function` is typed to return the untyped `Function`
  new Function(...parameters, `"use strict"\n${body}`) as (...args: ReadonlyArray<never>) => unknown
