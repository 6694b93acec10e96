/**
 * A system in an OS process of its own, for one workload: what one workload taught the compiler or left on the heap
 * cannot touch another's figures, and a system that crashes or hangs fails one workload only. This is the runner's side;
 * `systemMain.ts` is the other.
 */
import { type ChildProcess, fork } from "node:child_process"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import type { Figures } from "./System.ts"
import type { SystemName } from "./systems/index.ts"
import type { Scale } from "./Workload.ts"

/** What a system's process is started for: its only command line argument, as JSON. */
export interface Assignment {
  readonly system: SystemName
  /** The workload's key. */
  readonly workload: string
  readonly scale: Scale
  readonly schedulers: number
  /** What the system's preparation gave. */
  readonly prepared: string
}

/** What the runner asks for. */
export type Request = "measure" | "stop"

/** What the system's process answers with. `ready` comes once, unasked. */
export type Answer =
  | { readonly _tag: "ready" }
  | { readonly _tag: "measured"; readonly figures: Figures }
  | { readonly _tag: "failed"; readonly problem: string }

/** A workload gave no figure: it failed its verification, or its system crashed, hung or did not stop. */
export class WorkloadFailed extends Schema.TaggedError<WorkloadFailed>()("WorkloadFailed", {
  system: Schema.String,
  workload: Schema.String,
  problem: Schema.String
}) {
  override get message(): string {
    return `${this.workload} on ${this.system}: ${this.problem}`
  }
}

/** How long one round may take before the system counts as hung: well above the slowest row. */
const roundLimit = "10 minutes"
/** How long a system may take to start. */
const startLimit = "20 seconds"
/** How long a system may take to stop and its process to end by itself. */
const stopLimit = "10 seconds"

/** A running system. */
export interface SystemProcess {
  /** Runs one round and gives its figures; then collects garbage. */
  readonly round: Effect.Effect<Figures, WorkloadFailed>
  /** Stops the system and waits until its process has ended by itself. */
  readonly stop: Effect.Effect<void, WorkloadFailed>
}

/** Starts a system for a workload. Its process is killed when the scope closes, unless it has ended. */
export const start = (assignment: Assignment): Effect.Effect<SystemProcess, WorkloadFailed, Scope.Scope> =>
  Effect.gen(function* () {
    const { system, workload } = assignment
    const failed = (problem: string) => new WorkloadFailed({ system, workload, problem })
    const within = <A>(
      what: string,
      duration: `${number} ${"minutes" | "seconds"}`,
      answer: Effect.Effect<A, WorkloadFailed>
    ) =>
      Effect.timeoutOrElse(answer, {
        duration,
        orElse: () => Effect.fail(failed(`${what} took more than ${duration}`))
      })
    const child = yield* Effect.acquireRelease(
      Effect.sync(() => launch(assignment)),
      (child) => Effect.sync(() => child.kill("SIGKILL"))
    )
    const first = yield* within("starting", startLimit, answer(child, failed))
    if (first._tag === "failed") return yield* failed(first.problem)
    const measure = Effect.flatMap(answer(child, failed, "measure"), (reply) =>
      reply._tag === "measured"
        ? Effect.succeed(reply.figures)
        : Effect.fail(failed(reply._tag === "failed" ? reply.problem : "it answered out of turn"))
    )
    return {
      round: within("a round", roundLimit, measure),
      stop: within("stopping", stopLimit, ended(child, failed))
    }
  })

const launch = (assignment: Assignment): ChildProcess =>
  fork(new URL("./systemMain.ts", import.meta.url), [JSON.stringify(assignment)], {
    execArgv: [...process.execArgv.filter((flag) => flag !== "--expose-gc"), "--expose-gc"],
    // What a system prints belongs to the runner's error output: its standard output is the table
    stdio: ["ignore", 2, 2, "ipc"],
    // In development messages are frozen before they are shared; what is measured is what runs in production
    env: { ...process.env, NODE_ENV: "production" }
  })

type Failed = (problem: string) => WorkloadFailed

const describeEnd = (code: number | null, signal: NodeJS.Signals | null): string =>
  signal === null ? `its process ended with code ${code}` : `its process was ended by ${signal}`

/** Sends a request, if one is given, and waits for the next answer. */
const answer = (child: ChildProcess, failed: Failed, request?: Request): Effect.Effect<Answer, WorkloadFailed> =>
  Effect.callback((resume) => {
    // systemMain.ts sends nothing else
    const onMessage = (message: unknown) => settle(Effect.succeed(message as Answer))
    const onExit = (code: number | null, signal: NodeJS.Signals | null) =>
      settle(Effect.fail(failed(describeEnd(code, signal))))
    const onError = (error: Error) => settle(Effect.fail(failed(error.message)))
    const forget = () => {
      child.off("message", onMessage)
      child.off("exit", onExit)
      child.off("error", onError)
    }
    const settle = (result: Effect.Effect<Answer, WorkloadFailed>) => {
      forget()
      resume(result)
    }
    child.on("message", onMessage)
    child.on("exit", onExit)
    child.on("error", onError)
    if (child.exitCode !== null || child.signalCode !== null) onExit(child.exitCode, child.signalCode)
    else if (request !== undefined) child.send(request)
    return Effect.sync(forget)
  })

/** Asks the system to stop, and waits for the end of its process: code 0, or it failed. */
const ended = (child: ChildProcess, failed: Failed): Effect.Effect<void, WorkloadFailed> =>
  Effect.callback((resume) => {
    const onExit = (code: number | null, signal: NodeJS.Signals | null) =>
      resume(code === 0 ? Effect.void : Effect.fail(failed(describeEnd(code, signal))))
    if (child.exitCode !== null || child.signalCode !== null) return onExit(child.exitCode, child.signalCode)
    child.once("exit", onExit)
    const request: Request = "stop"
    child.send(request)
    return Effect.sync(() => child.off("exit", onExit))
  })
