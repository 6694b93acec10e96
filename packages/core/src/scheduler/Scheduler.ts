/**
 * One scheduler: the run queue of a V8 isolate (or of a virtual scheduler), its processes and its timers. It is an
 * implementation of Effect's public `Scheduler`, so that every fiber of its processes, and the helpers they fork,
 * goes through one run queue. A turn works off the queue within a budget and then yields to the event loop, so that
 * sockets and timers are served.
 */

import * as Context from "effect/Context"
import type * as Fiber from "effect/Fiber"
import * as EffectScheduler from "effect/Scheduler"
import type { Directory } from "../address/Directory.ts"
import type { MessageCodec } from "../address/MessageCodec.ts"
import {
  incarnations,
  maximumSlots,
  mostReferences,
  type Pid,
  PidImpl,
  referenceUnit,
  suspendsSenders
} from "../address/Pid.ts"
import type { AwaitedStart } from "../address/Reply.ts"
import { turnOf } from "../address/SystemId.ts"
import type { PendingCall } from "../call/PendingCall.ts"
import { currentProcess } from "../fiber/ProcessFiber.ts"
import type { Definition } from "../process/Definition.ts"
import { type Host, type Offer, type Placement, type ProcessScheduler, systemContext } from "../process/Host.ts"
import { MonitorTable } from "../process/MonitorTable.ts"
import { ProcessTable } from "../process/ProcessTable.ts"
import type { Priority } from "../run/RunQueue.ts"
import type { Timed } from "../run/Timer.ts"
import type { Timers } from "../run/Timers.ts"
import type { EventLevel, ProcessEvent } from "../signal/ProcessEvent.ts"
import type { Signal, SpawnSignal } from "../signal/Signal.ts"
import { TimerTable } from "../timer/TimerTable.ts"
import { Pace } from "./Pace.ts"
import { type Item, type Queue, RunQueue } from "./RunQueue.ts"
import type { SchedulerEvent } from "./SchedulerEvent.ts"
import { Streak } from "./Streak.ts"
import { TimerWheel, type Wheel, type WheelClock } from "./TimerWheel.ts"
import type { Uplink } from "./Uplink.ts"

/** A scheduler's identity, clock, event loop and settings. */
export interface SchedulerOptions {
  /** The id of its system, see `Host.system`. Default: one that all schedulers without one have. */
  readonly system?: string | undefined
  readonly slot: number
  readonly incarnation: number
  readonly clock: WheelClock
  /** Runs a turn soon, after the event loop had its share. */
  readonly nextTurn: (turn: () => void) => void
  /** Reductions of one slice of a process. Default 128. */
  readonly slice?: number | undefined
  /** Whether messages shared by reference are frozen. Default: true outside production. */
  readonly freeze: boolean
  /** Shared memory that shows the running process: two numbers, see `Host.trace`. Default: memory of its own. */
  readonly trace?: Float64Array | undefined
  /** What is reported. Default: nothing. */
  readonly limits?: SchedulerLimits | undefined
}

/** What a scheduler reports of itself. Infinity switches a limit off. */
export interface SchedulerLimits {
  /** A turn that takes as many milliseconds is a long one. */
  readonly longTurn: number
  /** So many milliseconds without a look at the clock are a long handler. */
  readonly longHandler: number
  /** More messages than that are a long mailbox, for processes that have no limit of their own. */
  readonly longMailbox: number
}

const unlimited: SchedulerLimits = { longTurn: Infinity, longHandler: Infinity, longMailbox: Infinity }

/** A turn ends after this many items, or after {@link turnMilliseconds}, whichever comes first. */
const turnItems = 16_384
/** Giving way and going on takes Effect's interpreter two operations: with less than this, nothing else would be done. */
const shortestSlice = 4
/** Operations of one slice while the run queue is empty. */
const longestSlice = 2048
/** A mailbox of more than so many slices' messages costs its senders extra reductions. */
const crowdedSlices = 4
/** How long a turn may keep the event loop waiting. */
const turnMilliseconds = 5
/** The same for a turn that waits for other schedulers in between: it has little to do, and so no reason to hold the event loop up. */
const waitingTurnMilliseconds = 1
/** A turn that has nothing to run looks at the clock once in so many times that something came which led to nothing. */
const idleLooks = 64

const priorities: ReadonlyArray<Priority> = ["max", "high", "normal", "low"]

