/** Deep freezing of data that processes share by reference. */

/**
 * Freezes plain data at every depth, so that later changes by the sender are not seen by the receiver. Catalogue R17. Iterative, so
 * depth is not limited by the stack. An object that cannot be frozen (a proxy, a typed array) stays as it is; getters do not run.
 */
export const deepFreeze = (value: unknown): void => {
  if (value === null || typeof value !== "object" || isFrozen(value)) return
  const left: Array<object> = [value]
  for (let next = left.pop(); next !== undefined; next = left.pop()) {
    try {
      freezeOne(next, left)
    } catch {
      // The object cannot be frozen: it is shared unfrozen
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

/** Freezes one object if it is plain data, and adds the unfrozen objects in it to `left`. */
const freezeOne = (value: object, left: Array<object>): void => {
  if (!Array.isArray(value)) {
    const prototype: unknown = Object.getPrototypeOf(value)
    // Instances of classes may need their mutable state, as pids do
    if (prototype !== Object.prototype && prototype !== null) return
  }
  Object.freeze(value)
  // `Object.keys`, not the length: a sparse array may be very long
  for (const key of Object.keys(value)) {
    const inner: unknown = Object.getOwnPropertyDescriptor(value, key)?.value
    if (inner !== null && typeof inner === "object" && !isFrozen(inner)) left.push(inner)
  }
}
