/**
 * A scheduler of a simulated system: the runtime's own, but for what decides when. Its run queue is a set of lanes, its timers follow virtual
 * time, it has no turns, and whether code gives way is asked at each operation.
 */
import * as Fiber from "effect/Fiber"
import type * as EffectScheduler from "effect/Scheduler"
import type { MessageCodec } from "../../address/MessageCodec.ts"
import type { Pid } from "../../address/Pid.ts"
import type { AwaitedStart } from "../../address/Reply.ts"
import { PendingCall } from "../../call/PendingCall.ts"
import type { Definition } from "../../process/Definition.ts"
import type { Offer, Placement, ProcessScheduler } from "../../process/Host.ts"
import { RemoteReply, type StartingCall } from "../../process/IncomingCall.ts"
import { ProcessRecord } from "../../process/ProcessRecord.ts"
import { ProcessTable } from "../../process/ProcessTable.ts"
import type { Priority, Runnable } from "../../run/RunQueue.ts"
import type { Timed } from "../../run/Timer.ts"
import type { Item } from "../../scheduler/RunQueue.ts"
import { Scheduler, type SchedulerOptions } from "../../scheduler/Scheduler.ts"
import type { SchedulerEvent } from "../../scheduler/SchedulerEvent.ts"
import type { ProcessEvent } from "../../signal/ProcessEvent.ts"
import type { Signal, SpawnSignal } from "../../signal/Signal.ts"
import type { SharedTable } from "../transport/SharedTable.ts"
import { contentOf } from "./Content.ts"
import { LaneQueue } from "./Lane.ts"
import type { Machine } from "./Machine.ts"
import { nameOf } from "./Names.ts"
import { VirtualTimers } from "./VirtualTimers.ts"

/** What a simulated scheduler is made of. */
export interface SimulatedOptions extends SchedulerOptions {
  readonly machine: Machine
  readonly table: SharedTable
}

/** Tells the world of births and ends, and others how many processes there are. */
class ObservedTable extends ProcessTable {
  private readonly scheduler: SimulatedScheduler

  constructor(scheduler: SimulatedScheduler) {
    super()
    this.scheduler = scheduler
  }

  override add(serial: number, record: ProcessRecord): void {
    super.add(serial, record)
    this.scheduler.born(record)
  }

  override delete(serial: number): void {
    const record = this.get(serial)
    super.delete(serial)
    if (record !== undefined) this.scheduler.ended(record)
  }
}

/** A start that any scheduler may make. */
class Start implements Runnable {
  private readonly offer: Offer
  private readonly scheduler: SimulatedScheduler

  constructor(offer: Offer, scheduler: SimulatedScheduler) {
    this.offer = offer
    this.scheduler = scheduler
  }

  run(): void {
    if (!this.offer.abandoned) this.offer.start(this.scheduler.drawSlot())
  }
}

/** See the file's header. */
export class SimulatedScheduler extends Scheduler {
  /** It was ended, as by a crash: nothing of it happens any more. */
  lost = false
  private readonly machine: Machine
  private readonly table: SharedTable
  private readonly definitionsHere = new Map<Definition, Definition>()
  /** A server that has handled all its messages, and does not know it. */
  private resting: ProcessRecord | undefined = undefined
  /** The call by which the process that is being made is started from another scheduler. */
  private startedBy: number | undefined = undefined

  constructor(options: SimulatedOptions) {
    super(options)
    this.machine = options.machine
    this.table = options.table
    const { monitors } = this
    const { machine } = this
    const tell = (watcher: ProcessRecord, of: Pid) => {
      if (!machine.observed) return
      machine.tell({ _tag: "Monitored", process: nameOf(watcher.pid, machine), of: nameOf(of, machine) })
    }
    const { add, addMonitor } = monitors
    monitors.add = (ref, watcher, watched, name) => {
      add.call(monitors, ref, watcher, watched, name)
      tell(watcher, watched.pid)
    }
    monitors.addMonitor = (ref, watcher, pid, name) => {
      addMonitor.call(monitors, ref, watcher, pid, name)
      tell(watcher, pid)
    }
  }

  // The constructor of the base class calls these three, when nothing but the options is there yet

  protected override makeProcesses(): ProcessTable {
    return new ObservedTable(this)
  }

  protected override makeQueue(): LaneQueue {
    return new LaneQueue(this.given.machine, this)
  }

  protected override makeWheel(expire: (timer: Timed) => void): VirtualTimers {
    return new VirtualTimers(this.given.machine, expire)
  }

  private get given(): SimulatedOptions {
    return this.options as SimulatedOptions
  }

  /** Its timers, as the world sees them. */
  get wheelOfWorld(): VirtualTimers {
    // What `makeWheel` has made
    return this.timers as VirtualTimers
  }

  get lanes(): LaneQueue {
    return this.queue as LaneQueue
  }

  /** As it was made. */
  reset(): void {
    this.lost = false
    this.processes.clear()
    this.monitors.clear()
    this.timerRefs.clear()
    this.pending.clear()
    this.wheelOfWorld.stop()
    this.lanes.clear()
    this.serial = this.serialEnd = this.inlineReductions = this.reductions = 0
    this.reference = 1
    this.fiber = undefined
    this.startedBy = this.resting = undefined
  }

  // --- when --------------------------------------------------------------------------------------------------------

  override arm(): void {}

  override hasten(): void {}

  override enqueue(item: Item, priority: Priority): void {
    if (!this.lost) this.lanes.push(item, priority)
  }

