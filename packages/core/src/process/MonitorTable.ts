/**
 * The monitors of one scheduler's processes. Each is found by its reference, by its watcher and by the process it
 * watches. One object where both are on this scheduler; else each side has one.
 */
import { type Pid, referenceUnit } from "../address/Pid.ts"
import { type Referenced, ReferenceTable } from "../address/ReferenceTable.ts"
import { keepShapes, nothing } from "../base/Shape.ts"
import type { ProcessRecord } from "./ProcessRecord.ts"

/** A monitor. */
export interface Monitor {
  readonly ref: number
  /** The watcher's pid. */
  readonly by: Pid
  /** The watched process's pid. */
  readonly pid: Pid
  /** The name it is monitored by, when it is. */
  readonly name: string | undefined
  /** The watcher, if it is on this scheduler. */
  readonly watcher: ProcessRecord | undefined
  /** The watched process, if it is on this scheduler. */
  readonly watched: ProcessRecord | undefined
}

declare const inside: unique symbol

/**
 * A process's monitors, or those on it, as its record keeps them. Opaque outside this file: the newest monitor may be in the
 * table only.
 */
export interface MonitorList {
  readonly [inside]: true
}

/** Hot path: plain and mutable. The lists are circular; a record knows their oldest entry. */
class MonitorEntry implements Monitor, Referenced, MonitorList {
  declare readonly [inside]: true
  readonly ref: number
  sibling: Referenced | undefined = undefined
  /** The process in whose list of monitors it is. */
  watcher: ProcessRecord | undefined
  /** The process in whose list of watchers it is. */
  watched: ProcessRecord | undefined
  /** Of the two, the one that is not on this scheduler, or was not known when this was made. */
  readonly other: Pid | undefined
  readonly name: string | undefined
  private nextMonitor: MonitorEntry = this
  private previousMonitor: MonitorEntry = this
  private nextWatcher: MonitorEntry = this
  private previousWatcher: MonitorEntry = this

  constructor(
    ref: number,
    watcher: ProcessRecord | undefined,
    watched: ProcessRecord | undefined,
    other: Pid | undefined,
    name: string | undefined
  ) {
    this.ref = ref
    this.watcher = watcher
    this.watched = watched
    this.other = other
    this.name = name
    if (watcher !== undefined) this.enterMonitors(watcher)
    if (watched !== undefined) this.enterWatchers(watched)
  }

  get by(): Pid {
    // An entry without a local watcher was made with the watcher's pid
    return this.watcher?.pid ?? (this.other as Pid)
  }

  get pid(): Pid {
    // As above
    return this.watched?.pid ?? (this.other as Pid)
  }

  /** Enters the list of `watcher`'s monitors, as the youngest. */
  enterMonitors(watcher: ProcessRecord): void {
    this.watcher = watcher
    const first = entryOf(watcher.monitors)
    if (first === undefined) {
      watcher.monitors = this
      return
    }
    const last = first.previousMonitor
    last.nextMonitor = first.previousMonitor = this
    this.previousMonitor = last
    this.nextMonitor = first
  }

  /** Enters the list of monitors on `watched`, as the youngest. */
  private enterWatchers(watched: ProcessRecord): void {
    const first = entryOf(watched.watchers)
    if (first === undefined) {
      watched.watchers = this
      return
    }
    const last = first.previousWatcher
    last.nextWatcher = first.previousWatcher = this
    this.previousWatcher = last
    this.nextWatcher = first
  }

  /** Leaves the lists of both sides. */
  leave(): void {
    const { watched, watcher } = this
    if (watcher !== undefined) this.leaveMonitors(watcher)
    if (watched !== undefined) this.leaveWatchers(watched)
  }

  private leaveMonitors(watcher: ProcessRecord): void {
    const { nextMonitor: next, previousMonitor: previous } = this
    if (watcher.monitors === this) watcher.monitors = next === this ? undefined : next
    previous.nextMonitor = next
    next.previousMonitor = previous
    // A removed entry must not retain its neighbours
    this.nextMonitor = this.previousMonitor = this
  }

  private leaveWatchers(watched: ProcessRecord): void {
    const { nextWatcher: next, previousWatcher: previous } = this
    if (watched.watchers === this) watched.watchers = next === this ? undefined : next
    previous.nextWatcher = next
    next.previousWatcher = previous
    this.nextWatcher = this.previousWatcher = this
  }

  /** The next younger one of a process's monitors. */
  afterIn(watcher: ProcessRecord): MonitorEntry | undefined {
    return this.nextMonitor === watcher.monitors ? undefined : this.nextMonitor
  }

  /** The next younger one of those on a process. */
  afterOn(watched: ProcessRecord): MonitorEntry | undefined {
    return this.nextWatcher === watched.watchers ? undefined : this.nextWatcher
  }
}

// Only entries are ever made as lists
const entryOf = (list: MonitorList | undefined): MonitorEntry | undefined => list as MonitorEntry | undefined

/** No reference. NaN equals no number. */
const noReference = Number.NaN

