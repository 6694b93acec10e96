/**
 * What contracts are told apart by. Two modules that are evaluated twice, or on two schedulers, make two contracts of one: they are
 * the same when their names and their schemas are.
 */
import { createHash } from "node:crypto"

/** The names of contracts by their keys, as far as this thread has met them: for messages that say who a stranger is. */
const names = new Map<number, string>()

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
  }

  /** A number from 0 to 2^32 - 1 that is the same for the same contract, on every scheduler. Made when a message is first written. */
  get key(): number {
    if (this.known === undefined) {
      this.known = createHash("sha256").update(this.fingerprint()).digest().readUInt32LE(0)
      names.set(this.known, this.name)
    }
    return this.known
  }

  /** Whether both are the same contract. */
  is(other: ContractId): boolean {
    return this === other || (this.name === other.name && this.key === other.key)
  }

  /** The name of the contract with that key, if this thread knows it. */
  static nameOf(key: number): string | undefined {
    return names.get(key)
  }
}
