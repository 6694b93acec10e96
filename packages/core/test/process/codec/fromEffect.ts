/**
 * Effect's arbitraries for fast-check: values come in batches, as Effect generates them (small ones first), and shrink as
 * Effect shrinks them, by its public functions only.
 */
import * as Arbitrary from "effect/Arbitrary"
import * as Effect from "effect/Effect"
import * as fc from "fast-check"

/** Values one after another, and where each comes from. */
export interface Batch {
  readonly values: ReadonlyArray<unknown>
}

/** How to find a batch again: its seed; for a single value also its place in the batch and the way of its shrinking. */
interface Origin {
  readonly seed: number
  readonly at: number | undefined
  readonly path: ReadonlyArray<number>
}

/** How many smaller values of one are tried. */
const mostShrinks = 500

class Batches extends fc.Arbitrary<Batch> {
  private readonly of: Arbitrary.Arbitrary<unknown>
  private readonly size: number

  constructor(of: Arbitrary.Arbitrary<unknown>, size: number) {
    super()
    this.of = of
    this.size = size
  }

  generate(random: fc.Random): fc.Value<Batch> {
    const seed = random.nextInt(0, 0x7fffffff)
    const values: Array<unknown> = []
    const collect = (value: unknown) => {
      values.push(value)
      return true
    }
    Effect.runSync(Arbitrary.checkEffect(this.of, collect, { runs: this.size, seed }))
    return new fc.Value({ values }, { seed, at: undefined, path: [] } satisfies Origin)
  }

  canShrinkWithoutContext(value: unknown): value is Batch {
    return value === undefined
  }

  shrink({ values }: Batch, context: unknown): fc.Stream<fc.Value<Batch>> {
    // Made by `generate` or by this method
    const origin = context as Origin
    const { at, path, seed } = origin
    // First to one value, then that one's own shrinking
    const next =
      at === undefined
        ? values.map((value, index) => this.single(value, { seed, at: index, path }))
        : this.smaller(at, origin).map((value, index) => this.single(value, { seed, at, path: [...path, index] }))
    return fc.stream(next[Symbol.iterator]())
  }

  private single(value: unknown, origin: Origin): fc.Value<Batch> {
    return new fc.Value({ values: [value] }, origin)
  }

  /** What a value shrinks to in one step: what Effect tries when the value fails and nothing smaller does. */
  private smaller(at: number, { path, seed }: Origin): ReadonlyArray<unknown> {
    const found: Array<unknown> = []
    let runs = 0
    // How far along the path, and which sibling is next
    let depth = -1
    let sibling = 0
    const follow = (value: unknown) => {
      if (depth === -1) {
        if (runs++ !== at) return true
        depth = 0
        return false
      }
      if (depth === path.length) {
        found.push(value)
        return true
      }
      if (sibling++ !== path[depth]) return true
      depth++
      sibling = 0
      return false
    }
    const maxShrinks = mostShrinks * (path.length + 1)
    Effect.runSync(Arbitrary.checkEffect(this.of, follow, { runs: this.size, seed, maxShrinks }))
    return found.slice(0, mostShrinks)
  }
}

/** Batches of `size` values of an arbitrary of Effect's. */
export const batches = (of: Arbitrary.Arbitrary<unknown>, size: number): fc.Arbitrary<Batch> => new Batches(of, size)
