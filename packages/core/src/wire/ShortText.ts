/**
 * Short one-byte texts out of memory. `Buffer` takes 90 ns to make a string, however short; up to {@link longestShort}
 * characters `String.fromCharCode` is faster (Node 26: 13 ns for 4 characters, 51 for 25, 62 for 32).
 */
import { generate, mayGenerate } from "./Generate.ts"

/** Up to this many characters reading one by one beats `Buffer`. */
export const longestShort = 40

type Read = (bytes: Uint8Array, at: number) => string

/** One function a length: with a fixed number of arguments the string is made in one step, not joined from pieces. */
const fixed = (length: number): Read => {
  const codes = Array.from({ length }, (_, index) => `bytes[at + ${index}]`)
  // The body returns what `Read` says
  return generate(["bytes", "at"], `return String.fromCharCode(${codes.join(", ")})`) as Read
}

const readers: Array<Read | undefined> = new Array(longestShort + 1).fill(undefined)

/** The text of the `length` bytes from `at`, each a character's code. At most {@link longestShort}. */
export const readShort = (bytes: Uint8Array, at: number, length: number): string => {
  let read = readers[length]
  if (read === undefined) {
    read = readerOf(length)
    readers[length] = read
  }
  return read(bytes, at)
}

const readerOf = (length: number): Read => (mayGenerate ? fixed(length) : spread(length))

/** Does the same where functions cannot be made from text. */
export const spread = (length: number): Read => {
  const codes: Array<number> = new Array(length).fill(0)
  return (bytes, at) => {
    // `as number`: the caller has checked that the bytes are there
    for (let index = 0; index < length; index++) codes[index] = bytes[at + index] as number
    return String.fromCharCode.apply(null, codes)
  }
}
