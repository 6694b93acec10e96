/**
 * The system's first process: it starts the root, waits for its end, and ends it in order when the system stops.
 */

import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import { equals, type Pid } from "../../address/Pid.ts"
import * as ExitReason from "../../exit/ExitReason.ts"
import type { Startable } from "../../process/Definition.ts"
import { Current, type System } from "../../process/Host.ts"
import type { Received, Self } from "../../program/RawProcess.ts"
import { send } from "../../program/Send.ts"
import { exit, trapExit } from "../../program/Signals.ts"
import { spawn } from "../../program/SpawnRaw.ts"
import { Down, Exit as ExitMessage } from "../../signal/Signal.ts"
import { startDefinition } from "../../spawn/StartDefinition.ts"
import type { StartError } from "../../spawn/StartError.ts"

const Order = Schema.TaggedUnion({ Stop: {} })

/** A running root. */
export interface Root {
  /** How it ended, when it has. */
  readonly ended: Effect.Effect<ExitReason.ExitReason>
}

/**
 * Starts `root` and waits until it has initialised. It ends with the scope: with reason shutdown, and by kill when it
 * takes longer than its own shutdown time.
 */
export const start = (root: Startable): Effect.Effect<Root, StartError, System | Scope.Scope> =>
  Effect.gen(function* () {
    const started = yield* Deferred.make<void, StartError>()
    const ended = yield* Deferred.make<ExitReason.ExitReason>()
    const init = yield* spawn(
      Order,
      (self) =>
        Effect.gen(function* () {
          yield* trapExit(true)
          const record = yield* Current
          const { args, definition, name } = root
          const result = yield* Effect.exit(startDefinition(record.host, record, definition, args, { name }, true))
          // Whoever started the system is told; init itself has done its work
          if (Exit.isFailure(result)) return yield* Deferred.done(started, result)
          const pid = result.value
          yield* Deferred.succeed(started, undefined)
          const isRoot = (message: unknown): message is ExitMessage =>
            message instanceof ExitMessage && equals(message.from, pid)
          const first = yield* self.receiveWhen(
            (message): message is ExitMessage | typeof Order.Type =>
              isRoot(message) || !(message instanceof ExitMessage || message instanceof Down)
          )
          if (first instanceof ExitMessage) return yield* Deferred.succeed(ended, first.reason)
          yield* stop(self, pid, isRoot, root.shutdown)
          return yield* Deferred.succeed(ended, ExitReason.shutdown)
        }),
      { label: "init" }
    )
    yield* Deferred.await(started)
    yield* Effect.addFinalizer(() => Effect.andThen(send(init, { _tag: "Stop" }), Deferred.await(ended)))
    return { ended: Deferred.await(ended) }
  })

const stop = <M>(
  self: Self<M>,
  pid: Pid,
  isRoot: (message: unknown) => message is ExitMessage,
  limit: Startable["shutdown"]
) =>
  Effect.gen(function* () {
    const isEnd = (message: Received<M>): message is Extract<Received<M>, ExitMessage> => isRoot(message)
    yield* exit(pid, limit === "brutal-kill" ? ExitReason.kill : ExitReason.shutdown)
    const after = typeof limit === "number" ? limit : undefined
    yield* self
      .receiveWhen(isEnd, { after })
      .pipe(
        Effect.catchTag("ReceiveTimeout", () =>
          Effect.andThen(exit(pid, ExitReason.kill), Effect.orDie(self.receiveWhen(isEnd)))
        )
      )
  })
