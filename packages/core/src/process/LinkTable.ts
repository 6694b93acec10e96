/**
 * The links of one process to processes of other schedulers, by the keys of their pids. The first is kept without a map: most
 * such processes have only the link to their parent.
 */
import type { Pid } from "../address/Pid.ts"

/** A link to another process, or what is left of one until the other side has confirmed that it is removed. */
export interface LinkState {
  readonly pid: Pid
  linked: boolean
  /** The unlink that is not confirmed yet, or 0: until then an exit that arrives is the removed link's. */
  unlinking: number
}

/** Hot path: plain and mutable. In order of linking. */
export class LinkTable {
  /** The oldest one, unless it was removed while there were others. */
  private first: LinkState | undefined = undefined
  private firstKey = 0
  private others: Map<number, LinkState> | undefined = undefined

  get(key: number): LinkState | undefined {
    return this.first !== undefined && this.firstKey === key ? this.first : this.others?.get(key)
  }

  has(key: number): boolean {
    return this.get(key) !== undefined
  }

  /** Adds one that is not there. */
  add(key: number, link: LinkState): void {
    if (this.first === undefined && (this.others === undefined || this.others.size === 0)) {
      this.first = link
      this.firstKey = key
      return
    }
    this.others ??= new Map()
    this.others.set(key, link)
  }

  delete(key: number): void {
    if (this.first !== undefined && this.firstKey === key) this.first = undefined
    else this.others?.delete(key)
  }

  /** A copy of all links, oldest first. */
  values(): Array<LinkState> {
    const { first, others } = this
    if (others === undefined) return first === undefined ? [] : [first]
    return first === undefined ? [...others.values()] : [first, ...others.values()]
  }
}
