/**
 * The tree of a supervisor and everything below it, for people to look at. Each supervisor is asked for a bounded time,
 * and what does not answer is shown as what it is: looking at a tree never waits for what is stuck.
 */

import type { CallError } from "@understudy/core/GenServer"
import { isPid, type Pid } from "@understudy/core/Pid"
import { type Address, Name, whereis } from "@understudy/core/Process"
import { System } from "@understudy/core/System"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { AnySupervisor, type ChildInfo, DynamicSupervisorContract, SupervisorContract } from "./SupervisorProtocol.ts"

/** One process of a tree. */
export interface TreeNode {
  /** Among its supervisor's children; nothing for children of dynamic supervisors and for the root of the tree. */
  readonly id: string | undefined
  /** A name for people. */
  readonly label: string
  /** Nothing unless it runs. */
  readonly pid: Pid | undefined
  /**
   * - `running`, as far as its supervisor knows;
   * - `restarting`: its supervisor tries to start it again;
   * - `stopped`: it ended, or was stopped, and stays so;
   * - `gone`: a supervisor that ended while the tree was looked at;
   * - `busy`: a supervisor that did not answer in time: it is starting or stopping a child;
   * - `no-supervisor`: the root of the tree is a process that supervises nothing.
   */
  readonly status: "running" | "restarting" | "stopped" | "gone" | "busy" | "no-supervisor"
  readonly type: "worker" | "supervisor"
  /** The name of its contract. */
  readonly contract: string
  /** How often its supervisor has started it again. */
  readonly restarts: number
  /** In the order they were started. */
  readonly children: ReadonlyArray<TreeNode>
}

/** How long each supervisor may take to answer, by default. */
const defaultTimeout: Duration.Input = "1 second"

/** Supervisors that are asked at the same time, at each level. */
const concurrency = 16

/** The contracts whose processes can be asked for their children. */
const supervisors: ReadonlySet<string> = new Set([SupervisorContract.name, DynamicSupervisorContract.name])

/**
 * The tree below a supervisor, dynamic or not, given by its name, its pid or a ref. `timeout` is for each supervisor
 * (default: 1 second). Never fails: a process that is no supervisor is a tree of its own, with status `no-supervisor`.
 */
export const tree = (
  of: string | Pid | { readonly address: Address; readonly contract: string },
  options?: { readonly timeout?: Duration.Input | undefined }
): Effect.Effect<TreeNode, never, System> =>
  Effect.gen(function* () {
    const host = yield* System
    const address = typeof of === "string" ? new Name("", of, undefined) : isPid(of) ? of : of.address
    const pid = yield* whereis(address)
    const label = address instanceof Name ? address.toString() : undefined
    const contract = typeof of === "object" && "contract" in of ? of.contract : SupervisorContract.name
    const here = pid === undefined || pid.slot !== host.slot ? undefined : host.processes.get(pid.serial)?.label
    const root: TreeNode = {
      id: undefined,
      label: label ?? here ?? pid?.toString() ?? contract,
      pid,
      status: pid === undefined ? "gone" : "running",
      type: "supervisor",
      contract,
      restarts: 0,
      children: []
    }
    return yield* expand(root, options?.timeout ?? defaultTimeout)
  })

/** A node with what is below it. */
const expand = (node: TreeNode, timeout: Duration.Input): Effect.Effect<TreeNode, never, System> => {
  const { contract, pid } = node
  if (pid === undefined || !supervisors.has(contract)) return Effect.succeed(node)
  return AnySupervisor["~internals"].refs
    .pid(pid)
    .whichChildren({ timeout })
    .pipe(
      Effect.flatMap((children) =>
        Effect.forEach([...children].reverse(), (child) => expand(nodeOf(child), timeout), { concurrency })
      ),
      Effect.match({
        onSuccess: (children): TreeNode => ({ ...node, children }),
        onFailure: (error) => unanswered(node, error)
      })
    )
}

const unanswered = (node: TreeNode, error: CallError): TreeNode => {
  switch (error._tag) {
    case "NoProcess":
      return { ...node, pid: undefined, status: "gone" }
    case "UnknownCall":
      return { ...node, type: "worker", contract: error.contract, status: "no-supervisor" }
    default:
      // A supervisor that looks at its own tree is busy, too
      return { ...node, status: "busy" }
  }
}

const nodeOf = ({ contract, id, label, pid, restarts, type }: ChildInfo): TreeNode => ({
  id,
  label,
  pid: pid === "restarting" ? undefined : pid,
  status: pid === "restarting" ? "restarting" : pid === undefined ? "stopped" : "running",
  type,
  contract,
  restarts,
  children: []
})
