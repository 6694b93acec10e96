// The supervision tree: supervisors with their children under them, each with its process, its scheduler and how often
// it was restarted. A node whose process changed lights up.
import type { TreeNode } from "../../src/protocol.ts"
import { counted, element, flash, part, reconcile, setText } from "../dom.ts"

const make = ({ id, kind }: TreeNode): HTMLElement =>
  element(
    "li",
    { "data-testid": "tree-node", "data-id": id, "data-kind": kind },
    element(
      "p",
      { class: "node", "data-part": "node" },
      element("span", { class: "kind", "aria-hidden": "true" }),
      element("span", { class: "hidden" }, `${kind} `),
      element("b", { "data-part": "label" }),
      element("span", { class: "badge you", "data-part": "you" }),
      element("span", { class: "badge restarts", "data-part": "restarts" }),
      element("span", { class: "pid", "data-part": "pid" })
    ),
    element("ul", { "data-part": "children" }),
    element("p", { class: "fine more" })
  )

/** Gives the function that draws a tree into `list`; `own` is the pid of this page's connection. */
export const showTree = (list: HTMLElement) => {
  const update =
    (own: string | undefined) =>
    (target: Element, node: TreeNode): void => {
      const item = target as HTMLElement // made by `make`
      const line = part(item, "node")
      const before = item.dataset.pid
      const pid = node.pid ?? ""
      if (before !== undefined && before !== pid) flash(line)
      item.dataset.pid = pid
      item.dataset.restarts = String(node.restarts)
      item.dataset.state = node.pid === null ? "down" : "up"
      item.dataset.scheduler = node.scheduler === null ? "" : String(node.scheduler)
      setText(part(line, "label"), node.label)
      setText(part(line, "you"), own !== undefined && own === node.pid ? "you" : "")
      setText(part(line, "restarts"), node.restarts === 0 ? "" : counted(node.restarts, "restart"))
      setText(part(line, "pid"), node.pid === null ? "restarting" : `${node.pid} s${node.scheduler ?? "?"}`)
      // The last of the item itself: `part` would find that of the first child.
      if (item.lastElementChild !== null)
        setText(item.lastElementChild, node.hidden === 0 ? "" : `and ${node.hidden} more`)
      reconcile(part(item, "children"), node.children, ({ id }) => id, make, update(own))
    }
  return (tree: TreeNode, own: string | undefined): void => reconcile(list, [tree], ({ id }) => id, make, update(own))
}
