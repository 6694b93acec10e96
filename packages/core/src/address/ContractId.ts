/**
 * What contracts are told apart by. Two modules that are evaluated twice, or on two schedulers, make two contracts of one: they are
 * the same when their names and their schemas are.
 */
import { createHash } from "node:crypto"

/** The names of contracts by their keys, as far as this thread has asked for those: for reports that name an unknown contract. */
const names = new Map<number, string>()

/** Contracts of this thread whose keys have not been computed yet. */
let unnamed: Array<WeakRef<ContractId>> = []
let unnamedMost = 64

const note = (contract: ContractId): void => {
  unnamed.push(new WeakRef(contract))
  if (unnamed.length < unnamedMost) return
  // Those of programs that make them anew each time are gone
  unnamed = unnamed.filter((each) => each.deref() !== undefined)
  unnamedMost = Math.max(64, unnamed.length * 2)
}

/** See the file's header. */
export class ContractId {
  readonly name: string
  private readonly fingerprint: () => string
  private known: number | undefined = undefined

  /**
   * @param fingerprint - a text that changes when the contract's schemas change.
   */
  constructor(name: string, fingerprint: () => string) {
    this.name = name
    this.fingerprint = fingerprint
    note(this)
  }

  /** A number from 0 to 2^32 - 1 that is the same for the same contract, on every scheduler. Made when a message is first written. */
  get key(): number {
    this.known ??= this.makeKey()
    return this.known
  }

  private makeKey(): number {
    const key = createHash("sha256").update(this.fingerprint()).digest().readUInt32LE(0)
    names.set(key, this.name)
    return key
  }

  /** Whether both are the same contract. */
  is(other: ContractId): boolean {
    return this === other || (this.name === other.name && this.key === other.key)
  }

  /** The name of the contract with that key, if this thread knows it. */
  static nameOf(key: number): string | undefined {
    if (!names.has(key)) for (const each of unnamed.splice(0)) each.deref()?.makeKey()
    return names.get(key)
  }
}
