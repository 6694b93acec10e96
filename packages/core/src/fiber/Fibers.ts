/**
 * The fibers that run processes' code, of the class in `KernelFiber.ts`. When the installed Effect differs from what that file
 * expects, or `UNDERSTUDY_FIBERS=public` is set, Effect's public API is used instead, with the same semantics.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import { keepShapes, nothing } from "../base/Shape.ts"
import type * as ExitReason from "../exit/ExitReason.ts"
import type { ProcessRecord } from "../process/ProcessRecord.ts"
import { countCompleted } from "./CountCompleted.ts"
import type { FiberClass } from "./EffectFiber.ts"
import { works } from "./FiberProbe.ts"
import { type Kernel, type KernelFiber, makeKernel } from "./KernelFiber.ts"
import { processFiber } from "./ProcessFiber.ts"
import { PublicCode } from "./PublicCode.ts"

export type { KernelFiber } from "./KernelFiber.ts"

type AnyEffect = Effect.Effect<unknown, unknown>
type AnyExit = Exit.Exit<unknown, unknown>
export type AnyFiber = Fiber.Fiber<unknown, unknown>

/** The owner of the code that runs on a fiber. */
export interface Owner {
  /** An effect that was suspended when `run` returned has completed. Called by the run queue, or by the code that resumed it. */
  ended(exit: AnyExit): void
}

/** The code of one process: runs one effect at a time for its owner. */
export interface Code {
  /** Runs an effect and returns its exit; `undefined` when it suspended: `ended` is called later. */
  run(effect: AnyEffect): AnyExit | undefined
  /** Whether an effect is suspended. */
  readonly suspended: boolean
  /** Interrupts the suspended effect. */
  interrupt(reason: ExitReason.ExitReason): void
  /**
   * Ends the effect suspended on `waiter` at once and without running code, if an {@link interrupt} would run none: there is no
   * handler, finalizer or observer. Returns whether it did; then `ended` is not called.
   */
  forget(waiter: Waiting, reason: ExitReason.ExitReason): boolean
  /**
   * The process has ended before this code: from now on its operations have no effect outside, see {@link "./Silence.ts"}. Runs none
   * of the process's code.
   */
  silence(): void
  /** Releases the process's resources, then calls `then`. Called once, when no effect runs any more. */
  close(exit: AnyExit, then: () => void): void
  /** Whether the scope holds unreleased resources. */
  readonly holds: boolean
  /** Whether another process can use it: it has no scope, no changed context and no observers. */
  readonly reusable: boolean
}

/** An event that a process's own fiber waits for. */
export interface Waiting {
  /**
   * The fiber is parked on it from now on. `late`: other code may have run between the decision to wait and this call, so the
   * event may have happened already.
   */
  waits(late: boolean): void
  /** The fiber was interrupted and no longer waits. */
  abandon(): void
}

/** An event that any fiber can wait for. Resumes the fiber once, through the run queue; see {@link park}. */
export interface Waiter extends Waiting {
  /** The process fiber that is parked on it. Set by {@link park}. */
  fiber: KernelFiber | undefined
  /** How another fiber is resumed. Set by {@link park}. */
  resume: ((effect: AnyEffect) => void) | undefined
}

/** Suspends the fiber that evaluates the result until {@link unpark}. */
export const park = (fiber: AnyFiber, waiter: Waiter): Effect.Effect<never> => {
  const own = processFiber(fiber)
  if (own !== undefined) {
    waiter.fiber = own
    return own.park(waiter)
  }
  return Effect.callback<never>((resume) => {
    // The resuming effect has the waiting effect's type
    waiter.resume = resume as (effect: AnyEffect) => void
    // The fiber may have given way on its way here
    waiter.waits(true)
    return Effect.sync(() => {
      waiter.resume = undefined
      waiter.abandon()
    })
  })
}

/** Resumes the waiting fiber, if it still waits. For the run queue only: it runs the fiber's code. */
export const unpark = (waiter: Waiter, effect: AnyEffect): void => {
  const { fiber, resume } = waiter
  if (resume !== undefined) {
    waiter.resume = undefined
    resume(effect)
  } else if (fiber !== undefined) fiber.unpark(waiter, effect)
}

/** As {@link unpark}, with a value. */
export const unparkWith = (waiter: Waiter, value: unknown): void => {
  const { fiber, resume } = waiter
  if (resume !== undefined || fiber === undefined) unpark(waiter, Exit.succeed(value))
  else fiber.unparkWith(waiter, value)
}

/** Makes the fiber of a process. `context` is what its code starts with, beside the process and its scope. */
export const makeCode = (record: ProcessRecord, context: Context.Context<never>, owner: Owner): Code =>
  kernel === undefined ? new PublicCode(record, context, owner) : new kernel.KernelFiber(record, context, owner)

/** The last released fiber. */
let spare: KernelFiber | undefined

/** As {@link makeCode}, for an effect that probably completes at once: then call {@link releaseCode}. */
export const acquireCode = (record: ProcessRecord, context: Context.Context<never>, owner: Owner): Code => {
  const code = spare
  if (code === undefined) return makeCode(record, context, owner)
  spare = undefined
  code.become(record, context, owner)
  return code
}

/** Keeps a fiber from {@link acquireCode}, on which no effect runs, for the next caller if it is reusable. Returns whether it did. */
export const releaseCode = (code: Code): boolean => {
  if (!code.reusable) return false
  // Only kernel fibers are ever reusable
  spare = code as KernelFiber
  return true
}

/** The kernel fiber class, if the installed Effect passes {@link works}. */
const probe = (): Kernel | undefined => {
  if (process.env.UNDERSTUDY_FIBERS === "public") return undefined
  try {
    const Base = Effect.runFork(Effect.void).constructor as FiberClass
    const kernel = makeKernel(Base)
    return works(kernel) ? kernel : undefined
  } catch {
    return undefined
  }
}

const kernel: Kernel | undefined = probe()

if (kernel !== undefined) keepShapes(new kernel.KernelFiber(nothing, Context.empty(), nothing))
countCompleted()

/** Whether processes run on Effect's own fiber class, or through the public API only. */
export const fiberKind: "kernel" | "public" = kernel === undefined ? "public" : "kernel"
