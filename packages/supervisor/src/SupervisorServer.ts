/**
 * The process of a supervisor with a list of children: OTP's `supervisor`, callback by callback. Failed restarts are
 * retried by a message to itself, so that it can be asked and stopped between attempts.
 */

import * as ExitReason from "@understudy/core/ExitReason"
import * as GenServer from "@understudy/core/GenServer"
import type { Definition } from "@understudy/core/internal/Definition"
import type { Pid } from "@understudy/core/Pid"
import { Current, Exit } from "@understudy/core/Process"
import type { System } from "@understudy/core/System"
import * as Effect from "effect/Effect"
import {
  AlreadyPresent,
  AlreadyStarted,
  ChildNotFound,
  ChildRestarting,
  ChildRunning,
  type InvalidChildSpec
} from "./ChildErrors.ts"
import { type Child, Children } from "./Children.ts"
import { type EncodedChild, insignificant } from "./ChildSpec.ts"
import { dynamicImplementation } from "./DynamicServer.ts"
import { RestartWindow } from "./Intensity.ts"
import { countOf, infoOf, report, reportGivingUp, reportStarted } from "./Reporting.ts"
import { reasonOf, type SupervisorRecord, startProcess } from "./Starting.ts"
import { endedAsAsked, stopAll } from "./Stopping.ts"
import { SupervisorContract, type SupervisorProtocol } from "./SupervisorProtocol.ts"

type Args = (typeof SupervisorContract)["args"]["Type"]
type Self = GenServer.Ref<SupervisorProtocol>

/** The state: data, owned by the process. */
interface State {
  readonly name: string
  readonly supervisor: SupervisorRecord
  readonly strategy: Args["strategy"]
  readonly autoShutdown: Args["autoShutdown"]
  readonly window: RestartWindow
  readonly children: Children
  readonly self: Self
}

type Next = State | GenServer.Stop<State>
type Step = Next | Effect.Effect<Next, never, Current | System>

/** The detail of the shutdown a supervisor ends with when it could not start a child. Catalogue SU04. */
export interface FailedToStartChild {
  readonly _tag: "FailedToStartChild"
  readonly child: string
  readonly problem: GenServer.StartError["problem"]
  readonly reason: ExitReason.ExitReason
}

// --- starting and stopping groups ------------------------------------------------------------------------------------

interface StartFailure {
  readonly child: Child
  readonly error: GenServer.StartError
}

/** Starts children in order, each after the one before has initialised. Gives the one that could not be started. */
const startInOrder = (state: State, children: ReadonlyArray<Child>, again: boolean) =>
  Effect.gen(function* () {
    for (const child of children) {
      const failure = yield* startOne(state, child, again)
      if (failure !== undefined) return failure
    }
    return undefined
  })

const startOne = (state: State, child: Child, again: boolean): Effect.Effect<StartFailure | undefined> =>
  startProcess<StartFailure | undefined, never, never>(
    state.supervisor,
    child.spec,
    (pid) => {
      if (pid === undefined) state.children.stopped(child)
      else hasStarted(state, child, pid, again)
      return Effect.undefined
    },
    (error) => {
      report(state, "start-error", child.spec, undefined, reasonOf(error))
      return Effect.succeed({ child, error })
    }
  )

const hasStarted = (state: State, child: Child, pid: Pid, again: boolean): void => {
  state.children.started(child, pid, again)
  reportStarted(state, child.spec, pid, again)
}

/** Stops children one after the other, the last one first. Temporary ones are forgotten. Catalogue SU02, SU49. */
const stopInReverse = (state: State, children: ReadonlyArray<Child>) =>
  Effect.gen(function* () {
    for (let at = children.length - 1; at >= 0; at--) {
      const child = children[at]
      if (child !== undefined) yield* stopOne(state, child)
    }
  })

const stopOne = (state: State, child: Child) =>
  Effect.gen(function* () {
    const { pid, spec } = child
    if (pid !== undefined) {
      const [reason = ExitReason.noProcess] = yield* stopAll([{ pid, shutdown: spec.shutdown }])
      if (!endedAsAsked(spec, reason)) report(state, "shutdown-error", spec, pid, reason)
    }
    state.children.stopped(child)
  })

// --- restarting ------------------------------------------------------------------------------------------------------

/** A child's process has ended by itself. OTP's `do_restart`. Catalogue SU12, SU13. */
const childEnded = (state: State, child: Child, reason: ExitReason.ExitReason): Step => {
  const { pid } = child
  const { restart } = child.spec
  const abnormal = ExitReason.isAbnormal(reason)
  state.children.stopped(child)
  if (restart === "permanent" || abnormal) report(state, "child-terminated", child.spec, pid, reason)
  if (restart === "permanent" || (restart === "transient" && abnormal)) return restartChild(state, child)
  return endsWith(state, child) ? GenServer.stop(ExitReason.shutdown, state) : state
}

/** Whether the orderly end of `child` ends the supervisor. Catalogue SU54 to SU58. */
const endsWith = (state: State, child: Child): boolean => {
  if (!child.spec.significant || state.autoShutdown === "never") return false
  if (state.autoShutdown === "any-significant") return true
  return !state.children
    .inOrder()
    .some((other) => other.spec.significant && (other.pid !== undefined || other.restarting))
}

/** One attempt, which counts; one more than the intensity allows ends the supervisor. Catalogue SU21 to SU26. */
const restartChild = (state: State, child: Child): Step => {
  const { supervisor } = state
  if (!state.window.add(supervisor.host.timers.now(), child.spec.id)) {
    state.children.stopped(child)
    reportGivingUp(state, child.spec)
    return GenServer.stop(ExitReason.shutdown, state)
  }
  return Effect.flatMap(restartWithSiblings(state, child), (failure) => {
    if (failure === undefined) return Effect.succeed(state)
    state.children.restarting(failure.child)
    // Giving way first, so that other messages are handled between attempts. Catalogue SU30
    return Effect.as(state.self.retry({ id: failure.child.spec.id }), state)
  })
}

