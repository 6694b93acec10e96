/**
 * A BEAM that runs one workload: a line on its standard input is a round, a line on its standard output the answer.
 */
import { type ChildProcess, spawn } from "node:child_process"
import { createInterface, type Interface } from "node:readline"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import type { Figures, StartOptions } from "../../System.ts"

/** What a BEAM is told to do. */
export interface BeamProgram {
  readonly language: "erlang" | "elixir"
  /** The workload's. */
  readonly key: string
  readonly parameters: { readonly [name: string]: number }
}

/** A BEAM that did not do its work. */
export class BeamFailed extends Schema.TaggedError<BeamFailed>()("BeamFailed", { problem: Schema.String }) {
  override get message(): string {
    return this.problem
  }
}

const Answer = Schema.fromJsonString(
  Schema.Union([
    Schema.Struct({ figures: Schema.Union([Schema.Number, Schema.Record(Schema.String, Schema.Number)]) }),
    Schema.Struct({ problem: Schema.String })
  ])
)

const commandOf = (
  { key, language, parameters }: BeamProgram,
  { prepared, schedulers }: StartOptions
): readonly [command: string, args: ReadonlyArray<string>] => {
  // Room for the largest workload's processes, and no limit on open ports that matters
  const flags = ["+S", `${schedulers}:${schedulers}`, "+P", "4000000", "+Q", "65536"]
  const given = [key, ...Object.entries(parameters).map(([name, value]) => `${name}=${value}`)]
  return language === "erlang"
    ? ["erl", [...flags, "-noshell", "-pa", prepared, "-s", "benchmark", "main", "-extra", ...given]]
    : ["elixir", ["--erl", flags.join(" "), "-pa", prepared, "-e", "RegistryBenchmark.main()", ...given]]
}

/** One that is running; `ended` says how it has ended, if it has. */
interface Machine {
  readonly child: ChildProcess
  readonly lines: Interface
  readonly ended: () => string | undefined
}

const launch = (program: BeamProgram, options: StartOptions): Machine => {
  const [command, args] = commandOf(program, options)
  // What it says beside its answers belongs to the error output
  const child = spawn(command, args, { stdio: ["pipe", "pipe", "inherit"] })
  let end: string | undefined
  child.once("exit", (code, signal) => {
    end = `${command} ended by itself, ${signal === null ? `with code ${code}` : `by ${signal}`}`
  })
  child.once("error", (error) => {
    end = `${command} could not be started: ${error.message}`
  })
  // A round that is asked of one that has just ended is answered by its end
  child.stdin.on("error", () => undefined)
  return { child, lines: createInterface({ input: child.stdout }), ended: () => end }
}

/** Its input ends, so it does: after the round it is in, if it is in one. */
const stop = ({ child, ended, lines }: Machine): Effect.Effect<void> =>
  Effect.callback((resume) => {
    lines.close()
    if (ended() !== undefined) return resume(Effect.void)
    child.once("exit", () => resume(Effect.void))
    child.stdin?.end()
  })

const nextLine = ({ child, ended, lines }: Machine): Effect.Effect<string, BeamFailed> =>
  Effect.callback((resume) => {
    const onLine = (line: string) => settle(Effect.succeed(line))
    const onEnd = () => settle(Effect.fail(new BeamFailed({ problem: ended() ?? "it ended" })))
    const forget = () => {
      lines.off("line", onLine)
      child.off("exit", onEnd)
      child.off("error", onEnd)
    }
    const settle = (result: Effect.Effect<string, BeamFailed>) => {
      forget()
      resume(result)
    }
    if (ended() !== undefined) return onEnd()
    lines.once("line", onLine)
    child.once("exit", onEnd)
    child.once("error", onEnd)
    child.stdin?.write("round\n")
    return Effect.sync(forget)
  })

const round = (machine: Machine): Effect.Effect<Figures, BeamFailed> =>
  Effect.flatMap(nextLine(machine), (line) =>
    Effect.matchEffect(Schema.decodeUnknownEffect(Answer)(line), {
      onFailure: () => Effect.fail(new BeamFailed({ problem: `it answered "${line}"` })),
      onSuccess: (answer) =>
        "problem" in answer ? Effect.fail(new BeamFailed({ problem: answer.problem })) : Effect.succeed(answer.figures)
    })
  )

/** Starts a BEAM for a program, and gives its rounds. It ends with the scope. */
export const startVirtualMachine = (
  program: BeamProgram,
  options: StartOptions
): Effect.Effect<Effect.Effect<Figures, BeamFailed>, never, Scope.Scope> =>
  Effect.map(
    Effect.acquireRelease(
      Effect.sync(() => launch(program, options)),
      stop
    ),
    round
  )
