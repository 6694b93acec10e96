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
  start: ({ schedulers }) =>
    Effect.map(
      Effect.acquireRelease(
        Effect.sync(() => new Pools(schedulers)),
        (pools) => Effect.promise(() => pools.destroy())
      ),
      (pools) => ({
        measure: ({ concurrentTasksPerWorker, run }) =>
          Effect.tryPromise({ try: () => run(pools.get(concurrentTasksPerWorker)), catch: (error) => error })
      })
    )
})

/** The pool of the program that is run: it is started when the program is known. */
class Pools {
  private readonly threads: number
  private pool: Piscina | undefined

  constructor(threads: number) {
    this.threads = threads
  }

  get(concurrentTasksPerWorker: number): Piscina {
    this.pool ??= new Piscina({
      filename: new URL("./worker.ts", import.meta.url).href,
      minThreads: this.threads,
      maxThreads: this.threads,
      concurrentTasksPerWorker
    })
    return this.pool
  }

  async destroy(): Promise<void> {
    await this.pool?.destroy()
  }
}
