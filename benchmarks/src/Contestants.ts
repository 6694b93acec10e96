/**
 * The systems that take part in a run: loaded, prepared, and with the reason beside each workload that one of them cannot
 * run on this machine.
 */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { Preparation, System } from "./System.ts"
import { loadSystem, type SystemName } from "./systems/index.ts"

/** A system that takes part. */
export interface Contestant extends Preparation {
  readonly name: SystemName
  readonly system: System
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

/** Loads and prepares systems. One whose preparation fails takes part in nothing, for that reason. */
export const gather = (
  names: ReadonlyArray<SystemName>,
  isNeeded: (system: System) => boolean
): Effect.Effect<ReadonlyArray<Contestant>, never, Scope.Scope> =>
  Effect.gen(function* () {
    const contestants: Array<Contestant> = []
    for (const name of names) {
      const system = yield* Effect.promise(() => loadSystem(name))
      if (!isNeeded(system)) continue
      const preparation = yield* Effect.catch(system.prepare, (error) =>
        Effect.succeed<Preparation>({ prepared: "", missing: () => messageOf(error) })
      )
      contestants.push({ name, system, ...preparation })
    }
    return contestants
  })

/** The versions that the systems' preparation told of. */
export const versionsOf = (contestants: ReadonlyArray<Contestant>): { readonly [system: string]: string } =>
  Object.fromEntries(contestants.flatMap(({ name, version }) => (version === undefined ? [] : [[name, version]])))
