/**
 * Starting one scheduler, on the main thread or in a worker: the same steps, from the same entry file.
 */

import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import { enterSystem } from "../../address/SystemId.ts"
import { collect, type Definition, type Startable } from "../../process/Definition.ts"
import { System } from "../../process/Host.ts"
import { Scheduler } from "../../scheduler/Scheduler.ts"
import { loadCompiler } from "../../schema/EffectCodec.ts"
import { type MonitorLimits, OverloadProbe } from "../events/Monitor.ts"
import { BusyWait, type BusyWaitMode } from "../load/BusyWait.ts"
import { type Controls, Mesh } from "../mesh/Mesh.ts"
import type { SharedTable } from "../transport/SharedTable.ts"
import { ambient } from "./Seams.ts"

/** The code a program consists of. */
export interface Code<R> {
  /** The code of the contracts that processes are started of. What `root` brings along need not be listed. */
  readonly implementations?: ReadonlyArray<{ readonly definition: Definition; readonly "~R": R }> | undefined
  /** Started on the main thread when all schedulers are up; the system's life is its life. */
  readonly root?: Startable | undefined
}

/** What runs on every scheduler. */
export interface Program<R, E> extends Code<R> {
  /** The services of all handlers. Built once on each scheduler. */
  readonly layer?: Layer.Layer<R, E, System> | undefined
}

/** How a scheduler runs. The same on all of a system. */
export interface Tuning {
  /** The system's id, see `Host.system`. */
  readonly system: string
  /** Whether messages shared by reference are frozen. Default: unless NODE_ENV is `production`. */
  readonly freeze: boolean
  /** Reductions of one slice of a process. */
  readonly slice: number
  /** How much a scheduler looks for signals before it sleeps. */
  readonly busyWait: BusyWaitMode
  /** How often a scheduler shows that its event loop turns, in milliseconds. */
  readonly heartbeat: number
  /** What is reported as an event. */
  readonly monitor: MonitorLimits
}

/** The definitions a program knows, by name. */
export const definitionsOf = (program: Code<unknown>): ReadonlyMap<string, Definition> => {
  const root = program.root === undefined ? [] : [program.root.definition, ...program.root.uses]
  return collect([...(program.implementations ?? []).map((one) => one.definition), ...root])
}

/** A running scheduler. */
export interface Launched {
  readonly scheduler: Scheduler
  readonly mesh: Mesh
}

/**
 * Starts the scheduler of a slot; it ends with the scope. Fails as the program's layer fails.
 */
export const launch = <R, E>(options: {
  readonly slot: number
  readonly incarnation: number
  readonly table: SharedTable
  readonly controls: Controls
  readonly tuning: Tuning
  readonly program: Program<R, E>
}): Effect.Effect<Launched, E, Scope.Scope> =>
  Effect.gen(function* () {
    const { controls, incarnation, program, slot, table, tuning } = options
    yield* loadCompiler
    const seams = yield* ambient
    const { freeze, monitor, slice, system } = tuning
    const trace = table.trace(slot)
    const scheduler = new Scheduler({ system, slot, incarnation, ...seams, slice, freeze, trace, limits: monitor })
    // Under a clock that is not the real one, nothing comes by waiting
    const busyWait = new BusyWait(seams.real ? tuning.busyWait : "none", seams.clock.now)
    const mesh = new Mesh(scheduler, table, controls, busyWait)
    scheduler.attach(mesh)
    const leave = enterSystem(system)
    yield* Effect.addFinalizer(() =>
      Effect.sync(() => {
        leave()
        mesh.close()
        scheduler.stop()
        table.setState(slot, "down")
      })
    )
    const surroundings = yield* Effect.context<never>()
    // Without a layer there are no services to give: `R` is never then
    const layer = program.layer ?? (Layer.empty as unknown as Layer.Layer<R>)
    const services = yield* Effect.provideService(Layer.build(layer), System, scheduler)
    // What processes see are services; which they are was checked by the program's types
    const context = Context.merge(surroundings, services as unknown as Context.Context<never>)
    scheduler.provide(context, definitionsOf(program))
    const probe = new OverloadProbe(scheduler, monitor.slowScheduler, (event) => mesh.report(event))
    const beat = setInterval(() => {
      probe.look()
      table.beat(slot)
      table.setUtilisation(slot, Math.min(1000, Math.round((mesh.takeBusy() / tuning.heartbeat) * 1000)))
    }, tuning.heartbeat)
    beat.unref()
    yield* Effect.addFinalizer(() => Effect.sync(() => clearInterval(beat)))
    mesh.listen()
    return { scheduler, mesh }
  })
