/**
 * The process of a dynamic supervisor: children of one kind that come and go, known by their pids, each restarted by
 * itself, all stopped at once. Elixir's `DynamicSupervisor`, callback by callback.
 */

import * as ExitReason from "@understudy/core/ExitReason"
import * as GenServer from "@understudy/core/GenServer"
import { withCurrent } from "@understudy/core/internal/Running"
import { keyOf } from "@understudy/core/internal/Values"
import type { Pid } from "@understudy/core/Pid"
import { Exit } from "@understudy/core/Process"
import type { System } from "@understudy/core/System"
import * as Effect from "effect/Effect"
import { ChildNotFound, MaxChildrenReached } from "./ChildErrors.ts"
import type { Child } from "./Children.ts"
import type { EncodedChild } from "./ChildSpec.ts"
import { RestartWindow } from "./Intensity.ts"
import { countOf, infoOf, report, reportGivingUp, reportStarted } from "./Reporting.ts"
import { reasonOf, type SupervisorRecord, startProcess } from "./Starting.ts"
import { endedAsAsked, stopAll } from "./Stopping.ts"
import { DynamicSupervisorContract, type DynamicSupervisorProtocol } from "./SupervisorProtocol.ts"

/** The state: data, owned by the process. */
interface State {
  readonly name: string
  readonly supervisor: SupervisorRecord
  readonly maxChildren: number
  readonly window: RestartWindow
  /** By pid; a child that is being restarted is known by the pid it had. Mutable: one entry a start, no copies. */
  readonly children: Map<number, Child>
  readonly self: GenServer.Ref<DynamicSupervisorProtocol>
}

type Next = State | GenServer.Stop<State>

/** Catalogue DS03, DS06. A child that chose not to start is an error here: there is nothing to refer to. */
const startChild = (state: State, spec: EncodedChild) => {
  const { children, maxChildren, name, supervisor } = state
  type Failure = MaxChildrenReached | GenServer.StartError
  type Answer = Effect.Effect<GenServer.Reply<{ readonly pid: Pid }, State>, Failure>
  if (children.size >= maxChildren)
    return Effect.fail<Failure>(new MaxChildrenReached({ supervisor: name, maxChildren }))
  return startProcess(
    supervisor,
    spec,
    (pid): Answer => {
      if (pid === undefined) {
        return Effect.fail(new GenServer.StartError({ contract: spec.contract, problem: "ignored" }))
      }
      children.set(keyOf(pid), { spec, pid, restarting: false, restarts: 0 })
      reportStarted(state, spec, pid, false)
      return Effect.succeed(GenServer.reply({ pid }, state))
    },
    (error): Answer => Effect.fail(error)
  )
}

/** A child's process has ended by itself. Catalogue DS08. */
const childEnded = (state: State, pid: Pid, child: Child, reason: ExitReason.ExitReason) => {
  const { restart } = child.spec
  const abnormal = ExitReason.isAbnormal(reason)
  if (restart === "permanent" || abnormal) report(state, "child-terminated", child.spec, pid, reason)
  if (restart === "permanent" || (restart === "transient" && abnormal)) return restartChild(state, pid, child)
  state.children.delete(keyOf(pid))
  return state
}

/** One attempt, which counts. Catalogue DS10 to DS12. */
const restartChild = (state: State, pid: Pid, child: Child): Next | Effect.Effect<Next, never, System> => {
  const { children, supervisor } = state
  const { spec } = child
  if (!state.window.add(supervisor.host.timers.now(), spec.id)) {
    children.delete(keyOf(pid))
    reportGivingUp(state, spec)
    return GenServer.stop(ExitReason.shutdown, state)
  }
  return startProcess<Next, never, System>(
    supervisor,
    spec,
    (restarted) => {
      children.delete(keyOf(pid))
      if (restarted !== undefined) {
        children.set(keyOf(restarted), { spec, pid: restarted, restarting: false, restarts: child.restarts + 1 })
        reportStarted(state, spec, restarted, true)
      }
      return Effect.succeed(state)
    },
    (error) => {
      children.set(keyOf(pid), { ...child, pid: undefined, restarting: true })
      report(state, "start-error", spec, undefined, reasonOf(error))
      // Giving way first, so that other messages are handled between attempts
      return Effect.as(state.self.retry({ pid }), state)
    }
  )
}

/** Stops children all at once: they do not depend on each other. Catalogue DS13. */
const stopConcurrently = (state: State, children: ReadonlyArray<Child>) =>
  Effect.gen(function* () {
    const running = children.flatMap(({ pid, spec }) => (pid === undefined ? [] : [{ pid, spec }]))
    const reasons = yield* stopAll(running.map(({ pid, spec }) => ({ pid, shutdown: spec.shutdown })))
    for (const [index, { pid, spec }] of running.entries()) {
      const reason = reasons[index] ?? ExitReason.noProcess
      if (!endedAsAsked(spec, reason)) report(state, "shutdown-error", spec, pid, reason)
    }
  })

/** The code of dynamic supervisors. */
export const dynamicImplementation = DynamicSupervisorContract.implement({
  trapExit: true,
  init: ({ intensity, maxChildren, name }, { self }) =>
    withCurrent((supervisor) => {
      const state: State = {
        name,
        supervisor,
        maxChildren: maxChildren ?? Number.POSITIVE_INFINITY,
        window: new RestartWindow(intensity),
        children: new Map(),
        self
      }
      return Effect.succeed(state)
    }),
  handle: {
    whichChildren: (state) =>
      GenServer.reply(infoOf(state.supervisor, [...state.children.values()].reverse(), { ids: false }), state),
    countChildren: (state) => GenServer.reply(countOf([...state.children.values()]), state),
    startChild: (state, { child }) => startChild(state, child),
    terminateChild: (state, { pid }) =>
      Effect.gen(function* () {
        const child = state.children.get(keyOf(pid))
        if (child === undefined) return yield* new ChildNotFound({ id: pid.toString() })
        // A retry that is under way finds the child gone. Catalogue DS15
        state.children.delete(keyOf(pid))
        yield* stopConcurrently(state, [child])
        return GenServer.reply(undefined, state)
      }),
    retry: (state, { pid }) => {
      const child = state.children.get(keyOf(pid))
      return child?.restarting === true ? restartChild(state, pid, child) : state
    }
  },
  info: (state, message) => {
    if (!(message instanceof Exit)) return state
    const child = state.children.get(keyOf(message.from))
    return child?.pid === undefined ? state : childEnded(state, message.from, child, message.reason)
  },
  terminate: (state) => stopConcurrently(state, [...state.children.values()])
})
