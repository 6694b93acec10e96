/** Pseudo-random numbers of a search: mulberry32, which is small, quick, and the same everywhere. */
export interface Random {
  /** From 0 up to 1. */
  next(): number
  /** A whole number from 0 to `bound` - 1. */
  below(bound: number): number
}

/** Numbers that the seed determines. */
export const random = (seed: number): Random => {
  let state = seed | 0
  const next = () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  return { next, below: (bound) => Math.floor(next() * bound) }
}
