/**
 * A process's code on fibers of Effect's public API, for versions of Effect that the kernel fiber class does not fit.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"
import * as ExitReason from "../exit/ExitReason.ts"
import { Current } from "../process/Host.ts"
import type { ProcessRecord } from "../process/ProcessRecord.ts"
import type { AnyFiber, Code, Owner } from "./Fibers.ts"

type AnyEffect = Effect.Effect<unknown, unknown>
type AnyExit = Exit.Exit<unknown, unknown>

/** Runs each effect on a new fiber. */
export class PublicCode implements Code {
  private readonly context: Context.Context<never>
  private readonly owner: Owner
  private readonly scope: Scope.Closeable
  private fiber: AnyFiber | undefined = undefined

  constructor(record: ProcessRecord, context: Context.Context<never>, owner: Owner) {
    this.owner = owner
    this.scope = Scope.makeUnsafe()
    this.context = context.pipe(Context.add(Current, record), Context.add(Scope.Scope, this.scope))
  }

  run(effect: AnyEffect): AnyExit | undefined {
    const fiber = Effect.runForkWith(this.context)(effect)
    const exit = fiber.pollUnsafe()
    if (exit !== undefined) return exit
    this.fiber = fiber
    fiber.addObserver((late) => {
      this.fiber = undefined
      this.owner.ended(late)
    })
    return undefined
  }

  get suspended(): boolean {
    return this.fiber !== undefined
  }

  interrupt(reason: ExitReason.ExitReason): void {
    this.fiber?.interruptUnsafe(undefined, Context.make(ExitReason.ExitSignal, reason))
  }

  forget(): boolean {
    return false
  }

  silence(): void {
    // Operations on these fibers look the process up in the context each time
  }

  get holds(): boolean {
    return this.scope.state._tag !== "Empty"
  }

  get reusable(): boolean {
    // The scope belongs to one process
    return false
  }

  close(exit: AnyExit, then: () => void): void {
    closeScope(this.holds ? this.scope : undefined, this.context, exit, then)
  }
}

/** Closes a scope, if there is one, then calls `then`. */
export const closeScope = (
  scope: Scope.Closeable | undefined,
  context: Context.Context<never>,
  exit: AnyExit,
  then: () => void
): void => {
  if (scope === undefined) then()
  // Finalizers run to their end, also after the process has ended
  else Effect.runForkWith(context)(Effect.uninterruptible(Scope.close(scope, exit))).addObserver(then)
}
