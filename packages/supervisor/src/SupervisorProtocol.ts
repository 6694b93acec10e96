/**
 * The contracts of both kinds of supervisors: what they can be asked, by messages like any server's, so that all of it
 * works across schedulers.
 */

import * as GenServer from "@understudy/core/GenServer"
import type { Pid } from "@understudy/core/Pid"
import { anyPid, StartError } from "@understudy/core/Process"
import * as Schema from "effect/Schema"
import {
  AlreadyPresent,
  AlreadyStarted,
  ChildNotFound,
  ChildRestarting,
  ChildRunning,
  InvalidChildSpec,
  MaxChildrenReached
} from "./ChildErrors.ts"
import type { Child, Children } from "./Children.ts"
import { EncodedChild } from "./ChildSpec.ts"

/** One child, as its supervisor knows it. */
export const ChildInfo = Schema.Struct({
  /** Children of dynamic supervisors have none. */
  id: Schema.optional(Schema.String),
  /** `"restarting"` while its supervisor tries to start it again; nothing when it is stopped. */
  pid: Schema.optional(Schema.Union([anyPid, Schema.Literal("restarting")])),
  type: Schema.Literals(["worker", "supervisor"]),
  /** The name of its contract. */
  contract: Schema.String,
  /** A name for people. */
  label: Schema.String,
  /** How often its supervisor has started it again. */
  restarts: Schema.Int
})

/** See the schema of the same name. */
export type ChildInfo = typeof ChildInfo.Type

/** How many children a supervisor has. */
export const ChildCounts = Schema.Struct({
  /** All children, running or not. */
  specs: Schema.Int,
  /** Children that run. */
  active: Schema.Int,
  /** Children that are supervisors, running or not. */
  supervisors: Schema.Int,
  /** Children that are workers, running or not. */
  workers: Schema.Int
})

/** See the schema of the same name. */
export type ChildCounts = typeof ChildCounts.Type

const inspection = {
  whichChildren: GenServer.call({ success: Schema.Array(ChildInfo) }),
  countChildren: GenServer.call({ success: ChildCounts })
}

/** What every supervisor answers: for callers that know only a supervisor's name, and not of which kind it is. */
export const AnySupervisor = GenServer.define("understudy/AnySupervisor", { protocol: inspection })
/** So many children are shown. */
const mostShown = 20

/** What reports show of a supervisor itself: its first children by id, and nothing of their arguments. */
const shownState = (name: string, count: number, children: Iterable<Child>) => {
  const shown: Array<{ readonly id: string; readonly pid: Pid | undefined }> = []
  for (const { pid, spec } of children) {
    if (shown.length === mostShown) break
    shown.push({ id: spec.id, pid })
  }
  return { name, count, children: shown }
}

/** A spec without its arguments. */
const shownSpec = ({ contract, id }: EncodedChild) => ({ id, contract })

const byId = { id: Schema.String }
const started = Schema.Struct({
  /** Nothing when the child chose not to start. */
  pid: Schema.optional(anyPid)
})
const limits = { restarts: Schema.Int, within: Schema.Number }

/** The contract of supervisors with a list of children. */
export const SupervisorContract = GenServer.define("understudy/Supervisor", {
  interfaces: [AnySupervisor],
  args: {
    name: Schema.String,
    strategy: Schema.Literals(["one-for-one", "one-for-all", "rest-for-one"]),
    intensity: Schema.Struct(limits),
    autoShutdown: Schema.Literals(["never", "any-significant", "all-significant"]),
    children: Schema.Array(EncodedChild)
  },
  inspect: {
    state: ({ children, name }: { readonly name: string; readonly children: Children }) => {
      const all = children.inOrder()
      return shownState(name, all.length, all)
    },
    message: ({ name, payload }) => (name === "startChild" ? shownSpec(payload.child) : payload),
    args: ({ children, ...args }) => ({ ...args, children: children.map(shownSpec) })
  },
  protocol: {
    ...inspection,
    startChild: GenServer.call({
      payload: { child: EncodedChild },
      success: started,
      error: Schema.Union([InvalidChildSpec, AlreadyStarted, AlreadyPresent, StartError])
    }),
    terminateChild: GenServer.call({ payload: byId, error: ChildNotFound }),
    restartChild: GenServer.call({
      payload: byId,
      success: started,
      error: Schema.Union([ChildNotFound, ChildRunning, ChildRestarting, StartError])
    }),
    deleteChild: GenServer.call({ payload: byId, error: Schema.Union([ChildNotFound, ChildRunning, ChildRestarting]) }),
    /** The supervisor's message to itself: try again to start a child. */
    retry: GenServer.cast(byId)
  }
})

/** The contract of supervisors whose children come and go. */
export const DynamicSupervisorContract = GenServer.define("understudy/DynamicSupervisor", {
  interfaces: [AnySupervisor],
  args: {
    name: Schema.String,
    intensity: Schema.Struct(limits),
    /** Nothing: no limit. */
    maxChildren: Schema.optional(Schema.Int)
  },
  inspect: {
    state: ({ children, name }: { readonly name: string; readonly children: ReadonlyMap<number, Child> }) =>
      shownState(name, children.size, children.values()),
    message: ({ name, payload }) => (name === "startChild" ? shownSpec(payload.child) : payload),
    args: (args) => args
  },
  protocol: {
    ...inspection,
    startChild: GenServer.call({
      payload: { child: EncodedChild },
      success: Schema.Struct({ pid: anyPid }),
      error: Schema.Union([MaxChildrenReached, StartError])
    }),
    terminateChild: GenServer.call({ payload: { pid: anyPid }, error: ChildNotFound }),
    /** The supervisor's message to itself: try again to start the child that had this pid. */
    retry: GenServer.cast({ pid: anyPid })
  }
})

/** The messages of a supervisor. */
export type SupervisorProtocol = (typeof SupervisorContract)["protocol"]

/** The messages of a dynamic supervisor. */
export type DynamicSupervisorProtocol = (typeof DynamicSupervisorContract)["protocol"]
