/**
 * Virtual schedulers: several schedulers on one thread, connected by the same rings, doorbells and codec as real ones. A
 * test sees everything that crossing schedulers changes (encoding, order, loss of a scheduler), without a thread.
 */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"
import { mainIncarnation } from "../../address/Pid.ts"
import type { Scheduler } from "../../scheduler/Scheduler.ts"
import type { Mesh } from "../mesh/Mesh.ts"
import type { SharedTable } from "../transport/SharedTable.ts"
import { type Crew, makePair, type Place } from "./Crew.ts"
import { drain, stopPatience } from "./Drain.ts"
import { launch, type Program, type Tuning } from "./Launch.ts"

interface Member extends Place {
  readonly mesh: Mesh
  readonly scheduler: Scheduler
  readonly scope: Scope.Closeable
}

/** What the virtual schedulers of one system have in common. */
export interface VirtualOptions<R, E> {
  readonly schedulers: number
  readonly table: SharedTable
  readonly mesh: Mesh
  readonly tuning: Tuning
  readonly program: Program<R, E>
  /** Runs what starts a scheduler where the system was started, so that all follow the same clock. */
  readonly run: <A>(effect: Effect.Effect<A, E>) => Promise<A>
  readonly log: (text: string) => void
}

/** See the file's header. */
export class VirtualSchedulers<R, E> implements Crew {
  private readonly options: VirtualOptions<R, E>
  private readonly members: Array<Member | undefined> = []
  private stopping = false

  constructor(options: VirtualOptions<R, E>) {
    this.options = options
  }

  async start(): Promise<void> {
    for (let slot = 1; slot < this.options.schedulers; slot++) await this.boot(slot)
  }

  private async boot(slot: number): Promise<void> {
    const { mesh: main, program, run, table, tuning } = this.options
    const incarnation = table.nextIncarnation(slot)
    table.setState(slot, "starting")
    const scope = Scope.makeUnsafe()
    const controls = { kill: (victim: number) => this.kill(victim), drain: (victim: number) => this.drain(victim) }
    const start = launch({ slot, incarnation, table, controls, tuning, program })
    const { mesh, scheduler } = await run(Effect.provideService(start, Scope.Scope, scope))
    const others = [
      { slot: 0, incarnation: mainIncarnation, mesh: main },
      ...this.members.filter((one) => one !== undefined)
    ]
    // Up before it is connected: what waits for it is sent at that moment
    table.setState(slot, "up")
    for (const other of others) {
      const { ours, theirs } = makePair({ slot, incarnation }, other)
      mesh.connect(theirs)
      other.mesh.connect(ours)
    }
    this.members[slot] = { slot, incarnation, mesh, scheduler, scope }
    main.report({ _tag: "SchedulerUp", slot, incarnation })
  }

  kill(slot: number, problem = "killed"): void {
    const victim = this.members[slot]
    if (victim === undefined) return
    this.members[slot] = undefined
    // What it had published is taken in by the others before they learn of its end
    this.end(victim).then(() => this.refill(slot))
    const survivors = [this.options.mesh, ...this.members.filter((one) => one !== undefined).map((one) => one.mesh)]
    for (const mesh of survivors) mesh.disconnect(slot, victim.incarnation)
    this.options.mesh.report({ _tag: "SchedulerDown", slot, incarnation: victim.incarnation, problem })
  }

  drain(slot: number): void {
    const member = this.members[slot]
    if (member === undefined) return
    this.options.table.setState(slot, "stopping")
    Effect.runPromise(drain(member.scheduler)).then(() => this.kill(slot, "emptied in order"))
  }

  private refill(slot: number): void {
    if (this.stopping) return
    this.options.table.addRestart(slot)
    this.boot(slot).catch((error: unknown) => this.options.log(`virtual scheduler ${slot} could not start: ${error}`))
  }

  private end(member: Member): Promise<void> {
    return Effect.runPromise(Scope.close(member.scope, Exit.void))
  }

  async stop(): Promise<void> {
    this.stopping = true
    const members = this.members.filter((one) => one !== undefined)
    for (const { slot } of members) this.options.table.setState(slot, "stopping")
    await Promise.all(members.map(({ scheduler }) => Effect.runPromise(drain(scheduler, stopPatience))))
    await Promise.all(members.map((one) => this.end(one)))
  }
}
