/**
 * Setting and removing a monitor, as a process's program does it.
 */
import type * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { type AnyFiber, type ProcessFiber, runningFiber } from "./Fibers.ts"
import type { Current } from "./Host.ts"
import { demonitor, monitorAddress } from "./Monitors.ts"
import type { Address } from "./Name.ts"
import { done, Operation } from "./Operation.ts"
import { isPid } from "./Pid.ts"
import { ownProcess } from "./Running.ts"
import { keepShapes, nothing } from "./Shape.ts"
import type { MonitorRef } from "./Signal.ts"

// Both have an iterator of their own: the one of all operations asks for a kind's method anew each time, which took 6 of
// the 40 ns of either

/** Watches `of` from now on. */
export class Monitoring extends Operation<MonitorRef, never, Current> {
  private readonly of: Address

  constructor(of: Address) {
    super()
    this.of = of
  }

  override attempt(fiber: ProcessFiber): MonitorRef {
    return monitorAddress(fiber.process, this.of)
  }

  perform(fiber: AnyFiber): Effect.Effect<MonitorRef> {
    return Exit.succeed(monitorAddress(ownProcess(fiber), this.of))
  }

  override [Symbol.iterator](): Effect.EffectIterator<this> {
    const fiber = runningFiber()
    // What is neither may throw
    if (fiber === undefined || !isPid(this.of)) return super[Symbol.iterator]()
    return done(fiber, monitorAddress(fiber.process, this.of))
  }
}

/** Ends a monitor. */
export class Demonitoring extends Operation<boolean, never, Current> {
  private readonly ref: MonitorRef
  private readonly flush: boolean

  constructor(ref: MonitorRef, flush: boolean) {
    super()
    this.ref = ref
    this.flush = flush
  }

  override attempt(fiber: ProcessFiber): boolean {
    return demonitor(fiber.process, this.ref, this.flush)
  }

  perform(fiber: AnyFiber): Effect.Effect<boolean> {
    return Exit.succeed(demonitor(ownProcess(fiber), this.ref, this.flush))
  }

  override [Symbol.iterator](): Effect.EffectIterator<this> {
    const fiber = runningFiber()
    if (fiber === undefined) return super[Symbol.iterator]()
    return done(fiber, demonitor(fiber.process, this.ref, this.flush))
  }
}

keepShapes(new Monitoring(nothing), new Demonitoring(nothing, false))
