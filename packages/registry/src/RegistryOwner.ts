/**
 * The process a registry lives by. The entries themselves are in the system's directory, on every scheduler; the owner
 * opens the registry. When it ends, the registry is closed before its end can be seen, and its entries go: first, when it
 * ends in order or by an exit signal; a moment later, when it was killed; when the next owner starts, if its scheduler
 * was lost.
 */

import * as GenServer from "@understudy/core/GenServer"
import type { Definition, Startable } from "@understudy/core/internal/Definition"
import type { Host, System } from "@understudy/core/internal/Host"
import { equals, type Pid } from "@understudy/core/Pid"
import { Current } from "@understudy/core/Process"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"

/** The table of open registries: name to owner. An owner's entry is gone before its death can be seen. */
export const openRegistries = "understudy/registries"

/** How many entries are taken out at a time when a registry closes: on several schedulers each waits for all of them. */
const closingConcurrency = 256

/** The owner of a registry that is started. */
export const ownerOf = (host: Host, registry: string): Pid | undefined =>
  host.directory.whereis(openRegistries, registry)

/** Takes all entries out, unless an owner other than `self` has opened the registry meanwhile: then they are its. */
const clear = (host: Host, registry: string, self: Pid): Effect.Effect<void> =>
  Effect.gen(function* () {
    let removals: Array<Effect.Effect<boolean>> = []
    for (const [index, { key, pid }] of host.directory.entries(registry).entries()) {
      const owner = ownerOf(host, registry)
      if (owner !== undefined && !equals(owner, self)) break
      const removal = host.directory.unregister(registry, key, pid)
      // Where no other scheduler has to agree, it is done
      if (!Exit.isExit(removal)) removals.push(removal)
      if (index % closingConcurrency !== closingConcurrency - 1) continue
      yield* Effect.all(removals, { concurrency: "unbounded", discard: true })
      removals = []
      // Others have their turn between
      yield* Effect.yieldNow
    }
    yield* Effect.all(removals, { concurrency: "unbounded", discard: true })
  })

const Owner = GenServer.define("understudy/Registry", { args: { registry: Schema.String }, protocol: {} })

/**
 * The code of all registries: for a system's `implementations`, when registries are started by hand. A root that has a
 * registry's spec among its children brings it along.
 */
export const implementation = Owner.implement({
  init: ({ registry }) =>
    Effect.gen(function* () {
      const { host, pid } = yield* Current
      // What an owner left behind that had no time to close: it was killed, or lost its scheduler
      yield* clear(host, registry, pid)
      yield* host.directory.register(openRegistries, "unique", registry, pid, undefined)
      // Closed first, so that nothing is registered while the entries go
      yield* Effect.addFinalizer(() =>
        Effect.andThen(
          Effect.suspend(() => host.directory.unregister(openRegistries, registry, pid)),
          clear(host, registry, pid)
        )
      )
    }),
  handle: {}
})

/** The protocol of an owner: it takes no messages. */
export type OwnerProtocol = {}

/** How a registry's owner is started: a child for a supervisor. */
export interface RegistrySpec extends Startable {
  readonly id: string
  readonly definition: Definition
  readonly args: { readonly registry: string }
  /** The name the owner is registered under. */
  readonly name: string
  readonly restart: "permanent"
  readonly shutdown: number
  readonly type: "worker"
  readonly uses: ReadonlyArray<Definition>
}

// A registry and the supervisor of what it lists often have one name; as processes and children they need two
const ownerName = (registry: string): string => `registry/${registry}`

/** The spec of a registry's owner. */
export const registrySpec = (registry: string): RegistrySpec => {
  const name = ownerName(registry)
  return {
    id: name,
    definition: implementation.definition,
    args: { registry },
    name,
    restart: "permanent",
    shutdown: 5000,
    type: "worker",
    uses: []
  }
}

/** Starts a registry's owner, tied to the caller. */
export const startOwner = (
  registry: string
): Effect.Effect<GenServer.PidRef<OwnerProtocol>, GenServer.StartError, System | Scope.Scope> =>
  GenServer.startLink(Owner, { registry }, { name: ownerName(registry) })
