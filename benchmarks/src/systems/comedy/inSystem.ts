/**
 * A system of comedy's for one program, all of it in memory: comedy's actors can also be given threads and OS processes,
 * which makes their messages fifty times as expensive.
 */
import comedy, { type Actor } from "comedy"

/** Only errors are logged. */
const errorsOnly = 2

/** Runs a program with the root actor of a new system, which is destroyed after it with all of its actors. */
export const inSystem = async <A>(program: (root: Actor) => Promise<A>): Promise<A> => {
  // Without a configuration comedy would look for a file, and watch it
  const system = comedy.createSystem({ config: {} })
  system.getLog().setLevel(errorsOnly)
  try {
    return await program(await system.rootActor())
  } finally {
    await system.destroy()
  }
}
