// What happened between two looks backstage, in words: which schedulers fell and came back, and what supervisors restarted.
import type { SchedulerView, TreeNode } from "../src/protocol.ts"

interface View {
  readonly schedulers: ReadonlyArray<SchedulerView>
  readonly tree: TreeNode
}

export interface Change {
  readonly text: string
  readonly tone: "plain" | "fell" | "back"
}

/** Every node of the tree by its id. */
export const nodesById = (tree: TreeNode, into = new Map<string, TreeNode>()): ReadonlyMap<string, TreeNode> => {
  into.set(tree.id, tree)
  for (const child of tree.children) nodesById(child, into)
  return into
}

const schedulerChanges = (before: View, after: View): ReadonlyArray<Change> =>
  after.schedulers.flatMap((now): ReadonlyArray<Change> => {
    const then = before.schedulers.find(({ slot }) => slot === now.slot)
    if (then === undefined) return []
    const changes: Array<Change> = []
    const fell = then.state === "up" && (now.state !== "up" || now.incarnation > then.incarnation)
    if (fell) changes.push({ text: `Scheduler ${now.slot} went down.`, tone: "fell" })
    const cameBack = now.state === "up" && (then.state !== "up" || now.incarnation > then.incarnation)
    if (cameBack) changes.push({ text: `Scheduler ${now.slot} is back for life ${now.incarnation + 1}.`, tone: "back" })
    return changes
  })

const nodeChanges = (before: View, after: View): ReadonlyArray<Change> => {
  const nodes = nodesById(before.tree)
  return [...nodesById(after.tree).values()].flatMap((now): ReadonlyArray<Change> => {
    const then = nodes.get(now.id)
    if (then === undefined || now.restarts <= then.restarts) return []
    const where =
      now.scheduler === null ? "" : now.scheduler === then.scheduler ? "" : `, now on scheduler ${now.scheduler}`
    return [{ text: `${now.label} was restarted (${now.restarts})${where}.`, tone: "back" }]
  })
}

/** The changes from one view to the next, in the order they are told. */
export const backstageChanges = (before: View, after: View): ReadonlyArray<Change> => [
  ...schedulerChanges(before, after),
  ...nodeChanges(before, after)
]