  override again(item: Item, priority: Priority, waiting: number): void {
    // Its slice is one message: whether there is another one, it finds out in the same step
    if (waiting === 0 && item instanceof ProcessRecord && item.body.isIdle === true) this.resting = item
    else this.enqueue(item, priority)
  }

  /** Runs one item. */
  take(item: Item): void {
    if (this.machine.observed && item instanceof PendingCall && item.result !== undefined) {
      this.machine.tell({ _tag: "Answered", process: this.machine.running?.name, outcome: item.result })
    }
    this.runItem(item)
    const { resting } = this
    if (resting === undefined) return
    this.resting = undefined
    // What it has sent itself meanwhile is another step's
    if (resting.length === 0) this.runItem(resting)
    else this.enqueue(resting, resting.priority)
  }

  override extendsSlice(): boolean {
    return !this.machine.preemptsInline()
  }

  protected override facade(priority: Priority): EffectScheduler.Scheduler & ProcessScheduler {
    const dispatcher: EffectScheduler.SchedulerDispatcher = {
      scheduleTask: (task) => {
        if (!this.lost) this.lanes.pushTask(task, priority)
      },
      flush: () => undefined
    }
    return {
      executionMode: "async",
      shouldYield: (fiber) => {
        if (this.fiber !== fiber) this.note(fiber)
        // Asked where the fiber evaluates an effect, see `Preemption.ts`
        return false
      },
      countCompleted: () => this.machine.preempts(Fiber.getCurrent()),
      giveWay: (rest) => this.enqueue(rest, priority),
      makeDispatcher: () => dispatcher
    }
  }

  override patience(milliseconds: number, over: () => void): () => void {
    const timer = this.timers.set(milliseconds, over)
    return () => this.timers.clear(timer)
  }

  override get outsideTime(): number {
    return this.machine.now
  }

  override stop(): void {
    super.stop()
    this.lost = true
  }

  // --- where -------------------------------------------------------------------------------------------------------

  override offer(offer: Offer): void {
    this.enqueue(new Start(offer, this), offer.priority)
  }

  override place(placement: Placement): number {
    if (placement !== "least-loaded") return super.place(placement)
    const least = super.place(placement)
    const { slots } = this
    if (slots === 1) return least
    const others = this.machine.slotsFrom(least)
    return others[this.machine.draw(others.length)] ?? least
  }

  /** A scheduler that is up, this one by default. */
  drawSlot(): number {
    const slots = this.machine.slotsFrom(this.slot)
    return (slots.length === 1 ? undefined : slots[this.machine.draw(slots.length)]) ?? this.slot
  }

  // --- what the world is told --------------------------------------------------------------------------------------

  born(record: ProcessRecord): void {
    const call = this.startedBy
    this.startedBy = undefined
    this.table.setLoad(this.slot, 0, this.processes.size)
    this.machine.born(record, call)
  }

  ended(record: ProcessRecord): void {
    if (!this.lost) this.table.setLoad(this.slot, 0, this.processes.size)
    this.machine.ended(record)
  }

  /** As another scheduler's start asks for it: notes by which call. */
  override definition(name: string): Definition | undefined {
    const definition = super.definition(name)
    if (definition === undefined) return undefined
    let here = this.definitionsHere.get(definition)
    if (here === undefined) {
      here = Object.create(definition, {
        body: {
          value: (args: unknown, started: StartingCall | undefined, of: Parameters<Definition["body"]>[2]) => {
            const body = definition.body(args, started, of)
            const { replyTo } = started ?? {}
            this.startedBy = replyTo instanceof RemoteReply ? replyTo.call : undefined
            return body
          }
        }
      }) as Definition
      this.definitionsHere.set(definition, here)
    }
    return here
  }

  override kindOf(definition: Definition): number {
    const kind = super.kindOf(definition)
    return kind === 0 ? super.kindOf(Object.getPrototypeOf(definition) as Definition) : kind
  }

  override route(slot: number, incarnation: number, signal: Signal): void {
    if (this.lost) return
    if (this.machine.observed) {
      const { to } = signal as { readonly to?: Pid | undefined }
      this.left(slot, signal._tag, to, undefined)
    }
    super.route(slot, incarnation, signal)
  }

  override routeMessage(
    to: Pid,
    codec: MessageCodec,
    message: unknown,
    alias: number,
    call: number,
    accepted: number,
    wait: boolean
  ): void {
    if (this.lost) return
    if (this.machine.observed) this.left(to.slot, "Message", to, message)
    super.routeMessage(to, codec, message, alias, call, accepted, wait)
  }

  override routeSpawn(signal: SpawnSignal, call: AwaitedStart): void {
    if (this.lost) return
    const { definition, name, options, parent } = signal
    const { label } = (options ?? {}) as { readonly label?: string | undefined }
    const title = label ?? name?.toString() ?? definition
    this.machine.leaves(signal.call, parent, title)
    if (this.machine.observed) this.left(signal.slot, "Spawn", undefined, { definition, title })
    super.routeSpawn(signal, call)
  }

  private left(slot: number, signal: string, to: Pid | undefined, message: unknown): void {
    const { machine } = this
    machine.tell({
      _tag: "Left",
      from: machine.running?.kind === "process" ? machine.running.name : undefined,
      edge: `${this.slot}->${slot}`,
      signal,
      to: to === undefined ? undefined : nameOf(to, machine),
      message: contentOf(message).message
    })
  }

  override report(event: ProcessEvent | SchedulerEvent): void {
    this.machine.reported(this.slot, event)
    super.report(event)
  }
}
