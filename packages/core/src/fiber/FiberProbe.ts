/**
 * Tests once, at load, whether the installed Effect's fibers behave as `KernelFiber.ts` expects.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as ExitReason from "../exit/ExitReason.ts"
import { Current } from "../process/Host.ts"
import type { ProcessRecord } from "../process/ProcessRecord.ts"
import type { Owner, Waiting } from "./Fibers.ts"
import type { Kernel, KernelFiber } from "./KernelFiber.ts"

type AnyEffect = Effect.Effect<unknown, unknown>
type AnyExit = Exit.Exit<unknown, unknown>
type Around = (wait: AnyEffect) => AnyEffect

const makeWaiter = (): Waiting => ({ waits: () => undefined, abandon: () => undefined })

const parkOn = (waiter: Waiting) => Effect.withFiber<unknown>((fiber) => (fiber as unknown as KernelFiber).park(waiter))

/** Whether parking, resumption, interruption and completion work. */
export const works = ({ KernelFiber }: Kernel): boolean => {
  const ends: Array<AnyExit> = []
  const owner: Owner = { ended: (exit) => ends.push(exit) }
  const record = {} as ProcessRecord
  const waiter = makeWaiter()
  const start = () => new KernelFiber(record, Context.empty(), owner)
  const wait = parkOn(waiter)
  const parked = Effect.gen(function* () {
    const value = yield* wait
    return [value, yield* wait, yield* Current]
  }) as unknown as AnyEffect
  const first = start()
  if (first.run(parked) !== undefined || !first.suspended) return false
  first.unparkWith(waiter, 1)
  first.unpark(waiter, Exit.succeed(2))
  const again = first.run(Exit.succeed(2))
  const second = start()
  second.run(parked)
  second.interrupt(ExitReason.killed)
  const [one, two] = ends
  if (one === undefined || two === undefined || again === undefined) return false
  return (
    Exit.isSuccess(one) &&
    Array.isArray(one.value) &&
    one.value[0] === 1 &&
    one.value[1] === 2 &&
    one.value[2] === record &&
    Exit.isSuccess(again) &&
    again.value === 2 &&
    Exit.isFailure(two) &&
    ExitReason.fromExit(two) === ExitReason.killed &&
    forgetsUnhandledOnly(KernelFiber)
  )
}

/** Whether `forget` ends exactly those fibers that have no handler or finalizer. */
const forgetsUnhandledOnly = (KernelFiber: Kernel["KernelFiber"]): boolean => {
  const owner: Owner = { ended: () => undefined }
  const isForgotten = (around: Around) => {
    const fiber = new KernelFiber({} as ProcessRecord, Context.empty(), owner)
    const waiter = makeWaiter()
    fiber.run(around(parkOn(waiter)))
    return fiber.forget(waiter, ExitReason.killed) && !fiber.suspended
  }
  return withoutHandlers.every(isForgotten) && !withHandlers.some(isForgotten)
}

const withoutHandlers: ReadonlyArray<Around> = [
  (wait) => wait,
  (wait) => Effect.flatMap(wait, () => Effect.void),
  (wait) =>
    Effect.gen(function* () {
      return yield* wait
    })
]

const withHandlers: ReadonlyArray<Around> = [
  (wait) => Effect.onExit(wait, () => Effect.void),
  (wait) => Effect.ensuring(wait, Effect.void),
  (wait) => Effect.catchCause(wait, () => Effect.void),
  (wait) => Effect.exit(wait),
  (wait) => Effect.uninterruptible(wait),
  (wait) => Effect.onInterrupt(wait, () => Effect.void)
]
