/**
 * The children of one supervisor, in the order they are started, found by id and by pid.
 */

import { keyOf } from "@understudy/core/internal/Values"
import type { Pid } from "@understudy/core/Pid"
import type { EncodedChild } from "./ChildSpec.ts"

/** One child. Only {@link Children} changes it. */
export interface Child {
  readonly spec: EncodedChild
  /** The process, while it runs. */
  readonly pid: Pid | undefined
  /** Whether the supervisor will try again to start it. */
  readonly restarting: boolean
  /** How often the supervisor has started it again. */
  readonly restarts: number
}

type MutableChild = { -readonly [K in keyof Child]: Child[K] }

/**
 * Plain and mutable, owned by one supervisor process: a copy for each of ten thousand starts would make starting them
 * quadratic (catalogue SU66).
 */
export class Children {
  // A Map keeps its order: the order of starting
  private readonly byId: Map<string, MutableChild> = new Map()
  private readonly byPid: Map<number, MutableChild> = new Map()

  /** Adds a child at the end. */
  add(spec: EncodedChild): Child {
    const child: MutableChild = { spec, pid: undefined, restarting: false, restarts: 0 }
    this.byId.set(spec.id, child)
    return child
  }

  get(id: string): Child | undefined {
    return this.byId.get(id)
  }

  /** The child whose process this is. */
  ofPid(pid: Pid): Child | undefined {
    return this.byPid.get(keyOf(pid))
  }

  inOrder(): ReadonlyArray<Child> {
    return [...this.byId.values()]
  }

  newestFirst(): ReadonlyArray<Child> {
    return [...this.byId.values()].reverse()
  }

  /** A child and those started after it, in order. */
  from(child: Child): ReadonlyArray<Child> {
    const all = this.inOrder()
    return all.slice(all.indexOf(child))
  }

  /** The child's process runs; `pid` is nothing when it chose not to start. */
  started(child: Child, pid: Pid | undefined, again: boolean): void {
    this.change(child, pid, false, again)
  }

  /** The child has no process; the supervisor will try again. */
  restarting(child: Child): void {
    this.change(child, undefined, true, false)
  }

  /** The child has no process. A temporary child is forgotten. */
  stopped(child: Child): void {
    this.change(child, undefined, false, false)
    if (child.spec.restart === "temporary") this.byId.delete(child.spec.id)
  }

  /** Forgets a child that has no process. */
  remove(child: Child): void {
    this.byId.delete(child.spec.id)
  }

  private change(child: Child, pid: Pid | undefined, restarting: boolean, again: boolean): void {
    const own = this.byId.get(child.spec.id)
    if (own === undefined) return
    if (own.pid !== undefined) this.byPid.delete(keyOf(own.pid))
    if (pid !== undefined) this.byPid.set(keyOf(pid), own)
    own.pid = pid
    own.restarting = restarting
    if (again) own.restarts++
  }
}
