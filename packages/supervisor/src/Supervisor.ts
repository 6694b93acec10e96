/**
 * Supervisor: a process that starts other processes, watches them, and starts them again when they fall.
 *
 * A supervisor is made of specs, which are values: it can be the root of a system, a child of another supervisor, or be
 * started by hand.
 *
 * ```ts
 * const root = Supervisor.supervisor("root", {
 *   strategy: "rest-for-one",
 *   children: [
 *     Supervisor.child(Database, { file: "chat.db" }, { name: "database" }),
 *     Supervisor.child(Cache, {}, { restart: "transient" }),
 *     sessions.spec
 *   ]
 * })
 * System.main(import.meta, { implementations: [DatabaseLive, CacheLive, SessionLive], root })
 * ```
 *
 * **Strategies.** What happens to the others when one child ends and is to be started again: nothing (`one-for-one`),
 * all are stopped and started (`one-for-all`), or those started after it are (`rest-for-one`). Choose by what depends
 * on what: children that know each other only by name rarely need more than `one-for-one`.
 *
 * **Order.** Children are started in order, each after the one before has initialised, and stopped in reverse. When one
 * cannot be started, those before it are stopped again and the start fails.
 *
 * **Giving up.** More restarts than `intensity` allows (by default more than 3 within 5 seconds) end the supervisor, with
 * reason shutdown, after it has stopped its children: now it is its own supervisor's turn. An automatic restart that
 * fails is tried again at once, and each attempt counts.
 *
 * **Schedulers.** A child is started where its `on` says, each time anew; a supervisor's order, restarts and stops are
 * the same wherever its children are. A child that is lost with its scheduler has ended abnormally.
 *
 * **When not to use it.** For children that come and go at run time, use {@link dynamic}. For a piece of work with an
 * end, no process needs to be restarted: use an Effect fiber. And a supervisor is no place for logic of one's own: put
 * that in a GenServer beside it.
 *
 * Outside `System.main`, which takes what a root brings along, the system must be told {@link implementation}.
 * Semantics: OTP's `supervisor`; catalogue area SU.
 */

import type * as ExitReason from "@understudy/core/ExitReason"
import { shutdown as shutdownReason } from "@understudy/core/ExitReason"
import * as GenServer from "@understudy/core/GenServer"
import { startDefinition } from "@understudy/core/internal/Definition"
import { expectedName, isName } from "@understudy/core/internal/Texts"
import type { Pid } from "@understudy/core/Pid"
import { type Address, Current } from "@understudy/core/Process"
import { System } from "@understudy/core/System"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type {
  AlreadyPresent,
  AlreadyStarted,
  ChildNotFound,
  ChildRestarting,
  ChildRunning,
  InvalidChildSpec
} from "./ChildErrors.ts"
import {
  type AutoShutdown,
  type ChildOptions,
  type ChildSpec,
  checkChildren,
  checkSiblings,
  encode,
  invalidIn,
  type StartableSpec,
  specOf,
  usesOf
} from "./ChildSpec.ts"
import { type Intensity, limitsOf } from "./Intensity.ts"
import {
  AnySupervisor,
  type ChildCounts,
  type ChildInfo,
  SupervisorContract,
  type SupervisorProtocol
} from "./SupervisorProtocol.ts"
import { type SupervisorImplementation, supervisorImplementation } from "./SupervisorServer.ts"

export * from "./ChildErrors.ts"
export {
  type AutoShutdown,
  type ChildOptions,
  type ChildSpec,
  child,
  type Restart,
  type Shutdown,
  type StartableSpec
} from "./ChildSpec.ts"
export { type Dynamic, type DynamicChildOptions, type DynamicOptions, dynamic } from "./DynamicSupervisor.ts"
export type { Intensity } from "./Intensity.ts"
export type { ChildCounts, ChildInfo, DynamicSupervisorProtocol, SupervisorProtocol } from "./SupervisorProtocol.ts"
export type { FailedToStartChild, SupervisorImplementation } from "./SupervisorServer.ts"
export { type TreeNode, tree } from "./Tree.ts"

