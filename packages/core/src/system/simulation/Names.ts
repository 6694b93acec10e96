/** What processes are called in a simulation: by their path of birth, which is the same in all runs. */
import { keyOf, type Pid } from "../../address/Pid.ts"

/** Knows the names of all processes of a run, also of those that have ended. */
export interface NamesByKey {
  nameByKey(key: number): string | undefined
}

/** The path of birth of a process; its pid where it is none of the simulation's. */
export const nameOf = (pid: Pid, names: NamesByKey): string => names.nameByKey(keyOf(pid)) ?? String(pid)

/** What has been born to one parent so far. */
export class Family {
  private children = 0
  private readonly labels = new Map<string, number>()

  /** The last part of the name of the next child. */
  next(title: string | undefined): string {
    const number = ++this.children
    if (title === undefined) return String(number)
    const before = this.labels.get(title) ?? 0
    this.labels.set(title, before + 1)
    return before === 0 ? title : `${title}#${before + 1}`
  }
}
