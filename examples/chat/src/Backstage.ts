// What the backstage panel shows, made from what the system and its supervisors tell: the schedulers, and the tree.
import type { Pid } from "@understudy/core/Pid"
import type { SlotSnapshot } from "@understudy/core/System"
import type { Supervisor } from "@understudy/supervisor"
import { limits, type SchedulerView, type TreeNode } from "./protocol.ts"

/** A scheduler for the panel. */
export const viewOf = (snapshot: SlotSnapshot): SchedulerView => {
  const { incarnation, processes, restarts, runQueue, slot, state, utilisation } = snapshot
  const isUp = state === "up"
  return {
    slot,
    // The system counts the lives of a slot from 1
    incarnation: Math.max(0, incarnation - 1),
    state: state === "stopping" ? "down" : state,
    // What a scheduler that is gone wrote last is still there to be read
    runQueue: isUp ? runQueue : 0,
    utilisation: isUp ? Math.min(1, utilisation / 1000) : 0,
    processes: isUp ? processes : 0,
    restarts
  }
}

/** What a tree for the panel is made with. */
export interface TreeContext {
  /** What to call a process, if it has a name of its own. */
  readonly nameOf: (pid: Pid) => string | undefined
  /** The children a place in the tree had when it last told of them, for supervisors too busy to tell. */
  readonly lastChildren: Map<string, ReadonlyArray<TreeNode>>
}

/** A supervision tree for the panel. */
export const treeOf = (node: Supervisor.TreeNode, context: TreeContext, path = ""): TreeNode => {
  const { children, label, pid, restarts, status, type } = node
  const id = `${path}/${node.id ?? label}`
  const shown =
    status === "busy"
      ? (context.lastChildren.get(id) ?? []).map(gone)
      : children.slice(0, limits.treeChildren).map((child) => treeOf(child, context, id))
  if (status !== "busy" && type === "supervisor") context.lastChildren.set(id, shown)
  const name = pid === undefined ? undefined : context.nameOf(pid)
  return {
    id,
    pid: pid?.toString() ?? null,
    kind: type,
    label: name ?? label,
    scheduler: pid?.slot ?? null,
    restarts,
    children: shown,
    hidden: Math.max(0, children.length - limits.treeChildren)
  }
}

// A supervisor that does not answer is starting children, so they are not there yet.
const gone = (node: TreeNode): TreeNode => ({ ...node, pid: null, scheduler: null, children: node.children.map(gone) })
