/**
 * fast-check arbitraries of the values that Effect's schemas describe. Effect generates and shrinks them (`effect/Arbitrary`), with
 * checks, annotations and recursion taken into account; here is only the way from one library to the other.
 */

import * as EffectArbitrary from "effect/Arbitrary"
import * as Effect from "effect/Effect"
import type * as Schema from "effect/Schema"
import * as fc from "fast-check"

/** How a value was made, and by which steps it was shrunk: from this it can be made again, and shrunk further. */
interface Origin {
  readonly seed: number
  readonly size: number
  /** Which candidate was taken at each step of shrinking. */
  readonly path: ReadonlyArray<number>
}

/** The largest texts and collections have about this many parts. Effect's default would be 20. */
const largestSize = 8

/** How many candidates are offered at each step of shrinking. */
const candidates = 100

class SchemaArbitrary<T> extends fc.Arbitrary<T> {
  private readonly arbitrary: EffectArbitrary.Arbitrary<T>

  constructor(arbitrary: EffectArbitrary.Arbitrary<T>) {
    super()
    this.arbitrary = arbitrary
  }

  generate(random: fc.Random): fc.Value<T> {
    const origin: Origin = { seed: random.nextInt(), size: random.nextInt(0, largestSize), path: [] }
    const [value] = Effect.runSync(
      EffectArbitrary.sampleEffect(this.arbitrary, { count: 1, seed: origin.seed, size: origin.size })
    )
    return new fc.Value(value as T, origin)
  }

  canShrinkWithoutContext(_value: unknown): _value is T {
    return false
  }

  shrink(_value: T, context: unknown): fc.Stream<fc.Value<T>> {
    if (context === undefined) return fc.Stream.nil()
    const { path, seed, size } = context as Origin
    const values = this.smaller(context as Origin)
    return new fc.Stream(
      values.map((value, index) => new fc.Value(value, { seed, size, path: [...path, index] })).values()
    )
  }

  /**
   * The values that Effect would try instead of the one of that origin. Effect keeps its candidates to itself: this gives it a property
   * that fails for the values on the path, and for no other, and sees which values it is asked about last.
   */
  private smaller({ path, seed, size }: Origin): Array<T> {
    const found: Array<T> = []
    // Steps taken; the first value is the one that was generated
    let depth = -1
    let index = 0
    const property = (value: T): boolean => {
      const isOnPath = depth < 0 || index === path[depth]
      if (isOnPath) {
        depth++
        index = 0
        return false
      }
      index++
      if (depth === path.length) found.push(value)
      return true
    }
    // What was rejected on the way to the end of the path counts too
    const maxShrinks = path.reduce((sum, step) => sum + 2 * step + 10, 0) + 2 * candidates
    Effect.runSync(EffectArbitrary.checkEffect(this.arbitrary, property, { runs: 1, seed, size, maxShrinks }))
    return found.slice(0, candidates)
  }
}

/** Values of a schema's type (not of its encoded form), as a fast-check arbitrary that shrinks. */
export const fromSchema = <S extends Schema.Top>(schema: S): fc.Arbitrary<S["Type"]> =>
  // Services of a schema are for decoding; a value of its type needs none
  new SchemaArbitrary<S["Type"]>(
    EffectArbitrary.schema(schema as unknown as Schema.Schema<S["Type"]>) as EffectArbitrary.Arbitrary<S["Type"]>
  )
