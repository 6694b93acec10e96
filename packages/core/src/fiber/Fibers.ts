/**
 * The fibers that run processes' code: of a class of our own, see `KernelFiber.ts`. Where the installed Effect does not look as
 * that expects, or when `UNDERSTUDY_FIBERS=public` is set, the same is done through Effect's public API, with the same
 * semantics.
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

/** Whose code runs on a fiber. */
export interface Owner {
  /** An effect that was suspended when `run` returned is over. Called in the run queue or by whatever resumed it. */
  ended(exit: AnyExit): void
}

/** The code of one process: runs one effect at a time for its owner. */
export interface Code {
  /** Runs an effect until it is over, and gives its exit; `undefined` when it suspended: `ended` is called later. */
  run(effect: AnyEffect): AnyExit | undefined
  /** Whether an effect is suspended. */
  readonly suspended: boolean
  /** Interrupts what is suspended. */
  interrupt(reason: ExitReason.ExitReason): void
  /**
   * Ends what is suspended on `waiter` as {@link interrupt} does, at once and without running anything, if an interruption
   * would run nothing: no handler, no finalizer, nobody who waits for the fiber. Whether it has; then `ended` is not called.
   */
  forget(waiter: Waiting, reason: ExitReason.ExitReason): boolean
  /**
   * The process has ended, and this has not: from now on it speaks for nobody, see {@link "./Silence.ts"}. Runs none of the process's
   * code.
   */
  silence(): void
  /** Releases what the process acquired, then calls back. Called once, when nothing runs any more. */
  close(exit: AnyExit, then: () => void): void
  /** Whether something was acquired that is not released. */
  readonly holds: boolean
  /** Whether nothing of what it has run is left: neither a scope, nor a context of its own, nor anybody who watches it. */
  readonly reusable: boolean
}

/** What a process's own fiber waits for. */
export interface Waiting {
  /**
   * From now on it is waited for. `late`: other things may have happened since whoever waits decided to, so what it waits
   * for may be there already.
   */
  waits(late: boolean): void
  /** The fiber goes on without it: it was interrupted. */
  abandon(): void
}

/** What any fiber can wait for. Resumed once, through the run queue; see {@link park}. */
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
    // What it is resumed with is of the waiting effect's type
    waiter.resume = resume as (effect: AnyEffect) => void
    // The fiber may have given way on its way here
    waiter.waits(true)
    return Effect.sync(() => {
      waiter.resume = undefined
      waiter.abandon()
    })
  })
}

/** Resumes the fiber that waits, if it still does. For the run queue only: it runs the fiber's code. */
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

/** A fiber that was lent and came back reusable. */
let spare: KernelFiber | undefined

/** As {@link makeCode}, for an effect that is probably over at once: then {@link releaseCode} it. */
export const acquireCode = (record: ProcessRecord, context: Context.Context<never>, owner: Owner): Code => {
  const code = spare
  if (code === undefined) return makeCode(record, context, owner)
  spare = undefined
  code.become(record, context, owner)
  return code
}

/** Takes back what {@link acquireCode} gave and nothing runs on, if nothing is left in it. Whether it has. */
export const releaseCode = (code: Code): boolean => {
  if (!code.reusable) return false
  // Only fibers of this class are ever reusable
  spare = code as KernelFiber
  return true
}

/** Looks whether Effect is as this file expects it: the class, its fields, and what they do. */
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