/**
 * See the file's header. Hot path: plain and mutable. What a simulation replaces are methods, so that a scheduler itself asks nobody
 * whether it is simulated.
 */
export class Scheduler implements Host {
  readonly system: string
  readonly slot: number
  readonly incarnation: number
  readonly referenceRest: number
  readonly freeze: boolean
  readonly slice: number
  readonly timers: Timers
  readonly processes: ProcessTable
  readonly pending: Map<number, PendingCall> = new Map()
  readonly timerRefs: TimerTable
  readonly monitors = new MonitorTable()
  readonly trace: Float64Array
  readonly longMailbox: number
  readonly manyMessages: number
  readonly fewMessages: number
  protected readonly options: SchedulerOptions
  private readonly wheel: Wheel
  protected readonly queue: Queue
  private readonly facades: Record<Priority, EffectScheduler.Scheduler>
  protected contexts: Record<Priority, Context.Context<never>>
  private definitions: ReadonlyMap<string, Definition> = new Map()
  /** Each definition's number, see {@link kindOf}; and the names by number. */
  private kinds: ReadonlyMap<Definition, number> = new Map()
  private kindNames: ReadonlyArray<string> = []
  private lastDefinition: Definition | undefined = undefined
  private lastKind = 0
  private readonly limits: SchedulerLimits
  private readonly pace = new Pace()
  private readonly streak = new Streak()
  // Set by `attach`, which is called right after the constructor
  private uplink!: Uplink
  /** Operations of Effect's interpreter in a slice: each costs a few times what one on the spot does. */
  private readonly interpreterSlice: number
  inlineReductions = 0
  /** What the item that runs has done on the spot in slices that are over. */
  private before = 0
  private armed = false
  private stopped = false
  protected serial = 0
  protected serialEnd = 0
  protected reference = 1
  /** The fiber of the item that runs, once it has done a step: its operations are the slice's reductions. */
  protected fiber: Fiber.Fiber<unknown, unknown> | undefined = undefined
  /** Reductions of this scheduler so far. */
  reductions = 0

  constructor(options: SchedulerOptions) {
    this.options = options
    this.system = options.system ?? ""
    this.slot = options.slot
    this.incarnation = options.incarnation
    this.referenceRest = (options.incarnation % incarnations) * maximumSlots + options.slot
    this.freeze = options.freeze
    this.slice = options.slice ?? 128
    this.interpreterSlice = Math.max(shortestSlice, Math.ceil(this.slice / 16))
    this.trace = options.trace ?? new Float64Array(2)
    this.limits = options.limits ?? unlimited
    this.longMailbox = this.limits.longMailbox
    this.manyMessages = this.slice * crowdedSlices
    this.fewMessages = Math.min(this.manyMessages, this.longMailbox)
    this.processes = this.makeProcesses()
    this.queue = this.makeQueue()
    this.wheel = this.makeWheel((timer) => this.expire(timer))
    this.timers = this.wheel
    this.timerRefs = new TimerTable(this, this.wheel)
    this.wheel.hold(this.timerRefs)
    this.facades = makeByPriority((priority) => this.facade(priority))
    this.contexts = makeByPriority((priority) => Context.make(EffectScheduler.Scheduler, this.facades[priority]))
  }

  /** The table of its living processes. Called by the constructor. */
  protected makeProcesses(): ProcessTable {
    return new ProcessTable()
  }

  /** Its run queue. Called by the constructor. */
  protected makeQueue(): Queue {
    return new RunQueue()
  }

  /** Its timers. Called by the constructor. `expire`: what is done with one whose deadline is over. */
  protected makeWheel(expire: (timer: Timed) => void): Wheel {
    return new TimerWheel(this.options.clock, expire)
  }

  /** Connects it to its system. Called once, before anything else. */
  attach(uplink: Uplink): void {
    this.uplink = uplink
  }

  /** Gives processes the application's services. Called once, before the first process. */
  provide(context: Context.Context<never>, definitions: ReadonlyMap<string, Definition>): void {
    this.definitions = definitions
    this.kindNames = [...definitions.keys()].sort()
    this.kinds = new Map([...definitions].map(([name, one]) => [one, this.kindNames.indexOf(name) + 1]))
    this.contexts = makeByPriority((priority) =>
      Context.merge(context, Context.add(systemContext(this), EffectScheduler.Scheduler, this.facades[priority]))
    )
  }

