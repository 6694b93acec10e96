/**
 * Raw processes that take the messages of a contract as they are: for tests, where a process of the test stands in for a server.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import { currentProcess } from "../fiber/ProcessFiber.ts"
import { withSystem } from "../fiber/Running.ts"
import type { System } from "../process/Host.ts"
import { RawProcess, type Self } from "../program/RawProcess.ts"
import { lineage, type SpawnOptions, spawnHere } from "../spawn/Spawn.ts"
import type { Contract } from "./Contract.ts"
import type { Fields, Protocol } from "./Protocol.ts"
import type { PidRef } from "./Ref.ts"

/**
 * Spawns a process whose pid is a server's of `contract`: refs of the contract can be used with it, and its program finds calls
 * ({@link CallMessage}), casts and plain messages in its mailbox. Nothing is answered but by the program.
 */
export const standIn = <P extends Protocol, A extends Fields, M>(
  contract: Contract<P, A, M>,
  program: (self: Self<unknown>) => Effect.Effect<unknown, unknown>,
  options?: SpawnOptions
): Effect.Effect<PidRef<P>, never, System> =>
  withSystem((host, fiber) =>
    Effect.sync(() => {
      const { codec, refs } = contract["~internals"]
      const context = Context.merge(fiber.context, host.contextFor(options?.priority ?? "normal"))
      const body = new RawProcess<unknown>(program, context)
      return refs.pid(spawnHere(host, body, codec, lineage(currentProcess(fiber)), options).pid)
    })
  )
