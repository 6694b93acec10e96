/**
 * How a supervisor starts the process of a child: linked to itself, where the child's placement says at that time, and
 * waiting until it has initialised. Catalogue SU01, SU05.
 */

import * as ExitReason from "@understudy/core/ExitReason"
import { StartError } from "@understudy/core/GenServer"
import type { Pid } from "@understudy/core/Pid"
import type { Current } from "@understudy/core/Process"
import { startDefinition } from "@understudy/core/StartDefinition"
import type * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import type { EncodedChild } from "./ChildSpec.ts"

/** A supervisor's own process, as its scheduler knows it. */
export type SupervisorRecord = Current["Service"]

/**
 * Starts a child of `supervisor`, which must be the process that runs this, and goes on with `started`, which gets
 * nothing when the child chose not to start, or with `failed`. Every way a start can go wrong is a StartError: a child
 * can never take its supervisor down by how it starts.
 */
export const startProcess = <A, E, R>(
  supervisor: SupervisorRecord,
  spec: EncodedChild,
  started: (pid: Pid | undefined) => Effect.Effect<A, E, R>,
  failed: (error: StartError) => Effect.Effect<A, E, R>
): Effect.Effect<A, E, R> => {
  const { contract, id, name, on } = spec
  const { host } = supervisor
  const died = (defect: unknown) =>
    failed(new StartError({ contract, problem: "failed", reason: ExitReason.died(defect) }))
  const definition = host.definition(contract)
  if (definition === undefined) return failed(new StartError({ contract, problem: "unknown-contract" }))
  let starting: Effect.Effect<Pid, StartError>
  try {
    const options = { on, name, label: spec.label ?? name ?? id }
    starting = startDefinition(host, supervisor, definition, spec.args.read(definition.args), options, true)
  } catch (defect) {
    return died(defect)
  }
  return Effect.matchCauseEffect(starting, {
    onSuccess: started,
    onFailure: (cause: Cause.Cause<StartError>): Effect.Effect<A, E, R> => {
      for (const reason of cause.reasons) {
        if (reason._tag === "Fail")
          return reason.error.problem === "ignored" ? started(undefined) : failed(reason.error)
        if (reason._tag === "Die") return died(reason.defect)
      }
      // The supervisor itself is being ended, and does not go on
      return Effect.interrupt
    }
  })
}

/** Why a start failed, as an exit reason: what `init` ended with, else the error itself. */
export const reasonOf = (error: StartError): ExitReason.ExitReason => error.reason ?? ExitReason.failed(error)
