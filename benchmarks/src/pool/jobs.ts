/**
 * What the pools of workers compute: functions of plain data, the same ones in every pool. And what is kept of the
 * results: a sum, to compare with what it must be.
 */

/** The slow Fibonacci function: work for a processor. */
export const fib = (n: number): number => (n < 2 ? n : fib(n - 1) + fib(n - 2))

/** Something to read, and how to answer about it. */
export interface Letter {
  readonly id: number
  readonly text: string
  readonly amounts: ReadonlyArray<number>
}

/** What is in a letter. */
export interface Digest {
  readonly id: number
  readonly words: number
  readonly total: number
}

const amountsEach = 256
const wordsEach = 400

/** A letter of about 4 KiB. */
export const letter = (id: number): Letter => ({
  id,
  text: Array.from({ length: wordsEach }, (_, word) => `word${(id + word) % 997}`).join(" "),
  amounts: Array.from({ length: amountsEach }, (_, amount) => (id * 31 + amount) % 1009)
})

/** Reads a letter. */
export const digest = ({ amounts, id, text }: Letter): Digest => ({
  id,
  words: text.split(" ").length,
  total: amounts.reduce((sum, amount) => sum + amount, 0)
})

/** One number that many digests come to, whatever their order. */
export const sumOf = ({ id, total, words }: Digest): number => id + words + total

/** How many jobs are underway for each worker: enough that none waits for the next. */
export const underwayEach = 16
