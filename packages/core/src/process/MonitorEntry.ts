/**
 * One monitor: an entry in the list of what its watcher watches, in the list of those who watch its process, and in its
 * scheduler's table of references. One object where both are on one scheduler; else each side has one.
 */
import type { Pid } from "./Pid.ts"
import type { ProcessRecord } from "./ProcessRecord.ts"
import type { Referenced } from "./ReferenceTable.ts"

/** Hot path: plain and mutable. The lists are circular; a record knows their oldest entry. */
export class MonitorEntry implements Referenced {
  readonly ref: number
  sibling: Referenced | undefined = undefined
  /** Who watches. */
  readonly by: Pid
  /** Who is watched. */
  readonly pid: Pid
  /** The name it is monitored by, when it is. */
  readonly name: string | undefined
  /** In whose list of monitors it stands: the watcher's, if that is on this scheduler. */
  watcher: ProcessRecord | undefined = undefined
  private nextMonitor: MonitorEntry = this
  private previousMonitor: MonitorEntry = this
  /** In whose list of watchers it stands: the watched process's, if that is on this scheduler. */
  watched: ProcessRecord | undefined = undefined
  private nextWatcher: MonitorEntry = this
  private previousWatcher: MonitorEntry = this

  constructor(ref: number, by: Pid, pid: Pid, name: string | undefined) {
    this.ref = ref
    this.by = by
    this.pid = pid
    this.name = name
  }

  /** Enters the list of what `watcher` watches, as the youngest. */
  enterMonitors(watcher: ProcessRecord): void {
    this.watcher = watcher
    const first = watcher.monitors
    if (first === undefined) {
      watcher.monitors = this
      return
    }
    const last = first.previousMonitor
    last.nextMonitor = first.previousMonitor = this
    this.previousMonitor = last
    this.nextMonitor = first
  }

  /** Enters the list of those who watch `watched`, as the youngest. */
  enterWatchers(watched: ProcessRecord): void {
    this.watched = watched
    const first = watched.watchers
    if (first === undefined) {
      watched.watchers = this
      return
    }
    const last = first.previousWatcher
    last.nextWatcher = first.previousWatcher = this
    this.previousWatcher = last
    this.nextWatcher = first
  }

  leaveMonitors(): void {
    const { nextMonitor: next, previousMonitor: previous, watcher } = this
    if (watcher === undefined) return
    this.watcher = undefined
    if (watcher.monitors === this) watcher.monitors = next === this ? undefined : next
    previous.nextMonitor = next
    next.previousMonitor = previous
    // What is not in a list must not keep its neighbours alive
    this.nextMonitor = this.previousMonitor = this
  }

  leaveWatchers(): void {
    const { nextWatcher: next, previousWatcher: previous, watched } = this
    if (watched === undefined) return
    this.watched = undefined
    if (watched.watchers === this) watched.watchers = next === this ? undefined : next
    previous.nextWatcher = next
    next.previousWatcher = previous
    this.nextWatcher = this.previousWatcher = this
  }

  /** It is over, for both sides that are on this scheduler, and in no table any more. */
  leave(): void {
    this.leaveMonitors()
    this.leaveWatchers()
  }

  /** What a process watches, oldest first. */
  static monitorsOf({ monitors }: ProcessRecord): ReadonlyArray<MonitorEntry> {
    const all: Array<MonitorEntry> = []
    if (monitors === undefined) return all
    let entry = monitors
    do {
      all.push(entry)
      entry = entry.nextMonitor
    } while (entry !== monitors)
    return all
  }

  /** Who watches a process, oldest first. */
  static watchersOf({ watchers }: ProcessRecord): ReadonlyArray<MonitorEntry> {
    const all: Array<MonitorEntry> = []
    if (watchers === undefined) return all
    let entry = watchers
    do {
      all.push(entry)
      entry = entry.nextWatcher
    } while (entry !== watchers)
    return all
  }
}
