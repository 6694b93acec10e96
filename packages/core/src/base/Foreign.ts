/**
 * Looking at values of unknown origin: what was thrown, failed with or given as a reason. A getter can throw, a proxy can
 * be revoked, a name can be no text. Nothing here throws.
 */

/** Calls `use` with a property's value; `otherwise` with why it cannot be read. */
export const readAt = <A>(
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

/** The text of a property; `otherwise` when it has none. */
export const textAt = (value: object, key: PropertyKey, otherwise: string): string =>
  readAt(
    value,
    key,
    (found) => (typeof found === "string" ? found : otherwise),
    (why) => `(its ${String(key)} cannot be read: ${why})`
  )

/** What a getter threw, in a few words: it may be as hostile as what it was asked for. */
const nameOfThrown = (error: unknown): string => {
  if (!Error.isError(error)) return typeof error
  try {
    return `${error.name}: ${error.message}`.slice(0, 200)
  } catch {
    return "an error"
  }
}

/** The name of the class a value is of; `undefined` when none can be found. */
export const classNameOf = (value: object): string | undefined => {
  try {
    const prototype: unknown = Object.getPrototypeOf(value)
    if (prototype === null || typeof prototype !== "object") return undefined
    const made: unknown = Object.getOwnPropertyDescriptor(prototype, "constructor")?.value
    return typeof made === "function" ? textAt(made, "name", "") || undefined : undefined
  } catch {
    return undefined
  }
}

/** A function or a symbol as people see it in a console. */
export const nameOf = (value: symbol | ((...args: never) => unknown)): string => {
  if (typeof value === "symbol") return value.toString()
  return `[Function: ${textAt(value, "name", "") || "(anonymous)"}]`
}

/** Whether it can be asked what a value is an instance of. A revoked proxy cannot be, nor one that refuses. */
export const isReadable = (value: unknown): boolean => {
  if (typeof value !== "object" || value === null) return true
  try {
    Object.getPrototypeOf(value)
    return true
  } catch {
    return false
  }
}

/** What an error says: its message; for everything else that can be thrown, its text. */
export const messageOf = (thrown: unknown): string => {
  if (Error.isError(thrown)) return textAt(thrown, "message", "an error without a message")
  try {
    return String(thrown)
  } catch {
    return `a value that has no text (${typeof thrown})`
  }
}