  /** What runs the fibers of one priority. Called by the constructor. */
  protected facade(priority: Priority): EffectScheduler.Scheduler & ProcessScheduler {
    // One dispatcher for all fibers of a class: the default makes one run queue per fiber
    const dispatcher: EffectScheduler.SchedulerDispatcher = {
      scheduleTask: (task) => this.enqueue(task, priority),
      flush: () => this.flush()
    }
    return {
      executionMode: "async",
      shouldYield: (fiber) => {
        if (this.fiber !== fiber) this.note(fiber)
        const count = fiber.currentOpCount
        if (count < this.interpreterSlice && this.inlineReductions < this.slice) return false
        // A process that is alone runs on, for as long as the event loop can wait
        return this.queue.length > 0 || count >= longestSlice || this.inlineReductions >= this.slice
      },
      countCompleted: () => ++this.inlineReductions >= this.slice && !this.extendsSlice(),
      giveWay: (rest, process) => this.again(rest, priority, process?.mailbox.length ?? 0),
      makeDispatcher: () => dispatcher
    }
  }

  extendsSlice(): boolean {
    if (this.queue.length > 0 || this.before >= longestSlice) return false
    this.before += this.inlineReductions
    this.inlineReductions = 0
    return true
  }

  get context(): Context.Context<never> {
    return this.contexts.normal
  }

  effectScheduler(priority: Priority): EffectScheduler.Scheduler {
    return this.facades[priority]
  }

  contextFor(priority: Priority): Context.Context<never> {
    return this.contexts[priority]
  }

  get directory(): Directory {
    return this.uplink.directory
  }

  get slots(): number {
    return this.uplink.slots
  }

  get runQueueLength(): number {
    return this.queue.length
  }

  kindOf(definition: Definition): number {
    // Processes are mostly started many of a kind
    if (definition !== this.lastDefinition) {
      this.lastDefinition = definition
      this.lastKind = this.kinds.get(definition) ?? 0
    }
    return this.lastKind
  }

  definition(name: string): Definition | undefined {
    return this.definitions.get(name)
  }

  enqueue(item: Item, priority: Priority): void {
    this.queue.push(item, priority)
    this.arm()
  }

  again(item: Item, priority: Priority, waiting: number): void {
    // The pause of a fiber that is alone may come from outside a turn
    if (waiting * 2 < this.slice || !this.streak.extendsSlice(this.pace.count, this.options.clock))
      this.queue.push(item, priority)
    else this.queue.pushFirst(item, priority)
    this.arm()
  }

  /** Makes sure that a turn comes: there is something to run, to send or to take in. */
  arm(): void {
    if (this.armed || this.stopped) return
    this.armed = true
    this.options.nextTurn(this.turn)
  }

  /** There is something for other schedulers: it waits neither for the next turn nor behind many items of this one. */
  hasten(): void {
    this.pace.hasten()
    this.arm()
  }

  private readonly turn = (): void => {
    if (this.stopped) return
    const { system } = turnOf
    turnOf.system = this.system
    this.takeTurn()
    turnOf.system = system
  }

  private takeTurn(): void {
    const { pace, queue, uplink } = this
    const start = this.options.clock.now()
    const waited = uplink.waited
    let until = start + turnMilliseconds
    // Still armed: what is queued from here on is run by this turn, or by the one it asks for
    uplink.beginTurn()
    pace.start(start)
    this.wheel.turnBegins()
    let ran = 0
    let idle = 0
    while (ran < turnItems) {
      const item = queue.shift()
      if (item !== undefined) {
        this.runItem(item)
        pace.count = ++ran
        if (ran !== pace.due) continue
        if (this.look(ran) >= until) break
        // What is taken in is no handler's time
        if (uplink.exchange()) pace.at = this.options.clock.now()
        continue
      }
      uplink.exchange()
      if (queue.length > 0) continue
      until = Math.min(until, start + waitingTurnMilliseconds)
      if (!this.wait(until) && queue.length === 0) break
      if (++idle % idleLooks === 0 && this.look(ran) >= until) break
    }
    const end = ran === pace.ran ? pace.at : this.look(ran)
    this.trace[0] = 0
    const busy = end - start - (uplink.waited - waited)
    if (busy >= this.limits.longTurn) this.reportLongTurn(busy, ran)
    this.wheel.turnEnds(end)
    const more = uplink.endOfTurn(busy)
    this.armed = false
    if (more || queue.length > 0) this.arm()
  }

