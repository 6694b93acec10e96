/**
 * Reads untrusted values: thrown values, failures and exit reasons. A getter may throw, a proxy may be revoked, a `name` may not
 * be a string. No function here throws.
 */

/** Calls `use` with a property's value, or `otherwise` with the reason why the property cannot be read. */
export const readProperty = <A>(
  value: object,
  key: PropertyKey,
  use: (found: unknown) => A,
  otherwise: (why: string) => A
): A => {
  let found: unknown
  try {
    found = Reflect.get(value, key)
  } catch (error) {
    return otherwise(nameOfThrown(error))
  }
  return use(found)
}

/** A property's value if it is a string, else `otherwise`. */
export const textProperty = (value: object, key: PropertyKey, otherwise: string): string =>
  readProperty(
    value,
    key,
    (found) => (typeof found === "string" ? found : otherwise),
    (why) => `(its ${String(key)} cannot be read: ${why})`
  )

/** A short text for the value that a getter threw. Reading that value may throw too. */
const nameOfThrown = (error: unknown): string => {
  if (!Error.isError(error)) return typeof error
  try {
    return `${error.name}: ${error.message}`.slice(0, 200)
  } catch {
    return "an error"
  }
}

/** The name of a value's class; `undefined` when it cannot be found. */
export const classNameOf = (value: object): string | undefined => {
  try {
    const prototype: unknown = Object.getPrototypeOf(value)
    if (prototype === null || typeof prototype !== "object") return undefined
    const made: unknown = Object.getOwnPropertyDescriptor(prototype, "constructor")?.value
    return typeof made === "function" ? textProperty(made, "name", "") || undefined : undefined
  } catch {
    return undefined
  }
}

/** A function or a symbol as the console prints it. */
export const nameOf = (value: symbol | ((...args: never) => unknown)): string => {
  if (typeof value === "symbol") return value.toString()
  return `[Function: ${textProperty(value, "name", "") || "(anonymous)"}]`
}

/** Whether a value's prototype can be read. It cannot for a revoked proxy, nor for a proxy whose handler throws. */
export const isReadable = (value: unknown): boolean => {
  if (typeof value !== "object" || value === null) return true
  try {
    Object.getPrototypeOf(value)
    return true
  } catch {
    return false
  }
}

/** The message of an error; for any other thrown value, its text. */
export const messageOf = (thrown: unknown): string => {
  if (Error.isError(thrown)) return textProperty(thrown, "message", "an error without a message")
  try {
    return String(thrown)
  } catch {
    return `a value that has no text (${typeof thrown})`
  }
}
