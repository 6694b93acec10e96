/**
 * Making functions from source text, where the process permits it. Node forbids it under
 * `--disallow-code-generation-from-strings`; users of this have closures that do the same, slower.
 */

const permitted = (): boolean => {
  try {
    return new Function("return true")() === true
  } catch {
    return false
  }
}

/** Whether this isolate may make functions from text. */
export const mayGenerate: boolean = permitted()

/**
 * A function of `parameters` with `body`. The text must be ours: nothing that came from outside may become part of it.
 * Throws where {@link mayGenerate} is false.
 */
export const generate = (
  parameters: ReadonlyArray<string>,
  body: string
): ((...args: ReadonlyArray<never>) => unknown) =>
  // `Function` is typed to return the untyped `Function`
  new Function(...parameters, `"use strict"\n${body}`) as (...args: ReadonlyArray<never>) => unknown