/** The code of all supervisors, for a system that is not started from a root: `implementations: [Supervisor.implementation, …]`. */
export const implementation: SupervisorImplementation = supervisorImplementation

/** What happens to the other children when one is started again. See the module's header. */
export type Strategy = "one-for-one" | "one-for-all" | "rest-for-one"

const strategies: ReadonlySet<Strategy> = new Set(["one-for-one", "one-for-all", "rest-for-one"])
const autoShutdowns: ReadonlySet<AutoShutdown> = new Set(["never", "any-significant", "all-significant"])

/** What a supervisor is. */
export interface SupervisorOptions {
  readonly strategy: Strategy
  /** How many restarts it makes before it gives up. Default: 3 within 5 seconds. */
  readonly intensity?: Intensity | undefined
  /** In the order in which they are started. */
  readonly children: ReadonlyArray<ChildSpec>
  /**
   * Whether it ends, with reason shutdown, when significant children have ended in order: never (the default), when
   * any has, or when the last of them has. Catalogue SU54 to SU60.
   */
  readonly autoShutdown?: AutoShutdown | undefined
  /** How it is treated as a child: the defaults are `permanent`, an endless shutdown time, and its name as its id. */
  readonly child?: Pick<ChildOptions, "id" | "restart" | "shutdown" | "on" | "significant"> | undefined
}

/**
 * A supervisor, as a spec. It is registered as `name`, so that it can be asked by name. Throws {@link InvalidChildSpec}
 * when the options cannot be meant, or when two children have one id.
 */
export const supervisor = (name: string, options: SupervisorOptions): StartableSpec => {
  const { autoShutdown = "never", children, strategy } = options
  const invalid = invalidIn(typeof name === "string" ? name : "supervisor")
  if (!isName(name)) throw invalid("name", expectedName, name)
  if (!strategies.has(strategy)) throw invalid("strategy", '"one-for-one", "one-for-all" or "rest-for-one"', strategy)
  if (!autoShutdowns.has(autoShutdown)) {
    throw invalid("autoShutdown", '"never", "any-significant" or "all-significant"', autoShutdown)
  }
  checkChildren(children, invalid)
  checkSiblings(children, autoShutdown)
  const args = {
    name,
    strategy,
    autoShutdown,
    intensity: limitsOf(name, options.intensity),
    children: children.map(encode)
  }
  const { definition } = supervisorImplementation
  return specOf(definition, args, { ...options.child, name, type: "supervisor" }, usesOf(children))
}

/** A supervisor that was started: by hand, or known by what whichChildren tells of it. */
export interface SupervisorRef {
  readonly address: Address
  /** The name of its contract. */
  readonly contract: string
}

/** Where a supervisor is: its name, its pid, or a ref to it. */
export type Supervisor = string | Pid | SupervisorRef

/** A supervisor's typed ref: the operations below as methods. */
export const ref = (of: Supervisor): GenServer.Ref<SupervisorProtocol> => refTo(SupervisorContract, of)

/** A ref that supervisors of every kind understand. */
const anyRef = (of: Supervisor) => refTo(AnySupervisor, of)

const refTo = <P extends GenServer.Protocol, A extends GenServer.Fields, M>(
  contract: GenServer.Contract<P, A, M>,
  of: Supervisor
): GenServer.Ref<P> =>
  typeof of === "string" ? contract.named(of) : contract["~internals"].refs.at("address" in of ? of.address : of)

/**
 * Starts a supervisor, linked to the calling process; outside a process, tied to the scope. Returns when all its
 * children have initialised. Fails with StartError; when a child could not be started, its reason is a shutdown whose
 * detail is a `FailedToStartChild`. Takes any spec that brings its own code. Catalogue SU01, SU04.
 */
export const startLink = (
  spec: StartableSpec
): Effect.Effect<GenServer.PidRef<SupervisorProtocol>, GenServer.StartError, System | Scope.Scope> =>
  Effect.withFiber<GenServer.PidRef<SupervisorProtocol>, GenServer.StartError, System | Scope.Scope>((fiber) =>
    fiber.context.mapUnsafe.has(Current.key)
      ? startTied(spec, true)
      : Effect.acquireRelease(startTied(spec, false), (started) =>
          Effect.ignore(stop(started, { reason: shutdownReason }))
        )
  )

