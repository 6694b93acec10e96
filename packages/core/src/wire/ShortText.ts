/**
 * Decoding of short ASCII texts. A call into `Buffer` has a fixed cost; up to {@link maxShortLength} characters
 * `String.fromCharCode` is faster.
 */
import { canGenerate, generate } from "./Generate.ts"

/** The longest text, in characters, that is decoded without `Buffer`. */
export const maxShortLength = 40

type Read = (bytes: Uint8Array, at: number) => string

/** A function for one length: with a fixed number of arguments V8 allocates the string once, without concatenation. */
const unrolled = (length: number): Read => {
  const codes = Array.from({ length }, (_, index) => `bytes[at + ${index}]`)
  // `as Read`: the generated body has that type
  return generate(["bytes", "at"], `return String.fromCharCode(${codes.join(", ")})`) as Read
}

const readers: Array<Read | undefined> = new Array(maxShortLength + 1).fill(undefined)

/** The text of the `length` ASCII bytes from `at`. `length`: at most {@link maxShortLength}. */
export const readShort = (bytes: Uint8Array, at: number, length: number): string => {
  let read = readers[length]
  if (read === undefined) {
    read = readerOf(length)
    readers[length] = read
  }
  return read(bytes, at)
}

const readerOf = (length: number): Read => (canGenerate ? unrolled(length) : looped(length))

/** The same reader for processes that forbid code generation. */
export const looped = (length: number): Read => {
  const codes: Array<number> = new Array(length).fill(0)
  return (bytes, at) => {
    // `as number`: the caller has checked that the bytes are there
    for (let index = 0; index < length; index++) codes[index] = bytes[at + index] as number
    return String.fromCharCode.apply(null, codes)
  }
}
