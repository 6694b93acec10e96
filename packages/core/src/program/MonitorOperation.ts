/**
 * The operations of a process that set and remove a monitor. Both mostly complete at once, without the interpreter.
 */
import type * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type { Address } from "../address/Name.ts"
import { isPid } from "../address/Pid.ts"
import { keepShapes, nothing } from "../base/Shape.ts"
import type { AnyFiber } from "../fiber/Fibers.ts"
import {
  doneWith,
  handOver,
  type Iterating,
  type OperationMethods,
  operationKind,
  QuickOperation
} from "../fiber/Operation.ts"
import { type ProcessFiber, runningFiber } from "../fiber/ProcessFiber.ts"
import { ownProcess } from "../fiber/Running.ts"
import { demonitor, monitor, monitorAddress } from "../process/Monitors.ts"
import type { MonitorRef } from "../signal/Signal.ts"

/** Sets a monitor on `of`. */
export const MonitorOperation = operationKind(
  class MonitorOperation implements OperationMethods<MonitorRef, never> {
    private readonly of: Address
    value: MonitorRef | undefined = undefined

    constructor(of: Address) {
      this.of = of
    }

    attempt(fiber: ProcessFiber): MonitorRef {
      return monitorAddress(fiber.process, this.of)
    }

    perform(fiber: AnyFiber): Effect.Effect<MonitorRef> {
      return Exit.succeed(monitorAddress(ownProcess(fiber), this.of))
    }

    [Symbol.iterator](): Iterating<MonitorRef, never> {
      const fiber = runningFiber()
      const { of } = this
      // An invalid address fails in the interpreter, as an effect
      if (fiber === undefined || !isPid(of)) return handOver(this)
      return doneWith(this, fiber, monitor(fiber.process, of, undefined))
    }
  },
  QuickOperation
)

/** Removes a monitor. */
export const DemonitorOperation = operationKind(
  class DemonitorOperation implements OperationMethods<boolean, never> {
    private readonly ref: MonitorRef
    private readonly flush: boolean
    value: boolean | undefined = undefined

    constructor(ref: MonitorRef, flush: boolean) {
      this.ref = ref
      this.flush = flush
    }

    attempt(fiber: ProcessFiber): boolean {
      return demonitor(fiber.process, this.ref, this.flush)
    }

    perform(fiber: AnyFiber): Effect.Effect<boolean> {
      return Exit.succeed(demonitor(ownProcess(fiber), this.ref, this.flush))
    }

    [Symbol.iterator](): Iterating<boolean, never> {
      const fiber = runningFiber()
      if (fiber === undefined) return handOver(this)
      return doneWith(this, fiber, demonitor(fiber.process, this.ref, this.flush))
    }
  },
  QuickOperation
)

keepShapes(new MonitorOperation(nothing), new DemonitorOperation(nothing, false))