/** Starts a supervisor that is linked to nothing. Fails as {@link startLink}. */
export const start = (
  spec: StartableSpec
): Effect.Effect<GenServer.PidRef<SupervisorProtocol>, GenServer.StartError, System> => startTied(spec, false)

const startTied = (
  { args, definition, label, name, on }: StartableSpec,
  link: boolean
): Effect.Effect<GenServer.PidRef<SupervisorProtocol>, GenServer.StartError, System> =>
  Effect.flatMap(System, (host) =>
    Effect.withFiber<GenServer.PidRef<SupervisorProtocol>, GenServer.StartError>((fiber) => {
      // Absent outside processes
      const parent = fiber.context.mapUnsafe.get(Current.key) as Current["Service"] | undefined
      if (host.definition(definition.name) === undefined) {
        return Effect.fail(new GenServer.StartError({ contract: definition.name, problem: "unknown-contract" }))
      }
      return Effect.map(startDefinition(host, parent, definition, args, { name, on, label }, link), (pid) =>
        SupervisorContract["~internals"].refs.pid(pid)
      )
    })
  )

/** A child's start may take as long as it takes, and the supervisor answers nothing meanwhile. Catalogue SU52. */
const patient = { timeout: Duration.infinity }

/**
 * Adds a child at the end and starts it. Gives its pid, or nothing when it chose not to start. Fails when there is a
 * child of that id (catalogue SU35), and with StartError when it could not be started; it is not added then.
 */
export const startChild = (
  of: Supervisor,
  spec: ChildSpec
): Effect.Effect<
  Pid | undefined,
  InvalidChildSpec | AlreadyStarted | AlreadyPresent | GenServer.StartError | GenServer.CallError,
  System
> => Effect.map(ref(of).startChild({ child: encode(spec) }, patient), ({ pid }) => pid)

/**
 * Stops a child, and cancels its restart if one is being tried. Its spec stays, unless it is temporary. Nothing else is
 * touched, and nothing is counted. Catalogue SU31, SU36, SU37.
 */
export const terminateChild = (
  of: Supervisor,
  id: string
): Effect.Effect<void, ChildNotFound | GenServer.CallError, System> => ref(of).terminateChild({ id }, patient)

/** Starts a child that is stopped. Fails with StartError when it cannot be started; its spec stays. Catalogue SU38. */
export const restartChild = (
  of: Supervisor,
  id: string
): Effect.Effect<
  Pid | undefined,
  ChildNotFound | ChildRunning | ChildRestarting | GenServer.StartError | GenServer.CallError,
  System
> => Effect.map(ref(of).restartChild({ id }, patient), ({ pid }) => pid)

/** Forgets a child that is stopped. Catalogue SU38. */
export const deleteChild = (
  of: Supervisor,
  id: string
): Effect.Effect<void, ChildNotFound | ChildRunning | ChildRestarting | GenServer.CallError, System> =>
  ref(of).deleteChild({ id }, patient)

/** The children, the newest first. Works with dynamic supervisors too. Catalogue SU03. */
export const whichChildren = (of: Supervisor): Effect.Effect<ReadonlyArray<ChildInfo>, GenServer.CallError, System> =>
  anyRef(of).whichChildren(patient)

/** How many children there are. Works with dynamic supervisors too. Catalogue SU03. */
export const countChildren = (of: Supervisor): Effect.Effect<ChildCounts, GenServer.CallError, System> =>
  anyRef(of).countChildren(patient)

/**
 * Stops a supervisor and its children, in reverse, and waits until it is gone. `reason` is normal by default; without a
 * `timeout` this waits without limit. Fails as `GenServer.terminate` does. Catalogue SU02.
 */
export const stop = (
  of: Supervisor,
  options?: { readonly reason?: ExitReason.ExitReason | undefined; readonly timeout?: Duration.Input | undefined }
): Effect.Effect<void, GenServer.CallError, System> => GenServer.terminate(anyRef(of), options)
