/**
 * Whether two schedulers run the same contracts: those of different builds do not understand each other, so they are
 * compared when a worker is ready, contract by contract.
 */
import { createHash } from "node:crypto"
import type { Definition } from "../../process/Definition.ts"

/** A hash for each contract, by name. */
export type Fingerprints = Readonly<Record<string, string>>

/** The fingerprints of what a program knows. */
export const fingerprintsOf = (definitions: ReadonlyMap<string, Definition>): Fingerprints =>
  Object.fromEntries([...definitions].map(([name, { fingerprint }]) => [name, hash(fingerprint)]))

const hash = (text: string): string => createHash("sha256").update(text).digest("hex").slice(0, 16)

/** So many contracts are named in an error; the others are counted. */
const mostNames = 8

/** What differs between the contracts of the main thread and those of a scheduler, for people. `undefined`: nothing. */
export const differenceOf = (main: Fingerprints, other: Fingerprints, scheduler: string): string | undefined => {
  const differences = [...new Set([...Object.keys(main), ...Object.keys(other)])].sort().flatMap((name) => {
    // Names are anything, "constructor" too
    const [ours, theirs] = [main, other].map((one) => (Object.hasOwn(one, name) ? one[name] : undefined))
    if (ours === theirs) return []
    if (theirs === undefined) return [`"${name}" is only on the main thread`]
    if (ours === undefined) return [`"${name}" is only on ${scheduler}`]
    return [`"${name}" has other schemas on ${scheduler} than on the main thread`]
  })
  if (differences.length === 0) return undefined
  const more = differences.length - mostNames
  return [...differences.slice(0, mostNames), ...(more > 0 ? [`${more} more differ`] : [])].join("; ")
}
