/**
 * Makes V8 store and read the fields of Effect's effects by their names. To be imported for that alone, as the first import of
 * the entry file, before anything else loads Effect:
 *
 * ```ts
 * import "@understudy/core/Preload"
 * ```
 *
 * or by `node --import @understudy/core/Preload`. It takes about a millisecond, once in each thread. What comes after it does
 * not depend on it; servers that send in their handlers are up to 1.2 times as fast. Where Effect is loaded already it does nothing
 * that helps.
 *
 * Effect 4.1 puts the names of its internal fields together when it is loaded (`${TypeId}/args`). Until the first collection of
 * young objects V8 keeps such a text as a reference to the name proper. The places that store or read by one before that see
 * a name that is not what they remember, and look it up from then on in a hash table, for good. So the collection comes here, between
 * the file of Effect that makes the names and those that use them.
 */
// The file with the names is all that it loads
import "effect/Effectable"
import { getHeapSpaceStatistics } from "node:v8"

/** So many bytes are left behind between two looks at the heap. */
const portion = 2 ** 16
/** At most so many in all: no young generation is larger. */
const most = 2 ** 26

const youngBytes = (): number =>
  getHeapSpaceStatistics().find((space) => space.space_name === "new_space")?.space_used_size ?? 0

/** An array of as many bytes. */
const leaveBehind = (): Array<number> => new Array<number>(portion / 8).fill(0)

/** Leaves garbage behind until there is less of it than before. */
const collectYoung = (): void => {
  let before = youngBytes()
  for (let left = most; left > 0; left -= portion) {
    leaveBehind()
    const now = youngBytes()
    if (now < before) return
    before = now
  }
}

collectYoung()
