/** The timers of a simulated scheduler: a list in the order of deadlines, which the world fires. They follow its virtual time. */
import * as Fiber from "effect/Fiber"
import type { Priority } from "../../run/RunQueue.ts"
import { Callback, due, type HeldTimers, idle, type Timed, type Timeout, Timer, waiting } from "../../run/Timer.ts"
import type { Wheel } from "../../scheduler/TimerWheel.ts"
import { Lane, type Owned } from "./Lane.ts"
import type { Machine } from "./Machine.ts"

const nobody: HeldTimers = { holds: false, size: 0, enter: () => undefined }

/** Where a timer was set, when that is to be known: on itself. */
interface Made {
  made?: string | undefined
}

/** See the file's header. */
export class VirtualTimers implements Wheel {
  private readonly machine: Machine
  private readonly expire: (timer: Timed) => void
  private readonly list: Array<Timed> = []
  private held: HeldTimers = nobody
  readonly turning = false

  constructor(machine: Machine, expire: (timer: Timed) => void) {
    this.machine = machine
    this.expire = expire
  }

  hold(held: HeldTimers): void {
    this.held = held
  }

  now(): number {
    this.enterHeld()
    return this.machine.now
  }

  private enterHeld(): void {
    if (this.held.holds) this.held.enter()
  }

  /** The one that is due first; among equals the one that was set first. */
  get first(): Timed | undefined {
    this.enterHeld()
    return this.list[0]
  }

  /** All that are set, in order. */
  get all(): ReadonlyArray<Timed> {
    this.enterHeld()
    return this.list
  }

  /** Fires the first one. */
  fire(): void {
    const timer = this.list.shift()
    if (timer === undefined) return
    timer.state = idle
    this.expire(timer)
  }

  set(delay: number, fire: () => void, priority: Priority = "normal"): Timer {
    const timer = new Timer(new Callback(fire, priority))
    this.start(timer, delay)
    return timer
  }

  setAt(deadline: number, fire: () => void): Timer {
    const timer = new Timer(new Callback(fire, "normal"))
    this.startAt(timer, deadline)
    return timer
  }

  start(timer: Timed, delay: number): void {
    this.startAt(timer, this.machine.now + delay)
  }

  startTimeout(timeout: Timeout, delay: number): void {
    this.startAt(timeout, this.machine.now + delay)
  }

  startAt(timer: Timed, deadline: number): void {
    this.enterHeld()
    this.clear(timer)
    // What it leads to is who set it: its fiber's, or of the process that has this step
    const { running } = this.machine
    const owned = timer as Owned & Made
    owned.setBy = Fiber.getCurrent() ?? (running instanceof Lane ? running : undefined)
    const made = this.machine.site()
    if (made !== undefined) owned.made = made
    this.insert(timer, deadline)
  }

  private insert(timer: Timed, deadline: number): void {
    const { list } = this
    timer.time = Math.max(Math.ceil(deadline), Math.ceil(this.machine.now))
    timer.state = waiting
    let at = list.length
    while (at > 0 && (list[at - 1] as Timed).time > timer.time) at--
    list.splice(at, 0, timer)
  }

  enter(first: Timed, last: Timed, _count: number): void {
    for (let timer = first; ; ) {
      const { next, time } = timer
      timer.previous = timer.next = timer
      this.insert(timer, this.machine.now + time)
      if (timer === last) return
      timer = next
    }
  }

  clear(timer: Timed): void {
    if (timer.state === waiting) {
      const at = this.list.indexOf(timer)
      if (at >= 0) this.list.splice(at, 1)
    }
    timer.state = idle
  }

  cancel(timer: Timed): number | undefined {
    const left = this.left(timer)
    this.clear(timer)
    return left
  }

  left(timer: Timed): number | undefined {
    this.enterHeld()
    if (timer.state === idle) return undefined
    return timer.state === due ? 0 : Math.max(0, timer.time - Math.ceil(this.machine.now))
  }

  turnBegins(): void {}

  look(): void {}

  turnEnds(): void {}

  stop(): void {
    this.list.length = 0
  }
}