  /** Looks for signals for a while, which counts as no process's time. Whether something came. */
  private wait(until: number): boolean {
    const { pace, uplink } = this
    this.trace[0] = 0
    const waited = uplink.waited
    const came = uplink.busyWait(until)
    pace.at += uplink.waited - waited
    return came
  }

  /** Runs what is queued now, in the middle of the code that asked for it. */
  private flush(): void {
    for (let left = turnItems; left > 0; left--) {
      const item = this.queue.shift()
      if (item === undefined) break
      this.runItem(item)
    }
  }

  /** Looks at the clock, for the timers too, and reports what has held it up. Returns the time. */
  private look(ran: number): number {
    const now = this.options.clock.now()
    const items = ran - this.pace.ran
    const took = this.pace.look(ran, now)
    if (took >= this.limits.longHandler && items > 0) this.reportLongHandler(took, items)
    this.wheel.look(now)
    return now
  }

  private expire(timer: Timed): void {
    try {
      timer.expire(this)
    } catch (error) {
      // No message may take the others with it
      this.report({ _tag: "RuntimeError", during: "a timer", error })
    }
  }

  private reportLongHandler(milliseconds: number, items: number): void {
    if (items > 1) this.pace.lookClosely()
    const [serial = 0, kind = 0] = this.trace
    const known = items === 1 && serial !== 0
    const pid = known ? new PidImpl(this.slot, this.incarnation, serial, undefined) : undefined
    const label = known ? this.processes.get(serial)?.label : undefined
    const contract = known ? this.kindNames[kind - 1] : undefined
    this.report({ _tag: "LongHandler", slot: this.slot, pid, label, contract, milliseconds, items })
  }

  private reportLongTurn(milliseconds: number, items: number): void {
    this.report({ _tag: "LongTurn", slot: this.slot, milliseconds, items })
  }

  /** A fiber runs: code of a process that resumes by itself, say after a sleep, is that process's. */
  protected note(fiber: Fiber.Fiber<unknown, unknown>): void {
    this.fiber = fiber
    if (this.trace[0] === 0) currentProcess(fiber)?.runs()
  }

  protected runItem(item: Item): void {
    this.fiber = undefined
    this.inlineReductions = this.before = 0
    // A process says that it runs; of other items, the fiber that they resume says which process it is of
    this.trace[0] = 0
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
    return (this.fiber === undefined ? 1 : this.fiber.currentOpCount) + this.before + this.inlineReductions
  }

  nextSerial(suspends: boolean): number {
    for (;;) {
      const serial = this.anySerial()
      if (suspendsSenders(serial) === suspends) return serial
    }
  }

  private anySerial(): number {
    if (this.serial === this.serialEnd) {
      const { count, first } = this.uplink.reserveSerials()
      this.serial = first
      this.serialEnd = first + count
    }
    return this.serial++
  }

  nextReference(): number {
    // After thirty billion others, the first ones are no longer in use
    if (this.reference === mostReferences) this.reference = 1
    // Unique in the system: the slot and its incarnation are in the low digits
    return this.reference++ * referenceUnit + this.referenceRest
  }

  route(slot: number, incarnation: number, signal: Signal): void {
    this.uplink.route(slot, incarnation, signal)
  }

  routeMessage(
    to: Pid,
    codec: MessageCodec,
    message: unknown,
    alias: number,
    call: number,
    accepted: number,
    wait: boolean
  ): void {
    this.uplink.routeMessage(to, codec, message, alias, call, accepted, wait)
  }

  routeSpawn(signal: SpawnSignal, call: AwaitedStart): void {
    this.uplink.routeSpawn(signal, call)
  }

  offer(offer: Offer): void {
    this.uplink.offer(offer)
  }

  place(placement: Placement): number {
    return this.uplink.place(placement)
  }

  report(event: ProcessEvent | SchedulerEvent): void {
    this.uplink.report(event)
  }

  isHeard(level: EventLevel): boolean {
    return this.uplink.isHeard(level)
  }

  /**
   * Calls back after so much time of the outside world, in which a scheduler under a test's clock is as well. Returns how to stop that.
   * For what must come to an end whatever the processes' clock does.
   */
  patience(milliseconds: number, over: () => void): () => void {
    const timer = setTimeout(over, milliseconds)
    return () => clearTimeout(timer)
  }

  /** The time that {@link patience} follows, in milliseconds. */
  get outsideTime(): number {
    return performance.now()
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
