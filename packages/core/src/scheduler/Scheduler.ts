/**
 * One scheduler: the run queue of a V8 isolate (or of a virtual scheduler), its processes and its timers. It is an
 * implementation of Effect's public `Scheduler`, so that every fiber of its processes, and the helpers they fork,
 * goes through one run queue. A turn works off the queue within a budget and then yields to the event loop, so that
 * sockets and timers are served.
 */
import * as Context from "effect/Context"
import type * as Fiber from "effect/Fiber"
import * as EffectScheduler from "effect/Scheduler"
import type { PendingCall } from "../process/Call.ts"
import type { Definition } from "../process/Definition.ts"
import {
  type Directory,
  type Host,
  type Placement,
  type Priority,
  type ProcessEvent,
  System,
  type Timers
} from "../process/Host.ts"
import { incarnations, maximumSlots, referenceUnit } from "../process/Pid.ts"
import type { ProcessRecord } from "../process/ProcessRecord.ts"
import type { Signal, SpawnSignal } from "../process/Signal.ts"
import { TimerTable } from "../process/TimerTable.ts"
import { type Item, RunQueue } from "./RunQueue.ts"
import { TimerWheel, type WheelClock } from "./TimerWheel.ts"

/** What connects a scheduler to the others of its system. A system of one scheduler has an uplink too. */
export interface Uplink {
  readonly directory: Directory
  route(slot: number, incarnation: number, signal: Signal): void
  routeSpawn(signal: SpawnSignal, call: PendingCall): void
  place(placement: Placement): number
  reserveSerials(): { readonly first: number; readonly count: number }
  report(event: ProcessEvent): void
  /** A turn begins. */
  beginTurn(): void
  /** Between two items: what was written to other schedulers is published, what came from them is taken in. */
  exchange(): void
  /**
   * There is nothing to run: looks for a while whether something comes from other schedulers, and takes it in.
   *
   * @param until - a time of the clock after which it must not go on.
   * @returns whether something came.
   */
  busyWait(until: number): boolean
  /**
   * The end of a turn. Unless `more` is to be run, this scheduler is about to sleep.
   *
   * @returns whether another turn is wanted in any case.
   */
  endOfTurn(busyMilliseconds: number, more: boolean): boolean
}

/** The seams of a scheduler: what it takes from the outside world. */
export interface SchedulerOptions {
  readonly slot: number
  readonly incarnation: number
  readonly clock: WheelClock
  /** Runs a turn soon, after the event loop had its share. */
  readonly nextTurn: (turn: () => void) => void
  /** Reductions of one slice of a process. Default 128. */
  readonly slice?: number | undefined
  /** Whether messages shared by reference are frozen. Default: true outside production. */
  readonly freeze: boolean
}

/** A turn ends after this many items, or after {@link turnMilliseconds}, whichever comes first. */
const turnItems = 4096
/** How long a turn may keep the event loop waiting. */
const turnMilliseconds = 5
/** The same for a turn that waits for other schedulers in between: it has little to do, and so no reason to hold the event loop up. */
const waitingTurnMilliseconds = 1
/** Looking at the clock costs more than most items do, so it is looked at every so many. */
const itemsPerClockLook = 64

const priorities: ReadonlyArray<Priority> = ["max", "high", "normal", "low"]

/** See the file's header. Hot path: plain and mutable. */
export class Scheduler implements Host {
  readonly slot: number
  readonly incarnation: number
  readonly referenceRest: number
  readonly freeze: boolean
  readonly slice: number
  readonly timers: Timers
  readonly processes: Map<number, ProcessRecord> = new Map()
  readonly pending: Map<number, PendingCall> = new Map()
  readonly timerRefs = new TimerTable(referenceUnit)
  private readonly options: SchedulerOptions
  private readonly wheel: TimerWheel
  private readonly queue = new RunQueue()
  private readonly facades: Record<Priority, EffectScheduler.Scheduler>
  private contexts: Record<Priority, Context.Context<never>>
  private definitions: ReadonlyMap<string, Definition> = new Map()
  // Set by `attach`, which whoever makes a scheduler calls first
  private uplink!: Uplink
  private armed = false
  private stopped = false
  private serial = 0
  private serialEnd = 0
  private reference = 1
  /** The fiber of the item that runs, once it has done a step: its operations are the slice's reductions. */
  private fiber: Fiber.Fiber<unknown, unknown> | undefined = undefined
  /** Reductions of this scheduler so far. */
  reductions = 0

  constructor(options: SchedulerOptions) {
    this.options = options
    this.slot = options.slot
    this.incarnation = options.incarnation
    this.referenceRest = (options.incarnation % incarnations) * maximumSlots + options.slot
    this.freeze = options.freeze
    this.slice = options.slice ?? 128
    // What a timer does is run by the queue like everything else
    this.wheel = new TimerWheel(options.clock, (timer) => this.enqueue(timer, "normal"))
    this.timers = this.wheel
    this.facades = makeByPriority((priority) => this.facade(priority))
    this.contexts = makeByPriority((priority) => Context.make(EffectScheduler.Scheduler, this.facades[priority]))
  }