/**
 * Hot path: plain and mutable. The newest monitor is in fields here, without an entry, until the next operation: most removed
 * monitors are removed before it.
 *
 * After its removal the fields keep the two processes until any other operation, such as the end of either: the next monitor is
 * often between the same processes, and then takes no write barrier.
 */
export class MonitorTable {
  private readonly entries = new ReferenceTable<MonitorEntry>(referenceUnit)
  private newest = noReference
  private newestWatcher: ProcessRecord | undefined = undefined
  private newestWatched: ProcessRecord | undefined = undefined
  private newestName: string | undefined = undefined

  /** Adds a monitor between two processes of this scheduler. */
  add(ref: number, watcher: ProcessRecord, watched: ProcessRecord, name: string | undefined): void {
    if (!Number.isNaN(this.newest)) this.settleNewest()
    this.newest = ref
    if (this.newestWatcher !== watcher) this.newestWatcher = watcher
    if (this.newestWatched !== watched) this.newestWatched = watched
    this.newestName = name
  }

  /** Adds a local process's monitor on a process of another scheduler. */
  addMonitor(ref: number, watcher: ProcessRecord, pid: Pid, name: string | undefined): void {
    this.enter(ref, watcher, undefined, pid, name)
  }

  /** Adds a monitor on a local process, of a watcher on any scheduler. */
  addWatcher(ref: number, by: Pid, watched: ProcessRecord): void {
    this.enter(ref, undefined, watched, by, undefined)
  }

  /** Sets the local watcher of a monitor that {@link addWatcher} may have added here. */
  setWatcher(ref: number, watcher: ProcessRecord, pid: Pid): void {
    this.settle()
    const entry = this.entries.get(ref)
    if (entry === undefined) this.enter(ref, watcher, undefined, pid, undefined)
    else entry.enterMonitors(watcher)
  }

  /** Removes a monitor of `watcher` if it is the newest of all, which only has fields here. Returns whether it was. */
  removeNewest(ref: number, watcher: ProcessRecord): boolean {
    if (ref !== this.newest || watcher !== this.newestWatcher) return false
    this.newest = noReference
    return true
  }

  /** Takes out a monitor of `watcher`. Gives it, if it was set. */
  takeMonitor(ref: number, watcher: ProcessRecord): Monitor | undefined {
    this.settle()
    const entry = this.entries.get(ref)
    return entry?.watcher === watcher ? this.take(entry) : undefined
  }

  /** Takes out a monitor on `watched`. Gives it, if it was set. */
  takeWatcher(ref: number, watched: ProcessRecord): Monitor | undefined {
    this.settle()
    const entry = this.entries.get(ref)
    return entry?.watched === watched ? this.take(entry) : undefined
  }

  /** Takes out the oldest monitor of a process. Gives it, if there was one. */
  takeOldestMonitor(watcher: ProcessRecord): Monitor | undefined {
    this.settle()
    const entry = entryOf(watcher.monitors)
    return entry === undefined ? undefined : this.take(entry)
  }

  /** Takes out the oldest monitor on a process. Gives it, if there was one. */
  takeOldestWatcher(watched: ProcessRecord): Monitor | undefined {
    this.settle()
    const entry = entryOf(watched.watchers)
    return entry === undefined ? undefined : this.take(entry)
  }

  /** The monitors of a process, oldest first. */
  monitorsOf(watcher: ProcessRecord): ReadonlyArray<Monitor> {
    this.settle()
    const all: Array<Monitor> = []
    for (let entry = entryOf(watcher.monitors); entry !== undefined; entry = entry.afterIn(watcher)) all.push(entry)
    return all
  }

  /** The monitors on a process, oldest first. */
  watchersOf(watched: ProcessRecord): ReadonlyArray<Monitor> {
    this.settle()
    const all: Array<Monitor> = []
    for (let entry = entryOf(watched.watchers); entry !== undefined; entry = entry.afterOn(watched)) all.push(entry)
    return all
  }

  /** Forgets all of them. */
  clear(): void {
    this.settle()
    this.entries.clear()
    this.newest = noReference
  }

  private enter(
    ref: number,
    watcher: ProcessRecord | undefined,
    watched: ProcessRecord | undefined,
    other: Pid | undefined,
    name: string | undefined
  ): void {
    this.settle()
    this.entries.add(new MonitorEntry(ref, watcher, watched, other, name))
  }

  private take(entry: MonitorEntry): Monitor {
    this.entries.take(entry.ref)
    entry.leave()
    return entry
  }

  /**
   * Gives the newest monitor its entry, younger than all others, and clears the fields. Called before any access to a list or an
   * entry.
   */
  private settle(): void {
    if (this.newestWatcher !== undefined) this.settleNewest()
  }

  private settleNewest(): void {
    const { newest, newestName, newestWatched, newestWatcher } = this
    this.newest = noReference
    // Ended processes must not be retained
    this.newestWatcher = undefined
    this.newestWatched = undefined
    this.newestName = undefined
    if (!Number.isNaN(newest))
      this.entries.add(new MonitorEntry(newest, newestWatcher, newestWatched, undefined, newestName))
  }
}

keepShapes(new MonitorEntry(nothing, undefined, undefined, undefined, undefined), new MonitorTable())
