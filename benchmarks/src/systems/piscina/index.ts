/**
 * piscina: a pool of so many threads as others have schedulers. The owner's thread comes on top.
 */
import * as Effect from "effect/Effect"
import { Piscina } from "piscina"
import { system } from "../../System.ts"
import { type PiscinaProgram, programs } from "./programs.ts"

/** See the file's header. */
export const piscina = system<PiscinaProgram>({
  kind: "peer",
  programs,
  start: ({ concurrentTasksPerWorker, run }, { schedulers }) =>
    Effect.map(
      Effect.acquireRelease(
        Effect.sync(
          () =>
            new Piscina({
              filename: new URL("./worker.ts", import.meta.url).href,
              minThreads: schedulers,
              maxThreads: schedulers,
              concurrentTasksPerWorker
            })
        ),
        (pool) => Effect.promise(() => pool.destroy())
      ),
      (pool) => Effect.tryPromise({ try: () => run(pool), catch: (error) => error })
    )
})
