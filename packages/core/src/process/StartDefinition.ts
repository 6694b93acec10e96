/**
 * Starting a process of a definition and waiting until it has initialised, here or on another scheduler: what
 * `proc_lib:start_link` is in OTP. A start that fails leaves no process, no link and no EXIT of its own making.
 */
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { type AnswerCodec, CallbackCall, readAnswer } from "./Call.ts"
import type { Definition } from "./Definition.ts"
import * as ExitReason from "./ExitReason.ts"
import type { Host } from "./Host.ts"
import { sendExit } from "./Lifecycle.ts"
import { unlink } from "./Links.ts"
import { InvalidMessage } from "./MessageCodec.ts"
import { demonitor } from "./Monitors.ts"
import type { Name } from "./Name.ts"
import { outside, type Pid } from "./Pid.ts"
import type { ProcessRecord } from "./ProcessRecord.ts"
import { milliseconds } from "./RawProcess.ts"
import type { MonitorRef } from "./Signal.ts"
import { lineage, type SpawnOptions, spawnDefined } from "./Spawn.ts"
import { StartError } from "./StartError.ts"

/** How a process of a definition is started. */
export interface StartOptions extends SpawnOptions {
  /**
   * Registers it under this name before `init` runs: a text is a name of the system, a {@link Name} one of a registry
   * (OTP's `via`). Catalogue N09, N14.
   */
  readonly name?: string | Name | undefined
  /** How long `init` may take; its process is killed then. Default: no limit. Catalogue GS10. */
  readonly timeout?: Duration.Input | undefined
}

/** How the outcome of an initialisation is written between schedulers. */
export const startedCodec: AnswerCodec = {
  success: { encode: () => undefined, decode: () => undefined },
  error: {
    encode: (error, writer) => writer.any({ ...(error as StartError) }),
    // Written by encode above, on another scheduler of the same program
    decode: (reader) => new StartError(reader.any() as ConstructorParameters<typeof StartError>[0])
  }
}

/**
 * Starts `definition` for `parent` (or for nobody), linked to it or monitored by it under `monitor`, and gives the new process's pid once it has initialised.
 * Dies with `InvalidMessage` when `args` are not of the definition's type.
 */
export const startDefinition = (
  host: Host,
  parent: ProcessRecord | undefined,
  definition: Definition,
  args: unknown,
  options: StartOptions | undefined,
  link: boolean,
  monitor = 0
): Effect.Effect<Pid, StartError> => {
  if (!definition.args.is(args)) {
    return Effect.die(new InvalidMessage({ target: `${definition.name} args`, problem: definition.args.explain(args) }))
  }
  return Effect.callback<Pid, StartError>((resume) => {
    let pid: Pid | undefined
    let abandoned = false
    const contract = definition.name
    const down = (reason: ExitReason.ExitReason) => Exit.fail(new StartError({ contract, problem: "failed", reason }))
    const abandon = () => {
      abandoned = true
      if (pid === undefined) return
      if (parent !== undefined) unlink(parent, pid)
      sendExit(host, pid, parent?.pid ?? outside(host), ExitReason.kill, false)
    }
    const pending = new CallbackCall(
      host,
      {
        down,
        timeout: () => {
          // Behind the outcome: the death of the abandoned process must not become it
          host.enqueue(abandon, "normal")
          return Exit.fail(new StartError({ contract, problem: "timeout" }))
        },
        read: (reader) => readAnswer(startedCodec, reader, down)
      },
      // The pid is known before any outcome is: `spawned` comes first
      (exit) => {
        // A start that failed is told by its error; its monitor tells nothing
        if (monitor !== 0 && parent !== undefined && Exit.isExit(exit) && Exit.isFailure(exit)) {
          demonitor(parent, monitor as MonitorRef, true)
        }
        resume(Effect.flatMap(exit as Effect.Effect<void, StartError>, () => Effect.succeed(pid as Pid)))
      }
    )
    pending.spawned = (started) => {
      pid = started
      if (abandoned) abandon()
    }
    const limit = milliseconds(options?.timeout)
    if (limit !== undefined) pending.expireAfter(limit)
    spawnDefined(host, { definition, args, ties: { ...lineage(parent), link, monitor }, parent, options }, pending)
    // A parent that is ending takes its linked child with it, with its own reason
    return Effect.sync(() => {
      if (!link || parent?.status === "running") abandon()
    })
  })
}
