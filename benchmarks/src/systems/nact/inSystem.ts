/**
 * A system of nact's for one program.
 */
import { type ActorSystemRef, start, stop } from "nact"

/** What actors are spawned under. */
export type System = ActorSystemRef

/** Runs a program with a new system, which is stopped after it with all of its actors. */
export const inSystem = async <A>(program: (system: System) => Promise<A>): Promise<A> => {
  const system = start()
  try {
    return await program(system)
  } finally {
    stop(system)
  }
}
