/**
 * How a supervisor starts the process of a child: linked to itself, where the child's placement says at that time, and
 * waiting until it has initialised. Catalogue SU01, SU05.
 */

import * as ExitReason from "@understudy/core/ExitReason"
import { StartError } from "@understudy/core/GenServer"
import type { Pid } from "@understudy/core/Pid"
import { Current } from "@understudy/core/Process"
import { startDefinition } from "@understudy/core/StartDefinition"
import * as Effect from "effect/Effect"
import type { EncodedChild } from "./ChildSpec.ts"

/**
 * Starts a child of the calling process. Gives nothing when the child chose not to start. Every way a start can go
 * wrong is a StartError: a child can never take its supervisor down by how it starts.
 */
export const startProcess = (spec: EncodedChild): Effect.Effect<Pid | undefined, StartError, Current> =>
  Effect.flatMap(Current, (record) => {
    const { contract, id, name, on } = spec
    const label = spec.label ?? name ?? id
    const { host } = record
    return Effect.suspend((): Effect.Effect<Pid | undefined, StartError> => {
      const definition = host.definition(contract)
      if (definition === undefined) return Effect.fail(new StartError({ contract, problem: "unknown-contract" }))
      const args = definition.args.fromText(spec.args)
      return startDefinition(host, record, definition, args, { on, name, label }, true)
    }).pipe(
      Effect.catchDefect((defect) =>
        Effect.fail(new StartError({ contract, problem: "failed", reason: ExitReason.died(defect) }))
      ),
      Effect.catchIf(
        (error) => error.problem === "ignored",
        () => Effect.succeed(undefined)
      )
    )
  })

/** Why a start failed, as an exit reason: what `init` ended with, else the error itself. */
export const reasonOf = (error: StartError): ExitReason.ExitReason => error.reason ?? ExitReason.failed(error)
