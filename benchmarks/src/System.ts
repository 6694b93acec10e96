/**
 * A system that is compared: how it is started, and what it runs for each workload.
 */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import type { ParametersOf, WorkloadKey } from "./workloads/index.ts"

/** What one round of a workload gave: its one figure, or its figures by name. */
export type Figures = number | { readonly [figure: string]: number }

/**
 * What a system does for each workload it can do: a program, made from the workload's parameters. It checks that all of
 * the work was done, gives the figures in the workload's units, and leaves the system as it found it: it runs again.
 */
export type Programs<Program> = { readonly [K in WorkloadKey]?: (parameters: ParametersOf<K>) => Program }

/**
 * What a system is in the comparison. `anchor` is the BEAM, which the goals are measured by. A `peer` is what somebody
 * might pick instead. A `limit` is no system but what the language itself can do; it is never the best peer.
 */
export const Kind = Schema.Literals(["ours", "anchor", "peer", "limit"])
export type Kind = (typeof Kind)["Type"]

/** How a system is started. */
export interface StartOptions {
  /** How many cores it may use: schedulers, isolates, whatever the system calls them. */
  readonly schedulers: number
  /** What its preparation gave. */
  readonly prepared: string
}

/** What was found and made before a system is first started. */
export interface Preparation {
  /** Handed to each of the system's OS processes: a folder, say. */
  readonly prepared: string
  /** Which version it is, for the header; not told where the lockfile says it. */
  readonly version?: string | undefined
  /** Why a workload cannot be run on this machine, "erl is not installed"; `undefined` when it can. */
  readonly missing: (workload: string) => string | undefined
}

/** A system, described. `Program` is how it is told what to do: an effect, a function, a name in another language. */
export interface Description<Program> {
  readonly kind: Kind
  readonly programs: Programs<Program>
  /** Runs once, before the benchmark starts its first OS process for it. Default: there is nothing to prepare. */
  readonly prepare?: Effect.Effect<Preparation, unknown, Scope.Scope>
  /**
   * Starts it for a program, and gives the effect that runs one round: any failure fails the workload. The scope's end
   * must end it, with all its threads and OS processes.
   */
  readonly start: (
    program: Program,
    options: StartOptions
  ) => Effect.Effect<Effect.Effect<Figures, unknown>, unknown, Scope.Scope>
}

/** A system as the runner sees it: what its programs are is its own business. */
export interface System extends Pick<Description<never>, "kind"> {
  /** Whether it has a program for a workload. */
  readonly has: (workload: string) => boolean
  readonly prepare: Effect.Effect<Preparation, unknown, Scope.Scope>
  /** Starts it for one workload. The effect it gives runs one round. */
  readonly start: (
    workload: string,
    parameters: unknown,
    options: StartOptions
  ) => Effect.Effect<Effect.Effect<Figures, unknown>, unknown, Scope.Scope>
}

const nothingToPrepare: Effect.Effect<Preparation> = Effect.succeed({ prepared: "", missing: () => undefined })

/** Makes a system. `Program` ends here: the runner handles all systems alike. */
export const system = <Program>(description: Description<Program>): System => {
  // A program is looked up by the key of the workload whose parameters it is given
  const programs = description.programs as { readonly [key: string]: ((parameters: unknown) => Program) | undefined }
  return {
    kind: description.kind,
    has: (workload) => programs[workload] !== undefined,
    prepare: description.prepare ?? nothingToPrepare,
    start: (workload, parameters, options) => {
      const program = programs[workload]
      return program === undefined
        ? Effect.die(new Error(`there is no program for ${workload}`))
        : description.start(program(parameters), options)
    }
  }
}

/** A round of a system that lives in this isolate and needs no start: a function. A rejection fails the workload. */
export type FunctionProgram = (options: StartOptions) => Figures | Promise<Figures>

/** Makes a system whose programs are functions. */
export const functionSystem = (description: Pick<Description<FunctionProgram>, "kind" | "programs">): System =>
  system<FunctionProgram>({
    ...description,
    start: (program, options) =>
      Effect.succeed(Effect.tryPromise({ try: async () => program(options), catch: (error) => error }))
  })