  /** Connects it to its system. Called once, before anything else. */
  attach(uplink: Uplink): void {
    this.uplink = uplink
  }

  /** Gives processes the application's services. Called once, before the first process. */
  provide(context: Context.Context<never>, definitions: ReadonlyMap<string, Definition>): void {
    this.definitions = definitions
    this.contexts = makeByPriority((priority) =>
      Context.merge(
        context,
        Context.make(EffectScheduler.Scheduler, this.facades[priority]).pipe(Context.add(System, this))
      )
    )
  }

  private facade(priority: Priority): EffectScheduler.Scheduler {
    // One dispatcher for all fibers of a class: the default makes one run queue per fiber
    const dispatcher: EffectScheduler.SchedulerDispatcher = {
      scheduleTask: (task) => this.enqueue(task, priority),
      flush: () => this.flush()
    }
    return {
      executionMode: "async",
      shouldYield: (fiber) => {
        this.fiber = fiber
        return fiber.currentOpCount >= this.slice
      },
      makeDispatcher: () => dispatcher
    }
  }

  get context(): Context.Context<never> {
    return this.contexts.normal
  }

  contextFor(priority: Priority): Context.Context<never> {
    return this.contexts[priority]
  }

  get directory(): Directory {
    return this.uplink.directory
  }

  get runQueueLength(): number {
    return this.queue.length
  }

  definition(name: string): Definition | undefined {
    return this.definitions.get(name)
  }

  enqueue(item: Item, priority: Priority): void {
    this.queue.push(item, priority)
    this.arm()
  }

  /** Makes sure that a turn comes: there is something to run, to send or to take in. */
  arm(): void {
    if (this.armed || this.stopped) return
    this.armed = true
    this.options.nextTurn(this.turn)
  }

  private readonly turn = (): void => {
    if (this.stopped) return
    const { queue, uplink } = this
    const start = this.options.clock.now()
    let until = start + turnMilliseconds
    // Still armed: what is queued from here on is run by this turn, or by the one it asks for
    uplink.beginTurn()
    this.wheel.turnBegins()
    for (let left = turnItems; left > 0; left--) {
      const item = queue.shift()
      if (item !== undefined) this.runItem(item)
      else {
        uplink.exchange()
        if (queue.length > 0) continue
        until = Math.min(until, start + waitingTurnMilliseconds)
        if (!uplink.busyWait(until) && queue.length === 0) break
      }
      if (left % itemsPerClockLook !== 0) continue
      uplink.exchange()
      if (this.look() >= until) break
    }
    const end = this.options.clock.now()
    this.wheel.turnEnds(end)
    uplink.exchange()
    this.armed = false
    const more = uplink.endOfTurn(end - start, queue.length > 0)
    if (more || queue.length > 0) this.arm()
  }

  /** Runs what is queued now, in the middle of whatever asked for it. */
  private flush(): void {
    for (let left = turnItems; left > 0; left--) {
      const item = this.queue.shift()
      if (item === undefined) break
      this.runItem(item)
    }
  }

  /** Looks at the clock, for the timers too. */
  private look(): number {
    const now = this.options.clock.now()
    this.wheel.look(now)
    return now
  }

  private runItem(item: Item): void {
    this.fiber = undefined
    try {
      if (typeof item === "function") item()
      else item.run()
    } catch (error) {
      // Nothing an item does may take the rest of the turn with it
      this.report({ _tag: "RuntimeError", during: "a task of the run queue", error })
    }
    this.reductions += this.spent()
  }

  /** What the item that just ran has used: its fiber's operations, or one. */
  private spent(): number {
    return this.fiber === undefined ? 1 : this.fiber.currentOpCount
  }

  nextSerial(): number {
    if (this.serial === this.serialEnd) {
      const { count, first } = this.uplink.reserveSerials()
      this.serial = first
      this.serialEnd = first + count
    }
    return this.serial++
  }

  nextReference(): number {
    // Unique in the system: the slot and its incarnation are in the low digits
    return this.reference++ * referenceUnit + this.referenceRest
  }

  route(slot: number, incarnation: number, signal: Signal): void {
    this.uplink.route(slot, incarnation, signal)
  }

  routeSpawn(signal: SpawnSignal, call: PendingCall): void {
    this.uplink.routeSpawn(signal, call)
  }

  place(placement: Placement): number {
    return this.uplink.place(placement)
  }

  report(event: ProcessEvent): void {
    this.uplink.report(event)
  }

  /** No further turn runs. What is queued is dropped. */
  stop(): void {
    this.stopped = true
    this.wheel.stop()
  }
}

const makeByPriority = <A>(make: (priority: Priority) => A): Record<Priority, A> => {
  const [max, high, normal, low] = priorities.map(make) as [A, A, A, A]
  return { max, high, normal, low }
}
