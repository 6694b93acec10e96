/**
 * How a supervisor starts the process of a child: linked to itself, where the child's placement says at that time, and
 * waiting until it has initialised. Catalogue SU01, SU05.
 */

import * as ExitReason from "@understudy/core/ExitReason"
import { StartError } from "@understudy/core/GenServer"
import { startLinked } from "@understudy/core/internal/Definition"
import type { Pid } from "@understudy/core/Pid"
import type { Current } from "@understudy/core/Process"
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
  let args: unknown
  try {
    args = spec.args.read(definition.args)
  } catch (defect) {
    return died(defect)
  }
  const options = { on, name, label: spec.label ?? name ?? id }
  return startLinked(supervisor, definition, args, options, started, (exit) => {
    for (const reason of exit.cause.reasons) {
      // What a start fails with by itself
      const error = reason._tag === "Fail" ? (reason.error as StartError) : undefined
      if (error !== undefined) return error.problem === "ignored" ? started(undefined) : failed(error)
      if (reason._tag === "Die") return died(reason.defect)
    }
    return Effect.interrupt
  })
}

/** Why a start failed, as an exit reason: what `init` ended with, else the error itself. */
export const reasonOf = (error: StartError): ExitReason.ExitReason => error.reason ?? ExitReason.failed(error)
