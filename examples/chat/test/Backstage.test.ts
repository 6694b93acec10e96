import type { Pid } from "@understudy/core/Pid"
import type { SlotSnapshot } from "@understudy/core/System"
import type { Supervisor } from "@understudy/supervisor"
import { expect, it } from "vitest"
import { treeOf, viewOf } from "../src/Backstage.ts"
import { limits, type TreeNode } from "../src/protocol.ts"

// As much of a pid as the panel shows
const pid = (text: string, slot: number) => ({ slot, toString: () => text }) as unknown as Pid

const node = (label: string, more: Partial<Supervisor.TreeNode> = {}): Supervisor.TreeNode => ({
  id: undefined,
  label,
  pid: pid(`<${label}>`, 0),
  status: "running",
  type: "worker",
  contract: "Any",
  restarts: 0,
  children: [],
  ...more
})

const context = (names: Record<string, string> = {}) => ({
  nameOf: (of: Pid) => names[of.toString()],
  lastChildren: new Map<string, ReadonlyArray<TreeNode>>()
})

it("a place in the tree keeps its id when the process there is another; people are shown by their names", () => {
  const tree = (text: string) =>
    node("chat", { type: "supervisor", children: [node("connection 1", { pid: pid(text, 1), restarts: 2 })] })
  const [before, after] = ["<1.1.1>", "<1.1.2>"].map((text) => treeOf(tree(text), context({ "<1.1.2>": "Ada" })))
  expect(before?.children[0]).toEqual({
    id: "/chat/connection 1",
    pid: "<1.1.1>",
    kind: "worker",
    label: "connection 1",
    scheduler: 1,
    restarts: 2,
    children: [],
    hidden: 0
  })
  expect(after?.children[0]).toMatchObject({ id: "/chat/connection 1", pid: "<1.1.2>", label: "Ada" })
})

it("lists so many children and counts the rest", () => {
  const children = Array.from({ length: limits.treeChildren + 7 }, (_, number) => node(`${number}`))
  const shown = treeOf(node("many", { type: "supervisor", children }), context())
  expect(shown.children.length).toBe(limits.treeChildren)
  expect(shown.hidden).toBe(7)
})

it("shows a supervisor that is busy with the children it had, as gone", () => {
  const shared = context()
  treeOf(node("front", { type: "supervisor", children: [node("listener")] }), shared)
  const busy = treeOf(node("front", { type: "supervisor", status: "busy" }), shared)
  expect(busy.pid).toBe("<front>")
  expect(busy.children).toMatchObject([{ label: "listener", pid: null, scheduler: null }])
})

it("what is being restarted has no process", () => {
  expect(treeOf(node("room", { pid: undefined, status: "restarting" }), context())).toMatchObject({
    pid: null,
    scheduler: null
  })
})

it("a scheduler that is not up has no load, whatever it wrote last", () => {
  const snapshot: SlotSnapshot = {
    slot: 1,
    state: "up",
    incarnation: 3,
    runQueue: 5,
    processes: 12,
    reductions: 0,
    utilisation: 421,
    heartbeat: 9,
    restarts: 2,
    unstarted: 0
  }
  const up = { slot: 1, incarnation: 2, state: "up", runQueue: 5, utilisation: 0.421, processes: 12, restarts: 2 }
  expect(viewOf(snapshot)).toEqual(up)
  const nothing = { runQueue: 0, utilisation: 0, processes: 0 }
  expect(viewOf({ ...snapshot, state: "stopping" })).toEqual({ ...up, ...nothing, state: "down" })
  expect(viewOf({ ...snapshot, state: "starting" })).toEqual({ ...up, ...nothing, state: "starting" })
})
