/**
 * The code of a process on fibers of Effect's public API: what `Fibers.ts` does with its own fiber class, for an Effect that is not
 * built as that expects.
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

/** A fiber an effect, made with `runFork`. */
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
    // Its fibers are asked each time
  }

  get holds(): boolean {
    return this.scope.state._tag !== "Empty"
  }

  get reusable(): boolean {
    // Its scope is its process's
    return false
  }

  close(exit: AnyExit, then: () => void): void {
    closeScope(this.holds ? this.scope : undefined, this.context, exit, then)
  }
}

/** Releases what a scope holds, if there is one, then calls back. */
export const closeScope = (
  scope: Scope.Closeable | undefined,
  context: Context.Context<never>,
  exit: AnyExit,
  then: () => void
): void => {
  if (scope === undefined) then()
  // A finalizer runs to its end, whatever it can no longer do
  else Effect.runForkWith(context)(Effect.uninterruptible(Scope.close(scope, exit))).addObserver(then)
}
