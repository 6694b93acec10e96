/** Freezing what is shared by reference. */

/**
 * Freezes plain data all the way down, so that sharing it by reference cannot leak later changes. Catalogue R17. However deep it is, and
 * whatever it holds: what cannot be frozen (a proxy that refuses, a view of bytes) stays as it is, and getters do not run.
 */
export const deepFreeze = (value: unknown): void => {
  if (value === null || typeof value !== "object" || isFrozen(value)) return
  const left: Array<object> = [value]
  for (let next = left.pop(); next !== undefined; next = left.pop()) {
    try {
      freezeOne(next, left)
    } catch {
      // It is shared as it is
    }
  }
}

const isFrozen = (value: object): boolean => {
  try {
    return Object.isFrozen(value)
  } catch {
    return true
  }
}

/** Freezes one object, if it is data, and notes what is in it that is not frozen. */
const freezeOne = (value: object, left: Array<object>): void => {
  if (!Array.isArray(value)) {
    const prototype: unknown = Object.getPrototypeOf(value)
    // Instances have their own ideas of state (pids and refs do); data does not
    if (prototype !== Object.prototype && prototype !== null) return
  }
  Object.freeze(value)
  // Only the elements that are there: an array may be as long as it likes
  for (const key of Object.keys(value)) {
    const inner: unknown = Object.getOwnPropertyDescriptor(value, key)?.value
    if (inner !== null && typeof inner === "object" && !isFrozen(inner)) left.push(inner)
  }
}
