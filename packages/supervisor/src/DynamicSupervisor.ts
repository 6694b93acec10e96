/**
 * DynamicSupervisor: a supervisor of one kind of children, started and stopped as they are needed: sessions, rooms, jobs.
 *
 * ```ts
 * const rooms = Supervisor.dynamic("rooms", Room, { on: "least-loaded", restart: "transient" })
 * // in a supervisor's children: rooms.spec
 * const lobby = yield* rooms.start({ room: "lobby" })
 * ```
 *
 * The value holds the supervisor's name and nothing else: it can be imported anywhere, works from every scheduler, and
 * survives the supervisor's restarts. Children have no ids: they are known by their pids, or by names in a registry.
 * Each is restarted by itself, and all count for one intensity. They are stopped all at once, because they do not depend
 * on each other.
 *
 * When not to use it: for children that are known beforehand, or whose order matters, use `Supervisor.supervisor`. All
 * starts go through one process, one after the other: an `init` that takes long holds up the others, so return from it
 * soon and go on in `continue`.
 *
 * Semantics: Elixir's `DynamicSupervisor`; catalogue area DS.
 */

import type { CallError, Contract, Fields, PidRef, Protocol, Ref, StartError } from "@understudy/core/GenServer"
import { expectedName, isName } from "@understudy/core/internal/Texts"
import { accepts } from "@understudy/core/internal/Values"
import { isPid, type Pid } from "@understudy/core/Pid"
import type { System } from "@understudy/core/System"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type { ChildNotFound, InvalidChildSpec, MaxChildrenReached } from "./ChildErrors.ts"
import {
  type ChildArgs,
  type ChildOptions,
  checkTreatment,
  definitionOf,
  type EncodedChild,
  encode,
  invalidIn,
  type StartableSpec,
  specOf
} from "./ChildSpec.ts"
import { dynamicImplementation } from "./DynamicServer.ts"
import { GivenArgs } from "./GivenArgs.ts"
import { type Intensity, limitsOf } from "./Intensity.ts"
import {
  type ChildCounts,
  type ChildInfo,
  DynamicSupervisorContract,
  type DynamicSupervisorProtocol
} from "./SupervisorProtocol.ts"

/** How one child is treated. What is not given is as the dynamic supervisor's options say. */
export type DynamicChildOptions = Pick<ChildOptions, "restart" | "shutdown" | "on" | "name" | "label" | "type">

/** What a dynamic supervisor is, and how its children are treated by default. */
export interface DynamicOptions extends Pick<ChildOptions, "restart" | "shutdown" | "on" | "type"> {
  /** How many children it has at most, those being restarted included. Default: no limit. */
  readonly maxChildren?: number | undefined
  /** How many restarts, of all children together, it makes before it gives up. Default: 3 within 5 seconds. */
  readonly intensity?: Intensity | undefined
  /** How the supervisor itself is treated as a child. */
  readonly child?: Pick<ChildOptions, "id" | "restart" | "shutdown" | "on" | "significant"> | undefined
}

/** A dynamic supervisor of servers of one contract, by its name. */
export interface Dynamic<P extends Protocol, A extends Fields> {
  readonly name: string
  /**
   * Starts a child and gives a ref to it once it has initialised. Fails with StartError (problem `ignored` when the
   * child chose not to start), with MaxChildrenReached, and with CallError when the supervisor is not there. Throws
   * {@link InvalidChildSpec} when the arguments or the options cannot be meant, without asking the supervisor.
   */
  readonly start: (
    ...args: ChildArgs<A, DynamicChildOptions>
  ) => Effect.Effect<PidRef<P>, StartError | MaxChildrenReached | CallError, System>
  /** Stops a child and forgets it. For one that is being restarted, the pid it had cancels that. */
  readonly terminate: (child: Pid | { readonly pid: Pid }) => Effect.Effect<void, ChildNotFound | CallError, System>
  /** The children, the newest first. They have no ids. */
  readonly which: Effect.Effect<ReadonlyArray<ChildInfo>, CallError, System>
  readonly count: Effect.Effect<ChildCounts, CallError, System>
  /** The supervisor's typed ref. */
  readonly ref: Ref<DynamicSupervisorProtocol>
  /** The supervisor as a child, or as a system's root. */
  readonly spec: StartableSpec
}

/** One object for all: children without arguments have the same spec. */
const noArgs = Object.freeze({})

/** A child's start may take as long as it takes. */
const patient = { timeout: Duration.infinity }

/**
 * A dynamic supervisor, as a value. It runs where its `spec` is a child, registered as `name`. Throws
 * {@link InvalidChildSpec} when the options cannot be meant. Children are `permanent` by default.
 */
export const dynamic = <P extends Protocol, A extends Fields, M>(
  name: string,
  contract: Contract<P, A, M>,
  options: DynamicOptions = {}
): Dynamic<P, A> => {
  const { intensity, maxChildren, on, restart, shutdown, type } = options
  const invalid = invalidIn(typeof name === "string" ? name : "dynamic supervisor")
  if (!isName(name)) throw invalid("name", expectedName, name)
  if (maxChildren !== undefined && (!Number.isInteger(maxChildren) || maxChildren < 0)) {
    throw invalid("maxChildren", "a whole number from 0", maxChildren)
  }
  // Here, and not only when the first child is started
  checkTreatment(options, invalid)
  const definition = definitionOf(contract, name)
  const args = { name, intensity: limitsOf(name, intensity), maxChildren }
  const ref = DynamicSupervisorContract.named(name)
  const refOf = ({ pid }: { readonly pid: Pid }) => contract["~internals"].refs.pid(pid)
  let usual: EncodedChild | undefined
  const specFor = (childArgs: unknown, given: DynamicChildOptions | undefined): EncodedChild => {
    // Children that are started as all others differ in their arguments only
    if (given === undefined && usual !== undefined && accepts(definition.args, childArgs)) {
      return usual.args.is(childArgs) ? usual : { ...usual, args: GivenArgs.of(definition.args, childArgs) }
    }
    const options = { on, restart, shutdown, type, id: given?.label, ...given }
    const spec = encode(specOf(definition, childArgs, options, []))
    if (given === undefined) usual ??= spec
    return spec
  }
  return {
    name,
    ref,
    spec: specOf(dynamicImplementation.definition, args, { ...options.child, name, type: "supervisor" }, []),
    start: (...[childArgs = noArgs, given]) =>
      Effect.suspend(() => Effect.map(ref.startChild({ child: specFor(childArgs, given) }, patient), refOf)),
    terminate: (child) => ref.terminateChild({ pid: isPid(child) ? child : child.pid }, patient),
    which: Effect.suspend(() => ref.whichChildren(patient)),
    count: Effect.suspend(() => ref.countChildren(patient))
  }
}
