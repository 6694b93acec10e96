/**
 * A step that a process does about itself: it reads or changes its own record and is done at once.
 */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type { AnyFiber } from "./Fibers.ts"
import type { Current } from "./Host.ts"
import { Operation } from "./Operation.ts"
import type { ProcessRecord } from "./ProcessRecord.ts"
import { currentProcess, type ProcessFiber } from "./Running.ts"

class OwnStep<A> extends Operation<A, never, Current> {
  private readonly step: (record: ProcessRecord) => A

  constructor(step: (record: ProcessRecord) => A) {
    super()
    this.step = step
  }

  attempt(fiber: ProcessFiber): A {
    return this.step(fiber.process)
  }

  perform(fiber: AnyFiber): Effect.Effect<A> {
    const record = currentProcess(fiber)
    return record === undefined
      ? Effect.die(new Error("this effect runs in processes only"))
      : Exit.succeed(this.step(record))
  }
}

/** An effect that does `step` with the calling process. It must not throw once it has changed something. */
export const ownStep = <A>(step: (record: ProcessRecord) => A): Effect.Effect<A, never, Current> => new OwnStep(step)
