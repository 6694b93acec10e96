/**
 * What one process has to do, in order. Its items keep their order; those of different processes are chosen from. Items of no process share
 * a lane for each scheduler and priority. A fiber that a process has forked has a lane of its own for what it goes on with.
 */
import * as Fiber from "effect/Fiber"
import { PendingCall } from "../../call/PendingCall.ts"
import type { KernelFiber } from "../../fiber/KernelFiber.ts"
import { currentProcess } from "../../fiber/ProcessFiber.ts"
import { ProcessRecord } from "../../process/ProcessRecord.ts"
import type { Priority } from "../../run/RunQueue.ts"
import { Timer } from "../../run/Timer.ts"
import type { Item, Queue } from "../../scheduler/RunQueue.ts"
import type { Candidate, Machine } from "./Machine.ts"
import type { Family } from "./Names.ts"
import type { SimulatedScheduler } from "./SimulatedScheduler.ts"
import type { StepKind } from "./Story.ts"

export type AnyFiber = Fiber.Fiber<unknown, unknown>

/** Where a process's lane is, and that of a fiber: on themselves, in simulations only. */
interface Laned {
  lane?: Lane | undefined
}

/** The lane of a process of a simulation. */
export const laneOf = (record: ProcessRecord): Lane | undefined => (record as Laned).lane

/** Who has set a timer, or waits for an answer: on itself, in simulations only. */
export interface Owned {
  setBy?: AnyFiber | Lane | undefined
}

/** See the file's header. Hot path: plain and mutable. */
export class Lane implements Candidate {
  readonly kind: "process" | "scheduler"
  readonly name: string
  readonly slot: number
  readonly priority: Priority
  /** The process whose items these are. */
  readonly record: ProcessRecord | undefined
  waited = 0
  heldUntil = 0
  /** What it has started. */
  family: Family | undefined = undefined
  /** How many of its fibers have a lane. */
  fibers = 0
  /** Where it was started, when that is known. */
  made: string | undefined = undefined
  private readonly machine: Machine
  readonly scheduler: SimulatedScheduler
  readonly items: Array<Item> = []

  constructor(
    machine: Machine,
    scheduler: SimulatedScheduler,
    kind: "process" | "scheduler",
    name: string,
    record: ProcessRecord | undefined,
    priority: Priority
  ) {
    this.machine = machine
    this.scheduler = scheduler
    this.kind = kind
    this.name = name
    this.slot = scheduler.slot
    this.record = record
    this.priority = priority
  }

  push(item: Item): void {
    if (this.items.push(item) === 1) this.machine.becomesReady(this)
  }

  get what(): StepKind {
    const item = this.items[0]
    if (item instanceof ProcessRecord) return "turn"
    if (item instanceof PendingCall) return "answer"
    if (item instanceof Timer) return "timer"
    return typeof item === "function" ? "task" : "resumes"
  }

  step(): void {
    const { items } = this
    // Only who is ready is asked
    const item = items.shift() as Item
    // With more to do, it is as old as its next item
    if (items.length > 0) this.machine.becomesReady(this)
    this.scheduler.take(item)
    if (items.length === 0) this.waited = 0
  }
}

/** The run queue of a simulated scheduler: its lanes. */
export class LaneQueue implements Queue {
  private readonly machine: Machine
  private readonly scheduler: SimulatedScheduler
  private readonly own: Partial<Record<Priority, Lane>> = {}

  constructor(machine: Machine, scheduler: SimulatedScheduler) {
    this.machine = machine
    this.scheduler = scheduler
  }

  /** Nobody asks a simulated scheduler how long its queue is but for its load, which is chosen. */
  get length(): number {
    return 0
  }

  push(item: Item, priority: Priority): void {
    if (typeof item === "function") return this.common(priority).push(item)
    if (item instanceof ProcessRecord) return this.of(item, priority).push(item)
    const { setBy: by } = item as Owned
    if (by instanceof Lane) return by.push(item)
    const { process } = item
    if (process instanceof ProcessRecord) return this.of(process, priority).push(item)
    this.ofFiber(by, priority).push(item)
  }

  pushFirst(item: Item, priority: Priority): void {
    this.push(item, priority)
  }

  shift(): undefined {
    return undefined
  }

  /** What an Effect fiber is to go on with, or one that it has forked begins with: in the lane of who asks for it. */
  pushTask(task: () => void, priority: Priority): void {
    this.ofFiber(Fiber.getCurrent(), priority).push(task)
  }

  private of(record: ProcessRecord, priority: Priority): Lane {
    return laneOf(record) ?? this.common(priority)
  }

  /** The lane of a fiber: its process's for the process's own fiber. */
  ofFiber(fiber: AnyFiber | undefined, priority: Priority): Lane {
    if (fiber === undefined) return this.common(priority)
    const own = (fiber as Partial<KernelFiber>).process
    if (own !== undefined) return this.of(own, priority)
    const laned = fiber as Laned
    if (laned.lane !== undefined) return laned.lane
    const record = currentProcess(fiber)
    const parent = record === undefined ? undefined : laneOf(record)
    if (record === undefined || parent === undefined || record.host !== this.scheduler) return this.common(priority)
    const lane = new Lane(
      this.machine,
      this.scheduler,
      "process",
      `${parent.name}~${++parent.fibers}`,
      record,
      record.priority
    )
    laned.lane = lane
    return lane
  }

  /** The lane of what belongs to no process. */
  common(priority: Priority): Lane {
    const known = this.own[priority]
    if (known !== undefined) return known
    const { slot } = this.scheduler
    const name = priority === "normal" ? `scheduler ${slot}` : `scheduler ${slot} ${priority}`
    const lane = new Lane(this.machine, this.scheduler, "scheduler", name, undefined, priority)
    this.own[priority] = lane
    return lane
  }

  clear(): void {
    for (const lane of Object.values(this.own)) {
      lane.items.length = 0
      lane.waited = lane.heldUntil = 0
    }
  }
}