/** Catalogue SU15 to SU20, SU29. */
const restartWithSiblings = (
  state: State,
  child: Child
): Effect.Effect<StartFailure | undefined, never, Current | System> => {
  switch (state.strategy) {
    case "one-for-one":
      return startOne(state, child, true)
    case "rest-for-one":
      return restartGroup(state, state.children.from(child))
    case "one-for-all":
      return restartGroup(state, state.children.inOrder())
  }
}

const restartGroup = (state: State, group: ReadonlyArray<Child>) =>
  Effect.andThen(
    stopInReverse(state, group),
    // Temporary children are gone by now and stay away
    Effect.suspend(() =>
      startInOrder(
        state,
        group.filter(({ spec }) => state.children.get(spec.id) !== undefined),
        true
      )
    )
  )

// --- the server ------------------------------------------------------------------------------------------------------

const init = (args: Args, self: Self) =>
  Effect.gen(function* () {
    const { autoShutdown, intensity, name, strategy } = args
    const supervisor = yield* Current
    const children = new Children()
    const window = new RestartWindow(intensity)
    const state: State = { name, supervisor, strategy, autoShutdown, children, self, window }
    for (const spec of args.children) children.add(spec)
    const failure = yield* startInOrder(state, children.inOrder(), false)
    if (failure === undefined) return state
    yield* stopInReverse(state, children.inOrder())
    const detail: FailedToStartChild = {
      _tag: "FailedToStartChild",
      child: failure.child.spec.id,
      problem: failure.error.problem,
      reason: reasonOf(failure.error)
    }
    return GenServer.stop(ExitReason.shutdownWith(detail), state)
  })

/** Catalogue SU34, SU35. */
const startChild = (state: State, spec: EncodedChild) => {
  type Failure = AlreadyStarted | AlreadyPresent | InvalidChildSpec | GenServer.StartError
  type Answer = Effect.Effect<ReturnType<typeof answer>, Failure>
  const { children, supervisor } = state
  const { id } = spec
  const known = children.get(id)
  if (known?.pid !== undefined) return Effect.fail<Failure>(new AlreadyStarted({ id, pid: known.pid }))
  if (known !== undefined) return Effect.fail<Failure>(new AlreadyPresent({ id }))
  if (spec.significant && state.autoShutdown === "never") return Effect.fail<Failure>(insignificant(id))
  return startProcess(
    supervisor,
    spec,
    (pid): Answer => {
      const child = children.add(spec)
      if (pid === undefined) children.stopped(child)
      else hasStarted(state, child, pid, false)
      return Effect.succeed(answer(state, pid))
    },
    (error): Answer => Effect.fail(error)
  )
}

const answer = (state: State, pid: Pid | undefined) => GenServer.reply({ pid }, state)

/** A child that is there and has no process. Catalogue SU38. */
const stoppedChild = (state: State, id: string) =>
  Effect.suspend((): Effect.Effect<Child, ChildNotFound | ChildRunning | ChildRestarting> => {
    const child = state.children.get(id)
    if (child === undefined) return Effect.fail(new ChildNotFound({ id }))
    if (child.restarting) return Effect.fail(new ChildRestarting({ id }))
    return child.pid === undefined ? Effect.succeed(child) : Effect.fail(new ChildRunning({ id }))
  })

const implementation = SupervisorContract.implement({
  trapExit: true,
  init: (args, { self }) => init(args, self),
  handle: {
    whichChildren: (state) => GenServer.reply(infoOf(state.supervisor, state.children.newestFirst()), state),
    countChildren: (state) => GenServer.reply(countOf(state.children.inOrder()), state),
    startChild: (state, { child }) => startChild(state, child),
    // Catalogue SU31, SU36, SU37: a retry that is under way finds the child stopped
    terminateChild: (state, { id }) =>
      Effect.gen(function* () {
        const child = state.children.get(id)
        if (child === undefined) return yield* new ChildNotFound({ id })
        yield* stopOne(state, child)
        return GenServer.reply(undefined, state)
      }),
    restartChild: (state, { id }) =>
      Effect.flatMap(stoppedChild(state, id), (child) =>
        startProcess<ReturnType<typeof answer>, GenServer.StartError, never>(
          state.supervisor,
          child.spec,
          (pid) => {
            if (pid !== undefined) hasStarted(state, child, pid, false)
            return Effect.succeed(answer(state, pid))
          },
          Effect.fail
        )
      ),
    deleteChild: (state, { id }) =>
      Effect.map(stoppedChild(state, id), (child) => {
        state.children.remove(child)
        return GenServer.reply(undefined, state)
      }),
    retry: (state, { id }) => {
      const child = state.children.get(id)
      return child?.restarting === true ? restartChild(state, child) : state
    }
  },
  info: (state, message) => {
    // Exits of others than children mean nothing to a supervisor. Catalogue SU46
    const child = message instanceof Exit ? state.children.ofPid(message.from) : undefined
    return child === undefined ? state : childEnded(state, child, message.reason)
  },
  terminate: (state) => stopInReverse(state, state.children.inOrder())
})

/** The code of both kinds of supervisors, as a system's list of implementations takes it. */
export interface SupervisorImplementation {
  readonly definition: Definition
  /** Only in types: it needs no services. */
  readonly "~R": never
}

/** See {@link SupervisorImplementation}. */
export const supervisorImplementation: SupervisorImplementation = {
  definition: { ...implementation.definition, uses: [dynamicImplementation.definition] },
  "~R": implementation["~R"]
}
