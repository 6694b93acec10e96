/**
 * Where a fiber may be made to give way: at each operation, also those that the runtime's own fibers do without asking. Effect gives a
 * tracer each step that a fiber evaluates; the one of this file asks the world first. So no code outside of a simulation asks anything.
 */
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import * as Tracer from "effect/Tracer"
import type { Primitive } from "../../fiber/EffectFiber.ts"
import type { KernelFiber } from "../../fiber/KernelFiber.ts"
import { Operation } from "../../fiber/Operation.ts"
import type { ProcessScheduler } from "../../process/Host.ts"

type AnyFiber = Fiber.Fiber<unknown, unknown>

/** Who decides. */
export interface Preempting {
  /** Whether the operation that comes was to be done on the spot, and its process is to give way before it. Asked once. */
  takeOwed(): boolean
  preempts(fiber: AnyFiber | undefined): boolean
}

const identifier = "~effect/Effect/identifier"
const evaluate = "~effect/Effect/evaluate"

/** The kinds of effects that run code of the program's: the others lead from one of these to the next. */
const acting: ReadonlySet<unknown> = new Set(["Sync", "Suspend", "WithFiber", "Async"])

const acts = (primitive: object): boolean =>
  primitive instanceof Operation || acting.has((primitive as { readonly [identifier]?: unknown })[identifier])

/** What the fiber goes on as: it stands in the run queue, with `primitive` to come. */
const giveWay = (primitive: Primitive, fiber: AnyFiber): unknown => {
  const own = fiber as unknown as Partial<KernelFiber>
  if (own.giveWay !== undefined) return own.giveWay(primitive, fiber.cache.scheduler as Partial<ProcessScheduler>)
  return Effect.flatMap(Effect.yieldNow, () => primitive as unknown as Effect.Effect<unknown>)
}

/** The tracer of a simulated system. Its spans are Effect's own. */
export const makeTracer = (by: Preempting): Tracer.Tracer => {
  const context = (primitive: Primitive, fiber: AnyFiber): unknown => {
    if (by.takeOwed()) return giveWay(primitive, fiber)
    if (acts(primitive) && !fiber.cache.preventYield && by.preempts(fiber)) return giveWay(primitive, fiber)
    return primitive[evaluate](fiber as never)
  }
  return Tracer.make({
    span: (options) => new Tracer.NativeSpan(options),
    // What it gives is what the step gives
    context: context as unknown as NonNullable<Tracer.Tracer["context"]>
  })
}
